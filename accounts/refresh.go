package accounts

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"recado/models"
	"recado/secrets"
	"recado/store"
)

// Why a session was revoked (models.Session.RevokedReason).
const (
	ReasonSignedOut   = "SIGNED_OUT"
	ReasonTokenReused = "TOKEN_REUSED"
)

const (
	refreshTokenPrefix = "rt_"
	refreshTokenLength = len(refreshTokenPrefix) + 43 // 32 bytes in base64
)

func newRefreshToken() string { return refreshTokenPrefix + secrets.GenerateToken() }

// hashRefreshToken returns what is stored of a token, or false if it cannot be
// one. The token is random, so a plain hash keeps it.
func hashRefreshToken(token string) ([]byte, bool) {
	hash := sha256.Sum256([]byte(token))
	return hash[:], len(token) == refreshTokenLength && strings.HasPrefix(token, refreshTokenPrefix)
}

// Refresh exchanges a refresh token for new tokens of the same session.
// SESSION_EXPIRED if the token is unknown, its session is over, or its user was
// switched off.
//
// A token works once. Using it again means that two parties hold it, so it ends
// the session: whoever holds its newest token must sign in again. Of several uses
// at the same time one succeeds, and the session is over all the same. A client
// whose answer was lost signs in again.
func (s *Service) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	expired := models.NewError(models.CodeSessionExpired, "")
	hash, wellFormed := hashRefreshToken(refreshToken)
	if !wellFormed {
		return Tokens{}, expired
	}
	var tokens Tokens
	var session models.Session
	var reused bool
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		tokens, session, reused = Tokens{}, models.Session{}, false
		now := s.clock()
		found, err := lockSessionOf(tx, hash, &session)
		switch {
		case err != nil:
			return err
		case !found || session.RevokedAt != nil || !now.Before(session.ExpiresAt):
			return expired
		}
		// Under the lock of the session this is the last word on the token.
		used := tx.Model(&models.RefreshToken{}).Where("token_hash = ? AND used_at IS NULL", hash).Update("used_at", now)
		if used.Error != nil {
			return fmt.Errorf("mark refresh token as used: %w", used.Error)
		}
		if reused = used.RowsAffected == 0; reused {
			return s.revoke(tx, session.ID, ReasonTokenReused) // no error: it must be committed
		}
		tokens, err = s.issue(tx, session, now)
		return err
	})
	switch {
	case err != nil:
		return Tokens{}, err
	case reused:
		s.snapshots.forgetSession(session.ID)
		s.logger.WarnContext(ctx, "session revoked: a refresh token was used twice",
			"session", session.ID, "user", session.UserID, "organization", session.OrganizationID)
		return Tokens{}, expired
	}
	return tokens, nil
}

// SignOut ends the viewer's session: its tokens stop working, in this process at
// once. Doing it again changes nothing.
func (s *Service) SignOut(ctx context.Context, viewer models.Viewer) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error { return s.revoke(tx, viewer.SessionID, ReasonSignedOut) })
	if err != nil {
		return fmt.Errorf("sign out of session %s: %w", viewer.SessionID, err)
	}
	s.snapshots.forgetSession(viewer.SessionID)
	return nil
}

// RevokeByToken ends the session that a refresh token belongs to, whether the
// token was used or not. A token that belongs to none is no error: there is
// nothing to end.
func (s *Service) RevokeByToken(ctx context.Context, refreshToken string) error {
	hash, wellFormed := hashRefreshToken(refreshToken)
	if !wellFormed {
		return nil
	}
	var session models.Session
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		session = models.Session{}
		found, err := lockSessionOf(tx, hash, &session)
		if err != nil || !found {
			return err
		}
		return s.revoke(tx, session.ID, ReasonSignedOut)
	})
	if err != nil {
		return fmt.Errorf("revoke session by token: %w", err)
	}
	s.snapshots.forgetSession(session.ID)
	return nil
}

// lockSessionOf locks the session that a refresh token belongs to and reports
// whether there is one.
func lockSessionOf(tx *store.Tx, hash []byte, session *models.Session) (bool, error) {
	owner := tx.Model(&models.RefreshToken{}).Select("session_id").Where("token_hash = ?", hash)
	found := store.Locking(tx.DB).Where("id = (?)", owner).Limit(1).Find(session)
	if found.Error != nil {
		return false, fmt.Errorf("find session of refresh token: %w", found.Error)
	}
	return found.RowsAffected > 0, nil
}

// revoke ends a session, unless it was ended before: the first reason stays.
func (s *Service) revoke(tx *store.Tx, session models.ID, reason string) error {
	err := tx.Model(&models.Session{}).Where("id = ? AND revoked_at IS NULL", session).
		Updates(map[string]any{"revoked_at": s.clock(), "revoked_reason": reason}).Error
	if err != nil {
		return fmt.Errorf("revoke session %s: %w", session, err)
	}
	return nil
}
