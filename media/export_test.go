package media

import (
	"context"
	"time"

	"recado/models"
)

// FetchNow makes one try to get a file, and returns how long to wait for the next; 0 if
// there is none.
func (s *Service) FetchNow(ctx context.Context, attachment models.Attachment) (time.Duration, error) {
	return s.fetch(ctx, FetchArgs{attachment.OrganizationID, attachment.ID})
}
