package models

import "time"

// CreditUsage counts what was delivered and charged on a day. Days are those on
// which messages were queued, in UTC.
type CreditUsage struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	Day            time.Time       `gorm:"primaryKey"`
	ChannelID      ID              `gorm:"type:uuid;primaryKey"`
	Category       PricingCategory `gorm:"primaryKey"`
	Country        string          `gorm:"primaryKey"` // of the recipients; empty: not known
	TemplateName   string          `gorm:"primaryKey"` // empty: no template
	Messages       int64           `gorm:"not null"`   // delivered
	Billable       int64           `gorm:"not null"`   // of these, those that Meta charges
	Charged        Credits         `gorm:"not null"`
}

// CreditAllowanceUse counts how much of a month's free allowance is used.
type CreditAllowanceUse struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	Month          time.Time       `gorm:"primaryKey"` // its first moment, in UTC
	ChannelID      ID              `gorm:"type:uuid;primaryKey"`
	Model          PricingModel    `gorm:"primaryKey"` // whether conversations or messages are counted
	Category       PricingCategory `gorm:"primaryKey"`
	Used           int64           `gorm:"not null"`
	Reserved       int64           `gorm:"not null"` // queued and not delivered yet
}

// CreditReconciliation compares what the ledger and Meta count of a day's charged
// messages.
type CreditReconciliation struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	Day            time.Time       `gorm:"primaryKey"`
	WABAID         string          `gorm:"column:waba_id;primaryKey"`
	Category       PricingCategory `gorm:"primaryKey"`
	Country        string          `gorm:"primaryKey"`
	Ours           int64           `gorm:"not null"` // charged messages by our count
	Metas          int64           `gorm:"not null"` // by Meta's
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Differs reports whether the two counts are not the same.
func (r CreditReconciliation) Differs() bool { return r.Ours != r.Metas }

// DaysLeft is how many whole days the available credits last if so much goes on
// being spent as in the last days. It reports false if nothing was spent.
func DaysLeft(available, spent Credits, days int) (int64, bool) {
	if spent <= 0 || days <= 0 {
		return 0, false
	}
	return int64(max(available, 0)) / max(int64(spent)/int64(days), 1), true
}
