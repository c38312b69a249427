package channels

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"gorm.io/gorm"

	"recado/accounts"
	"recado/jobs"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/whatsapp"
)

// Options configure New. The zero value serves.
type Options struct {
	Logger *slog.Logger // nil: nothing is logged
	Queue  *jobs.Queue  // gets DrainArgs; nil: the inbox finds out by itself, half a minute later

	Client   *whatsapp.Client  // speaks to Meta; nil: numbers are connected by operators alone, and nobody looks after them
	Accounts *accounts.Service // keeps the rights that are given with a channel; needed with Client
	Meta     MetaApp
}

// MetaApp is the app at Meta that people connect their numbers to. What is empty
// keeps them from it: see StartConnection.
type MetaApp struct {
	AppID          string
	AppSecretSet   bool     // the client has it
	LoginConfigID  string   // of Facebook Login for Business
	PublicURL      string   // where Meta sends people back to, below it
	AllowedOrigins []string // besides PublicURL, of pages that people may be sent to in the end
	Key            []byte   // signs the state that Meta sends back
}

// Service holds the use cases of channels.
type Service struct {
	db    *store.Store
	box   *secrets.Box
	log   *slog.Logger
	queue *jobs.Queue

	client   *whatsapp.Client
	accounts *accounts.Service
	meta     MetaApp
}

// New returns a Service that seals tokens with box. With a client it registers its
// jobs with the queue.
func New(db *store.Store, box *secrets.Box, o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{db: db, box: box, log: o.Logger, queue: o.Queue, client: o.Client, accounts: o.Accounts, meta: o.Meta}
	if s.queue != nil && s.client != nil {
		jobs.Register(s.queue, &cleanWorker{channels: s})
		jobs.Register(s.queue, &checkWorker{channels: s})
		jobs.Register(s.queue, &checkAllWorker{channels: s})
		jobs.Register(s.queue, &disconnectWorker{channels: s})
		s.queue.Every(cleanInterval, CleanConnectionsArgs{})
		s.queue.Every(checkInterval, CheckAllArgs{})
	}
	return s
}

// Visible returns the channels on which the viewer may VIEW or more, by name
// without regard to case, and by id where names are equal.
func (s *Service) Visible(ctx context.Context, viewer models.Viewer) ([]models.Channel, error) {
	var all []models.Channel
	if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read channels of organization %s: %w", viewer.OrganizationID, err)
	}
	visible := slices.DeleteFunc(all, func(c models.Channel) bool { return !viewer.Can(c.ID, models.LevelView) })
	slices.SortFunc(visible, func(a, b models.Channel) int { // here, because the databases collate differently
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return visible, nil
}

// ByID returns those of the channels that exist and that the viewer may VIEW.
func (s *Service) ByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Channel, error) {
	found := make(map[models.ID]models.Channel, len(ids))
	visible := make([]models.ID, 0, len(ids))
	for _, id := range ids {
		if viewer.Can(id, models.LevelView) {
			visible = append(visible, id)
		}
	}
	if len(visible) == 0 {
		return found, nil
	}
	var channels []models.Channel
	err := s.db.Read(ctx).Where("organization_id = ? AND id IN ?", viewer.OrganizationID, visible).Find(&channels).Error
	if err != nil {
		return nil, fmt.Errorf("read %d channels of organization %s: %w", len(visible), viewer.OrganizationID, err)
	}
	for _, channel := range channels {
		found[channel.ID] = channel
	}
	return found, nil
}

// FindByPhoneNumberID returns the channels with these ids of Meta's. Unknown ids are
// left out.
func FindByPhoneNumberID(tx *store.Tx, phoneNumberIDs []string) ([]models.Channel, error) {
	return byPhoneNumberID(tx.DB, phoneNumberIDs)
}

// LockByPhoneNumberID returns the channels with these ids of Meta's, in the order
// of their own ids, and locks their rows until the transaction ends. Unknown ids
// are left out.
func LockByPhoneNumberID(tx *store.Tx, phoneNumberIDs []string) ([]models.Channel, error) {
	return byPhoneNumberID(store.Locking(tx.DB), phoneNumberIDs)
}

// Lock returns a channel of an organization and locks its row until the transaction
// ends; NOT_FOUND if there is none.
func Lock(tx *store.Tx, organization, id models.ID) (models.Channel, error) {
	var channel models.Channel
	switch err := store.Locking(tx.DB).Take(&channel, "organization_id = ? AND id = ?", organization, id).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return channel, models.ErrNotFound
	case err != nil:
		return channel, fmt.Errorf("lock channel %s: %w", id, err)
	}
	return channel, nil
}

// LockPools returns the channels of an organization that have a pool, in the order
// of their ids, and locks their rows until the transaction ends.
func LockPools(tx *store.Tx, organization models.ID) ([]models.Channel, error) {
	var channels []models.Channel
	err := store.Locking(tx.DB).Where("organization_id = ? AND id IN (SELECT channel_id FROM channel_assignees WHERE organization_id = ?)",
		organization, organization).Order("id").Find(&channels).Error
	if err != nil {
		return nil, fmt.Errorf("lock pools of organization %s: %w", organization, err)
	}
	return channels, nil
}

func byPhoneNumberID(query *gorm.DB, phoneNumberIDs []string) ([]models.Channel, error) {
	if len(phoneNumberIDs) == 0 {
		return nil, nil
	}
	var channels []models.Channel
	if err := query.Where("phone_number_id IN ?", phoneNumberIDs).Order("id").Find(&channels).Error; err != nil {
		return nil, fmt.Errorf("read channels of %d phone numbers: %w", len(phoneNumberIDs), err)
	}
	return channels, nil
}

// lock returns the channel and locks its row until the transaction ends.
func lock(tx *store.Tx, channelID models.ID) (models.Channel, error) {
	var channels []models.Channel
	if err := store.Locking(tx.DB).Where("id = ?", channelID).Find(&channels).Error; err != nil {
		return models.Channel{}, fmt.Errorf("lock channel %s: %w", channelID, err)
	}
	if len(channels) == 0 {
		return models.Channel{}, models.ErrNotFound
	}
	return channels[0], nil
}
