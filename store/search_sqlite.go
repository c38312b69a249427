package store

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"recado/models"
)

func (search Search) onSQLite(db *gorm.DB, wanted Range) ([]hit, error) {
	query := search.within(db.Table("search_entries").Distinct("happened_at", "id")).
		Where("entry IN (SELECT rowid FROM search_words WHERE search_words MATCH ?)", search.match())
	if search.ConversationID != nil {
		query = query.Where("id IN (SELECT id FROM messages WHERE organization_id = ? AND conversation_id = ?)",
			search.OrganizationID, *search.ConversationID)
	}
	var found []hit
	return found, wanted.Apply(query).Find(&found).Error
}

// match is the search as FTS5 reads it. Words are letters, digits and pictographs,
// so nothing between their quotes has a meaning there.
func (search Search) match() string {
	var all []string
	for _, words := range search.about() {
		all = append(all, `(about : ("`+strings.Join(words, `" OR "`)+`"))`)
	}
	for _, term := range search.Query.Terms {
		text := `"` + strings.Join(term.Words, " ") + `"`
		if term.Prefix {
			text += " *"
		}
		all = append(all, "(words : "+text+")")
	}
	return strings.Join(all, " AND ")
}

// indexSQLite writes the entries' rows and then their words.
func (tx *Tx) indexSQLite(entries []SearchEntry, words []string) error {
	const rowsAtOnce = rowsPerStatement / 2
	for from := 0; from < len(entries); from += rowsAtOnce {
		some := entries[from:min(from+rowsAtOnce, len(entries))]
		if err := tx.indexSome(some, words[from:from+len(some)]); err != nil {
			return fmt.Errorf("add %d entries to search: %w", len(some), err)
		}
	}
	return nil
}

func (tx *Tx) indexSome(entries []SearchEntry, words []string) error {
	var values []any
	for _, entry := range entries {
		values = append(values, entry.OrganizationID, entry.Kind, entry.At, entry.ID, entry.ChannelID)
	}
	var rows []struct {
		Entry         int64
		Kind          SearchKind
		ID, ChannelID models.ID
	}
	err := tx.Raw("INSERT INTO search_entries (organization_id, kind, happened_at, id, channel_id) VALUES "+
		strings.Repeat(", (?, ?, ?, ?, ?)", len(entries))[2:]+
		" ON CONFLICT (organization_id, kind, happened_at, id, channel_id) DO UPDATE SET kind = excluded.kind RETURNING entry, kind, id, channel_id", values...).
		Scan(&rows).Error
	if err != nil {
		return err
	}
	values = values[:0]
	for _, row := range rows {
		i := slices.IndexFunc(entries, func(e SearchEntry) bool { return e.ID == row.ID && e.Kind == row.Kind && e.ChannelID == row.ChannelID })
		values = append(values, row.Entry, strings.Join(entries[i].about(), " "), words[i])
	}
	return tx.Exec("INSERT OR REPLACE INTO search_words (rowid, about, words) VALUES "+
		strings.Repeat(", (?, ?, ?)", len(rows))[2:], values...).Error
}
