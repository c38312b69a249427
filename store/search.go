package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/fulltext"
	"recado/models"
)

// SearchKind is what is searched.
type SearchKind string

// The kinds of what is searched.
const (
	SearchMessages SearchKind = "m"
	SearchContacts SearchKind = "c"
)

// SearchEntry is a text that can be found, and what for. Its row lies in the table
// search_entries, its words in that row (PostgreSQL: a tsvector under a GIN index) or
// beside it (SQLite: an FTS5 table). Both hold words that fulltext made, and words
// about the entry that no text can contain: its organization, its channel, its label.
type SearchEntry struct {
	OrganizationID models.ID
	Kind           SearchKind
	At             time.Time // its place in results; does not change
	ID             models.ID // of the message or contact
	ChannelID      models.ID // who may see it may find the entry; there may be one for each of several channels
	Label          string    // letters, to be asked for; empty: none
	Text           string
}

// Index stores entries, each in the place of the one with the same organization,
// kind, time, id and channel; they are given once. One whose text has no words is not stored, and no longer found. On
// PostgreSQL it is sent together with the bulk writes of the transaction, see Flush.
func Index(tx *Tx, entries []SearchEntry) error {
	var kept, dropped []SearchEntry
	var words []string
	for _, entry := range entries {
		var written string
		if tx.dialect == Postgres {
			written = entry.vector()
		} else {
			written = fulltext.Join(entry.Text)
		}
		if written == "" {
			dropped = append(dropped, entry)
			continue
		}
		kept, words = append(kept, entry), append(words, written)
	}
	if len(dropped) > 0 {
		if err := Unindex(tx, dropped); err != nil {
			return err
		}
	}
	if len(kept) == 0 {
		return nil
	}
	if tx.dialect == Postgres {
		tx.indexPostgres(kept, words)
		return nil
	}
	return tx.indexSQLite(kept, words)
}

// Unindex removes entries, found by organization, kind, time and id, whatever their
// channel, as far as they are there.
func Unindex(tx *Tx, entries []SearchEntry) error {
	if err := tx.Flush(); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := tx.unindex(entry); err != nil {
			return fmt.Errorf("remove %s from search: %w", entry.ID, err)
		}
	}
	return nil
}

func (tx *Tx) unindex(entry SearchEntry) error {
	const key = "organization_id = ? AND kind = ? AND happened_at = ? AND id = ?"
	values := []any{entry.OrganizationID, entry.Kind, entry.At, entry.ID}
	if tx.dialect == SQLite {
		err := tx.Exec("DELETE FROM search_words WHERE rowid IN (SELECT entry FROM search_entries WHERE "+key+")", values...).Error
		if err != nil {
			return err
		}
	}
	return tx.Exec("DELETE FROM search_entries WHERE "+key, values...).Error
}

// Indexed is the condition that a row of a table has an entry, on any channel. At is
// the table's column with the entry's time.
func Indexed(kind SearchKind, table, at string) clause.Expression {
	return gorm.Expr("EXISTS (SELECT 1 FROM search_entries AS e WHERE e.organization_id = "+table+".organization_id AND e.kind = ? "+
		"AND e.happened_at = "+table+"."+at+" AND e.id = "+table+".id)", kind)
}

// Search is what to look for, and where.
type Search struct {
	OrganizationID models.ID
	Kind           SearchKind
	ChannelIDs     []models.ID // entries of any of these; nil: of every channel of the organization
	ConversationID *models.ID  // messages of this one alone
	Label          string      // entries with this one alone
	From, Until    *time.Time  // from a moment on, and up to but not including one
	Query          fulltext.Query
}

// SearchKeyset is the order of results: the newest first, and of those with the same
// time the greater id. It is the same for every query, so that pages join; rank is
// not used.
func SearchKeyset(scope string) Keyset {
	return Keyset{Column: "happened_at", NewestFirst: true, Scope: scope}
}

// Search returns the places of what is found, as the range of a SearchKeyset wants
// them.
func (s *Store) Search(ctx context.Context, search Search, wanted Range) ([]Place, error) {
	if len(search.Query.Terms) == 0 || search.ChannelIDs != nil && len(search.ChannelIDs) == 0 {
		return nil, nil
	}
	var (
		found []hit
		err   error
	)
	if s.dialect == Postgres {
		found, err = search.onPostgres(s.Read(ctx), wanted)
	} else {
		found, err = search.onSQLite(s.Read(ctx), wanted)
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	places := make([]Place, len(found))
	for i, hit := range found {
		places[i] = Place{At: hit.HappenedAt, ID: hit.ID}
	}
	return places, nil
}

// hit is an entry that was found.
type hit struct {
	HappenedAt time.Time
	ID         models.ID `gorm:"type:uuid"`
}

// within restricts a query over entries to the places that the search is about.
func (search Search) within(entries *gorm.DB) *gorm.DB {
	entries = entries.Where("organization_id = ? AND kind = ?", search.OrganizationID, search.Kind)
	if search.From != nil {
		entries = entries.Where("happened_at >= ?", *search.From)
	}
	if search.Until != nil {
		entries = entries.Where("happened_at < ?", *search.Until)
	}
	return entries
}

// Words about an entry begin with a slash in PostgreSQL, where they are beside those
// of its text, which never do; in SQLite they have a column.

func organizationWord(kind SearchKind, organization models.ID) string {
	return string(kind) + "o" + digitsOf(organization)
}

func channelWord(kind SearchKind, channel models.ID) string {
	return string(kind) + "c" + digitsOf(channel)
}

func labelWord(kind SearchKind, label string) string { return string(kind) + "l" + label }

func digitsOf(id models.ID) string { return strings.ReplaceAll(id.String(), "-", "") }

// about are the words about the entry, whatever the database.
func (e SearchEntry) about() []string {
	words := []string{organizationWord(e.Kind, e.OrganizationID), channelWord(e.Kind, e.ChannelID)}
	if e.Label != "" {
		words = append(words, labelWord(e.Kind, e.Label))
	}
	return words
}

// about are the words about entries that are looked for: one of each list. Channels
// belong to one organization, so they are named in its place.
func (search Search) about() [][]string {
	var all [][]string
	if search.ChannelIDs == nil {
		all = append(all, []string{organizationWord(search.Kind, search.OrganizationID)})
	} else {
		named := make([]string, len(search.ChannelIDs))
		for i, channel := range search.ChannelIDs {
			named[i] = channelWord(search.Kind, channel)
		}
		all = append(all, named)
	}
	if search.Label != "" {
		all = append(all, []string{labelWord(search.Kind, search.Label)})
	}
	return all
}
