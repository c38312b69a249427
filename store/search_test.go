package store_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/fulltext"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// TestSearch holds both databases to the same results in the same order.
func TestSearch(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newSearched(t, db)
		for id, text := range map[string]string{
			"order":    "Quero dois pães e um pão de açúcar, por favor",
			"shout":    "PÃO DE AÇÚCAR!!!",
			"plain":    "pao de acucar?",
			"german":   "Straße mit Œuvre",
			"price":    "São R$ 1.234,56 com 10% de desconto",
			"code":     "SELECT * FROM pao; -- a_b 'x' \"y\" NEAR(a b) col:val ^a (z)",
			"emoji":    "Adorei 👍🏽 obrigada",
			"cyrillic": "Свежий хлеб",
			"long":     strings.Repeat("palavra ", 3000) + "final",
		} {
			s.add(id, text)
		}
		s.add("silent", "…")

		for typed, want := range map[string]string{
			"pão":                     "plain shout order code",
			"PAO":                     "plain shout order code",
			"pao acucar":              "plain shout order",
			"açúc":                    "plain shout order", // while it is typed
			"acuc pao":                "",                  // only the last word may go on
			`"pao de acucar"`:         "plain shout order",
			`"acucar de pao"`:         "",
			`"um pao"`:                "order",
			`"um pa`:                  "order",
			`"pao de acuc`:            "plain shout order",
			`"pao de acuc"`:           "",
			"strasse":                 "german",
			"oeuvre straß":            "german",
			"1.234,56":                "price",
			"10%":                     "price",
			"%":                       "",
			"_":                       "",
			"p_o":                     "",
			"хлеб":                    "cyrillic",
			"👍":                       "emoji",
			"…":                       "",
			"":                        "",
			"*":                       "",
			"pao*":                    "plain shout order code",
			"-pao":                    "plain shout order code",
			"NOT pao":                 "",
			"pao OR obrigada":         "",
			"pao AND xyz":             "",
			"NEAR(a b)":               "code",
			"col:val":                 "code",
			"words:pao":               "",
			"about : mo":              "",
			"^a":                      "plain shout order code emoji",
			"'x' | 'y'":               "code",
			"pao & !obrigada":         "",
			"a <-> b":                 "code",
			`\' \" \\`:                "",
			"'); DROP TABLE messages": "",
			"final":                   "long",
			"/":                       "",
		} {
			t.Run("finds "+typed, func(t *testing.T) {
				found, more := s.page(s.search(typed), nil, 20)
				require.Equal(t, want, inOrderOf(want, found))
				require.False(t, more)
			})
		}
	})
}

// inOrderOf is a list of names in the order of another one, with names that are
// missing there at its end.
func inOrderOf(want string, found []string) string {
	order := strings.Fields(want)
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(found, func(a, b string) int { return place(a) - place(b) })
	return strings.Join(found, " ")
}

func TestSearchPlaces(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newSearched(t, db)
		other := models.NewID()
		noon := s.at
		one := s.put(entryOf("one", s, func(e *store.SearchEntry) { e.Text, e.Label = "pão um", "in" }))
		same := s.put(entryOf("same", s, func(e *store.SearchEntry) { e.Text, e.Label = "pão dois", "out" })) // the same moment, a greater id
		later := s.put(entryOf("later", s, func(e *store.SearchEntry) { e.Text, e.At = "pão três", noon.Add(time.Hour) }))
		hidden := s.put(entryOf("hidden", s, func(e *store.SearchEntry) {
			e.Text, e.At, e.ChannelID = "pão quatro", noon.Add(2*time.Hour), other
		}))
		both := s.put(entryOf("both", s, func(e *store.SearchEntry) {
			e.Text, e.At = "pão cinco", noon.AddDate(-3, 0, 0)
		}))
		otherSide := both
		otherSide.ChannelID, otherSide.Text = other, "pão, também bolo"
		s.put(otherSide)
		s.put(entryOf("foreign", s, func(e *store.SearchEntry) {
			e.Text, e.OrganizationID, e.ChannelID = "pão", models.NewID(), models.NewID()
		}))
		s.put(entryOf("contact", s, func(e *store.SearchEntry) { e.Text, e.Kind = "pão", store.SearchContacts }))

		pao := s.search("pao")
		find := func(change func(*store.Search)) []string {
			search := pao
			change(&search)
			found, _ := s.page(search, nil, 20)
			return found
		}
		t.Run("come newest first, and by id in the same moment", func(t *testing.T) {
			require.Equal(t, []string{"hidden", "later", "same", "one", "both"}, find(func(*store.Search) {}))
		})
		t.Run("join without gaps or repeats", func(t *testing.T) {
			var found []string
			var after *string
			for more := true; more; {
				var some []string
				some, more, after = s.pageAfter(pao, after, 1)
				require.Len(t, some, 1)
				found = append(found, some...)
			}
			require.Equal(t, []string{"hidden", "later", "same", "one", "both"}, found)
		})
		t.Run("are on the named channels alone", func(t *testing.T) {
			require.Equal(t, []string{"later", "same", "one", "both"}, find(func(s *store.Search) { s.ChannelIDs = []models.ID{later.ChannelID} }))
			require.Equal(t, []string{"hidden", "both"}, find(func(s *store.Search) { s.ChannelIDs = []models.ID{hidden.ChannelID} }))
			require.Equal(t, []string{"hidden", "later", "same", "one", "both"}, find(func(s *store.Search) { s.ChannelIDs = []models.ID{later.ChannelID, hidden.ChannelID} }))
			require.Empty(t, find(func(s *store.Search) { s.ChannelIDs = []models.ID{} }))
			require.Empty(t, find(func(s *store.Search) { s.ChannelIDs = []models.ID{models.NewID()} }))
		})
		t.Run("have the text on the named channel", func(t *testing.T) {
			bolo := s.search("bolo")
			found, _ := s.page(bolo, nil, 20)
			require.Equal(t, []string{"both"}, found)
			bolo.ChannelIDs = []models.ID{s.channel}
			found, _ = s.page(bolo, nil, 20)
			require.Empty(t, found)
		})
		t.Run("have the label", func(t *testing.T) {
			require.Equal(t, []string{"one"}, find(func(s *store.Search) { s.Label = one.Label }))
			require.Equal(t, []string{"same"}, find(func(s *store.Search) { s.Label = same.Label }))
		})
		t.Run("are of the kind and organization", func(t *testing.T) {
			require.Equal(t, []string{"contact"}, find(func(s *store.Search) { s.Kind = store.SearchContacts }))
			require.Empty(t, find(func(s *store.Search) { s.OrganizationID = models.NewID() }))
			// Nor does a channel's name open another organization.
			require.Empty(t, find(func(s *store.Search) { s.OrganizationID, s.ChannelIDs = models.NewID(), []models.ID{one.ChannelID} }))
		})
		t.Run("are from the first moment on, and before the second", func(t *testing.T) {
			hour := noon.Add(time.Hour)
			require.Equal(t, []string{"hidden", "later"}, find(func(s *store.Search) { s.From = &hour }))
			require.Equal(t, []string{"same", "one", "both"}, find(func(s *store.Search) { s.Until = &hour }))
			require.Equal(t, []string{"same", "one"}, find(func(s *store.Search) { s.From, s.Until = &noon, &hour }))
			require.Empty(t, find(func(s *store.Search) { s.From, s.Until = &hour, &noon }))
		})
		t.Run("follow what becomes of the text", func(t *testing.T) {
			one.Text = "bolo"
			s.put(one)
			same.Text = ""
			s.put(same)
			s.remove(later)
			require.Equal(t, []string{"hidden", "both"}, find(func(*store.Search) {}))
			s.remove(both) // on both channels
			found, _ := s.page(s.search("bolo"), nil, 20)
			require.Equal(t, []string{"one"}, found)
		})
	})
}

// TestSearchProperty holds the databases to what fulltext says of every text.
func TestSearchProperty(t *testing.T) {
	vocabulary := []string{"pão", "pao", "pa", "Paozinho", "bolo", "bo", "de", "çé", "cem", "100", "10", "👍"}
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newSearched(t, db)
		random := rand.New(rand.NewPCG(1, 2))
		texts := make(map[string]store.SearchEntry)
		for i := range 300 {
			words := make([]string, 1+random.IntN(6))
			for j := range words {
				words[j] = vocabulary[random.IntN(len(vocabulary))]
			}
			name := strconv.Itoa(i)
			texts[name] = s.put(entryOf(name, s, func(e *store.SearchEntry) {
				e.Text = strings.Join(words, " ")
				e.At = s.at.AddDate(0, 0, -random.IntN(1500)).Add(time.Duration(i) * time.Second)
			}))
		}
		rapid.Check(t, func(rt *rapid.T) {
			typed := strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 1, 3).Draw(rt, "words"), " ")
			if rapid.Bool().Draw(rt, "quoted") {
				typed = `"` + typed + rapid.SampledFrom([]string{`"`, ""}).Draw(rt, "quote")
			}
			search := s.search(typed)
			var want []string
			for name, entry := range texts {
				if search.Query.Finds(entry.Text) {
					want = append(want, name)
				}
			}
			slices.SortFunc(want, func(a, b string) int {
				x, y := texts[a], texts[b]
				if order := y.At.Compare(x.At); order != 0 {
					return order
				}
				return bytes.Compare(y.ID[:], x.ID[:])
			})
			size := rapid.IntRange(20, 100).Draw(rt, "size")
			var found []string
			var after *string
			for more := true; more; {
				var some []string
				some, more, after = s.pageAfter(search, after, size)
				found = append(found, some...)
			}
			require.Equal(rt, want, found, "%q", typed)

			backward, err := store.SearchKeyset("test").Range(store.PageRequest{Last: &size})
			require.NoError(rt, err)
			places, err := db.Search(t.Context(), search, backward)
			require.NoError(rt, err)
			page := store.PageOf(backward, places, func(p *store.Place) store.Place { return *p })
			var end []string
			for _, place := range page.Rows {
				end = append(end, s.names[place.ID])
			}
			require.Equal(rt, want[max(0, len(want)-size):], end, "the end of %q", typed)
		})
	})
}

// searched is an organization with texts to be found, which have names.
type searched struct {
	t            *testing.T
	db           *store.Store
	organization models.ID
	channel      models.ID
	at           time.Time
	names        map[models.ID]string
}

func newSearched(t *testing.T, db *store.Store) *searched {
	t.Helper()
	return &searched{
		t: t, db: db, organization: models.NewID(), channel: models.NewID(),
		at: db.Now().UTC().Truncate(24 * time.Hour), names: make(map[models.ID]string),
	}
}

func entryOf(name string, s *searched, change func(*store.SearchEntry)) store.SearchEntry {
	entry := store.SearchEntry{
		OrganizationID: s.organization, Kind: store.SearchMessages, At: s.at, ID: models.NewID(), ChannelID: s.channel,
	}
	change(&entry)
	s.names[entry.ID] = name
	return entry
}

func (s *searched) add(name, text string) {
	s.put(entryOf(name, s, func(e *store.SearchEntry) { e.Text = text }))
}

func (s *searched) put(entry store.SearchEntry) store.SearchEntry {
	s.t.Helper()
	require.NoError(s.t, s.db.Write(s.t.Context(), func(tx *store.Tx) error { return store.Index(tx, []store.SearchEntry{entry}) }))
	return entry
}

func (s *searched) remove(entry store.SearchEntry) {
	s.t.Helper()
	require.NoError(s.t, s.db.Write(s.t.Context(), func(tx *store.Tx) error { return store.Unindex(tx, []store.SearchEntry{entry}) }))
}

func (s *searched) search(typed string) store.Search {
	s.t.Helper()
	query, err := fulltext.Parse(typed)
	require.NoError(s.t, err)
	return store.Search{OrganizationID: s.organization, Kind: store.SearchMessages, Query: query}
}

func (s *searched) page(search store.Search, after *string, size int) ([]string, bool) {
	s.t.Helper()
	found, more, _ := s.pageAfter(search, after, size)
	return found, more
}

func (s *searched) pageAfter(search store.Search, after *string, size int) (found []string, more bool, next *string) {
	s.t.Helper()
	wanted, err := store.SearchKeyset("test").Range(store.PageRequest{First: &size, After: after})
	require.NoError(s.t, err)
	places, err := s.db.Search(s.t.Context(), search, wanted)
	require.NoError(s.t, err)
	page := store.PageOf(wanted, places, func(p *store.Place) store.Place { return *p })
	for _, place := range page.Rows {
		found = append(found, s.names[place.ID])
	}
	if len(page.Rows) > 0 {
		cursor := page.Cursor(len(page.Rows) - 1)
		next = &cursor
	}
	return found, page.HasNext, next
}
