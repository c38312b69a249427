package whatsapp

import (
	"encoding/json"
	"strings"
	"time"
)

// The fields that tell of a number or an account (reference/whatsapp-cloud-api.md
// §4.3, §4.4).
const (
	FieldNumberQuality = "phone_number_quality_update"
	FieldNumberName    = "phone_number_name_update"
	FieldSecurity      = "security"
	FieldAccountUpdate = "account_update"
	FieldAccountReview = "account_review_update"
	FieldCapability    = "business_capability_update"
	FieldAlerts        = "account_alerts"
)

// The events of FieldAccountUpdate that are told apart.
const (
	EventAccountViolation   = "ACCOUNT_VIOLATION"
	EventAccountRestriction = "ACCOUNT_RESTRICTION"
	EventAccountDisabled    = "DISABLED_UPDATE" // or is about to be, or is no more: see BanState
	EventAccountDeleted     = "ACCOUNT_DELETED"
	EventAccountOffboarded  = "ACCOUNT_OFFBOARDED"
	EventPartnerRemoved     = "PARTNER_REMOVED"
	EventPartnerUninstalled = "PARTNER_APP_UNINSTALLED"
	EventThroughputUpgrade  = "THROUGHPUT_UPGRADE" // of FieldNumberQuality, like the two below
	EventNumberFlagged      = "FLAGGED"
	EventNumberUnflagged    = "UNFLAGGED"
	throughputHigh          = "HIGH"
	limitNotSet             = "TIER_NOT_SET"
)

// AccountUpdate is what one change tells of an account or of one of its numbers.
// Texts that it does not tell are empty.
type AccountUpdate struct {
	Field string
	// WABAID is the account. For events about partners that is not the id of the
	// entry (§4.4).
	WABAID string
	// PhoneNumber is the number that is meant, in digits; empty: all of the account.
	PhoneNumber string
	// Event is in upper case, whatever Meta wrote.
	Event string

	MessagingLimit  string // as in TIER_2K, or a number of which -1 is none
	Throughput      string
	Decision        string // on a name or an account
	RequestedName   string
	RejectionReason string
	Violation       string
	Restrictions    []AccountRestriction // with EventAccountRestriction: all that hold
	BanState        string
	BanDate         string // English words
	PartnerAppID    string
	Alert           *AccountAlert // with FieldAlerts
	// NumberID is the number that an alert is about, by Meta's id or in digits; empty: all
	// of the account.
	NumberID string
}

// AccountAlert is a warning or a notice of Meta's. Its texts are open sets.
type AccountAlert struct {
	Type        string
	Severity    string // CRITICAL, WARNING, INFORMATIONAL
	Status      string // such as ACTIVE
	Description string
}

// AccountRestriction is something that Meta forbids; it ends at ExpiresAt, unless
// that is zero.
type AccountRestriction struct {
	Type      string
	ExpiresAt time.Time
}

// TellsOfAccount reports whether a field's changes are decoded as AccountUpdate.
func TellsOfAccount(field string) bool {
	switch field {
	case FieldNumberQuality, FieldNumberName, FieldSecurity, FieldAccountUpdate, FieldAccountReview, FieldCapability, FieldAlerts:
		return true
	}
	return false
}

func (d *decoder) accountUpdate(change Change, path string) *AccountUpdate {
	var wire struct {
		Event           flexible          `json:"event"`
		DisplayNumber   flexible          `json:"display_phone_number"`
		PhoneNumber     flexible          `json:"phone_number"`
		CurrentLimit    flexible          `json:"current_limit"`
		BusinessLimit   flexible          `json:"max_daily_conversations_per_business"`
		PhoneLimit      flexible          `json:"max_daily_conversation_per_phone"`
		Decision        flexible          `json:"decision"`
		RequestedName   flexible          `json:"requested_verified_name"`
		RejectionReason flexible          `json:"rejection_reason"`
		Restrictions    []json.RawMessage `json:"restriction_info"`
		Violation       loose[struct {
			Type flexible `json:"violation_type"`
		}] `json:"violation_info"`
		Ban loose[struct {
			State oneOrMany `json:"waba_ban_state"`
			Date  flexible  `json:"waba_ban_date"`
		}] `json:"ban_info"`
		Account loose[struct {
			WABAID flexible `json:"waba_id"`
			AppID  flexible `json:"partner_app_id"`
		}] `json:"waba_info"`
		EntityType flexible `json:"entity_type"`
		EntityID   flexible `json:"entity_id"`
		Alert      loose[struct {
			Type        flexible `json:"alert_type"`
			Severity    flexible `json:"alert_severity"`
			Status      flexible `json:"alert_status"`
			Description flexible `json:"alert_description"`
		}] `json:"alert_info"`
	}
	if !d.decode(change.Value, path, &wire) {
		return nil
	}
	update := &AccountUpdate{
		Field: change.Field, WABAID: change.WABAID, Event: strings.ToUpper(string(wire.Event)),
		PhoneNumber: Digits(string(wire.DisplayNumber)), Decision: strings.ToUpper(string(wire.Decision)),
		RequestedName: string(wire.RequestedName), RejectionReason: string(wire.RejectionReason),
	}
	if update.PhoneNumber == "" {
		update.PhoneNumber = Digits(string(wire.PhoneNumber))
	}
	for _, limit := range []flexible{wire.PhoneLimit, wire.CurrentLimit, wire.BusinessLimit} { // the last one that is there counts
		if limit != "" && limit != limitNotSet {
			update.MessagingLimit = string(limit)
		}
	}
	if update.Event == EventThroughputUpgrade {
		update.Throughput = throughputHigh
	}
	if wire.Violation.value != nil {
		update.Violation = string(wire.Violation.value.Type)
	}
	if wire.Ban.value != nil {
		update.BanState, update.BanDate = string(wire.Ban.value.State), string(wire.Ban.value.Date)
	}
	if wire.Account.value != nil {
		update.PartnerAppID = string(wire.Account.value.AppID)
		if wire.Account.value.WABAID != "" {
			update.WABAID = string(wire.Account.value.WABAID)
		}
	}
	if alert := wire.Alert.value; alert != nil && alert.Type != "" {
		update.Alert = &AccountAlert{
			Type: string(alert.Type), Severity: strings.ToUpper(string(alert.Severity)), Status: strings.ToUpper(string(alert.Status)),
			Description: string(alert.Description),
		}
		if strings.EqualFold(string(wire.EntityType), "PHONE_NUMBER") {
			update.NumberID = string(wire.EntityID)
		}
	}
	for i, raw := range wire.Restrictions {
		var restriction struct {
			Type       flexible `json:"restriction_type"`
			Expiration flexible `json:"expiration"`
		}
		if !d.decode(raw, at(path+".restriction_info", i), &restriction) {
			continue
		}
		found := AccountRestriction{Type: string(restriction.Type)}
		if restriction.Expiration != "" {
			ends, err := unixSeconds(restriction.Expiration)
			if err != nil {
				d.report(at(path+".restriction_info", i)+".expiration", raw, err)
			}
			found.ExpiresAt = ends
		}
		update.Restrictions = append(update.Restrictions, found)
	}
	return update
}

// oneOrMany is a text that Meta has also shown as a list, of which the last one
// counts.
type oneOrMany string

// UnmarshalJSON never fails on a JSON value.
func (o *oneOrMany) UnmarshalJSON(raw []byte) error {
	var list []flexible
	if raw[0] != '[' {
		list = make([]flexible, 1)
		if err := list[0].UnmarshalJSON(raw); err != nil {
			return err
		}
	} else if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if len(list) > 0 {
		*o = oneOrMany(list[len(list)-1])
	}
	return nil
}
