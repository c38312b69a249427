package models

import "strings"

// The merge fields of companies and deals.
const (
	FieldCompanyName     = "company.name"
	FieldCompanyPhone    = "company.phone"
	FieldCompanyWebsite  = "company.website"
	FieldDealName        = "deal.name"
	FieldDealAmount      = "deal.amount" // written for people, see Money.In
	FieldDealStage       = "deal.stage"
	FieldDealClosingDate = "deal.closingDate" // likewise, see Date.In
)

// CustomFieldVariable is the merge field for a custom field, as in
// `contact.custom.birthday`.
func CustomFieldVariable(of RecordType, key string) string {
	return strings.ToLower(string(of)) + ".custom." + key
}
