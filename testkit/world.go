package testkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
)

// World is an organization as tests of reading need it: rows only, with no service
// behind them.
//
// The agents' rights are on Open, the first channel. Closed, the second one, only
// the administrator may see.
type World struct {
	t  testing.TB
	db *store.Store

	Organization  models.Organization
	Administrator models.User // may everything
	Replier       models.User // REPLY on Open
	Looker        models.User // VIEW on Open
	Outsider      models.User // NONE on Open, by a row
	Open, Closed  models.Channel
}

// NewWorld makes an organization with four users, two channels, and Replier and
// Administrator in the pool of each channel.
func NewWorld(t testing.TB, db *store.Store) *World {
	t.Helper()
	w := &World{t: t, db: db, Organization: models.Organization{ID: models.NewID(), Name: "Padaria Aurora"}}
	w.insert(&w.Organization, &models.FeedHead{OrganizationID: w.Organization.ID})
	w.Open, w.Closed = w.Channel("Balcão"), w.Channel("Compras")
	w.Administrator = w.User("Ana", "")
	w.Replier = w.User("Bruno", models.LevelReply)
	w.Looker = w.User("Carla", models.LevelView)
	w.Outsider = w.User("Davi", models.LevelNone)
	for _, channel := range []models.Channel{w.Open, w.Closed} {
		for position, user := range []models.User{w.Replier, w.Administrator} {
			w.insert(&models.ChannelAssignee{
				OrganizationID: w.Organization.ID, ChannelID: channel.ID, UserID: user.ID, Position: position,
			})
		}
	}
	return w
}

// User makes an active user with a profile of their own that has the level on Open.
// Without a level it is an administrator.
func (w *World) User(name string, level models.MessagingLevel) models.User {
	w.t.Helper()
	profile := models.Profile{
		ID: models.NewID(), OrganizationID: w.Organization.ID, Name: "Profile of " + name, Administrator: level == "",
	}
	user := models.User{
		ID: models.NewID(), OrganizationID: w.Organization.ID, ProfileID: profile.ID, Name: name, Active: true,
		Email: strings.ToLower(name) + "@" + w.Organization.ID.String() + ".example",
	}
	w.insert(&profile, &user)
	if level != "" {
		w.insert(&models.ChannelPermission{
			OrganizationID: w.Organization.ID, ProfileID: profile.ID, ChannelID: w.Open.ID, Level: level,
		})
	}
	return user
}

// Channel makes a connected channel.
func (w *World) Channel(name string) models.Channel {
	w.t.Helper()
	id := models.NewID()
	channel := models.Channel{
		ID: id, OrganizationID: w.Organization.ID, Name: name, PhoneNumberID: digits(id), WABAID: "214705829341166",
		DisplayNumber: "+551140040000", Status: models.ChannelConnected, AccessToken: []byte("sealed"), LastAssigneePosition: -1,
	}
	w.insert(&channel)
	return channel
}

// Viewer returns a user's rights, with a session, as an access token of theirs
// would give them.
func (w *World) Viewer(user models.User) models.Viewer {
	w.t.Helper()
	session := models.Session{
		ID: models.NewID(), OrganizationID: user.OrganizationID, UserID: user.ID, ExpiresAt: w.db.Now().Add(time.Hour),
	}
	w.insert(&session)
	viewer := models.Viewer{
		OrganizationID: user.OrganizationID, UserID: user.ID, ProfileID: user.ProfileID, SessionID: session.ID,
		Levels: make(map[models.ID]models.MessagingLevel),
	}
	var profile models.Profile
	require.NoError(w.t, w.db.Read(w.t.Context()).Take(&profile, "id = ?", user.ProfileID).Error)
	viewer.Administrator = profile.Administrator
	var permissions []models.ChannelPermission
	require.NoError(w.t, w.db.Read(w.t.Context()).Find(&permissions, "profile_id = ?", user.ProfileID).Error)
	for _, permission := range permissions {
		viewer.Levels[permission.ChannelID] = permission.Level
	}
	return viewer
}

// Conversation makes an open conversation with a new contact, whose customer wrote
// "Oi" at the given time.
func (w *World) Conversation(channel models.Channel, name string, at time.Time) models.Conversation {
	w.t.Helper()
	conversation := w.newConversation(channel, models.NewID(), at)
	message := w.newMessage(conversation, "Oi", at)
	conversation.SeeMessage(message)
	w.insert(&models.Contact{
		OrganizationID: w.Organization.ID, ID: conversation.ContactID, Name: name, NameSeenAt: &at,
	}, &models.ContactIdentity{
		OrganizationID: w.Organization.ID, ChannelID: channel.ID, Kind: models.IdentityWAID,
		Value: conversation.CustomerWAID, MatchKey: conversation.CustomerWAID, ContactID: conversation.ContactID,
	}, &conversation, &message)
	w.index(message, store.SearchEntry{
		OrganizationID: w.Organization.ID, Kind: store.SearchContacts, ID: conversation.ContactID, ChannelID: channel.ID, Text: name, At: w.createdAt(conversation.ContactID),
	})
	return conversation
}

// Conversations makes many conversations on a channel with few statements, one at
// each of the times; the customers wrote nothing that is kept.
func (w *World) Conversations(channel models.Channel, times []time.Time) []models.Conversation {
	w.t.Helper()
	contacts := make([]models.Contact, len(times))
	identities := make([]models.ContactIdentity, len(times))
	conversations := make([]models.Conversation, len(times))
	for i, at := range times {
		contacts[i] = models.Contact{OrganizationID: w.Organization.ID, ID: models.NewID(), Name: fmt.Sprint("Cliente ", i)}
		conversations[i] = w.newConversation(channel, contacts[i].ID, at)
		identities[i] = models.ContactIdentity{
			OrganizationID: w.Organization.ID, ChannelID: channel.ID, Kind: models.IdentityWAID,
			Value: conversations[i].CustomerWAID, MatchKey: conversations[i].CustomerWAID, ContactID: contacts[i].ID,
		}
	}
	w.Write(func(tx *store.Tx) error {
		if err := store.InsertAll(tx, contacts); err != nil {
			return err
		}
		if err := store.InsertAll(tx, identities); err != nil {
			return err
		}
		return store.InsertAll(tx, conversations)
	})
	return conversations
}

// Message makes a text message of the customer and folds it into the conversation.
func (w *World) Message(conversation *models.Conversation, body string, at time.Time) models.Message {
	w.t.Helper()
	message := w.newMessage(*conversation, body, at)
	conversation.SeeMessage(message)
	w.insert(&message)
	w.Save(conversation)
	w.index(message)
	return message
}

// index has a message and other things be found by their words.
func (w *World) index(message models.Message, others ...store.SearchEntry) {
	w.t.Helper()
	w.Write(func(tx *store.Tx) error {
		return store.Index(tx, append(others, store.SearchEntry{
			OrganizationID: message.OrganizationID, Kind: store.SearchMessages, At: message.SentAt, ID: message.ID,
			ChannelID: message.ChannelID, Label: strings.ToLower(string(message.Direction)), Text: message.Body,
		}))
	})
}

// createdAt is the time of a contact's row.
func (w *World) createdAt(contact models.ID) time.Time {
	w.t.Helper()
	var row models.Contact
	require.NoError(w.t, w.db.Read(w.t.Context()).Take(&row, "organization_id = ? AND id = ?", w.Organization.ID, contact).Error)
	return row.CreatedAt
}

// Save writes rows as they are.
func (w *World) Save(rows ...any) {
	w.t.Helper()
	w.Write(func(tx *store.Tx) error {
		for _, row := range rows {
			if err := tx.Save(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// Write runs a transaction.
func (w *World) Write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.db.Write(w.t.Context(), fn))
}

func (w *World) newConversation(channel models.Channel, contact models.ID, at time.Time) models.Conversation {
	waID := digits(contact)
	return models.Conversation{
		OrganizationID: w.Organization.ID, ID: models.NewID(), ChannelID: channel.ID, ContactID: contact,
		Current: true, Status: models.ConversationOpen, Origin: models.OriginCustomer, LastMessageAt: at, CustomerWAID: waID, CustomerWAIDSeenAt: &at, Version: 1, CreatedAt: at,
	}
}

func (w *World) newMessage(conversation models.Conversation, body string, at time.Time) models.Message {
	id := models.NewID()
	wamid := "wamid." + id.String()
	return models.Message{
		OrganizationID: w.Organization.ID, ID: id, ChannelID: conversation.ChannelID, ConversationID: conversation.ID,
		Direction: models.Inbound, Kind: models.KindText, Body: body, Source: models.SourceCustomer, WAMID: &wamid, Status: models.StatusReceived,
		SentAt: at, CreatedAt: at,
	}
}

// insert writes new rows, in their order.
func (w *World) insert(rows ...any) {
	w.t.Helper()
	w.Write(func(tx *store.Tx) error {
		for _, row := range rows {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// digits makes an id in the form of Meta's, of one of ours.
func digits(id models.ID) string {
	return fmt.Sprintf("5%012d", binary.BigEndian.Uint64(id[8:])%1e12)
}

// Context is that of the world's test.
func (w *World) Context() context.Context { return w.t.Context() }

// Exec runs a statement, for what no room does.
func (w *World) Exec(statement string, values ...any) {
	w.t.Helper()
	w.Write(func(tx *store.Tx) error { return tx.Exec(statement, values...).Error })
}
