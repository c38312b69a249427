package inbox

import (
	"fmt"

	"recado/models"
	"recado/whatsapp"
)

// What was written before a number was connected may be taken over from the phone
// (reference/whatsapp-cloud-api.md §4.6). It is stored with its own times, leaves
// nothing unread, opens no window (§10.1) and no conversation: those it makes are
// closed, and open with the first new message.

// kindPlaceholder is the kind of a message of the history whose file comes later.
const kindPlaceholder = "media_placeholder"

// placeholder is 1 for a message whose file comes later, so that it sorts after the
// one with the file.
func (m incoming) placeholder() int {
	if m.wire.Type == kindPlaceholder {
		return 1
	}
	return 0
}

// fillIn makes placeholders the messages that they stood for.
func (c *changes) fillIn(all []incoming, placeholders map[messageKey]models.Message) error {
	for _, message := range all {
		stub, waits := placeholders[message.key()]
		if !waits || message.wire.Type == kindPlaceholder {
			continue
		}
		delete(placeholders, message.key())
		if _, err := c.one(stub.OrganizationID, stub.ConversationID); err != nil {
			return fmt.Errorf("lock conversation of message %s: %w", stub.ID, err)
		}
		var row models.Message
		if err := c.tx.Take(&row, "organization_id = ? AND id = ?", stub.OrganizationID, stub.ID).Error; err != nil {
			return fmt.Errorf("read message %s: %w", stub.ID, err)
		}
		describe(&row, message.wire)
		c.alter(&row)
	}
	return nil
}

// statusOfHistory are the states of messages in the history.
var statusOfHistory = map[string]models.MessageStatus{
	"SENT": models.StatusSent, "DELIVERED": models.StatusDelivered, "READ": models.StatusRead, "PLAYED": models.StatusPlayed,
	"ERROR": models.StatusFailed,
}

// historyStep is how far a message of the business had come, as of its own time:
// Meta does not tell when. It is no step if Meta does not say how far.
func historyStep(wire whatsapp.InboundMessage) models.StatusChange {
	change := models.StatusChange{Status: statusOfHistory[wire.HistoryStatus], At: wire.Timestamp}
	if change.Status == models.StatusFailed {
		change.Failure = failureOf(whatsapp.ErrorFromMeta(whatsapp.MetaError{}))
	}
	return change
}
