package models

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of companies and deals, in characters.
const (
	MaxRecordName = 200 // of a company or a deal
	MaxPhoneText  = 40
	MaxWebsite    = 500
)

// Company is a business or other body that contacts belong to and deals are made with.
type Company struct {
	OrganizationID ID           `gorm:"type:uuid;primaryKey;index:companies_name_idx,priority:1"`
	ID             ID           `gorm:"type:uuid;primaryKey;index:companies_name_idx,priority:3"`
	Name           string       `gorm:"not null"`                                     // as CleanName makes it
	SortName       string       `gorm:"not null;index:companies_name_idx,priority:2"` // SortName(Name)
	Phone          string       `gorm:"not null" json:",omitzero"`                    // as people wrote it; empty: unknown
	Website        string       `gorm:"not null" json:",omitzero"`                    // as CleanWebsite makes it; empty: unknown
	CustomValues   CustomValues `gorm:"serializer:json;type:text" json:",omitzero"`
	Version        int64        `gorm:"not null"` // grows with every change; for expectedVersion
	CreatedByID    ID           `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// ContactRecord is what the team keeps of a contact. It lies apart from the contact,
// which is Meta's: messages write that one all the time. A contact without one is as if
// it had an empty one of version 0.
type ContactRecord struct {
	OrganizationID ID           `gorm:"type:uuid;primaryKey"`
	ContactID      ID           `gorm:"type:uuid;primaryKey"`
	CompanyID      *ID          `gorm:"type:uuid"`
	CustomValues   CustomValues `gorm:"serializer:json;type:text"`
	Version        int64        `gorm:"not null"` // grows with every change; for expectedVersion
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Unite is what is left of the records of two contacts that turned out to be one: what
// r has wins over what other has.
func (r ContactRecord) Unite(other ContactRecord) ContactRecord {
	if r.CompanyID == nil {
		r.CompanyID = other.CompanyID
	}
	r.CustomValues = r.CustomValues.Under(other.CustomValues)
	r.Version = max(r.Version, other.Version) // the next one is greater than what anybody has seen of either
	return r
}

// CleanName brings a name into the form in which it is kept: composed characters,
// single spaces, none around. REQUIRED with the field for an empty one, INVALID for one
// that has more than limit characters or holds control characters.
func CleanName(name, field string, limit int) (string, error) {
	if !utf8.ValidString(name) {
		return "", NewError(CodeInvalid, field)
	}
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	switch {
	case name == "":
		return "", NewError(CodeRequired, field)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", NewError(CodeInvalid, field)
	case utf8.RuneCountInString(name) > limit:
		return "", NewError(CodeInvalid, field).With("max", strconv.Itoa(limit))
	}
	return name, nil
}

// FitName makes a name as CleanName does of whatever is given: it leaves out what cannot
// be in a name, and what is beyond the limit. It is empty if nothing is left.
func FitName(name string, limit int) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	if runes := []rune(name); len(runes) > limit {
		name = strings.TrimSpace(string(runes[:limit]))
	}
	return name
}

// SortName is what names are listed and looked for by: without regard to case and to
// accents. It is empty only for an empty name.
func SortName(name string) string {
	folded := NameKey(name)
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(folded))
	if bare == "" { // of accents alone
		return folded
	}
	return norm.NFC.String(bare)
}

// CleanPhone brings a phone number, as people write it, into the form in which it is
// kept: single spaces, none around. INVALID (phone) for one without digits, with
// control characters or of more than MaxPhoneText characters; empty stays empty.
func CleanPhone(phone string) (string, error) {
	if strings.TrimSpace(phone) == "" {
		return "", nil
	}
	clean, err := CleanName(phone, "phone", MaxPhoneText)
	if err != nil {
		return "", err
	}
	if !strings.ContainsAny(clean, "0123456789") {
		return "", NewError(CodeInvalid, "phone")
	}
	return clean, nil
}

// CleanWebsite brings the address of a website into the form in which it is kept: a URL
// over http or https; `padaria.example` becomes `https://padaria.example`. INVALID
// (website) for anything else, with a password in it or with more than MaxWebsite
// characters; empty stays empty.
func CleanWebsite(website string) (string, error) {
	website = strings.TrimSpace(website)
	if website == "" {
		return "", nil
	}
	if !strings.Contains(website, "://") {
		website = "https://" + website
	}
	invalid := NewError(CodeInvalid, "website")
	if len(website) > MaxWebsite || strings.ContainsFunc(website, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", invalid
	}
	address, err := url.Parse(website)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || !strings.Contains(address.Hostname(), ".") || address.User != nil {
		return "", invalid
	}
	return address.String(), nil
}
