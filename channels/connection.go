package channels

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"recado/models"
	"recado/store"
)

// How long a connection waits for the next step before it is given up.
const (
	loginPatience  = time.Hour      // for the user's word at Meta
	choicePatience = 24 * time.Hour // for everything after it
)

// maxReturnURL bounds where a user is sent in the end, in bytes.
const maxReturnURL = 2000

// maxOpenConnections is how many connections of an organization are listed.
const maxOpenConnections = 50

// ConnectionWish says how a number is to be connected.
type ConnectionWish struct {
	Method      models.ConnectionMethod
	ReturnURL   string // with ConnectByLogin: where the browser goes in the end; empty: to a page of ours
	AccessToken string `json:"-"` // with ConnectByToken
}

// String leaves out the token.
func (w ConnectionWish) String() string { return "connect by " + string(w.Method) }

// GoString leaves out the token.
func (w ConnectionWish) GoString() string { return w.String() }

// StartConnection begins to connect a number. With a token it is AUTHORIZED at once,
// or FAILED; otherwise the user has to agree at Meta first, see LoginOf.
//
// Errors: FORBIDDEN to all but administrators; EDITION_NOT_ALLOWED and LIMIT_REACHED,
// see models.Edition; NOT_CONFIGURED; INVALID and REQUIRED with the field.
func (s *Service) StartConnection(ctx context.Context, viewer models.Viewer, wish ConnectionWish) (models.ChannelConnection, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.ChannelConnection{}, err
	}
	if err := s.checkWish(&wish); err != nil {
		return models.ChannelConnection{}, err
	}
	var connection models.ChannelConnection
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := checkEdition(tx, viewer.OrganizationID); err != nil {
			return err
		}
		connection = models.ChannelConnection{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), StartedByID: viewer.UserID, Method: wish.Method,
			Status: models.ConnectionStarted, Reached: models.ConnectionStarted, Nonce: newNonce(),
			ReturnURL: wish.ReturnURL, ExpiresAt: tx.Now().Add(loginPatience),
		}
		if wish.Method == models.ConnectByToken {
			connection.Nonce = nil
			connection.AccessToken, connection.AccessTokenHint = s.box.Seal([]byte(wish.AccessToken), boundToConnection(connection)), hint(wish.AccessToken)
		}
		if err := tx.Create(&connection).Error; err != nil {
			return err
		}
		return recordSetup(tx, connection)
	})
	if err != nil || wish.Method != models.ConnectByToken {
		return connection, err
	}
	return s.inspect(ctx, connection)
}

func (s *Service) checkWish(wish *ConnectionWish) error {
	if s.client == nil {
		return models.NewError(models.CodeNotConfigured, "method").With("setting", "RECADO_META_GRAPH_URL")
	}
	wish.AccessToken, wish.ReturnURL = strings.TrimSpace(wish.AccessToken), strings.TrimSpace(wish.ReturnURL)
	switch wish.Method {
	case models.ConnectByToken:
		if wish.AccessToken == "" {
			return models.NewError(models.CodeRequired, "accessToken")
		}
		if !isToken(wish.AccessToken) {
			return models.NewError(models.CodeInvalid, "accessToken")
		}
		wish.ReturnURL = ""
		return nil
	case models.ConnectByLogin, models.ConnectByPopup:
	default:
		return models.NewError(models.CodeInvalid, "method")
	}
	for _, needed := range []struct {
		setting string
		set     bool
	}{
		{"RECADO_META_APP_ID", s.meta.AppID != ""},
		{"RECADO_META_APP_SECRET", s.meta.AppSecretSet},
		{"RECADO_META_LOGIN_CONFIG_ID", s.meta.LoginConfigID != ""},
		{"RECADO_PUBLIC_URL", s.meta.PublicURL != "" || wish.Method == models.ConnectByPopup},
	} {
		if !needed.set {
			return models.NewError(models.CodeNotConfigured, "method").With("setting", needed.setting)
		}
	}
	if wish.Method == models.ConnectByPopup {
		wish.ReturnURL = ""
	}
	if wish.ReturnURL != "" && !s.mayReturnTo(wish.ReturnURL) {
		return models.NewError(models.CodeInvalid, "returnUrl")
	}
	return nil
}

// mayReturnTo reports whether browsers may be sent to an address: to one of our own
// or of a page that may call the API, so that nobody is led astray.
func (s *Service) mayReturnTo(address string) bool {
	target, err := url.Parse(address)
	if err != nil || len(address) > maxReturnURL || target.Host == "" || target.User != nil {
		return false
	}
	origin := strings.ToLower(target.Scheme + "://" + target.Host)
	own, err := url.Parse(s.meta.PublicURL)
	if err == nil && own.Host != "" && origin == strings.ToLower(own.Scheme+"://"+own.Host) {
		return true
	}
	for _, allowed := range s.meta.AllowedOrigins {
		if origin == strings.ToLower(strings.TrimRight(allowed, "/")) {
			return true
		}
	}
	return false
}

// Connection returns a connection of the viewer's organization. Administrators only
// (FORBIDDEN); NOT_FOUND.
func (s *Service) Connection(ctx context.Context, viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.ChannelConnection{}, err
	}
	var found []models.ChannelConnection
	if err := s.db.Read(ctx).Find(&found, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error; err != nil {
		return models.ChannelConnection{}, fmt.Errorf("read connection %s: %w", id, err)
	}
	if len(found) == 0 {
		return models.ChannelConnection{}, models.ErrNotFound
	}
	return found[0], nil
}

// ConnectionsByID returns those of the connections that are the organization's;
// nothing to all but administrators.
func (s *Service) ConnectionsByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.ChannelConnection, error) {
	found := make(map[models.ID]models.ChannelConnection, len(ids))
	if !viewer.Administrator {
		return found, nil
	}
	var rows []models.ChannelConnection
	if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", ids)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read %d connections: %w", len(ids), err)
	}
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, nil
}

// OpenConnections returns those of the organization that can be gone on with, the
// newest first, at most 50. Administrators only (FORBIDDEN).
func (s *Service) OpenConnections(ctx context.Context, viewer models.Viewer) ([]models.ChannelConnection, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	var open []models.ChannelConnection
	err := s.db.Read(ctx).Where("organization_id = ? AND ended_at IS NULL AND expires_at > ? AND status NOT IN ?", viewer.OrganizationID, s.db.Now(),
		[]models.ConnectionStatus{models.ConnectionExpired, models.ConnectionCanceled}).
		Order("created_at DESC, id DESC").Limit(maxOpenConnections).Find(&open).Error
	if err != nil {
		return nil, fmt.Errorf("list connections of organization %s: %w", viewer.OrganizationID, err)
	}
	return open, nil
}

// CancelConnection gives a connection up; what had been done is undone soon. One
// that is over already stays as it is. Administrators only (FORBIDDEN); NOT_FOUND.
func (s *Service) CancelConnection(ctx context.Context, viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
	return s.change(ctx, viewer, id, func(tx *store.Tx, connection *models.ChannelConnection) error {
		if connection.Status.Ended() {
			return nil
		}
		connection.Status, connection.Nonce, connection.ExpiresAt = models.ConnectionCanceled, nil, tx.Now()
		return s.enqueue(ctx, tx, CleanConnectionsArgs{})
	})
}

// change locks a connection, has it changed, and writes it.
func (s *Service) change(ctx context.Context, viewer models.Viewer, id models.ID, decide func(*store.Tx, *models.ChannelConnection) error) (models.ChannelConnection, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.ChannelConnection{}, err
	}
	return s.changeIn(ctx, viewer.OrganizationID, id, decide)
}

func (s *Service) changeIn(ctx context.Context, organization, id models.ID, decide func(*store.Tx, *models.ChannelConnection) error) (models.ChannelConnection, error) {
	var changed models.ChannelConnection
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if changed, err = lockConnection(tx, organization, id); err != nil {
			return err
		}
		before := changed
		if err := decide(tx, &changed); err != nil {
			return err
		}
		changed.UpdatedAt = tx.Now()
		if err := store.UpdateAll(tx, []models.ChannelConnection{changed}); err != nil || !isStep(before, changed) {
			return err
		}
		return recordSetup(tx, changed)
	})
	return changed, err
}

func lockConnection(tx *store.Tx, organization, id models.ID) (models.ChannelConnection, error) {
	var found []models.ChannelConnection
	if err := store.Locking(tx.DB).Find(&found, "organization_id = ? AND id = ?", organization, id).Error; err != nil {
		return models.ChannelConnection{}, fmt.Errorf("lock connection %s: %w", id, err)
	}
	if len(found) == 0 {
		return models.ChannelConnection{}, models.ErrNotFound
	}
	return found[0], nil
}

// usable returns nil if a connection is still to be gone on with.
func usable(connection models.ChannelConnection, now time.Time) error {
	if connection.Status.Ended() || !now.Before(connection.ExpiresAt) {
		status := connection.Status
		if !status.Ended() {
			status = models.ConnectionExpired
		}
		return models.NewError(models.CodeSetupEnded, "setupId").With("status", string(status))
	}
	return nil
}

// wrongStep says that a connection is elsewhere.
func wrongStep(connection models.ChannelConnection) error {
	return models.NewError(models.CodeSetupStep, "setupId").With("status", string(connection.Status))
}

// reach notes a state that was reached.
func reach(connection *models.ChannelConnection, status models.ConnectionStatus, now time.Time) {
	connection.Status, connection.Reached, connection.Failure = status, status, nil
	connection.ExpiresAt = now.Add(choicePatience)
}

// token opens the connection's token.
func (s *Service) connectionToken(connection models.ChannelConnection) (string, error) {
	token, err := s.box.Open(connection.AccessToken, boundToConnection(connection))
	if err != nil {
		return "", fmt.Errorf("open access token of connection %s: %w", connection.ID, err)
	}
	return string(token), nil
}

// boundToConnection is what a connection's token is sealed for.
func boundToConnection(connection models.ChannelConnection) string {
	return "connection access token of " + connection.OrganizationID.String() + "/" + connection.ID.String()
}

// boundConnectionPIN is what a connection's PIN is sealed for.
func boundConnectionPIN(connection models.ChannelConnection) string {
	return "connection PIN of " + connection.OrganizationID.String() + "/" + connection.ID.String()
}

func newNonce() []byte {
	nonce := make([]byte, nonceSize)
	_, _ = rand.Read(nonce) // never fails
	return nonce
}

func requireAdministrator(viewer models.Viewer) error {
	if !viewer.Administrator {
		return models.NewError(models.CodeForbidden, "")
	}
	return nil
}

// checkEdition asks the organization's edition whether it may connect one more
// number.
func checkEdition(tx *store.Tx, organization models.ID) error {
	var edition models.Edition
	err := tx.Take(&edition, "name = (SELECT edition FROM organizations WHERE id = ?)", organization).Error
	if err != nil {
		return fmt.Errorf("read edition of organization %s: %w", organization, err)
	}
	var connected int64
	err = tx.Model(&models.Channel{}).Where("organization_id = ? AND status <> ?", organization, models.ChannelDisconnected).Count(&connected).Error
	if err != nil {
		return fmt.Errorf("count channels of organization %s: %w", organization, err)
	}
	return edition.CheckConnect(int(connected))
}
