package accounts

import (
	"context"
	"fmt"
	"time"

	"recado/models"
	"recado/store"
)

// SignIn is what a user shows to begin a session.
type SignIn struct {
	Email    string
	Password string
	Address  string // the client's IP address, for limits; empty: not known, and then not limited
}

// Tokens is what a client holds of a session.
type Tokens struct {
	AccessToken      string // a JWT, see Claims
	RefreshToken     string // to be used once
	ExpiresAt        time.Time
	SessionExpiresAt time.Time // until when refreshing is possible
	UserID           models.ID
	Viewer           models.Viewer // the user's rights, as in the claims
}

// SignIn begins a session. INVALID_CREDENTIALS if there is no such account, it is
// switched off or the password is wrong: which of these does not show, not in the
// time it takes either. TOO_MANY_ATTEMPTS with retryAfterSeconds when too many
// attempts failed for the email or from the address.
func (s *Service) SignIn(ctx context.Context, in SignIn) (Tokens, error) {
	email := normalizedEmail(in.Email)
	if err := s.attempts.begin(email, in.Address); err != nil {
		s.logger.WarnContext(ctx, "sign-in refused: too many attempts", "address", in.Address)
		return Tokens{}, err
	}
	tokens, err := s.signIn(ctx, email, in.Password)
	switch {
	case err == nil:
		s.attempts.succeeded(email, in.Address)
	case models.CodeOf(err) != models.CodeInvalidCredentials:
		s.attempts.abandoned(email, in.Address)
	}
	return tokens, err
}

func (s *Service) signIn(ctx context.Context, email, password string) (Tokens, error) {
	refused := models.NewError(models.CodeInvalidCredentials, "")
	if len(password) > MaxPasswordLength*4 { // in bytes; keeps the hashing short
		return Tokens{}, refused
	}
	var users []models.User
	if err := s.db.Read(ctx).Where("email = ?", email).Limit(1).Find(&users).Error; err != nil {
		return Tokens{}, fmt.Errorf("find user by email: %w", err)
	}
	hash := s.passwords.nobody
	if len(users) > 0 {
		hash = users[0].PasswordHash
	}
	match, err := s.passwords.matches(ctx, password, hash)
	if err != nil {
		return Tokens{}, err
	}
	if !match || len(users) == 0 || !users[0].Active {
		return Tokens{}, refused
	}
	return s.beginSession(ctx, users[0])
}

func (s *Service) beginSession(ctx context.Context, user models.User) (tokens Tokens, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		now := s.clock()
		session := models.Session{
			ID: models.NewID(), OrganizationID: user.OrganizationID, UserID: user.ID,
			ExpiresAt: now.Add(s.lifetime), CreatedAt: now,
		}
		if err := tx.Create(&session).Error; err != nil {
			return fmt.Errorf("write session: %w", err)
		}
		tokens, err = s.issue(tx, session, now)
		return err
	})
	if models.CodeOf(err) == models.CodeSessionExpired { // switched off since the password was compared
		return Tokens{}, models.NewError(models.CodeInvalidCredentials, "")
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("begin session of user %s: %w", user.ID, err)
	}
	return tokens, nil
}

// issue adds a refresh token to a session and makes an access token with the
// rights that its user has in this transaction. SESSION_EXPIRED if the user is
// switched off.
func (s *Service) issue(tx *store.Tx, session models.Session, now time.Time) (Tokens, error) {
	refreshToken := newRefreshToken()
	hash, _ := hashRefreshToken(refreshToken)
	if err := tx.Create(&models.RefreshToken{TokenHash: hash, SessionID: session.ID, CreatedAt: now}).Error; err != nil {
		return Tokens{}, fmt.Errorf("write refresh token: %w", err)
	}
	snap, err := loadSnapshot(tx.DB, session.ID, now)
	if err != nil {
		return Tokens{}, err
	}
	if !snap.valid {
		return Tokens{}, models.NewError(models.CodeSessionExpired, "")
	}
	accessToken, expiresAt, err := s.tokens.sign(snap.viewer, now, session.ExpiresAt)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{
		AccessToken: accessToken, RefreshToken: refreshToken,
		ExpiresAt: expiresAt, SessionExpiresAt: session.ExpiresAt.UTC(),
		UserID: snap.viewer.UserID, Viewer: snap.viewer,
	}, nil
}
