package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

// AnalyzeGrown has PostgreSQL take new statistics of tables that have grown to
// several times their size since the last time. The server does that by itself
// within a minute; but until then hot statements go on with plans that were made
// for tables that were nearly empty, and a young installation that takes in much
// at once would crawl. On SQLite it does nothing.
func (s *Store) AnalyzeGrown(ctx context.Context) error {
	if s.dialect != Postgres {
		return nil
	}
	var grown []string
	err := s.Read(ctx).Raw(`SELECT s.relname FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
		WHERE s.schemaname = current_schema() AND s.n_mod_since_analyze > 100 + 2 * greatest(c.reltuples, 0)`).Scan(&grown).Error
	if err != nil {
		return fmt.Errorf("find tables that have grown: %w", err)
	}
	for _, table := range grown {
		if err := s.Read(ctx).Exec("ANALYZE ?", clause.Table{Name: table}).Error; err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}
