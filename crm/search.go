package crm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"recado/fulltext"
	"recado/models"
	"recado/store"
)

// ContactSearch says which contacts are looked for.
type ContactSearch struct {
	Text       string      // see fulltext.Parse; a word of digits finds any part of a number
	ChannelIDs []models.ID // known on any of these; nil: on any; those that the viewer may not see match nothing
	Page       store.PageRequest
}

// FoundContact is a contact with what was found of it: the name or, if it was not
// found by that, an identity.
type FoundContact struct {
	models.Contact
	Snippet []fulltext.Segment
}

// SearchContacts returns a page of the contacts whose name and identities on a
// channel that the viewer may see have all the words; the newest contact first.
// INVALID for a text that fulltext.Parse refuses, a request out of bounds, or a
// cursor of another search.
func (s *Service) SearchContacts(ctx context.Context, viewer models.Viewer, search ContactSearch) (store.Page[FoundContact], error) {
	query, err := fulltext.Parse(search.Text)
	if err != nil {
		return store.Page[FoundContact]{}, err
	}
	for i, term := range query.Terms { // numbers are indexed from each of their digits on
		query.Terms[i].Prefix = term.Prefix || len(term.Words) == 1 && isNumber(term.Words[0])
	}
	wanted, err := store.SearchKeyset(fmt.Sprintf("%s %q %v", viewer.OrganizationID, search.Text, search.ChannelIDs)).Range(search.Page)
	if err != nil {
		return store.Page[FoundContact]{}, err
	}
	channels, all := viewer.Visible(search.ChannelIDs)
	if !all && len(channels) == 0 {
		return store.Page[FoundContact]{}, nil
	}
	places, err := s.db.Search(ctx, store.Search{
		OrganizationID: viewer.OrganizationID, Kind: store.SearchContacts, ChannelIDs: channels, Query: query,
	}, wanted)
	if err != nil {
		return store.Page[FoundContact]{}, err
	}
	return s.found(ctx, viewer, query, store.PageOf(wanted, places, func(p *store.Place) store.Place { return *p }))
}

// found reads the contacts of a page of results.
func (s *Service) found(ctx context.Context, viewer models.Viewer, query fulltext.Query, page store.Page[store.Place]) (store.Page[FoundContact], error) {
	ids := make([]models.ID, len(page.Rows))
	for i, place := range page.Rows {
		ids[i] = place.ID
	}
	contacts, err := s.ContactsByID(ctx, viewer, ids)
	if err != nil {
		return store.Page[FoundContact]{}, err
	}
	identities, err := s.IdentitiesByContact(ctx, viewer, ids)
	if err != nil {
		return store.Page[FoundContact]{}, err
	}
	return store.Convert(page, func(place *store.Place) (FoundContact, bool) {
		contact, exists := contacts[place.ID]
		return FoundContact{contact, snippet(query, contact, identities[place.ID])}, exists
	}, func(c *FoundContact) store.Place { return store.Place{At: c.CreatedAt, ID: c.ID} }), nil
}

// snippet is the contact's name or, if nothing of it was looked for, the first
// identity of which something was.
func snippet(query fulltext.Query, contact models.Contact, identities []models.ContactIdentity) []fulltext.Segment {
	name := query.Snippet(contact.Name)
	if hasMatch(name) {
		return name
	}
	for _, identity := range identities {
		if identity.Kind == models.IdentityWAID {
			for _, term := range query.Terms {
				if before, after, found := strings.Cut(identity.Value, term.Words[0]); found {
					return segments("+"+before, term.Words[0], after)
				}
			}
		} else if shown := query.Snippet(identity.Value); hasMatch(shown) {
			return shown
		}
	}
	return name
}

func hasMatch(segments []fulltext.Segment) bool {
	for _, segment := range segments {
		if segment.IsMatch {
			return true
		}
	}
	return false
}

func segments(before, match, after string) []fulltext.Segment {
	made := []fulltext.Segment{{Text: before}, {Text: match, IsMatch: true}}
	if after != "" {
		made = append(made, fulltext.Segment{Text: after})
	}
	return made
}

// Index has contacts be found under the names and identities that they have in this
// transaction, by id with their organizations. It locks them, so that of two
// transactions at a time the second sees what the first did. Contacts that are gone
// are left out.
func Index(tx *store.Tx, contacts map[models.ID]models.ID) error {
	if len(contacts) == 0 {
		return nil
	}
	keys := make([][]any, 0, len(contacts))
	for id, organization := range contacts {
		keys = append(keys, []any{organization, id})
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	var rows []models.Contact
	err := store.Locking(tx.Where(store.InKeys([]string{"organization_id", "id"}, keys))).Order("id").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read %d contacts for search: %w", len(keys), err)
	}
	var identities []models.ContactIdentity
	err = tx.Where(store.InKeys([]string{"organization_id", "contact_id"}, keys)).Order("channel_id, kind, value").Find(&identities).Error
	if err != nil {
		return fmt.Errorf("read identities of %d contacts for search: %w", len(keys), err)
	}
	var entries []store.SearchEntry
	for _, contact := range rows {
		entries = append(entries, entriesOf(contact, identities)...)
	}
	return store.Index(tx, entries)
}

// entriesOf are a contact's entries: one for each channel that it is known on.
func entriesOf(contact models.Contact, identities []models.ContactIdentity) []store.SearchEntry {
	var entries []store.SearchEntry
	for _, identity := range identities { // those of a channel follow each other
		if identity.ContactID != contact.ID {
			continue
		}
		if last := len(entries) - 1; last < 0 || entries[last].ChannelID != identity.ChannelID {
			entries = append(entries, store.SearchEntry{
				OrganizationID: contact.OrganizationID, Kind: store.SearchContacts, At: contact.CreatedAt, ID: contact.ID,
				ChannelID: identity.ChannelID, Text: contact.Name,
			})
		}
		entry := &entries[len(entries)-1]
		if identity.Kind != models.IdentityWAID {
			entry.Text += "\n" + identity.Value
			continue
		}
		for _, number := range []string{identity.Value, identity.MatchKey} { // with and without a country's optional digits
			for from := range len(number) - shortestPart + 1 {
				entry.Text += "\n" + number[from:]
			}
		}
	}
	return entries
}

// shortestPart is the fewest last digits by which a number is found.
const shortestPart = 3

func isNumber(word string) bool {
	return strings.Trim(word, "0123456789") == ""
}

// unindex has a contact no longer be found. It locks the contact, so that none who is
// at Index puts it back.
func unindex(tx *store.Tx, organization, id models.ID) error {
	var contact models.Contact
	err := store.Locking(tx.Select("created_at")).Take(&contact, "organization_id = ? AND id = ?", organization, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read contact %s: %w", id, err)
	}
	return store.Unindex(tx, []store.SearchEntry{{
		OrganizationID: organization, Kind: store.SearchContacts, At: contact.CreatedAt, ID: id,
	}})
}
