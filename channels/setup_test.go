package channels_test

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/secrets"
	"recado/store"
)

const token = "EAAJB7xzvZAcBO0secretsecretsecretZD9q"

// world is an organization with its profiles, on a database and a service.
type world struct {
	db       *store.Store
	service  *channels.Service
	id       models.ID
	admins   models.ID
	standard models.ID
}

func newWorld(t *testing.T, db *store.Store) *world {
	t.Helper()
	w := &world{
		db: db, service: channels.New(db, newBox(t, 1), channels.Options{}),
		id: models.NewID(), admins: models.NewID(), standard: models.NewID(),
	}
	w.write(t, func(tx *store.Tx) error {
		if err := tx.Create(&models.Organization{ID: w.id, Name: "Padaria Aurora"}).Error; err != nil {
			return err
		}
		if err := tx.Create(&models.FeedHead{OrganizationID: w.id}).Error; err != nil {
			return err
		}
		return store.InsertAll(tx, []models.Profile{
			{ID: w.admins, OrganizationID: w.id, Name: "Administrator", Administrator: true},
			{ID: w.standard, OrganizationID: w.id, Name: "Standard"},
		})
	})
	return w
}

func newBox(t *testing.T, seed byte) *secrets.Box {
	t.Helper()
	box, err := secrets.NewBox(bytes.Repeat([]byte{seed}, secrets.KeySize))
	require.NoError(t, err)
	return box
}

func (w *world) write(t *testing.T, fn func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, w.db.Write(t.Context(), fn))
}

// user makes an active user.
func (w *world) user(t *testing.T, profile models.ID) models.ID {
	t.Helper()
	id := models.NewID()
	w.write(t, func(tx *store.Tx) error {
		return tx.Create(&models.User{
			ID: id, OrganizationID: w.id, ProfileID: profile, Email: id.String() + "@aurora.example", Name: "Ana", Active: true,
		}).Error
	})
	return id
}

func (w *world) setActive(t *testing.T, user models.ID, active bool) {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		return tx.Model(&models.User{}).Where("id = ?", user).Update("active", active).Error
	})
}

// permit gives the standard profile a level on the channel.
func (w *world) permit(t *testing.T, channel models.Channel, level models.MessagingLevel) {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		return tx.Save(&models.ChannelPermission{
			OrganizationID: w.id, ProfileID: w.standard, ChannelID: channel.ID, Level: level,
		}).Error
	})
}

func (w *world) connect(t *testing.T, name string) models.Channel {
	t.Helper()
	channel, err := w.service.Connect(t.Context(), w.newChannel(name))
	require.NoError(t, err)
	return channel
}

var numbers int

func (w *world) newChannel(name string) channels.NewChannel {
	numbers++
	return channels.NewChannel{
		OrganizationID: w.id, Name: name, PhoneNumberID: strconv.Itoa(106_540_352_242_000 + numbers),
		WABAID: "102290129340398", DisplayNumber: "+55 11 91234-5678", AccessToken: token,
	}
}

// turns takes n turns, each in a transaction that locks the channel as a webhook does.
func (w *world) turns(t *testing.T, channel models.Channel, n int) []models.ID {
	t.Helper()
	var served []models.ID
	for range n {
		w.write(t, func(tx *store.Tx) error {
			next, err := nextOf(tx, channel.PhoneNumberID)
			if err == nil && next != nil {
				served = append(served, *next)
			}
			return err
		})
	}
	return served
}

func nextOf(tx *store.Tx, phoneNumberID string) (*models.ID, error) {
	locked, err := channels.LockByPhoneNumberID(tx, []string{phoneNumberID})
	if err != nil {
		return nil, err
	}
	turns, err := channels.TakeTurns(tx, []*models.Channel{&locked[0]}, nil)
	if err != nil {
		return nil, err
	}
	next, _ := turns.Next(locked[0].ID)
	return next, turns.Save()
}

func (w *world) viewer(levels map[models.ID]models.MessagingLevel) models.Viewer {
	return models.Viewer{OrganizationID: w.id, UserID: models.NewID(), ProfileID: w.standard, Levels: levels}
}

func (w *world) administrator() models.Viewer {
	return models.Viewer{OrganizationID: w.id, UserID: models.NewID(), ProfileID: w.admins, Administrator: true}
}
