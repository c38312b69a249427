package models

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ChannelFacts are what Meta says of a number and of the account that it belongs
// to. Texts are Meta's own and open sets (reference/whatsapp-cloud-api.md §4.3, §4.4,
// §8.2).
type ChannelFacts struct {
	VerifiedName    Told[string]        `json:"verifiedName,omitzero"`    // the name that customers see
	NameStatus      Told[string]        `json:"nameStatus,omitzero"`      // APPROVED, PENDING_REVIEW, DECLINED, …
	NameRejection   Told[string]        `json:"nameRejection,omitzero"`   // why a name was declined, as a code; empty: it was not
	QualityRating   Told[string]        `json:"qualityRating,omitzero"`   // GREEN, YELLOW, RED
	MessagingLimit  Told[int]           `json:"messagingLimit,omitzero"`  // customers who may be written to first in 24 hours; see UnlimitedMessaging
	Throughput      Told[string]        `json:"throughput,omitzero"`      // STANDARD: 80 messages a second, HIGH: 1,000
	NumberStatus    Told[string]        `json:"numberStatus,omitzero"`    // CONNECTED can send and receive
	BusinessApp     Told[bool]          `json:"businessApp,omitzero"`     // the number is used in the WhatsApp Business app too
	AccountReview   Told[string]        `json:"accountReview,omitzero"`   // APPROVED, REJECTED, PENDING, DEFERRED
	Violation       Told[string]        `json:"violation,omitzero"`       // what the account was last reproached with, such as SPAM
	Ban             Told[string]        `json:"ban,omitzero"`             // SCHEDULE_FOR_DISABLE, DISABLE, REINSTATE
	BanDate         Told[string]        `json:"banDate,omitzero"`         // of Ban, in Meta's English words
	Restrictions    Told[[]Restriction] `json:"restrictions,omitzero"`    // of the account
	OwnRestrictions Told[[]Restriction] `json:"ownRestrictions,omitzero"` // of the number alone
	Security        Told[string]        `json:"security,omitzero"`        // PIN_CHANGED, PIN_RESET_REQUEST, PIN_REQUEST_SUCCESS
	Portfolio       Told[string]        `json:"portfolio,omitzero"`       // Meta's id of the business that owns the account
	Alerts          []Told[Alert]       `json:"alerts,omitempty"`         // see LearnAlert
}

// UnlimitedMessaging is the MessagingLimit of a business without one.
const UnlimitedMessaging = -1

// Restriction is something that Meta forbids for a while.
type Restriction struct {
	Type      string     `json:"type"`                // such as RESTRICTED_BIZ_INITIATED_MESSAGING
	ExpiresAt *time.Time `json:"expiresAt,omitempty"` // nil: not said
}

// Told is a value with the time for which it was told. The zero value was never told.
type Told[T any] struct {
	Value T         `json:"value"`
	At    time.Time `json:"at"`
}

// Alert is a warning or a notice of Meta's.
type Alert struct {
	Type        string `json:"type"`     // such as OBA_APPROVED or PROFILE_PICTURE_LOST
	Severity    string `json:"severity"` // CRITICAL, WARNING, INFORMATIONAL
	Status      string `json:"status"`   // such as ACTIVE
	Description string `json:"description,omitempty"`
}

// maxAlerts is how many types of alerts are kept of a channel.
const maxAlerts = 50

// LearnAlert takes over an alert that was told for a time, and reports whether that
// changed anything. Of each type the newest is kept, as Learn does, ordered by type; if
// there are too many types, those that were told last.
func (f *ChannelFacts) LearnAlert(alert Alert, at time.Time) bool {
	known := slices.Clone(f.Alerts) // readers may have the old ones
	place := slices.IndexFunc(known, func(told Told[Alert]) bool { return told.Value.Type == alert.Type })
	if place < 0 {
		place = len(known)
		known = append(known, Told[Alert]{})
	}
	changed := known[place].Learn(alert, at)
	if len(known) > maxAlerts {
		slices.SortFunc(known, func(a, b Told[Alert]) int {
			return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Value.Type, b.Value.Type))
		})
		known = known[:maxAlerts]
	}
	slices.SortFunc(known, func(a, b Told[Alert]) int { return strings.Compare(a.Value.Type, b.Value.Type) })
	f.Alerts = known
	return changed
}

// Learn takes over a value that held at a time, and reports whether the value
// changed. What is older than what is known already changes nothing; of two values
// for the same time one always wins, so that the order of learning does not matter.
func (t *Told[T]) Learn(value T, at time.Time) bool {
	if at.Before(t.At) || at.Equal(t.At) && !t.losesTo(value) {
		return false
	}
	changed := !reflect.DeepEqual(t.Value, value)
	t.Value, t.At = value, at
	return changed
}

// losesTo decides between values for the same time.
func (t *Told[T]) losesTo(value T) bool {
	mine, _ := json.Marshal(t.Value) //nolint:errchkjson // texts, numbers and lists of them
	other, _ := json.Marshal(value)  //nolint:errchkjson // as above
	return bytes.Compare(mine, other) < 0
}

// MessagingLimitOf reads Meta's name of a limit, such as TIER_2K, or a number, of
// which -1 stands for none. It reports false for what says nothing of a limit.
func MessagingLimitOf(tier string) (int, bool) {
	text := strings.TrimPrefix(strings.ToUpper(tier), "TIER_")
	if text == "UNLIMITED" {
		return UnlimitedMessaging, true
	}
	factor := 1
	if thousands, ok := strings.CutSuffix(text, "K"); ok {
		text, factor = thousands, 1000
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < UnlimitedMessaging || limit > 1_000_000_000 {
		return 0, false
	}
	return limit * factor, true
}

// RestrictedAt returns what the number may not do at a time.
func (f ChannelFacts) RestrictedAt(now time.Time) []Restriction {
	var current []Restriction
	for _, list := range [][]Restriction{f.Restrictions.Value, f.OwnRestrictions.Value} {
		for _, restriction := range list {
			if restriction.ExpiresAt == nil || restriction.ExpiresAt.After(now) {
				current = append(current, restriction)
			}
		}
	}
	return current
}

// Disabled reports whether Meta has switched the account off.
func (f ChannelFacts) Disabled() bool { return f.Ban.Value == "DISABLE" }

// ChannelProblemCode says what is wrong with a channel.
type ChannelProblemCode string

// The problems that a check finds and cannot mend by itself.
const (
	ProblemTokenInvalid       ChannelProblemCode = "TOKEN_INVALID"        // Meta refuses the token: connect the number again
	ProblemTokenExpiresSoon   ChannelProblemCode = "TOKEN_EXPIRES_SOON"   // within a week: connect the number again before
	ProblemPermissionMissing  ChannelProblemCode = "PERMISSION_MISSING"   // the token may no longer do what is needed
	ProblemSubscriptionLost   ChannelProblemCode = "SUBSCRIPTION_LOST"    // Meta sends no webhooks, and subscribing again failed
	ProblemNumberNotFound     ChannelProblemCode = "NUMBER_NOT_FOUND"     // the number is gone, or the token may not see it any more
	ProblemNumberNotConnected ChannelProblemCode = "NUMBER_NOT_CONNECTED" // Meta does not let the number send, see its status
	ProblemAccountDisabled    ChannelProblemCode = "ACCOUNT_DISABLED"     // Meta has switched the account off
)

// ChannelProblem is something wrong with a channel that a person has to see to.
type ChannelProblem struct {
	Code    ChannelProblemCode `json:"code"`
	Details string             `json:"details,omitempty"` // Meta's words
	Since   time.Time          `json:"since"`
}
