package inbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// library is a world with thousands of conversations, and what lists of them can
// be about.
type library struct {
	*testkit.World
	channels      []models.Channel
	pool          []*models.ID // who has conversations, and nobody
	frequent      models.Tag   // of more than are sorted
	rare, unused  models.Tag
	conversations []models.Conversation
	busy          models.Conversation // with many messages
	messages      []models.Message
}

func newLibrary(t *testing.T, db *store.Store) *library {
	w := testkit.NewWorld(t, db)
	l := &library{World: w, channels: []models.Channel{w.Open, w.Closed, w.Channel("A"), w.Channel("B")}}
	l.pool = []*models.ID{&w.Administrator.ID, &w.Replier.ID, &w.Looker.ID, nil}
	tag := func(name string) models.Tag {
		return models.Tag{OrganizationID: w.Organization.ID, ID: models.NewID(), Name: name, NameKey: name, Color: models.TagGray, Version: 1, CreatedByID: w.Administrator.ID}
	}
	l.frequent, l.rare, l.unused = tag("frequent"), tag("rare"), tag("unused")
	w.Save(&l.frequent, &l.rare, &l.unused)
	for i, channel := range l.channels {
		times := make([]time.Time, 1500)
		for j := range times {
			times[j] = noon.Add(-time.Duration(len(l.channels)*j+i) * time.Minute)
		}
		l.conversations = append(l.conversations, w.Conversations(channel, times)...)
	}
	var reads []models.ConversationRead
	var tags []models.ConversationTag
	ids := make(map[int][]models.ID) // by their remainder
	for i, c := range l.conversations {
		reads = append(reads, models.ConversationRead{OrganizationID: c.OrganizationID, UserID: w.Looker.ID, ConversationID: c.ID, ReadAt: noon})
		for tag, oneIn := range map[models.ID]int{l.frequent.ID: 2, l.rare.ID: 500} {
			if i%oneIn == 0 {
				tags = append(tags, models.ConversationTag{OrganizationID: c.OrganizationID, ConversationID: c.ID, TagID: tag, CreatedAt: noon})
			}
		}
		ids[i%remainders] = append(ids[i%remainders], c.ID)
	}
	w.Write(func(tx *store.Tx) error {
		require.NoError(t, store.InsertAll(tx, reads))
		require.NoError(t, store.InsertAll(tx, tags))
		for remainder, some := range ids {
			require.NoError(t, tx.Model(&models.Conversation{}).Where("id IN ?", some).Updates(l.change(remainder)).Error)
		}
		return nil
	})
	l.busy = w.Conversation(w.Open, "busy", noon)
	l.messages = make([]models.Message, 3000)
	for i := range l.messages {
		l.messages[i] = models.Message{
			OrganizationID: w.Organization.ID, ID: models.NewID(), ChannelID: l.busy.ChannelID, ConversationID: l.busy.ID,
			Direction: models.Inbound, Kind: models.KindText, Status: models.StatusReceived, SentAt: noon.Add(time.Duration(i) * time.Second),
		}
	}
	w.Write(func(tx *store.Tx) error { return store.InsertAll(tx, l.messages) })
	if db.Dialect() == store.Postgres {
		w.Exec("ANALYZE")
	}
	return l
}

// remainders are how many kinds of conversations there are.
const remainders = 20

// change is what is special about a kind.
func (l *library) change(remainder int) map[string]any {
	last := gorm.Expr("last_message_at")
	changed := map[string]any{
		"assignee_id": l.pool[remainder%len(l.pool)], "last_customer_message_at": last, "window_expires_at": last,
		"last_message_by": models.AuthorCustomer, "waiting_since": last,
	}
	if remainder%2 == 0 {
		changed["last_message_by"], changed["waiting_since"] = models.AuthorTeam, nil
	}
	if remainder%4 == 0 {
		changed["status"], changed["unread_count"] = models.ConversationClosed, 1
	}
	switch remainder {
	case 1:
		changed["snoozed_until"] = noon.Add(time.Hour)
	case 2:
		changed["origin"] = models.OriginBusiness
	}
	return changed
}

// wish sets a condition of a filter.
type wish func(*inbox.ConversationFilter)

// wishes are, for each field of the filter, what it can be set to.
func (l *library) wishes() map[string]map[string]wish {
	strangers := make([]models.ID, 99)
	for i := range strangers {
		strangers[i] = models.NewID()
	}
	windows := map[string]wish{
		"open":    func(f *inbox.ConversationFilter) { f.Window = new(inbox.WindowIsOpen) },
		"closing": func(f *inbox.ConversationFilter) { f.Window, f.ClosingWithin = new(inbox.WindowIsClosing), time.Hour },
		"closed":  func(f *inbox.ConversationFilter) { f.Window = new(inbox.WindowIsClosed) },
	}
	either := func(set func(*inbox.ConversationFilter, *bool)) map[string]wish {
		return map[string]wish{
			"yes": func(f *inbox.ConversationFilter) { set(f, new(true)) },
			"no":  func(f *inbox.ConversationFilter) { set(f, new(false)) },
		}
	}
	return map[string]map[string]wish{
		"View": {
			"all":        func(f *inbox.ConversationFilter) { f.View = inbox.ViewAll },
			"mine":       func(f *inbox.ConversationFilter) { f.View = inbox.ViewMine },
			"unassigned": func(f *inbox.ConversationFilter) { f.View = inbox.ViewUnassigned },
		},
		"Status": {
			"open":   func(f *inbox.ConversationFilter) { f.Status = new(models.ConversationOpen) },
			"closed": func(f *inbox.ConversationFilter) { f.Status = new(models.ConversationClosed) },
		},
		"ChannelIDs": {
			"one": func(f *inbox.ConversationFilter) { f.ChannelIDs = []models.ID{l.Open.ID} },
			"three": func(f *inbox.ConversationFilter) {
				f.ChannelIDs = []models.ID{l.Open.ID, l.channels[2].ID, l.channels[3].ID}
			},
			"unknown": func(f *inbox.ConversationFilter) { f.ChannelIDs = strangers[:1] },
			"none":    func(f *inbox.ConversationFilter) { f.ChannelIDs = []models.ID{} },
		},
		"AssigneeIDs": {
			"one":     func(f *inbox.ConversationFilter) { f.AssigneeIDs = []models.ID{l.Replier.ID} },
			"two":     func(f *inbox.ConversationFilter) { f.AssigneeIDs = []models.ID{l.Replier.ID, l.Looker.ID} },
			"hundred": func(f *inbox.ConversationFilter) { f.AssigneeIDs = append(slices.Clone(strangers), l.Replier.ID) },
			"unknown": func(f *inbox.ConversationFilter) { f.AssigneeIDs = strangers[:1] },
			"none":    func(f *inbox.ConversationFilter) { f.AssigneeIDs = []models.ID{} },
		},
		"TagID": {
			"frequent": func(f *inbox.ConversationFilter) { f.TagID = &l.frequent.ID },
			"rare":     func(f *inbox.ConversationFilter) { f.TagID = &l.rare.ID },
			"unused":   func(f *inbox.ConversationFilter) { f.TagID = &l.unused.ID },
		},
		"Unread":        either(func(f *inbox.ConversationFilter, b *bool) { f.Unread = b }),
		"UnreadByMe":    either(func(f *inbox.ConversationFilter, b *bool) { f.UnreadByMe = b }),
		"Window":        windows,
		"ClosingWithin": windows,
		"LastMessageBy": {
			"customer": func(f *inbox.ConversationFilter) { f.LastMessageBy = new(models.AuthorCustomer) },
			"team":     func(f *inbox.ConversationFilter) { f.LastMessageBy = new(models.AuthorTeam) },
		},
		"Origin": {
			"customer": func(f *inbox.ConversationFilter) { f.Origin = new(models.OriginCustomer) },
			"business": func(f *inbox.ConversationFilter) { f.Origin = new(models.OriginBusiness) },
		},
		"Snoozed": either(func(f *inbox.ConversationFilter, b *bool) { f.Snoozed = b }),
		"Waiting": either(func(f *inbox.ConversationFilter, b *bool) { f.Waiting = b }),
		"After":   {"set": func(f *inbox.ConversationFilter) { f.After = new(noon.Add(-48 * time.Hour)) }},
		"Before":  {"set": func(f *inbox.ConversationFilter) { f.Before = new(noon.Add(-time.Hour)) }},
	}
}

var everySort = []inbox.ConversationSort{inbox.SortLastMessage, inbox.SortWaiting, inbox.SortWindowEnd}

// TestConversations_cost holds, for every field of the filter in every order, alone
// and with every other field (on SQLite with some of them), that the databases walk an
// index in the list's order and look at a bounded number of rows.
func TestConversations_cost(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Parallel()
		l := newLibrary(t, db)
		service := newReceiver(t, db)
		plans := watchPlans(t, db)
		wishes := l.wishes()
		var fields []string
		for field := range reflect.TypeFor[inbox.ConversationFilter]().Fields() {
			require.NotEmpty(t, wishes[field.Name], "say what the lists by %s cost", field.Name)
			fields = append(fields, field.Name)
		}
		several := l.Viewer(l.Replier)
		several.Levels = map[models.ID]models.MessagingLevel{}
		for _, channel := range l.channels[:3] {
			several.Levels[channel.ID] = models.LevelView
		}
		viewers := []models.Viewer{l.Viewer(l.Administrator), several, l.Viewer(l.Looker)}

		// read asks for a page from the start and one from the middle.
		read := func(t *testing.T, number int, list inbox.ConversationList) {
			for middle := range 2 {
				list.Page.First, list.Page.Last = new(20), nil
				if number/4%2 == 1 {
					list.Page.First, list.Page.Last = nil, new(20)
				}
				plans.forget()
				page, err := service.Conversations(t.Context(), viewers[number%len(viewers)], list)
				require.NoError(t, err)
				plans.require(t)
				if list.Page.Last == nil {
					list.Page.After = page.EndCursor()
				} else {
					list.Page.Before = page.StartCursor()
				}
				if len(page.Rows) < 20 && middle == 0 {
					return
				}
			}
		}
		number, pairs := 0, 1
		if db.Dialect() == store.SQLite {
			pairs = 7 // one in so many: its code is slow under the race detector, and it plans by rules, not by statistics
		}
		for _, sort := range everySort {
			for i, field := range fields {
				t.Run(fmt.Sprintf("%s by %s", sort, field), func(t *testing.T) {
					for turn, name := range slices.Sorted(maps.Keys(wishes[field])) {
						for _, other := range fields[i:] { // beginning with itself alone
							if other != field && number%pairs != 0 {
								number++
								continue
							}
							with := name
							if other != field {
								names := slices.Sorted(maps.Keys(wishes[other]))
								with = names[turn%len(names)]
							}
							list := inbox.ConversationList{Sort: sort, OldestFirst: number/2%2 == 1}
							wishes[field][name](&list.ConversationFilter)
							wishes[other][with](&list.ConversationFilter)
							plans.about = fmt.Sprintf("%s %s, %s %s", field, name, other, with)
							read(t, number, list)
							number++
						}
					}
				})
			}
		}
		t.Run("of everything, on any channels", func(t *testing.T) {
			for range viewers {
				for range 8 {
					plans.about = "everything"
					read(t, number, inbox.ConversationList{OldestFirst: number/2%2 == 1})
					number++
				}
				number++
			}
		})
		t.Run("of messages", func(t *testing.T) {
			for _, request := range []inbox.PageRequest{{}, {First: new(20)}, {Last: new(20), Before: new(inbox.MessageCursor(l.messages[1500]))}} {
				plans.about = "messages"
				plans.forget()
				results, err := service.Messages(t.Context(), viewers[0], []inbox.MessageList{{ConversationID: l.busy.ID, Page: request}})
				require.NoError(t, err)
				require.Len(t, results[0].Page.Rows, 20)
				plans.require(t)
			}
		})
	})
}

// plans are how a database answers what it is asked.
type plans struct {
	db         *store.Store
	about      string
	statements []string // asked since forget
}

func watchPlans(t *testing.T, db *store.Store) *plans {
	t.Helper()
	p := &plans{db: db}
	require.NoError(t, db.Read(t.Context()).Callback().Query().After("gorm:query").Register("test:plans", func(tx *gorm.DB) {
		if !tx.DryRun {
			p.statements = append(p.statements, tx.Explain(tx.Statement.SQL.String(), tx.Statement.Vars...))
		}
	}))
	return p
}

func (p *plans) forget() { p.statements = nil }

// require holds that none of the statements asked for more than a page may cost.
func (p *plans) require(t *testing.T) {
	t.Helper()
	require.LessOrEqual(t, len(p.statements), inbox.ListStatements, p.about)
	for i, statement := range slices.Clone(p.statements) {
		if i > 1 && i < len(p.statements)-1 {
			continue // the steps of a walk are alike
		}
		if p.db.Dialect() == store.Postgres {
			p.requireOnPostgres(t, statement)
		} else {
			p.requireOnSQLite(t, statement)
		}
	}
}

// ofTagged reports whether a statement reads the conversations with a tag that few
// have, to sort them.
func ofTagged(statement string) bool {
	return strings.Contains(statement, fmt.Sprintf("LIMIT %d) AS conversations", inbox.ListTagged))
}

// step is a part of a plan of PostgreSQL.
type step struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"` // per loop
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Steps    []step  `json:"Plans"`
}

func (p *plans) requireOnPostgres(t *testing.T, statement string) {
	t.Helper()
	explain := func(db *gorm.DB, how string) (top step, text string) {
		require.NoError(t, db.Raw("EXPLAIN ("+how+"FORMAT json) "+statement).Scan(&text).Error)
		var explained []struct{ Plan step }
		require.NoError(t, json.Unmarshal([]byte(text), &explained))
		return explained[0].Plan, text
	}
	examined := 0.0
	top, text := explain(p.db.Read(t.Context()), "ANALYZE, TIMING off, ")
	top.walk(func(s step) {
		if s.Relation == "conversations" || s.Relation == "messages" {
			examined += (s.Rows + s.Filtered) * s.Loops
		}
	})
	most := inbox.ListStep + 8 // each walk is a row ahead
	if ofTagged(statement) {
		most = inbox.ListTagged
	}
	require.LessOrEqual(t, examined, float64(most), "%s\n%s\n%s", p.about, statement, text)
	if ofTagged(statement) {
		return
	}
	// Of tables as small as the test's, PostgreSQL sorts a few rows rather than to walk
	// an index. Held is that there is an index in the order of the list.
	require.NoError(t, p.db.Read(t.Context()).Transaction(func(tx *gorm.DB) error {
		for _, other := range []string{"sort", "seqscan", "bitmapscan"} {
			require.NoError(t, tx.Exec("SET LOCAL enable_"+other+" = off").Error)
		}
		top, text := explain(tx, "")
		top.walk(func(s step) {
			require.NotContains(t, []string{"Sort", "Incremental Sort", "Seq Scan", "Bitmap Heap Scan"}, s.Type, "%s\n%s\n%s", p.about, statement, text)
		})
		return nil
	}))
}

func (s step) walk(see func(step)) {
	see(s)
	for _, below := range s.Steps {
		below.walk(see)
	}
}

func (p *plans) requireOnSQLite(t *testing.T, statement string) {
	t.Helper()
	var steps []struct{ Detail string }
	require.NoError(t, p.db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+statement).Scan(&steps).Error)
	var whole []string
	made, read, sorted := 0, 0, 0
	for _, step := range steps {
		whole = append(whole, step.Detail)
		switch {
		case strings.HasPrefix(step.Detail, "CO-ROUTINE"), strings.HasPrefix(step.Detail, "MATERIALIZE"):
			made++
		case strings.HasPrefix(step.Detail, "SCAN"):
			read++
		case strings.Contains(step.Detail, "TEMP B-TREE"):
			sorted++
		}
	}
	plan := strings.Join(whole, "\n")
	require.LessOrEqual(t, read, made, "%s reads a table\n%s\n%s", p.about, statement, plan)
	if made == 0 {
		require.Zero(t, sorted, "%s\n%s\n%s", p.about, statement, plan)
	}
	require.LessOrEqual(t, sorted, 1, "%s: only what a walk found is sorted\n%s\n%s", p.about, statement, plan)
	require.Contains(t, plan, "SEARCH", p.about)
}
