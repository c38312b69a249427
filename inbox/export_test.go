package inbox

import (
	"context"

	"recado/whatsapp"
)

// EndAttempt lets tests play the answer of Meta at any time.
func (s *Service) EndAttempt(ctx context.Context, args SendArgs, result whatsapp.SendResult, failure error) error {
	_, err := s.endAttempt(ctx, args, result, failure)
	return err
}
