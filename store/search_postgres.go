package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"recado/fulltext"
)

// A GIN index knows no order: of a frequent word it gives every row there is. But the
// newest rows with a frequent word are among the newest rows. So a search first
// looks through a bounded number of the newest entries, which fills the page for
// every word that is not rare, and through more of them if that found a good part of
// it; only if that does not either, GIN is asked, for what is then few rows. (A word for the month in each entry, to ask for the last months
// first, was tried: every word that a query names makes GIN slower.)

// Looking at an entry takes a few microseconds; fetching one that GIN names, from
// wherever it lies, ten times as long.
const (
	walked      = 25_000 // the newest entries, which are looked through first
	walkedAgain = 50_000 // the next ones, if a good part of the page was found among those
	goodPart    = 3      // a third
)

func (search Search) onPostgres(db *gorm.DB, wanted Range) ([]hit, error) {
	if search.ConversationID != nil {
		return search.inConversation(db, wanted)
	}
	found, err := search.amongNewest(db, wanted, 0, walked)
	if err != nil || len(found) == wanted.Rows() {
		return found, err
	}
	if len(found) >= wanted.Rows()/goodPart && len(found) > 0 {
		next, err := search.amongNewest(db, wanted, walked, walkedAgain)
		// A contact's entries, of several channels, may lie on both sides.
		found = slices.CompactFunc(append(found, next...), func(a, b hit) bool { return a.ID == b.ID })
		if err != nil || len(found) >= wanted.Rows() {
			return found[:min(len(found), wanted.Rows())], err
		}
	}
	return search.byIndex(db, wanted)
}

// inConversation walks the messages of a conversation.
func (search Search) inConversation(db *gorm.DB, wanted Range) ([]hit, error) {
	of := db.Table("messages AS m").Select("e.*").
		Joins("JOIN search_entries AS e ON e.organization_id = m.organization_id AND e.kind = ? AND e.happened_at = m.sent_at AND e.id = m.id", SearchMessages).
		Where("m.organization_id = ? AND m.conversation_id = ?", search.OrganizationID, *search.ConversationID)
	var found []hit
	query := search.within(db.Table("(?) AS entries", of)).Distinct("happened_at", "id").Where("words @@ ?::tsquery", search.tsquery(true))
	return found, wanted.Apply(query).Find(&found).Error
}

// amongNewest looks through so many of the newest entries or, backward, the oldest.
func (search Search) amongNewest(db *gorm.DB, wanted Range, from, count int) ([]hit, error) {
	newest := wanted.Apply(search.within(db.Table("search_entries").Select("happened_at, id, words"))).Offset(from).Limit(count)
	var found []hit
	query := db.Table("(?) AS newest", newest).Distinct("happened_at", "id").Where("words @@ ?::tsquery", search.tsquery(true))
	return found, wanted.Apply(query).Find(&found).Error
}

// byIndex asks GIN.
func (search Search) byIndex(db *gorm.DB, wanted Range) ([]hit, error) {
	entries := search.within(db.Table("search_entries").Select("happened_at, id")).Where("words @@ ?::tsquery", search.tsquery(false))
	if search.hasShortPrefix() {
		entries = entries.Where("(words @@ ?::tsquery) IS TRUE", search.tsquery(true)) // in a form that the index does not serve
	}
	var found []hit
	// Without the fence the planner may hope to meet the rows soon on a walk by time.
	query := db.Table("(?) AS found", db.Raw("WITH found AS MATERIALIZED (?) SELECT happened_at, id FROM found", entries)).Distinct("happened_at", "id")
	return found, wanted.Apply(query).Find(&found).Error
}

// shortPrefix is the length, in bytes, of a beginning that too many words have for
// the index to gather them all, if there are other words to go by.
const shortPrefix = 2

func (search Search) hasShortPrefix() bool {
	return len(search.Query.Terms) > 1 && slices.ContainsFunc(search.Query.Terms, isShortPrefix)
}

func isShortPrefix(term fulltext.Term) bool {
	return term.Prefix && len(term.Words) == 1 && len(term.Words[0]) <= shortPrefix
}

// tsquery is the search as PostgreSQL reads it, with or without beginnings that are
// too short for the index. Words are letters, digits and
// pictographs, so nothing in them has a meaning there.
func (search Search) tsquery(whole bool) string {
	var all []string
	for _, words := range search.about() {
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = "'/" + word + "'"
		}
		all = append(all, "("+strings.Join(quoted, " | ")+")")
	}
	for _, term := range search.Query.Terms {
		if !whole && len(search.Query.Terms) > 1 && isShortPrefix(term) {
			continue
		}
		words := make([]string, len(term.Words))
		for i, word := range term.Words {
			words[i] = "'" + word + "'"
		}
		text := strings.Join(words, " <-> ")
		if term.Prefix {
			text += ":*"
		}
		all = append(all, "("+text+")")
	}
	return strings.Join(all, " & ")
}

// vector is the entry as PostgreSQL reads a tsvector; empty if its text has no words.
func (e SearchEntry) vector() string {
	words := fulltext.Words(e.Text)
	if len(words) == 0 {
		return ""
	}
	var b strings.Builder
	for _, word := range e.about() {
		fmt.Fprintf(&b, "'/%s' ", word)
	}
	for i, word := range words {
		b.WriteByte('\'')
		b.WriteString(word.Text)
		b.WriteString("':")
		b.WriteString(strconv.Itoa(i + 1))
		b.WriteByte(' ')
	}
	return b.String()
}

const indexStatement = `INSERT INTO search_entries (organization_id, kind, happened_at, id, channel_id, words)
	SELECT organization_id, kind, happened_at, id, channel_id, words::tsvector
	FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[])
		AS v (organization_id, kind, happened_at, id, channel_id, words)
	ON CONFLICT (organization_id, kind, happened_at, id, channel_id) DO UPDATE SET words = excluded.words`

func (tx *Tx) indexPostgres(entries []SearchEntry, vectors []string) {
	organizations, ids, channels := make([]pgtype.UUID, len(entries)), make([]pgtype.UUID, len(entries)), make([]pgtype.UUID, len(entries))
	kinds, times := make([]string, len(entries)), make([]time.Time, len(entries))
	for i, entry := range entries {
		organizations[i] = pgtype.UUID{Bytes: entry.OrganizationID, Valid: true}
		ids[i] = pgtype.UUID{Bytes: entry.ID, Valid: true}
		channels[i] = pgtype.UUID{Bytes: entry.ChannelID, Valid: true}
		kinds[i], times[i] = string(entry.Kind), entry.At
	}
	tx.waiting().Queue(indexStatement, organizations, kinds, times, ids, channels, vectors)
}
