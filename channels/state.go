package channels

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// CallbackPath is where Meta sends people back to, below the public address.
const CallbackPath = "/oauth/meta/callback"

// nonceSize is how much chance there is in a state, in bytes.
const nonceSize = 16

// Login is what a front end needs to have the user agree at Meta.
type Login struct {
	URL      string // to send the browser to; empty with the popup
	State    string // that Meta sends back; empty with the popup
	AppID    string
	ConfigID string // of Facebook Login for Business
	Version  string // of the Graph API
}

// LoginOf returns how the user who started a connection agrees at Meta; nil for
// everybody else, and when that is not the next step.
//
// The state is signed, and names the organization, the connection and, by a nonce of
// the connection, this very try; it is the same each time, until it was used.
func (s *Service) LoginOf(viewer models.Viewer, connection models.ChannelConnection) *Login {
	if viewer.UserID != connection.StartedByID || viewer.OrganizationID != connection.OrganizationID ||
		connection.Status != models.ConnectionStarted || !s.db.Now().Before(connection.ExpiresAt) || connection.Nonce == nil {
		return nil
	}
	login := Login{AppID: s.meta.AppID, ConfigID: s.meta.LoginConfigID, Version: s.client.Version()}
	if connection.Method == models.ConnectByLogin {
		login.State = s.state(connection)
		login.URL = s.client.LoginURL(whatsapp.LoginDialog{RedirectURI: s.redirectURI(), State: login.State, ConfigID: login.ConfigID})
	}
	return &login
}

// redirectURI is the callback address; Meta compares it byte by byte.
func (s *Service) redirectURI() string { return s.meta.PublicURL + CallbackPath }

// state is what Meta sends back with a user.
func (s *Service) state(connection models.ChannelConnection) string {
	text := slices.Concat(connection.OrganizationID[:], connection.ID[:], connection.Nonce)
	return base64.RawURLEncoding.EncodeToString(append(text, s.signature(text, connection.StartedByID)...))
}

func (s *Service) signature(text []byte, user models.ID) []byte {
	mac := hmac.New(sha256.New, s.meta.Key)
	mac.Write([]byte("state of a channel connection"))
	mac.Write(text)
	mac.Write(user[:])
	return mac.Sum(nil)
}

// readState returns what a state names. Whether it is genuine can only be said with
// the connection in hand.
func readState(text string) (organization, connection models.ID, nonce, signature []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 2*len(models.NoID)+nonceSize+sha256.Size {
		return organization, connection, nil, nil, false
	}
	copy(organization[:], raw)
	copy(connection[:], raw[len(organization):])
	rest := raw[len(organization)+len(connection):]
	return organization, connection, rest[:nonceSize], rest[nonceSize:], true
}

// useState finds the connection that a state belongs to, and uses the state up. It
// fails with STATE_INVALID if the state is not ours, was used, is too old, or the user
// who began is no longer an administrator.
func (s *Service) useState(ctx context.Context, text string) (models.ChannelConnection, error) {
	invalid := models.NewError(models.CodeStateInvalid, "state")
	organization, id, nonce, signature, ok := readState(text)
	if !ok || len(s.meta.Key) == 0 {
		return models.ChannelConnection{}, invalid
	}
	connection, err := s.changeIn(ctx, organization, id, func(tx *store.Tx, connection *models.ChannelConnection) error {
		signed := slices.Concat(organization[:], id[:], nonce)
		genuine := hmac.Equal(signature, s.signature(signed, connection.StartedByID))
		if !genuine || len(connection.Nonce) == 0 || subtle.ConstantTimeCompare(connection.Nonce, nonce) != 1 ||
			connection.Status != models.ConnectionStarted || connection.Method != models.ConnectByLogin || usable(*connection, tx.Now()) != nil {
			return invalid
		}
		var administrators int64
		err := tx.Model(&models.User{}).Joins("JOIN profiles ON profiles.id = users.profile_id").
			Where("users.organization_id = ? AND users.id = ? AND users.active AND profiles.administrator", organization, connection.StartedByID).
			Count(&administrators).Error
		if err != nil {
			return fmt.Errorf("look for user %s: %w", connection.StartedByID, err)
		}
		if administrators == 0 {
			return invalid
		}
		connection.Nonce = nil
		return nil
	})
	if models.CodeOf(err) == models.CodeNotFound {
		err = invalid
	}
	return connection, err
}
