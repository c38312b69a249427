package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"
	"gocloud.dev/blob"

	"recado/models"
	"recado/store"
)

const (
	// abandonedAfter is how long after its time an upload is left alone: one that is being
	// completed may run over.
	abandonedAfter = time.Hour
	// strayAfter is when bytes at an upload's address belong to nothing any more: no row
	// of theirs is that old. It is longer than an upload may take to be written.
	strayAfter = 24 * time.Hour
	// lostAfter is when a file that is PENDING and was not tried must have lost its job.
	lostAfter = 2 * time.Hour
	// sweepEvery is how often a folder is looked through, which costs with its size.
	sweepEvery   = 24 * time.Hour
	sweepTimeout = 30 * time.Minute
	// cleanedAtOnce bounds one run; the next goes on.
	cleanedAtOnce = 500
)

// CleanArgs is the job that removes what uploads and fetches left behind.
type CleanArgs struct{}

// Kind names the job.
func (CleanArgs) Kind() string { return "media.clean" }

type cleanWorker struct {
	river.WorkerDefaults[CleanArgs]

	media *Service
}

// Timeout is that of many removals in a distant bucket.
func (*cleanWorker) Timeout(*river.Job[CleanArgs]) time.Duration { return fetchTimeout }

// Work does the job.
func (w *cleanWorker) Work(ctx context.Context, _ *river.Job[CleanArgs]) error {
	return w.media.Clean(ctx)
}

// SweepArgs is the job that looks through the whole of a folder for what a crash left
// half-written.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "media.sweep" }

type sweepWorker struct {
	river.WorkerDefaults[SweepArgs]

	media *Service
}

// Timeout is that of a walk through many folders.
func (*sweepWorker) Timeout(*river.Job[SweepArgs]) time.Duration { return sweepTimeout }

// Work does the job.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	return w.media.Sweep(ctx)
}

// Sweep removes what was being written to the blob store a day ago or earlier, and
// never became a file. It may be run at any time.
func (s *Service) Sweep(ctx context.Context) error {
	return s.bucket.removeHalfWritten(ctx, s.clock().Add(-strayAfter))
}

// Clean removes uploads that were never completed, bytes that arrived at an upload's
// address when it was over, and Meta's ids that have expired. Files that lost their
// job get a new one. It may be run at any time.
func (s *Service) Clean(ctx context.Context) error {
	return errors.Join(s.dropExpiredUploads(ctx), s.removeStrays(ctx), s.forgetExpiredHandles(ctx), s.resume(ctx))
}

func (s *Service) dropExpiredUploads(ctx context.Context) error {
	expired, err := s.pending(ctx, models.AttachmentFromUpload, "upload_expires_at < ?", s.clock().Add(-abandonedAfter))
	if err != nil {
		return err
	}
	for _, upload := range expired {
		if err := s.drop(ctx, upload); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) pending(ctx context.Context, source models.AttachmentSource, condition string, before time.Time) ([]models.Attachment, error) {
	var rows []models.Attachment
	err := s.db.Read(ctx).Where("status = ? AND source = ?", models.AttachmentPending, source).Where(condition, before).
		Order("created_at").Limit(cleanedAtOnce).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for pending attachments: %w", err)
	}
	return rows, nil
}

// removeStrays removes what was being written to an upload's address when its row went.
func (s *Service) removeStrays(ctx context.Context) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: "uploads/"})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list uploads: %w", err)
		}
		if s.clock().Sub(object.ModTime) > strayAfter {
			if err := s.bucket.remove(ctx, object.Key); err != nil {
				return err
			}
		}
	}
}

func (s *Service) forgetExpiredHandles(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Where("expires_at < ?", tx.Now()).Delete(&models.MediaHandle{}).Error; err != nil {
			return fmt.Errorf("forget expired handles: %w", err)
		}
		return nil
	})
}

// resume gives a job to files that have none: the queue drops one that met too many
// faults of ours.
func (s *Service) resume(ctx context.Context) error {
	lost, err := s.pending(ctx, models.AttachmentFromWhatsApp, "updated_at < ?", s.clock().Add(-lostAfter))
	if err != nil || len(lost) == 0 {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		for _, attachment := range lost {
			if err := s.enqueue(tx, attachment); err != nil {
				return err
			}
		}
		return nil
	})
}
