package channels

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// nobodyYet is Channel.LastAssigneePosition before anybody's turn.
const nobodyYet = -1

// MaxAssignees is how many users a pool can have.
const MaxAssignees = 50

// SetAssignees makes the users, in this order, the pool that new conversations of
// the channel are handed to in turn; none switches it off. The turn goes on after
// whoever was served last, or, if they are no longer in the pool, with whoever
// would have been next.
//
// Users need not be able to reply now: those who cannot are passed over when it is
// their turn. Who joins is handed what waits in the queue. Errors: NOT_FOUND
// (userIds: not a user of the channel's organization, else: no such channel),
// INVALID (userIds: one twice, or more than MaxAssignees). For operators.
func (s *Service) SetAssignees(ctx context.Context, channelID models.ID, userIDs []models.ID) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		channel, err := lock(tx, channelID)
		if err != nil {
			return err
		}
		return s.setAssignees(ctx, tx, &channel, userIDs)
	})
}

// setAssignees is SetAssignees in a transaction that has the channel locked.
func (s *Service) setAssignees(ctx context.Context, tx *store.Tx, channel *models.Channel, userIDs []models.ID) error {
	if len(userIDs) > MaxAssignees {
		return models.NewError(models.CodeInvalid, "userIds").With("max", strconv.Itoa(MaxAssignees))
	}
	if err := checkMembers(tx, channel.OrganizationID, userIDs, "userIds"); err != nil {
		return err
	}
	before, err := pool(tx.DB, *channel)
	if err != nil {
		return err
	}
	after := make([]models.ChannelAssignee, len(userIDs))
	for i, id := range userIDs {
		after[i] = models.ChannelAssignee{
			OrganizationID: channel.OrganizationID, ChannelID: channel.ID, UserID: id, Position: i,
		}
	}
	if err := tx.Where("channel_id = ?", channel.ID).Delete(&models.ChannelAssignee{}).Error; err != nil {
		return fmt.Errorf("empty pool of channel %s: %w", channel.ID, err)
	}
	if err := store.InsertAll(tx, after); err != nil {
		return err
	}
	if err := moveTurn(tx, channel, carryTurn(before, channel.LastAssigneePosition, after)); err != nil {
		return err
	}
	return s.Drain(ctx, tx, channel.OrganizationID)
}

// SetPool is SetAssignees for administrators (else FORBIDDEN) of the channel's
// organization (else NOT_FOUND). It returns the channel.
func (s *Service) SetPool(ctx context.Context, viewer models.Viewer, channelID models.ID, userIDs []models.ID) (models.Channel, error) {
	found, err := s.ByID(ctx, viewer, []models.ID{channelID})
	if err != nil {
		return models.Channel{}, err
	}
	channel, ok := found[channelID]
	if !ok {
		return models.Channel{}, models.ErrNotFound
	}
	if !viewer.Administrator {
		return models.Channel{}, models.NewError(models.CodeForbidden, "")
	}
	return channel, s.SetAssignees(ctx, channelID, userIDs)
}

// Assignees returns the users of the channel's pool in their order. NOT_FOUND when
// the viewer may not see the channel.
func (s *Service) Assignees(ctx context.Context, viewer models.Viewer, channelID models.ID) ([]models.ID, error) {
	found, err := s.ByID(ctx, viewer, []models.ID{channelID})
	if err != nil {
		return nil, err
	}
	channel, ok := found[channelID]
	if !ok {
		return nil, models.ErrNotFound
	}
	assignees, err := pool(s.db.Read(ctx), channel)
	if err != nil {
		return nil, err
	}
	users := make([]models.ID, len(assignees))
	for i, assignee := range assignees {
		users[i] = assignee.UserID
	}
	return users, nil
}

// MayReply reports whether the user is active, of the channel's organization, and
// may REPLY on the channel, as of this transaction.
func MayReply(tx *store.Tx, channel models.Channel, userID models.ID) (bool, error) {
	var count int64
	err := tx.Model(&models.User{}).Scopes(mayReply(channel)).Where("users.id = ?", userID).Count(&count).Error
	if err != nil {
		return false, fmt.Errorf("read whether user %s may reply on channel %s: %w", userID, channel.ID, err)
	}
	return count > 0, nil
}

// mayReply keeps the users who can answer on the channel.
func mayReply(channel models.Channel) func(*gorm.DB) *gorm.DB {
	return func(users *gorm.DB) *gorm.DB {
		return users.
			Joins("JOIN profiles ON profiles.id = users.profile_id").
			Joins("LEFT JOIN channel_permissions ON channel_permissions.profile_id = users.profile_id AND channel_permissions.channel_id = ?", channel.ID).
			Where("users.organization_id = ? AND users.active AND (profiles.administrator OR channel_permissions.level = ?)",
				channel.OrganizationID, models.LevelReply)
	}
}

// pool returns the places of the channel's pool in their order.
func pool(db *gorm.DB, channel models.Channel) ([]models.ChannelAssignee, error) {
	var assignees []models.ChannelAssignee
	err := db.Where("organization_id = ? AND channel_id = ?", channel.OrganizationID, channel.ID).
		Order("position").Find(&assignees).Error
	if err != nil {
		return nil, fmt.Errorf("read pool of channel %s: %w", channel.ID, err)
	}
	return assignees, nil
}

// checkMembers refuses repeated users and those of other organizations, blaming the
// field.
func checkMembers(tx *store.Tx, organization models.ID, userIDs []models.ID, field string) error {
	seen := make(map[models.ID]bool, len(userIDs))
	for _, id := range userIDs {
		if seen[id] {
			return models.NewError(models.CodeInvalid, field)
		}
		seen[id] = true
	}
	if len(userIDs) == 0 {
		return nil
	}
	var members int64
	err := tx.Model(&models.User{}).Where("organization_id = ? AND id IN ?", organization, userIDs).Count(&members).Error
	if err != nil {
		return fmt.Errorf("look for %d users of organization %s: %w", len(userIDs), organization, err)
	}
	if members != int64(len(userIDs)) {
		return models.NewError(models.CodeNotFound, field)
	}
	return nil
}

// moveTurn notes the position served last. It is no change that a reader of the
// channel could see, so UpdatedAt stays.
func moveTurn(tx *store.Tx, channel *models.Channel, position int) error {
	err := tx.Model(&models.Channel{}).Where("id = ?", channel.ID).UpdateColumn("last_assignee_position", position).Error
	if err != nil {
		return fmt.Errorf("move turn of channel %s: %w", channel.ID, err)
	}
	channel.LastAssigneePosition = position
	return nil
}

// carryTurn returns the position in the pool after that stands for the one served
// last in the pool before. Both are ordered, and positions in after count up from 0.
func carryTurn(before []models.ChannelAssignee, last int, after []models.ChannelAssignee) int {
	placeOf := func(user models.ID) int {
		return slices.IndexFunc(after, func(a models.ChannelAssignee) bool { return a.UserID == user })
	}
	served := slices.IndexFunc(before, func(a models.ChannelAssignee) bool { return a.Position == last })
	if served < 0 {
		return nobodyYet
	}
	if place := placeOf(before[served].UserID); place >= 0 {
		return place
	}
	for i := range before {
		next := before[(served+1+i)%len(before)].UserID
		if place := placeOf(next); place >= 0 {
			return place - 1
		}
	}
	return nobodyYet
}

// MayView returns those of the users who are active, of the organization, and may
// see the channel, as of this transaction.
func MayView(tx *store.Tx, organization, channel models.ID, userIDs []models.ID) (able []models.ID, err error) {
	err = tx.Model(&models.User{}).
		Joins("JOIN profiles ON profiles.id = users.profile_id").
		Joins("LEFT JOIN channel_permissions ON channel_permissions.profile_id = users.profile_id AND channel_permissions.channel_id = ?", channel).
		Where("users.organization_id = ? AND users.active AND (profiles.administrator OR channel_permissions.level IN ?)",
			organization, []models.MessagingLevel{models.LevelView, models.LevelReply}).
		Where("users.id IN ?", userIDs).Pluck("users.id", &able).Error
	if err != nil {
		return nil, fmt.Errorf("read who of %d users may see channel %s: %w", len(userIDs), channel, err)
	}
	return able, nil
}
