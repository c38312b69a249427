package inbox

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// statusOfMeta are the steps that Meta reports (reference/whatsapp-cloud-api.md
// §3.5).
var statusOfMeta = map[string]models.MessageStatus{
	"sent":      models.StatusSent,
	"delivered": models.StatusDelivered,
	"read":      models.StatusRead,
	"played":    models.StatusPlayed,
	"failed":    models.StatusFailed,
}

// takeStatuses moves messages forward. A status whose message is not known by
// Meta's id yet may name it by ours, which every send carries along: then it
// claims the message, as when the answer to the send was lost. Otherwise it is
// parked until the message gets its id.
//
// Parking and claiming need the channel alone: of a status that parks and a message
// that gets its id at the same moment, neither would find the other.
func takeStatuses(tx *store.Tx, steps []step, changes *changes, how company) error {
	if len(steps) == 0 {
		return nil
	}
	found, err := lockMessagesOf(tx, steps, changes)
	if err != nil {
		return err
	}
	var parked []models.ParkedStatus
	var claimed []*models.Message
	for _, step := range steps {
		message := found.of(step)
		if how == besideOthers && (message == nil || message.WAMID == nil) {
			return errNeedsChannels
		}
		switch {
		case message == nil:
			parked = append(parked, parkedStatus(tx, step))
			continue
		case message.WAMID == nil:
			message.WAMID = &step.wire.MessageID
			claimed = append(claimed, message)
			changes.move(message)
		}
		change := changeOf(step.wire)
		if message.Apply(change) {
			changes.move(message)
		}
		changes.reportPrice(message, change, pricingOf(step.wire))
		changes.hearRefusal(message, change)
	}
	if err := park(tx, parked); err != nil {
		return err
	}
	return unpark(tx, claimed, changes)
}

// messagesOf are stored messages, by both of their names.
type messagesOf struct {
	byID    map[models.ID]*models.Message
	byWAMID map[messageKey]*models.Message
}

// of returns the message that a status is about, or nil. Our own id only counts
// while the message has no other id of Meta's: if it was sent twice after all,
// the two must not be mixed up.
func (m messagesOf) of(step step) *models.Message {
	if message := m.byWAMID[messageKey{step.channel.ID, step.wire.MessageID}]; message != nil && message.Direction == models.Outbound {
		return message
	}
	id, ok := callbackID(step.wire)
	if !ok {
		return nil
	}
	message := m.byID[id]
	if message == nil || message.ChannelID != step.channel.ID || message.OrganizationID != step.channel.OrganizationID ||
		message.Direction != models.Outbound || message.WAMID != nil && *message.WAMID != step.wire.MessageID {
		return nil
	}
	return message
}

// lockMessagesOf locks the conversations of the messages that statuses are about
// and reads those messages under the lock.
func lockMessagesOf(tx *store.Tx, steps []step, changes *changes) (messagesOf, error) {
	organizations, query := queryOf(tx, steps)
	messages, err := lockMessages(query, organizations, changes)
	if err != nil {
		return messagesOf{}, err
	}
	found := messagesOf{byID: make(map[models.ID]*models.Message), byWAMID: make(map[messageKey]*models.Message)}
	for i := range messages {
		found.add(changes.current(&messages[i]))
	}
	for i := range changes.added { // what the phone sent comes in the same way as its statuses
		found.add(&changes.added[i])
	}
	return found, nil
}

func (m messagesOf) add(message *models.Message) {
	m.byID[message.ID] = message
	if message.WAMID != nil {
		m.byWAMID[messageKey{message.ChannelID, *message.WAMID}] = message
	}
}

// queryOf finds the messages that statuses may be about, by Meta's id and by ours,
// and the organizations they are in.
func queryOf(tx *store.Tx, steps []step) ([]models.ID, *gorm.DB) {
	var organizations []models.ID
	var byWAMID, byID [][]any
	for _, step := range steps {
		organizations = append(organizations, step.channel.OrganizationID)
		byWAMID = append(byWAMID, []any{step.channel.OrganizationID, step.channel.ID, step.wire.MessageID})
		if id, ok := callbackID(step.wire); ok {
			byID = append(byID, []any{step.channel.OrganizationID, id})
		}
	}
	query := tx.Where(store.InKeys([]string{"organization_id", "channel_id", "wamid"}, byWAMID))
	if len(byID) > 0 {
		query = query.Or(store.InKeys([]string{"organization_id", "id"}, byID))
	}
	return organizations, tx.Where(query).Session(&gorm.Session{})
}

// lockMessages locks the conversations of the messages that a query finds and
// returns the messages as they are under the lock.
func lockMessages(query *gorm.DB, organizations []models.ID, changes *changes) ([]models.Message, error) {
	const merges = 3 // while a lock is waited for, messages may move to another conversation
	for range 1 + merges {
		var messages []models.Message
		if err := query.Find(&messages).Error; err != nil {
			return nil, fmt.Errorf("find messages: %w", err)
		}
		var unlocked []models.ID
		for _, message := range messages {
			if changes.conversations[message.ConversationID] == nil {
				unlocked = append(unlocked, message.ConversationID)
			}
		}
		if len(unlocked) == 0 {
			return messages, nil
		}
		if err := changes.loadByID(organizations, unlocked); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("messages move faster than they can be locked")
}

// callbackID is our own id of the message, if the status carries one.
func callbackID(status whatsapp.Status) (models.ID, bool) {
	id, err := uuid.Parse(status.CallbackData)
	return id, err == nil
}

func changeOf(status whatsapp.Status) models.StatusChange {
	change := models.StatusChange{Status: statusOfMeta[status.Status], At: status.Timestamp}
	if change.Status == models.StatusFailed {
		var cause whatsapp.MetaError
		if len(status.Errors) > 0 {
			cause = status.Errors[0]
		}
		change.Failure = failureOf(whatsapp.ErrorFromMeta(cause))
	}
	return change
}

func failureOf(err *whatsapp.Error) *models.Failure {
	return &models.Failure{
		Code: string(err.Code), Retryable: err.Retryable, NextAction: string(err.NextAction),
		MetaCode: err.Meta.Code, MetaTitle: firstOf(err.Meta.Title, err.Meta.Message), MetaDetails: err.Meta.Details,
	}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

func parkedStatus(tx *store.Tx, step step) models.ParkedStatus {
	change := changeOf(step.wire)
	return models.ParkedStatus{
		OrganizationID: step.channel.OrganizationID, ChannelID: step.channel.ID, WAMID: step.wire.MessageID,
		Status: change.Status, OccurredAt: change.At, Failure: change.Failure, Pricing: pricingOf(step.wire),
		CreatedAt: tx.Now(),
	}
}

// park keeps statuses for messages that have not turned up. Of the same step the
// earliest stays, as it would on the message.
func park(tx *store.Tx, statuses []models.ParkedStatus) error {
	for _, status := range statuses {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "organization_id"}, {Name: "channel_id"}, {Name: "wamid"}, {Name: "status"}},
			Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("excluded.occurred_at < parked_statuses.occurred_at")}},
			DoUpdates: clause.AssignmentColumns([]string{"occurred_at", "failure", "pricing"}),
		}).Create(&status).Error
		if err != nil {
			return fmt.Errorf("park status of message %s: %w", status.WAMID, err)
		}
	}
	return nil
}

// unpark applies and removes what waited for messages that just got their id from
// Meta, or just turned up: statuses, edits and deletions.
func unpark(tx *store.Tx, messages []*models.Message, changes *changes) error {
	for _, message := range messages {
		var waiting []models.ParkedStatus
		err := tx.Where("organization_id = ? AND channel_id = ? AND wamid = ?",
			message.OrganizationID, message.ChannelID, *message.WAMID).Find(&waiting).Error
		if err != nil {
			return fmt.Errorf("read parked statuses: %w", err)
		}
		for _, status := range waiting {
			if message.Apply(status.Change()) {
				changes.move(message)
			}
			changes.reportPrice(message, status.Change(), status.Pricing)
			changes.hearRefusal(message, status.Change())
		}
		if len(waiting) > 0 {
			if err := tx.Delete(&waiting).Error; err != nil {
				return fmt.Errorf("remove parked statuses: %w", err)
			}
		}
		if conversation := changes.conversations[message.ConversationID]; conversation.looksForEarly(tx.Now()) {
			if err := changes.revise(message); err != nil {
				return err
			}
		}
	}
	return nil
}
