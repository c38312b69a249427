package whatsapp

import (
	"regexp"
	"time"
)

// ContactsMessage is 1 to [MaxContactCards] cards from an address book
// (reference/whatsapp-cloud-api.md §5.4).
type ContactsMessage struct {
	Cards []SentCard
}

// SentCard is one person or company. What is empty is left out.
type SentCard struct {
	Name      SentName      `json:"name"`
	Phones    []SentPhone   `json:"phones,omitempty"`
	Emails    []SentEmail   `json:"emails,omitempty"`
	Addresses []SentAddress `json:"addresses,omitempty"`
	URLs      []SentURL     `json:"urls,omitempty"`
	Company   SentCompany   `json:"org,omitzero"`
	Birthday  string        `json:"birthday,omitempty"` // YYYY-MM-DD
}

// SentName is how a person is called. Formatted is needed. Meta wants another
// part besides it: where none is given, Formatted goes out as the first name too.
type SentName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name,omitempty"`
	Last      string `json:"last_name,omitempty"`
	Middle    string `json:"middle_name,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
	Suffix    string `json:"suffix,omitempty"`
}

// SentPhone is a number. With WAID the card offers to write to it on WhatsApp,
// without to invite its owner.
type SentPhone struct {
	Phone string `json:"phone"`
	Type  string `json:"type,omitempty"` // CELL, MAIN, HOME, WORK, …
	WAID  string `json:"wa_id,omitempty"`
}

// SentEmail is an address.
type SentEmail struct {
	Email string `json:"email"`
	Type  string `json:"type,omitempty"`
}

// SentAddress is where somebody lives or works.
type SentAddress struct {
	Street      string `json:"street,omitempty"`
	City        string `json:"city,omitempty"`
	State       string `json:"state,omitempty"`
	ZIP         string `json:"zip,omitempty"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
	Type        string `json:"type,omitempty"`
}

// SentURL is a page of somebody's.
type SentURL struct {
	URL  string `json:"url"`
	Type string `json:"type,omitempty"`
}

// SentCompany is where somebody works.
type SentCompany struct {
	Company    string `json:"company,omitempty"`
	Department string `json:"department,omitempty"`
	Title      string `json:"title,omitempty"`
}

func (ContactsMessage) kind() string { return "contacts" }

var birthday = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (m ContactsMessage) check() *Error {
	if n := len(m.Cards); n == 0 || n > MaxContactCards {
		return invalidRequest("%d contacts, not 1 to %d", n, MaxContactCards)
	}
	for _, card := range m.Cards {
		if card.Name.Formatted == "" {
			return invalidRequest("a contact has no name")
		}
		if _, err := time.Parse(time.DateOnly, card.Birthday); card.Birthday != "" && (err != nil || !birthday.MatchString(card.Birthday)) {
			return invalidRequest("the birthday %q is no date", shorten(card.Birthday))
		}
		for _, phone := range card.Phones {
			if phone.Phone == "" {
				return invalidRequest("a phone of a contact has no number")
			}
		}
	}
	return nil
}

func (m ContactsMessage) wire() any {
	cards := make([]SentCard, len(m.Cards))
	for i, card := range m.Cards {
		if name := &card.Name; *name == (SentName{Formatted: name.Formatted}) {
			name.First = name.Formatted
		}
		cards[i] = card
	}
	return cards
}
