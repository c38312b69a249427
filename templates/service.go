package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/channels"
	"recado/jobs"
	"recado/media"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Options configure a Service. The zero value serves.
type Options struct {
	Clock  models.Clock // nil: the system's
	Logger *slog.Logger // nil: discard
}

// Rooms are what the service works with.
type Rooms struct {
	DB       *store.Store
	Channels *channels.Service // opens the tokens of accounts
	Queue    *jobs.Queue       // gets the room's jobs registered
	Client   *whatsapp.Client  // called by the jobs
	Media    *media.Service    // gives the samples of headers
}

// Service is the room's front door. It is safe for concurrent use.
type Service struct {
	db       *store.Store
	channels *channels.Service
	queue    *jobs.Queue
	client   *whatsapp.Client
	media    *media.Service
	clock    models.Clock
	log      *slog.Logger
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
		db: rooms.DB, channels: rooms.Channels, queue: rooms.Queue, client: rooms.Client, media: rooms.Media,
		clock: options.Clock, log: options.Logger,
	}
	jobs.Register(rooms.Queue, &requestWorker{templates: s})
	jobs.Register(rooms.Queue, &syncWorker{templates: s})
	jobs.Register(rooms.Queue, &sweepWorker{templates: s})
	jobs.Register(rooms.Queue, &wordsWorker{templates: s})
	rooms.Queue.Every(sweepInterval, SweepArgs{})
	return s
}

// metaSeconds is a time as Meta tells it.
func metaSeconds(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

// clockTolerance is how far Meta's clock may be behind ours. Our own word of what Meta
// was asked for counts as that much older, so that Meta's answer always wins.
const clockTolerance = 5 * time.Second

// accountsOf returns the accounts of the channels that the viewer may VIEW.
func accountsOf(db *gorm.DB, viewer models.Viewer) ([]string, error) {
	query := db.Model(&models.Channel{}).Where("organization_id = ?", viewer.OrganizationID)
	if !viewer.Administrator {
		query = query.Where(store.OneOf("id", viewer.Channels(models.LevelView)))
	}
	var accounts []string
	if err := query.Distinct().Order("waba_id").Pluck("waba_id", &accounts).Error; err != nil {
		return nil, fmt.Errorf("read accounts of the viewer's channels: %w", err)
	}
	return accounts, nil
}

// channelsOf returns the channels of an account in an organization, by id.
func channelsOf(db *gorm.DB, organization models.ID, wabaID string) ([]models.Channel, error) {
	var found []models.Channel
	if err := db.Where("organization_id = ? AND waba_id = ?", organization, wabaID).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("read channels of account %s: %w", wabaID, err)
	}
	slices.SortFunc(found, func(a, b models.Channel) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return found, nil
}

// require returns nil if the viewer may do something with the templates of an account
// for which the level is needed on one of its channels: NOT_FOUND without VIEW on any,
// FORBIDDEN with too little.
func require(db *gorm.DB, viewer models.Viewer, wabaID string, needed models.MessagingLevel) error {
	of, err := channelsOf(db, viewer.OrganizationID, wabaID)
	if err != nil {
		return err
	}
	best := error(models.ErrNotFound)
	for _, channel := range of {
		err := viewer.Require(channel.ID, needed)
		if err == nil {
			return nil
		}
		if models.CodeOf(err) == models.CodeForbidden {
			best = err
		}
	}
	if viewer.Administrator {
		return nil // of an account whose channels are gone
	}
	return best
}

// find reads a template that the viewer may see; NOT_FOUND otherwise, also for one that
// was deleted.
func find(db *gorm.DB, viewer models.Viewer, id models.ID) (models.Template, error) {
	return take(db, db, viewer, id)
}

// take is find where the template itself is read by a query of its own.
func take(db, query *gorm.DB, viewer models.Viewer, id models.ID) (models.Template, error) {
	var template models.Template
	err := query.Take(&template, "organization_id = ? AND id = ? AND deleted_at IS NULL", viewer.OrganizationID, id).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return template, models.ErrNotFound
	case err != nil:
		return template, fmt.Errorf("read template %s: %w", id, err)
	}
	return template, require(db, viewer, template.WABAID, models.LevelView)
}

// lockManaged locks a template for an administrator. NOT_FOUND and FORBIDDEN; CONFLICT
// (expectedVersion), with the present template, if it has another version.
func lockManaged(tx *store.Tx, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Template, error) {
	template, err := take(tx.DB, store.Locking(tx.DB), viewer, id)
	switch {
	case err != nil:
		return models.Template{}, err
	case !viewer.Administrator:
		return models.Template{}, models.NewError(models.CodeForbidden, "")
	case expectedVersion != nil && *expectedVersion != template.Version:
		return template, models.NewError(models.CodeConflict, "expectedVersion")
	}
	return template, nil
}

// save writes a changed template, its new steps, and the event that tells of it.
func save(tx *store.Tx, template *models.Template, steps ...models.TemplateStep) error {
	template.Version++
	template.UpdatedAt = tx.Now()
	if err := tx.Save(template).Error; err != nil {
		return fmt.Errorf("save template %s: %w", template.ID, err)
	}
	if err := addSteps(tx, steps); err != nil {
		return err
	}
	return record(tx, *template)
}

// addSteps adds those steps to the history that it does not have.
func addSteps(tx *store.Tx, steps []models.TemplateStep) error {
	if len(steps) == 0 {
		return nil
	}
	for i := range steps {
		steps[i].CreatedAt = tx.Now()
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&steps).Error; err != nil {
		return fmt.Errorf("add %d steps to the history of template %s: %w", len(steps), steps[0].TemplateID, err)
	}
	return nil
}

// step is one that a user made here; without a user it is Meta's doing.
func step(tx *store.Tx, template models.Template, kind models.TemplateStepKind, value, detail string, user *models.ID) models.TemplateStep {
	return models.TemplateStep{
		OrganizationID: template.OrganizationID, TemplateID: template.ID, Kind: kind, Value: value, At: tx.Now(), ID: models.NewID(), Detail: detail, UserID: user,
	}
}

// record tells those who may see one of the account's channels.
func record(tx *store.Tx, template models.Template) error {
	of, err := channelsOf(tx.DB, template.OrganizationID, template.WABAID)
	if err != nil {
		return err
	}
	payload := models.EventPayload{Template: &template, ChannelIDs: make([]models.ID, len(of))}
	for i, channel := range of {
		payload.ChannelIDs[i] = channel.ID
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("write event about template %s: %w", template.ID, err)
	}
	tx.Record(models.Event{OrganizationID: template.OrganizationID, Kind: models.EventTemplateChanged, Payload: text})
	return nil
}
