package accounts

import (
	"context"
	"fmt"

	"recado/models"
	"recado/store"
)

// UserByEmail returns the user of any organization with that email, whatever its
// case, or NOT_FOUND. For operators.
func (s *Service) UserByEmail(ctx context.Context, email string) (models.User, error) {
	var users []models.User
	err := s.db.Read(ctx).Where("email = ?", normalizedEmail(email)).Limit(1).Find(&users).Error
	if err != nil {
		return models.User{}, fmt.Errorf("find user by email: %w", err)
	}
	if len(users) == 0 {
		return models.User{}, models.ErrNotFound
	}
	return users[0], nil
}

// SwitchUser switches a user on or off like SetUserActive, the last administrator
// included. NOT_FOUND if there is no such user. For operators.
func (s *Service) SwitchUser(ctx context.Context, userID models.ID, active bool) (models.User, error) {
	var user models.User
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var users []models.User
		if err := store.Locking(tx.DB).Where("id = ?", userID).Find(&users).Error; err != nil {
			return err
		}
		if len(users) == 0 {
			return models.ErrNotFound
		}
		user = users[0]
		return switchTo(tx, &user, active)
	})
	if err != nil {
		return models.User{}, fmt.Errorf("switch user %s to active=%t: %w", userID, active, err)
	}
	s.snapshots.forget(func(v models.Viewer) bool { return v.UserID == userID })
	return user, nil
}
