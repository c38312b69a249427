package credits

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"recado/models"
	"recado/store"
)

// Wrote is a message of a customer that opened the service window.
type Wrote struct {
	OrganizationID models.ID
	ChannelID      models.ID
	ContactID      models.ID
	At             time.Time // Meta's time of the message
}

// sameConversation reports whether the message belongs to a conversation that the
// customer began: it came in its 24 hours, or so shortly before them that it would
// have begun them, had it arrived in time.
func (w Wrote) sameConversation(session models.CreditSession) bool {
	begun := session.ExpiresAt.Add(-models.SessionLength)
	return w.At.Before(session.ExpiresAt) && begun.Sub(w.At) < models.SessionLength
}

// CustomersWrote counts the conversations that customers began, in the transaction
// that stores their messages, whose conversations are locked; before Hold and Settle,
// because it takes locks that come before the accounts. Messages in the 24 hours after
// the first count as the same conversation.
func (s *Service) CustomersWrote(tx *store.Tx, messages ...Wrote) error {
	if len(messages) == 0 {
		return nil
	}
	messages = slices.Clone(messages)
	slices.SortStableFunc(messages, func(a, b Wrote) int { return a.At.Compare(b.At) })
	known, err := conversationsOf(tx, messages)
	if err != nil {
		return err
	}
	var begun []models.CreditSession
	counted := make(map[models.CreditAllowanceUse]int64)
	for _, message := range messages {
		customer := customerKey{message.OrganizationID, message.ChannelID, message.ContactID}
		if slices.ContainsFunc(known[customer], message.sameConversation) {
			continue
		}
		session := models.CreditSession{
			OrganizationID: message.OrganizationID, ID: models.NewID(), ChannelID: message.ChannelID, ContactID: message.ContactID,
			Category: models.CategoryService, ExpiresAt: message.At.Add(models.SessionLength), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		known[customer] = append(known[customer], session)
		begun = append(begun, session)
		counted[models.CreditAllowanceUse{
			OrganizationID: message.OrganizationID, Month: models.MonthOf(message.At), ChannelID: message.ChannelID,
			Model: models.PerConversation, Category: models.CategoryService,
		}]++
	}
	if err := store.InsertAll(tx, begun); err != nil {
		return err
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	for _, use := range slices.SortedFunc(maps.Keys(counted), byPlace) { // one order for all, so that nobody waits in a circle
		use.Used = counted[use]
		if err := countAllowance(tx, use); err != nil {
			return err
		}
	}
	return nil
}

// customerKey is a customer on a channel.
type customerKey struct{ organization, channel, contact models.ID }

// conversationsOf reads the conversations that the writers of messages began around
// then.
func conversationsOf(tx *store.Tx, messages []Wrote) (map[customerKey][]models.CreditSession, error) {
	keys := make([][]any, len(messages))
	for i, message := range messages {
		keys[i] = []any{message.OrganizationID, message.ChannelID, message.ContactID, models.CategoryService}
	}
	var sessions []models.CreditSession
	err := tx.Where(store.InKeys([]string{"organization_id", "channel_id", "contact_id", "category"}, keys)).
		Where("expires_at > ?", messages[0].At).Find(&sessions).Error
	if err != nil {
		return nil, fmt.Errorf("find conversations that customers began: %w", err)
	}
	found := make(map[customerKey][]models.CreditSession)
	for _, session := range sessions {
		customer := customerKey{session.OrganizationID, session.ChannelID, session.ContactID}
		found[customer] = append(found[customer], session)
	}
	return found, nil
}

func byPlace(a, b models.CreditAllowanceUse) int {
	return cmp.Or(
		bytes.Compare(a.OrganizationID[:], b.OrganizationID[:]), bytes.Compare(a.ChannelID[:], b.ChannelID[:]), a.Month.Compare(b.Month),
	)
}
