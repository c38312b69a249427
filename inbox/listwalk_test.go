package inbox_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

// shelf is a world with few conversations of every kind, and what is true of them.
type shelf struct {
	*testkit.World
	channels []models.Channel
	users    []models.User
	tags     []models.ID // of two in three, of few, of none
	rows     []models.Conversation
	tagged   map[models.ID]map[models.ID]bool // tags by conversation
	readers  map[models.ID]map[models.ID]int  // read counts by user and conversation
}

const shelved = 120

func newShelf(t *testing.T, db *store.Store) *shelf {
	w := testkit.NewWorld(t, db)
	s := &shelf{
		World: w, channels: []models.Channel{w.Open, w.Closed}, users: []models.User{w.Administrator, w.Replier, w.Looker},
		tagged: make(map[models.ID]map[models.ID]bool), readers: make(map[models.ID]map[models.ID]int),
	}
	for len(s.channels) < 6 {
		s.channels = append(s.channels, w.Channel(fmt.Sprint("Loja ", len(s.channels))))
	}
	for _, name := range []string{"most", "few", "none"} {
		tag := models.Tag{OrganizationID: w.Organization.ID, ID: models.NewID(), Name: name, NameKey: name, Color: models.TagGray, Version: 1, CreatedByID: w.Administrator.ID}
		w.Save(&tag)
		s.tags = append(s.tags, tag.ID)
	}
	for i := range shelved {
		at := noon.Add(-time.Duration(i/3) * time.Hour) // three in each moment
		s.rows = append(s.rows, w.Conversations(s.channels[i*i%7%len(s.channels)], []time.Time{at})...)
		s.fill(i, at)
	}
	return s
}

// fill makes the conversation of a number special.
func (s *shelf) fill(i int, at time.Time) {
	c := &s.rows[i]
	if i%4 != 0 {
		c.AssigneeID = &s.users[i%len(s.users)].ID
	}
	c.UnreadCount, c.InboundCount, c.LastMessageBy = i%3, i%5, new(models.AuthorCustomer)
	if i%5 == 1 {
		c.LastMessageBy = new(models.AuthorTeam)
	} else {
		c.WaitingSince = new(at.Add(-time.Duration(i%7) * time.Minute))
	}
	if i%6 == 2 {
		c.Origin = models.OriginBusiness
	}
	c.LastCustomerMessageAt, c.WindowEndsAt = nil, nil
	if i%8 != 3 {
		c.LastCustomerMessageAt = &at
		c.WindowEndsAt = c.WindowExpiresAt()
	}
	switch {
	case i%5 == 3:
		c.Close(s.Administrator.ID, noon)
	case i%9 == 4:
		c.SnoozedUntil = new(noon.Add(time.Duration(i%2*2-1) * time.Hour)) // some should have come back
	}
	s.Save(c)
	for j, oneIn := range []int{3, 40} {
		if i%oneIn == 1 != (j == 0) {
			s.Save(&models.ConversationTag{OrganizationID: c.OrganizationID, ConversationID: c.ID, TagID: s.tags[j], CreatedAt: noon})
			if s.tagged[c.ID] == nil {
				s.tagged[c.ID] = make(map[models.ID]bool)
			}
			s.tagged[c.ID][s.tags[j]] = true
		}
	}
	for j, user := range s.users[1:] {
		if i%(j+2) == 0 {
			s.Save(&models.ConversationRead{OrganizationID: c.OrganizationID, UserID: user.ID, ConversationID: c.ID, ReadCount: 3, ReadAt: noon})
			if s.readers[user.ID] == nil {
				s.readers[user.ID] = make(map[models.ID]int)
			}
			s.readers[user.ID][c.ID] = 3
		}
	}
}

// fits says, apart from any database, whether a conversation belongs to a list.
func (s *shelf) fits(c models.Conversation, viewer models.Viewer, list inbox.ConversationList) bool {
	f := list.ConversationFilter
	is := func(wanted *bool, fact bool) bool { return wanted == nil || *wanted == fact }
	waits, snoozed := c.Waiting() != nil, c.Snoozed(noon)
	open := c.WindowOpen(noon)
	inWindow := f.Window == nil
	if !inWindow {
		switch *f.Window {
		case inbox.WindowIsOpen:
			inWindow = open
		case inbox.WindowIsClosing:
			inWindow = open && !c.WindowEndsAt.After(noon.Add(f.ClosingWithin))
		case inbox.WindowIsClosed:
			inWindow = !open
		}
	}
	return viewer.Can(c.ChannelID, models.LevelView) &&
		(f.ChannelIDs == nil || slices.Contains(f.ChannelIDs, c.ChannelID)) &&
		(f.AssigneeIDs == nil || c.AssigneeID != nil && slices.Contains(f.AssigneeIDs, *c.AssigneeID)) &&
		(f.View != inbox.ViewMine || models.IsID(c.AssigneeID, viewer.UserID)) && (f.View != inbox.ViewUnassigned || c.AssigneeID == nil) &&
		(f.Status == nil || *f.Status == c.Status) && (f.TagID == nil || s.tagged[c.ID][*f.TagID]) &&
		(f.LastMessageBy == nil || *f.LastMessageBy == *c.LastMessageBy) && (f.Origin == nil || *f.Origin == c.Origin) &&
		(f.After == nil || !c.LastMessageAt.Before(*f.After)) && (f.Before == nil || c.LastMessageAt.Before(*f.Before)) &&
		is(f.Unread, c.UnreadCount > 0) && is(f.UnreadByMe, c.InboundCount > s.readers[viewer.UserID][c.ID]) &&
		is(f.Snoozed, snoozed) && is(f.Waiting, waits) && inWindow &&
		(list.Sort != inbox.SortWaiting || waits) &&
		(list.Sort != inbox.SortWindowEnd || c.Status == models.ConversationOpen && c.WindowEndsAt != nil)
}

// draw is a filter of some conditions.
func (s *shelf) draw(t *rapid.T) inbox.ConversationFilter {
	var f inbox.ConversationFilter
	maybe := func(name string, set func()) {
		if rapid.IntRange(0, 3).Draw(t, name) == 0 {
			set()
		}
	}
	boolean := func(name string) *bool { return new(rapid.Bool().Draw(t, name)) }
	maybe("view", func() {
		f.View = rapid.SampledFrom([]inbox.View{inbox.ViewAll, inbox.ViewMine, inbox.ViewUnassigned}).Draw(t, "v")
	})
	maybe("status", func() {
		f.Status = new(rapid.SampledFrom([]models.ConversationStatus{models.ConversationOpen, models.ConversationClosed}).Draw(t, "s"))
	})
	maybe("channels", func() {
		f.ChannelIDs = []models.ID{}
		for range rapid.IntRange(0, len(s.channels)).Draw(t, "c") {
			f.ChannelIDs = append(f.ChannelIDs, rapid.SampledFrom(s.channels).Draw(t, "channel").ID)
		}
	})
	maybe("assignees", func() {
		f.AssigneeIDs = []models.ID{}
		for range rapid.IntRange(0, 5).Draw(t, "a") {
			f.AssigneeIDs = append(f.AssigneeIDs, rapid.SampledFrom(append(s.users, models.User{ID: s.tags[0]})).Draw(t, "user").ID)
		}
	})
	maybe("tag", func() { f.TagID = new(rapid.SampledFrom(s.tags).Draw(t, "t")) })
	maybe("unread", func() { f.Unread = boolean("u") })
	maybe("unread by me", func() { f.UnreadByMe = boolean("m") })
	maybe("window", func() {
		f.Window = new(rapid.SampledFrom([]inbox.WindowState{inbox.WindowIsOpen, inbox.WindowIsClosing, inbox.WindowIsClosed}).Draw(t, "w"))
		f.ClosingWithin = 4 * time.Hour
	})
	maybe("by", func() {
		f.LastMessageBy = new(rapid.SampledFrom([]models.Author{models.AuthorCustomer, models.AuthorTeam}).Draw(t, "b"))
	})
	maybe("origin", func() {
		f.Origin = new(rapid.SampledFrom([]models.Origin{models.OriginCustomer, models.OriginBusiness}).Draw(t, "o"))
	})
	maybe("snoozed", func() { f.Snoozed = boolean("z") })
	maybe("waiting", func() { f.Waiting = boolean("q") })
	hour := rapid.IntRange(0, shelved/3)
	maybe("after", func() { f.After = new(noon.Add(-time.Duration(hour.Draw(t, "h")) * time.Hour)) })
	maybe("before", func() { f.Before = new(noon.Add(-time.Duration(hour.Draw(t, "h")) * time.Hour)) })
	return f
}

// TestConversations_short_pages holds that pages join to exactly the conversations
// that fulfil the filter, in order, whatever is asked for, also when a page ends
// because too many were looked at.
func TestConversations_short_pages(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShelf(t, db)
		service := newReceiver(t, db)
		const walked, step, tagged = 12, 4, 8
		service.BoundLists(walked, step, tagged)
		several := s.Viewer(s.Replier)
		several.Levels = make(map[models.ID]models.MessagingLevel)
		for _, channel := range s.channels[1:] {
			several.Levels[channel.ID] = models.LevelView
		}
		short := 0
		rapid.Check(t, func(t *rapid.T) {
			list := inbox.ConversationList{
				ConversationFilter: s.draw(t), OldestFirst: rapid.Bool().Draw(t, "oldest first"),
				Sort: rapid.SampledFrom([]inbox.ConversationSort{"", inbox.SortLastMessage, inbox.SortWaiting, inbox.SortWindowEnd}).Draw(t, "sort"),
			}
			viewer := rapid.SampledFrom([]models.Viewer{s.Viewer(s.Administrator), several, s.Viewer(s.Looker)}).Draw(t, "viewer")
			var want []models.Conversation
			for _, row := range s.rows {
				if s.fits(row, viewer, list) {
					want = append(want, row)
				}
			}
			at := func(c models.Conversation) time.Time {
				switch list.Sort {
				case inbox.SortWaiting:
					return *c.WaitingSince
				case inbox.SortWindowEnd:
					return *c.WindowEndsAt
				default:
					return c.LastMessageAt
				}
			}
			slices.SortFunc(want, func(a, b models.Conversation) int {
				order := cmp.Or(at(a).Compare(at(b)), bytes.Compare(a.ID[:], b.ID[:]))
				if list.OldestFirst {
					return order
				}
				return -order
			})

			backward := rapid.Bool().Draw(t, "backward")
			var got []models.Conversation
			for pages := 0; ; pages++ {
				require.LessOrEqual(t, pages, shelved, "goes on for ever")
				size := rapid.IntRange(1, 9).Draw(t, "size")
				if backward {
					list.Page.Last = &size
				} else {
					list.Page.First = &size
				}
				page, err := service.Conversations(s.Context(), viewer, list)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page.Rows), size)
				more := page.HasNext
				if backward {
					more = page.HasPrevious
					got = slices.Concat(page.Rows, got)
					list.Page.Before = page.StartCursor()
				} else {
					got = append(got, page.Rows...)
					list.Page.After = page.EndCursor()
				}
				if !more {
					break
				}
				if len(page.Rows) < size {
					short++
				}
			}
			require.Equal(t, idsOf(want), idsOf(got))
		})
		require.Positive(t, short, "no page was short")
	})
}

func idsOf(conversations []models.Conversation) []models.ID {
	ids := make([]models.ID, len(conversations))
	for i, c := range conversations {
		ids[i] = c.ID
	}
	return ids
}
