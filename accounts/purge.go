package accounts

import (
	"context"
	"fmt"
	"time"

	"recado/models"
	"recado/store"
)

const (
	// keptAfterEnd is how long a session that is over stays for those who ask why.
	keptAfterEnd = 7 * 24 * time.Hour
	// purgedAtOnce bounds how long one transaction of PurgeExpired takes.
	purgedAtOnce = 200
)

// PurgeExpired deletes the sessions that ended more than 7 days ago, with their
// refresh tokens, and reports how many there were. It may run in several processes
// at the same time.
func (s *Service) PurgeExpired(ctx context.Context) (int64, error) {
	before := s.clock().Add(-keptAfterEnd)
	var total int64
	for {
		var purged int64
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			over := tx.Model(&models.Session{}).Select("id").
				Where("expires_at < ? OR revoked_at < ?", before, before).Order("id").Limit(purgedAtOnce)
			result := tx.Where("id IN (?)", over).Delete(&models.Session{})
			purged = result.RowsAffected
			return result.Error
		})
		if err != nil {
			return total, fmt.Errorf("purge sessions: %w", err)
		}
		total += purged
		if purged < purgedAtOnce {
			return total, nil
		}
	}
}
