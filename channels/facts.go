package channels

import (
	"strings"
	"time"

	"recado/models"
	"recado/whatsapp"
)

// factsOf are what is known of a channel, to be changed.
func factsOf(channel models.Channel) models.ChannelFacts {
	if channel.Facts == nil {
		return models.ChannelFacts{}
	}
	return *channel.Facts
}

// learn takes over a text that says something.
func learn(told *models.Told[string], value string, at time.Time) bool {
	return value != "" && told.Learn(value, at)
}

// learnNumber takes over what Meta's API says of a number, and reports whether that
// changed anything.
func learnNumber(facts *models.ChannelFacts, number whatsapp.PhoneNumber, at time.Time) bool {
	changed := learn(&facts.VerifiedName, number.VerifiedName, at)
	changed = learn(&facts.NameStatus, number.NameStatus, at) || changed
	changed = learn(&facts.QualityRating, number.QualityRating, at) || changed
	changed = learn(&facts.Throughput, number.ThroughputLevel, at) || changed
	changed = learn(&facts.NumberStatus, number.Status, at) || changed
	changed = facts.BusinessApp.Learn(number.OnBusinessApp, at) || changed
	if limit, ok := models.MessagingLimitOf(number.MessagingLimit); ok {
		changed = facts.MessagingLimit.Learn(limit, at) || changed
	}
	return changed
}

// nameStatuses are the API's words for a decision on a name that a webhook tells
// (reference/whatsapp-cloud-api.md §4.3, §8.2).
var nameStatuses = map[string]string{"REJECTED": "DECLINED", "PENDING": "PENDING_REVIEW"}

// learnUpdate takes over what a webhook tells of a number or its account, and
// reports whether that changed anything.
func learnUpdate(facts *models.ChannelFacts, update whatsapp.AccountUpdate, at time.Time) bool {
	changed := learn(&facts.Throughput, update.Throughput, at)
	if limit, ok := models.MessagingLimitOf(update.MessagingLimit); ok {
		changed = facts.MessagingLimit.Learn(limit, at) || changed
	}
	switch update.Field {
	case whatsapp.FieldNumberQuality:
		switch update.Event {
		case whatsapp.EventNumberFlagged:
			changed = facts.QualityRating.Learn("RED", at) || changed
		case whatsapp.EventNumberUnflagged: // what it is now, the check that follows finds out
			changed = facts.QualityRating.Learn("YELLOW", at) || changed
		}
	case whatsapp.FieldNumberName:
		status := update.Decision
		if word, ok := nameStatuses[status]; ok {
			status = word
		}
		if learn(&facts.NameStatus, status, at) {
			changed = true
		}
		changed = facts.NameRejection.Learn(reasonOf(update), at) || changed
		if update.Decision == "APPROVED" {
			changed = learn(&facts.VerifiedName, update.RequestedName, at) || changed
		}
	case whatsapp.FieldSecurity:
		changed = learn(&facts.Security, update.Event, at) || changed
	case whatsapp.FieldAccountReview:
		changed = learn(&facts.AccountReview, update.Decision, at) || changed
	case whatsapp.FieldAlerts:
		if update.Alert != nil {
			changed = facts.LearnAlert(models.Alert(*update.Alert), at) || changed
		}
	case whatsapp.FieldAccountUpdate:
		changed = learnAccountEvent(facts, update, at) || changed
	}
	return changed
}

// reasonOf is why a name was declined; Meta writes NONE for no reason, too.
func reasonOf(update whatsapp.AccountUpdate) string {
	if strings.EqualFold(update.RejectionReason, "NONE") {
		return ""
	}
	return update.RejectionReason
}

func learnAccountEvent(facts *models.ChannelFacts, update whatsapp.AccountUpdate, at time.Time) bool {
	switch update.Event {
	case whatsapp.EventAccountViolation:
		return learn(&facts.Violation, update.Violation, at)
	case whatsapp.EventAccountRestriction:
		list := make([]models.Restriction, len(update.Restrictions))
		for i, restriction := range update.Restrictions {
			list[i].Type = restriction.Type
			if !restriction.ExpiresAt.IsZero() {
				list[i].ExpiresAt = &update.Restrictions[i].ExpiresAt
			}
		}
		if update.PhoneNumber != "" {
			return facts.OwnRestrictions.Learn(list, at)
		}
		return facts.Restrictions.Learn(list, at)
	case whatsapp.EventAccountDisabled:
		changed := learn(&facts.Ban, update.BanState, at)
		return facts.BanDate.Learn(update.BanDate, at) || changed
	}
	return false
}
