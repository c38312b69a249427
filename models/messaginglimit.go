package models

import "time"

// OutreachPeriod is the time in which Meta counts the people whom a business writes to
// first (reference/whatsapp-cloud-api.md §10.3).
const OutreachPeriod = 24 * time.Hour

// ReachesOut reports whether a template that is sent at a time begins a conversation
// in Meta's sense, which counts towards the messaging limit: the customer's service
// window is not open.
func (c Conversation) ReachesOut(m Message, at time.Time) bool {
	return m.Direction == Outbound && m.Kind == KindTemplate && !m.FromHistory && m.Source != SourcePhoneApp && !c.WindowOpen(at)
}

// ReachedOut reports whether the customer counts already at a time: one more template
// takes no other place.
func (c Conversation) ReachedOut(at time.Time) bool {
	return c.LastOutreachAt != nil && at.Before(c.LastOutreachAt.Add(OutreachPeriod))
}

// SharesLimit reports whether Meta counts two channels of an organization together:
// those of one business portfolio, and as long as that is not known those of one
// account.
func (c Channel) SharesLimit(other Channel) bool {
	if c.WABAID == other.WABAID {
		return true
	}
	mine, theirs := c.portfolio(), other.portfolio()
	return mine != "" && mine == theirs
}

func (c Channel) portfolio() string {
	if c.Facts == nil {
		return ""
	}
	return c.Facts.Portfolio.Value
}

// SharedLimit is what Meta last said of the messaging limit of channels that share
// one; false if it has said nothing, or that there is none.
func SharedLimit(sharing []Channel) (limit int, limited bool) {
	var latest Told[int]
	for _, channel := range sharing {
		if channel.Facts != nil && !channel.Facts.MessagingLimit.At.IsZero() {
			latest.Learn(channel.Facts.MessagingLimit.Value, channel.Facts.MessagingLimit.At)
		}
	}
	return latest.Value, !latest.At.IsZero() && latest.Value != UnlimitedMessaging
}
