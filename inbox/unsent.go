package inbox

import (
	"fmt"
	"slices"
	"time"

	"recado/models"
)

// noteTemplates notes of which conversations a template failed or was taken back, or
// arrived after all: then the last template may be another one.
func (c *changes) noteTemplates() {
	for _, message := range c.moved {
		conversation := c.conversations[message.ConversationID]
		if conversation != nil && message.Kind == models.KindTemplate && (message.FailedAt != nil || message.CanceledAt != nil) {
			conversation.resent = true
		}
	}
}

// unsent reports whether a message with the status did not and will not go out.
func unsent(status models.MessageStatus) bool {
	return status == models.StatusFailed || status == models.StatusCanceled
}

// settleTemplates looks up the last template of conversations in which one failed: only
// the messages can tell.
func (c *changes) settleTemplates() error {
	c.noteTemplates()
	for _, id := range sorted(func(yield func(models.ID) bool) {
		for id, conversation := range c.conversations {
			if conversation.resent && !yield(id) {
				return
			}
		}
	}) {
		conversation := c.conversations[id]
		conversation.resent = false
		sent, err := c.templatesSent(conversation.Conversation)
		if err != nil {
			return err
		}
		var last, reached *time.Time
		if len(sent) > 0 {
			last = &sent[0]
		}
		for _, at := range sent { // the newest first
			if !at.After(c.tx.Now().Add(-models.OutreachPeriod)) {
				break
			}
			open, err := c.wasOpen(conversation.Conversation, at)
			if err != nil {
				return err
			}
			if !open {
				reached = &at
				break
			}
		}
		if !models.SameTime(last, conversation.LastTemplateAt) || !models.SameTime(reached, conversation.LastOutreachAt) {
			conversation.LastTemplateAt, conversation.LastOutreachAt, conversation.report = last, reached, true
		}
	}
	return nil
}

// templatesSent are the times of a conversation's templates that have not failed, the
// newest first: as far back as they matter, which is until the customer last wrote and
// for a day.
func (c *changes) templatesSent(conversation models.Conversation) ([]time.Time, error) {
	query := c.tx.Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID)
	if heard := conversation.LastCustomerMessageAt; heard != nil {
		query = query.Where("sent_at > ?", models.Earlier(heard, new(c.tx.Now().Add(-models.OutreachPeriod))))
	}
	var templates []models.Message
	err := query.Select("id", "status", "sent_at").Where("direction = ? AND kind = ? AND NOT from_history", models.Outbound, models.KindTemplate).
		Find(&templates).Error
	if err != nil {
		return nil, fmt.Errorf("find templates of conversation %s: %w", conversation.ID, err)
	}
	for _, message := range c.added {
		if message.ConversationID == conversation.ID && message.Direction == models.Outbound && message.Kind == models.KindTemplate && !message.FromHistory {
			templates = append(templates, message)
		}
	}
	var times []time.Time
	for _, template := range templates {
		if !unsent(c.current(&template).Status) {
			times = append(times, template.SentAt)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	return times, nil
}

// wasOpen reports whether the service window was open at a time, by what the customer
// wrote before it.
func (c *changes) wasOpen(conversation models.Conversation, at time.Time) (bool, error) {
	if conversation.LastCustomerMessageAt == nil {
		return false, nil
	}
	var heard []models.ID
	err := c.tx.Model(&models.Message{}).Where("organization_id = ? AND conversation_id = ?", conversation.OrganizationID, conversation.ID).
		Where("sent_at > ? AND sent_at <= ?", at.Add(-models.ServiceWindow), at).
		Where("direction = ? AND kind NOT IN ? AND NOT from_history", models.Inbound, models.KindsNotWritten()).
		Limit(1).Pluck("id", &heard).Error
	if err != nil {
		return false, fmt.Errorf("look when the customer of conversation %s wrote: %w", conversation.ID, err)
	}
	return len(heard) > 0, nil
}
