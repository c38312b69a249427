package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// What a failed fetch is called, besides the codes of calls to Meta.
const (
	failureUnavailable = string(whatsapp.CodeMediaUnavailable) // Meta does not have the file to give
	failureExpired     = "MEDIA_EXPIRED"
	failureTooLarge    = "MEDIA_TOO_LARGE"
	failureCorrupt     = "MEDIA_CORRUPT"
	failureChannel     = string(models.CodeChannelUnavailable)
)

const (
	// maxFetchAttempts is how often a file is tried: with the waits in between, for
	// about a day.
	maxFetchAttempts = 55
	// maxCorruptAttempts is how often bytes may come that are not those announced.
	maxCorruptAttempts = 3
	// longestFetchWait bounds the waits between tries, which double from a second on.
	longestFetchWait = 30 * time.Minute
	// fetchTimeout bounds one try, of up to 100 MB.
	fetchTimeout = 5 * time.Minute
)

// ForMessage makes the attachment of a new message from WhatsApp, from what the webhook
// says of its file; false if the message has none. One that Meta could not fetch, which
// comes without an id, is FAILED at once (reference/whatsapp-cloud-api.md §3.4).
func ForMessage(message models.Message) (models.Attachment, bool) {
	kind, ok := models.MediaKindOf(message.Kind)
	if !ok || message.Content == nil || message.Content.Media == nil {
		return models.Attachment{}, false
	}
	file := message.Content.Media
	attachment := models.Attachment{
		OrganizationID: message.OrganizationID, ID: models.NewID(), Source: models.AttachmentFromWhatsApp, ChannelID: &message.ChannelID,
		Status: models.AttachmentPending, Kind: kind, Voice: file.Voice, Animated: file.Animated, MIMEType: plainType(file.MIME),
		FileName: models.SafeFileName(file.FileName), SHA256: whatsapp.DecodeSHA256(file.SHA256), MediaID: file.MetaID,
		CreatedAt: message.CreatedAt, UpdatedAt: message.CreatedAt,
	}
	if file.MetaID == "" {
		attachment.Status = models.AttachmentFailed
		attachment.Failure = &models.Failure{Code: failureUnavailable, NextAction: string(whatsapp.NextActionNone)}
		if problem := file.Error; problem != nil {
			attachment.Failure.MetaCode, attachment.Failure.MetaTitle, attachment.Failure.MetaDetails = problem.Code, problem.Title, problem.Details
		}
	}
	return attachment, true
}

// Expect stores attachments of ForMessage and the jobs that fetch them.
func (s *Service) Expect(tx *store.Tx, attachments []models.Attachment) error {
	if err := store.InsertAll(tx, attachments); err != nil {
		return err
	}
	for _, attachment := range attachments {
		if attachment.Status != models.AttachmentPending {
			continue
		}
		if err := s.enqueue(tx, attachment); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) enqueue(tx *store.Tx, attachment models.Attachment) error {
	return s.queue.Enqueue(tx.Statement.Context, tx, FetchArgs{attachment.OrganizationID, attachment.ID}, time.Time{})
}

// Refetch tries again to get a file that FAILED or EXPIRED. It changes nothing that
// the customer sees, so VIEW on its channel is enough. One that is AVAILABLE or PENDING
// stays as it is. Failures: NOT_FOUND; ATTACHMENT_UNAVAILABLE if Meta never gave an id.
func (s *Service) Refetch(ctx context.Context, viewer models.Viewer, id models.ID) (models.Attachment, error) {
	var again models.Attachment
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		attachment, err := lock(tx, viewer.OrganizationID, id)
		if err != nil {
			return err
		}
		if attachment.ChannelID == nil || !viewer.Can(*attachment.ChannelID, models.LevelView) {
			return models.ErrNotFound
		}
		again = *attachment
		if attachment.Status == models.AttachmentAvailable || attachment.Status == models.AttachmentPending {
			return nil
		}
		if attachment.MediaID == "" {
			return models.NewError(models.CodeAttachmentUnavailable, "attachmentId").With("status", string(attachment.Status))
		}
		attachment.Status, attachment.Failure, attachment.Attempts = models.AttachmentPending, nil, 0
		if err := s.save(tx, attachment); err != nil {
			return err
		}
		again = *attachment
		return s.enqueue(tx, again)
	})
	return again, err
}

// FetchArgs ask for a file to be fetched from Meta.
type FetchArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	AttachmentID   models.ID `json:"attachmentId"`
}

// Kind names the job.
func (FetchArgs) Kind() string { return "media.fetch" }

type fetchWorker struct {
	river.WorkerDefaults[FetchArgs]

	media *Service
}

// Timeout is longer than that of other jobs.
func (*fetchWorker) Timeout(*river.Job[FetchArgs]) time.Duration { return fetchTimeout }

// Work fetches a file, unless that happened already.
func (w *fetchWorker) Work(ctx context.Context, job *river.Job[FetchArgs]) error {
	wait, err := w.media.fetch(ctx, job.Args)
	if err == nil && wait > 0 {
		return river.JobSnooze(wait)
	}
	return err
}

// fetch makes one try and returns how long to wait for the next; 0 if there is none.
func (s *Service) fetch(ctx context.Context, args FetchArgs) (time.Duration, error) {
	var found []models.Attachment
	err := s.db.Read(ctx).Where("organization_id = ? AND id = ?", args.OrganizationID, args.AttachmentID).Limit(1).Find(&found).Error
	if err != nil {
		return 0, fmt.Errorf("read attachment %s: %w", args.AttachmentID, err)
	}
	if len(found) == 0 || found[0].Status != models.AttachmentPending || found[0].ChannelID == nil {
		return 0, nil
	}
	channel, credentials, err := s.credentials(ctx, args.OrganizationID, *found[0].ChannelID)
	if err != nil {
		return 0, err
	}
	if channel.Status == models.ChannelDisconnected {
		return 0, s.giveUp(ctx, args, models.AttachmentFailed,
			models.Failure{Code: failureChannel, Retryable: true, NextAction: string(whatsapp.NextActionReconnectChannel)})
	}
	file, err := newLocal()
	if err != nil {
		return 0, err
	}
	defer file.drop()
	if err := s.download(ctx, credentials, found[0], file); err != nil {
		return s.fetchFailed(context.WithoutCancel(ctx), args, err)
	}
	got, err := s.inspect(ctx, file)
	if err != nil {
		return 0, err
	}
	if announced := found[0].SHA256; announced != nil && !bytes.Equal(announced, got.sha256) {
		return s.fetchFailed(ctx, args, errCorrupt)
	}
	return 0, s.arrived(ctx, args, file, got)
}

// errCorrupt are bytes that are not those that Meta announced.
var errCorrupt = errors.New("the file is not the one that was announced")

// download brings the bytes of a file, held against what Meta says of it now.
func (s *Service) download(ctx context.Context, credentials whatsapp.Credentials, attachment models.Attachment, file local) error {
	for again := true; ; again = false {
		source, err := s.client.Media(ctx, credentials, attachment.MediaID)
		if err != nil {
			return err
		}
		n, err := s.client.DownloadMedia(ctx, credentials, source.URL, models.MaxInboundBytes, file)
		switch {
		case errors.Is(err, whatsapp.ErrMediaURLExpired) && again:
			continue // five minutes are over: there is a new address
		case err != nil:
			return err
		case source.ByteSize > 0 && n != source.ByteSize:
			return errCorrupt
		case source.SHA256 != nil:
			return holds(file, source.SHA256)
		}
		return nil
	}
}

// fetchFailed decides what a failed try means.
func (s *Service) fetchFailed(ctx context.Context, args FetchArgs, cause error) (time.Duration, error) {
	failure := models.Failure{Code: failureCorrupt, Retryable: true, NextAction: string(whatsapp.NextActionRetryLater)}
	most, wait := maxCorruptAttempts, time.Duration(0)
	if refusal, ok := errors.AsType[*whatsapp.Error](cause); ok {
		failure = failureOf(refusal)
		most, wait = maxFetchAttempts, refusal.RetryAfter
		switch {
		case refusal.Code == whatsapp.CodeInterrupted:
			return 0, cause // this process stops; the job runs again elsewhere
		case refusal.Code == whatsapp.CodeObjectNotFound:
			failure.Code = failureExpired
			return 0, s.giveUp(ctx, args, models.AttachmentExpired, failure)
		case errors.Is(cause, whatsapp.ErrMediaTooLarge):
			failure.Code = failureTooLarge
			return 0, s.giveUp(ctx, args, models.AttachmentFailed, failure)
		case !refusal.Retryable && refusal.Code != whatsapp.CodeTokenInvalid: // a new token may come
			return 0, s.giveUp(ctx, args, models.AttachmentFailed, failure)
		}
	} else if !errors.Is(cause, errCorrupt) {
		return 0, cause
	}
	over := false
	err := s.settle(ctx, args, func(tx *store.Tx, attachment *models.Attachment) error {
		attachment.Attempts++
		attachment.Failure = &failure
		if over = attachment.Attempts >= most; over {
			attachment.Status = models.AttachmentFailed
			return s.save(tx, attachment)
		}
		wait = max(wait, backOff(attachment.Attempts))
		attachment.UpdatedAt = tx.Now()
		return store.UpdateAll(tx, []models.Attachment{*attachment}) // no event: readers see it as PENDING all the same
	})
	if err != nil || over {
		return 0, err
	}
	return wait, nil
}

func failureOf(refusal *whatsapp.Error) models.Failure {
	return models.Failure{
		Code: string(refusal.Code), Retryable: refusal.Retryable, NextAction: string(refusal.NextAction),
		MetaCode: refusal.Meta.Code, MetaTitle: refusal.Meta.Message, MetaDetails: refusal.Meta.Details,
	}
}

// backOff doubles from a second on, with some jitter.
func backOff(attempts int) time.Duration {
	wait := min(time.Second<<min(attempts-1, 12), longestFetchWait)
	return wait + rand.N(wait/4+1)
}

func (s *Service) giveUp(ctx context.Context, args FetchArgs, status models.AttachmentStatus, failure models.Failure) error {
	return s.settle(ctx, args, func(tx *store.Tx, attachment *models.Attachment) error {
		attachment.Status, attachment.Failure = status, &failure
		attachment.Attempts++
		return s.save(tx, attachment)
	})
}

// settle changes an attachment that is still PENDING.
func (s *Service) settle(ctx context.Context, args FetchArgs, change func(tx *store.Tx, attachment *models.Attachment) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		attachment, err := lock(tx, args.OrganizationID, args.AttachmentID)
		if errors.Is(err, models.ErrNotFound) {
			return nil
		}
		if err != nil || attachment.Status != models.AttachmentPending {
			return err
		}
		return change(tx, attachment)
	})
}

// arrived stores the bytes and says that they are there.
func (s *Service) arrived(ctx context.Context, args FetchArgs, file local, got facts) error {
	stored, err := s.keep(ctx, args.OrganizationID, args.AttachmentID, file, got)
	if err != nil {
		return err
	}
	return s.settle(ctx, args, func(tx *store.Tx, attachment *models.Attachment) error {
		stored(attachment)
		return s.save(tx, attachment)
	})
}

// keep writes a file and its thumbnail to where they stay, and returns what then holds
// for their attachment.
func (s *Service) keep(ctx context.Context, organization, id models.ID, file local, got facts) (func(*models.Attachment), error) {
	if err := file.rewind(); err != nil {
		return nil, err
	}
	at, thumbnail := fileKey(organization, id), ""
	if err := s.bucket.put(ctx, at, got.mime, file); err != nil {
		return nil, err
	}
	if got.thumbnail != nil {
		thumbnail = thumbnailKey(organization, id)
		if err := s.bucket.put(ctx, thumbnail, "image/jpeg", bytes.NewReader(got.thumbnail)); err != nil {
			return nil, err
		}
	}
	return func(a *models.Attachment) {
		a.Status, a.Failure, a.BlobKey, a.ThumbnailKey = models.AttachmentAvailable, nil, at, thumbnail
		a.MIMEType, a.ByteSize, a.SHA256 = got.mime, got.size, got.sha256
		if got.width > 0 {
			a.Width, a.Height = &got.width, &got.height
		}
		if got.durationMS > 0 {
			a.DurationMS = &got.durationMS
		}
	}, nil
}
