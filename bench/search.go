//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"recado/fulltext"
	"recado/models"
	"recado/store"
)

// searchGoal is what 95 of 100 searches may take in the database.
const searchGoal = 150 * time.Millisecond

// searchCase is a kind of search that is measured.
type searchCase struct {
	name     string
	kind     store.SearchKind
	typed    func(*rand.Rand) string
	channels int       // looked on; 0: all
	after    time.Time // place to go on from; zero: the first page
}

// library is what is searched: messages with words as frequent as in a language,
// over two years, on channels of one organization; and contacts.
type library struct {
	Organization models.ID
	Channels     []models.ID
	Messages     int
	Contacts     int
	Newest       time.Time
	db           *store.Store
	common       *rand.Zipf
	random       *rand.Rand
}

const (
	libraryWords    = 50_000
	libraryChannels = 20
	librarySpan     = 2 * 365 * 24 * time.Hour
	// seasonal is a word that one message in fifty has, in one month eleven months ago,
	// and no other.
	seasonal = "panetone"
)

func runSearch(ctx context.Context, r *rig) (err error) {
	l := &library{
		Organization: models.NewID(), Messages: 5_000_000, Contacts: 1_000_000,
		Newest: time.Now().UTC().Truncate(time.Second), random: rand.New(rand.NewPCG(1, 2)),
	}
	searches, writes := 200, 2_000
	if r.short {
		l.Messages, l.Contacts, searches, writes = 20_000, 2_000, 10, 50
	}
	l.common = rand.NewZipf(l.random, 1.1, 5, libraryWords-1)
	for range libraryChannels {
		l.Channels = append(l.Channels, models.NewID())
	}
	made, err := r.load(ctx, "search", l, func(url string) error { return l.fill(ctx, r, url) })
	if err != nil {
		return err
	}
	if l.db, err = store.Open(ctx, made.url, store.Options{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.db.Close()) }()
	if err := errors.Join(l.db.Migrate(ctx), settle(ctx, made.url)); err != nil {
		return err
	}
	t := r.report.table(fmt.Sprintf("Searches over %d messages and %d contacts on %d channels, first pages of 20 unless said otherwise, %d of each kind",
		l.Messages, l.Contacts, libraryChannels, searches), "search", "p50", "p95", "largest", "PostgreSQL's processor time", "found")
	var worst time.Duration
	for _, c := range l.cases() {
		r.sayf("%s", c.name)
		took, server, found, err := l.measure(ctx, r, c, searches)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		p95 := percentile(took, 95)
		t.row(c.name, percentile(took, 50), p95, took[len(took)-1], server/time.Duration(searches), float64(found)/float64(searches))
		worst = max(worst, p95)
	}
	r.report.goal("search: p95 of the slowest kind, in the database", worst < searchGoal, "under 150 ms", worst)
	return l.measureWrites(ctx, r, writes)
}

// word is the word of that rank.
func word(rank int) string {
	const consonants, vowels = "bcdfglmnprstvz", "aeiou"
	const syllables = len(consonants) * len(vowels)
	var b strings.Builder
	for n := rank + syllables; n > 0; n /= syllables {
		b.WriteByte(consonants[n%syllables/len(vowels)])
		b.WriteByte(vowels[n%len(vowels)])
	}
	return b.String()
}

// text is a message of the time.
func (l *library) text(at time.Time) string {
	words := make([]string, 2+l.random.IntN(14))
	for i := range words {
		words[i] = word(int(l.common.Uint64()))
	}
	if ago := l.Newest.Sub(at); ago > 330*24*time.Hour && ago < 360*24*time.Hour && l.random.IntN(50) == 0 {
		words[0] = seasonal
	}
	return strings.Join(words, " ")
}

// fill writes everything without the GIN index, and makes the index then.
func (l *library) fill(ctx context.Context, r *rig, url string) (err error) {
	if l.db, err = store.Open(ctx, url, store.Options{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.db.Close()) }()
	if err := l.db.Migrate(ctx); err != nil {
		return err
	}
	r.sayf("writing %d messages and %d contacts", l.Messages, l.Contacts)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to fill: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var definition string
	if err := conn.QueryRow(ctx, "SELECT pg_get_indexdef('search_entries_words_idx'::regclass)").Scan(&definition); err != nil {
		return fmt.Errorf("read the index: %w", err)
	}
	if _, err := conn.Exec(ctx, "DROP INDEX search_entries_words_idx"); err != nil {
		return fmt.Errorf("drop the index: %w", err)
	}
	step := librarySpan / time.Duration(l.Messages)
	err = l.write(ctx, l.Messages, func(i int) store.SearchEntry {
		return l.message(l.Newest.Add(-step * time.Duration(l.Messages-i)))
	})
	if err != nil {
		return err
	}
	step = librarySpan / time.Duration(l.Contacts)
	err = l.write(ctx, l.Contacts, func(i int) store.SearchEntry {
		words := []string{word(l.random.IntN(2_000)), word(l.random.IntN(20_000))}
		number := fmt.Sprintf("55%02d9%08d", 11+l.random.IntN(80), l.random.IntN(1e8))
		for from := range len(number) - 2 {
			words = append(words, number[from:])
		}
		return store.SearchEntry{
			OrganizationID: l.Organization, Kind: store.SearchContacts, At: l.Newest.Add(-step * time.Duration(l.Contacts-i)), ID: models.NewID(),
			ChannelID: l.Channels[l.random.IntN(libraryChannels)], Text: strings.Join(words, " "),
		}
	})
	if err != nil {
		return err
	}
	for _, statement := range []string{"SET maintenance_work_mem = '1GB'", definition} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make the index: %w", err)
		}
	}
	return nil
}

func (l *library) message(at time.Time) store.SearchEntry {
	return store.SearchEntry{
		OrganizationID: l.Organization, Kind: store.SearchMessages, At: at, ID: models.NewID(),
		ChannelID: l.Channels[l.random.IntN(libraryChannels)], Label: []string{"inbound", "outbound"}[l.random.IntN(2)], Text: l.text(at),
	}
}

func (l *library) write(ctx context.Context, count int, entry func(int) store.SearchEntry) error {
	const together = 5_000
	for from := 0; from < count; from += together {
		entries := make([]store.SearchEntry, min(together, count-from))
		for i := range entries {
			entries[i] = entry(from + i)
		}
		if err := l.db.Write(ctx, func(tx *store.Tx) error { return store.Index(tx, entries) }); err != nil {
			return err
		}
	}
	return nil
}

func (l *library) cases() []searchCase {
	between := func(from, to int) func(*rand.Rand) string {
		return func(random *rand.Rand) string { return `"` + word(from+random.IntN(to-from)) + `"` }
	}
	both := func(a, b func(*rand.Rand) string) func(*rand.Rand) string {
		return func(random *rand.Rand) string { return a(random) + " " + b(random) }
	}
	start := func(of func(*rand.Rand) string, letters int) func(*rand.Rand) string {
		return func(random *rand.Rand) string {
			typed := strings.Trim(of(random), `"`)
			return typed[:min(letters, len(typed))]
		}
	}
	frequent, medium, rare := between(0, 20), between(200, 2_000), between(20_000, 50_000)
	m, c := store.SearchMessages, store.SearchContacts
	return []searchCase{
		{name: "a frequent word (of the 20 most frequent)", kind: m, typed: frequent},
		{name: "a medium word (rank 200 to 2,000)", kind: m, typed: medium},
		{name: "a rare word (rank 20,000 to 50,000)", kind: m, typed: rare},
		{name: "a word that is nowhere", kind: m, typed: func(*rand.Rand) string { return `"xyzzy"` }},
		{name: "a frequent word, on 1 of 20 channels", kind: m, typed: frequent, channels: 1},
		{name: "a medium word, on 1 of 20 channels", kind: m, typed: medium, channels: 1},
		{name: "a medium word, on 5 of 20 channels", kind: m, typed: medium, channels: 5},
		{name: "a rare word, on 5 of 20 channels", kind: m, typed: rare, channels: 5},
		{name: "two frequent words", kind: m, typed: both(frequent, frequent)},
		{name: "a frequent and a rare word", kind: m, typed: both(frequent, rare)},
		{name: "two medium words", kind: m, typed: both(medium, medium)},
		{name: "two letters of a word", kind: m, typed: start(medium, 2)},
		{name: "four letters of a rare word", kind: m, typed: start(rare, 4)},
		{name: "a rare word, and two letters of another", kind: m, typed: both(rare, start(medium, 2))},
		{name: "a medium word, and four letters of another", kind: m, typed: both(medium, start(medium, 4))},
		{name: "a frequent word, page in the middle", kind: m, typed: frequent, after: l.Newest.Add(-librarySpan / 2)},
		{name: "a medium word, page in the middle", kind: m, typed: medium, after: l.Newest.Add(-librarySpan / 2)},
		{name: "a word of one month, eleven months ago", kind: m, typed: func(*rand.Rand) string { return `"` + seasonal + `"` }},
		{name: "contacts: a name", kind: c, typed: start(between(0, 2_000), math.MaxInt)},
		{name: "contacts: the last four digits", kind: c, typed: func(random *rand.Rand) string { return fmt.Sprintf("%04d", random.IntN(10_000)) }},
		{name: "contacts: eight digits", kind: c, typed: func(random *rand.Rand) string {
			return fmt.Sprintf("%04d%04d", random.IntN(10_000), random.IntN(10_000))
		}},
	}
}

// measure runs searches of a kind, and returns what they took, sorted, how long they
// kept a processor busy, and how much they found, in all.
func (l *library) measure(ctx context.Context, r *rig, c searchCase, searches int) (took []time.Duration, server time.Duration, found int, err error) {
	random := rand.New(rand.NewPCG(3, 4))
	var before float64
	for i := range searches + searches/10 {
		query, err := fulltext.Parse(c.typed(random))
		if err != nil {
			return nil, 0, 0, err
		}
		search := store.Search{OrganizationID: l.Organization, Kind: c.kind, Query: query}
		for range c.channels {
			search.ChannelIDs = append(search.ChannelIDs, l.Channels[random.IntN(libraryChannels)])
		}
		list := store.SearchKeyset("bench")
		request := store.PageRequest{}
		if !c.after.IsZero() {
			cursor := list.CursorOf(store.Place{At: c.after})
			request.After = &cursor
		}
		wanted, err := list.Range(request)
		if err != nil {
			return nil, 0, 0, err
		}
		if i == searches/10 { // the first ones warm up
			before = familySeconds(r.postmaster)
		}
		begun := time.Now()
		places, err := l.db.Search(ctx, search, wanted)
		if err != nil {
			return nil, 0, 0, err
		}
		if i >= searches/10 {
			took, found = append(took, time.Since(begun)), found+len(places)
		}
	}
	slices.Sort(took)
	return took, time.Duration((familySeconds(r.postmaster) - before) * float64(time.Second)), found, nil
}

// measureWrites says what entries of new messages cost, in groups as they are
// received, with the index in place.
func (l *library) measureWrites(ctx context.Context, r *rig, writes int) error {
	const together = 8
	var took []time.Duration
	for range writes {
		entries := make([]store.SearchEntry, together)
		for i := range entries {
			entries[i] = l.message(l.Newest)
		}
		begun := time.Now()
		if err := l.db.Write(ctx, func(tx *store.Tx) error { return store.Index(tx, entries) }); err != nil {
			return err
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	r.report.table("Writing the entries of 8 messages in a transaction of their own, commit included", "p50", "p99", "largest").
		row(percentile(took, 50), percentile(took, 99), took[len(took)-1])
	return nil
}
