package media

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"recado/channels"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Options configure a Service. The zero value serves for tests, except for Key.
type Options struct {
	Clock     models.Clock // nil: the system's
	Logger    *slog.Logger // nil: discard
	Key       []byte       // signs addresses, see secrets.Derive; the same in every process
	PublicURL string       // what addresses on this program begin with; empty: they are paths on the API's own origin
}

// Lives of what is signed.
const (
	// URLLife is how long a signed address of a file serves at least.
	URLLife = 15 * time.Minute
	// UploadLife is how long an announced upload may take.
	UploadLife = 15 * time.Minute
)

// Rooms are what the service works with.
type Rooms struct {
	DB       *store.Store
	Channels *channels.Service // opens the tokens of numbers
	Queue    *jobs.Queue       // gets the room's jobs registered
	Client   *whatsapp.Client  // called by the jobs
	Bucket   *Bucket           // where the bytes are; whoever opened it closes it
}

// Service is the room's front door. It is safe for concurrent use.
type Service struct {
	db       *store.Store
	channels *channels.Service
	queue    *jobs.Queue
	client   *whatsapp.Client
	bucket   *Bucket
	clock    models.Clock
	log      *slog.Logger
	signer   signer
	base     string
	changed  func(tx *store.Tx, attachment models.Attachment) error
	drawing  chan struct{} // bounds the images that are unfolded at a time
}

// New returns a Service on the given rooms and registers its jobs with the queue.
func New(rooms Rooms, options Options) *Service {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		db: rooms.DB, channels: rooms.Channels, queue: rooms.Queue, client: rooms.Client, bucket: rooms.Bucket,
		clock: options.Clock, log: options.Logger, signer: signer{options.Key}, base: options.PublicURL,
		changed: func(*store.Tx, models.Attachment) error { return nil },
		drawing: make(chan struct{}, 2),
	}
	jobs.Register(rooms.Queue, &fetchWorker{media: s})
	jobs.Register(rooms.Queue, &cleanWorker{media: s})
	jobs.Register(rooms.Queue, &sweepWorker{media: s})
	rooms.Queue.Every(time.Hour, CleanArgs{})
	rooms.Queue.Every(sweepEvery, SweepArgs{})
	return s
}

// OnChange has listener called in every transaction that changes an attachment which
// messages may carry, so that their readers are told. It is set before the service is
// used by more than one goroutine.
func (s *Service) OnChange(listener func(tx *store.Tx, attachment models.Attachment) error) {
	s.changed = listener
}

// lock reads an attachment for change.
func lock(tx *store.Tx, organization, id models.ID) (*models.Attachment, error) {
	var found []models.Attachment
	err := store.Locking(tx.DB).Where("organization_id = ? AND id = ?", organization, id).Limit(1).Find(&found).Error
	switch {
	case err != nil:
		return nil, fmt.Errorf("read attachment %s: %w", id, err)
	case len(found) == 0:
		return nil, models.ErrNotFound
	}
	return &found[0], nil
}

// save writes a changed attachment and tells of it.
func (s *Service) save(tx *store.Tx, attachment *models.Attachment) error {
	attachment.UpdatedAt = tx.Now()
	if err := store.UpdateAll(tx, []models.Attachment{*attachment}); err != nil {
		return err
	}
	return s.changed(tx, *attachment)
}

// credentials open the token of an attachment's channel, or of another one.
func (s *Service) credentials(ctx context.Context, organization, channel models.ID) (models.Channel, whatsapp.Credentials, error) {
	var row models.Channel
	if err := s.db.Read(ctx).First(&row, "organization_id = ? AND id = ?", organization, channel).Error; err != nil {
		return row, whatsapp.Credentials{}, fmt.Errorf("read channel %s: %w", channel, err)
	}
	token, err := s.channels.AccessToken(row)
	return row, whatsapp.Credentials{PhoneNumberID: row.PhoneNumberID, AccessToken: token}, err
}

func uploadKey(organization, id models.ID) string    { return key("uploads", organization, id) }
func fileKey(organization, id models.ID) string      { return key("files", organization, id) }
func thumbnailKey(organization, id models.ID) string { return key("thumbnails", organization, id) }

func key(place string, organization, id models.ID) string {
	return place + "/" + organization.String() + "/" + id.String()
}

// remove deletes blobs; one that is not there is as good as deleted.
func (s *Service) remove(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := s.bucket.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
