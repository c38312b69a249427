package models_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func TestConversation_SeeMessage(t *testing.T) {
	first := inbound(noon, noon.Add(time.Second))
	second := inbound(noon.Add(time.Minute), noon.Add(time.Minute))
	answer := models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: noon.Add(2 * time.Minute)}
	system := inbound(noon.Add(3*time.Minute), noon.Add(3*time.Minute))
	system.Kind = "system"
	ahead := inbound(noon.Add(time.Hour), noon.Add(4*time.Minute)) // the sender's clock runs an hour ahead

	t.Run("any order gives the same summary", func(t *testing.T) {
		for order := range permutations([]models.Message{first, second, answer, system}) {
			var c models.Conversation
			for _, message := range order {
				c.SeeMessage(message)
			}
			require.Equal(t, 2, c.UnreadCount)
			require.Equal(t, system.ID, *c.LastMessageID)
			require.Equal(t, system.SentAt, c.LastMessageAt)
			require.Equal(t, second.SentAt, *c.LastCustomerMessageAt, "neither the answer nor the system message opens the window")
		}
	})

	t.Run("a clock that runs ahead does not lengthen the window", func(t *testing.T) {
		var c models.Conversation
		c.SeeMessage(ahead)
		require.Equal(t, ahead.CreatedAt, *c.LastCustomerMessageAt)
		require.Equal(t, ahead.SentAt, c.LastMessageAt)
	})

	t.Run("of two in the same second the later id is last", func(t *testing.T) {
		one, two := inbound(noon, noon), inbound(noon, noon)
		for order := range permutations([]models.Message{one, two}) {
			var c models.Conversation
			c.SeeMessage(order[0])
			c.SeeMessage(order[1])
			require.Equal(t, two.ID, *c.LastMessageID)
		}
	})
}

// TestConversation_summary_by_times holds that what lists are filtered and sorted by
// depends on when messages were written, and not on when they turned up.
func TestConversation_summary_by_times(t *testing.T) {
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	customer := func(minute int) models.Message { return inbound(at(minute), at(minute)) }
	team := func(minute int) models.Message {
		return models.Message{ID: models.NewID(), Direction: models.Outbound, Kind: models.KindText, SentAt: at(minute), CreatedAt: at(minute)}
	}
	system := customer(-5)
	system.Kind = "system"
	for name, c := range map[string]struct {
		messages []models.Message
		waiting  int // minute; -1: does not wait
		by       models.Author
		origin   models.Origin
	}{
		"nobody answered":                    {[]models.Message{system, customer(3), customer(1), customer(2)}, 1, models.AuthorCustomer, models.OriginCustomer},
		"all is answered":                    {[]models.Message{customer(1), customer(2), team(3)}, -1, models.AuthorTeam, models.OriginCustomer},
		"answered in the same moment":        {[]models.Message{customer(1), team(1)}, -1, models.AuthorTeam, models.OriginCustomer},
		"wrote again":                        {[]models.Message{customer(1), team(2), customer(3), customer(4)}, 3, models.AuthorCustomer, models.OriginCustomer},
		"the business wrote first":           {[]models.Message{team(1), customer(2)}, 2, models.AuthorCustomer, models.OriginBusiness},
		"only the business wrote":            {[]models.Message{team(1), team(2)}, -1, models.AuthorTeam, models.OriginBusiness},
		"a message counts from when it came": {[]models.Message{team(1), inbound(at(60), at(2))}, 2, models.AuthorCustomer, models.OriginBusiness},
	} {
		t.Run(name, func(t *testing.T) {
			for order := range permutations(c.messages) {
				conversation := models.Conversation{Status: models.ConversationOpen}
				for _, message := range order {
					if !conversation.SeeMessage(message) { // what a caller looks up in the messages seen so far
						conversation.WaitingSince = unanswered(order[:slices.IndexFunc(order, func(m models.Message) bool { return m.ID == message.ID })+1])
					}
				}
				var waiting *time.Time
				if c.waiting >= 0 {
					waiting = new(at(c.waiting))
				}
				require.Equal(t, waiting, conversation.WaitingSince)
				require.Equal(t, waiting, conversation.Waiting())
				require.Equal(t, c.by, *conversation.LastMessageBy)
				require.Equal(t, c.origin, conversation.Origin)
				require.Equal(t, conversation.WindowExpiresAt(), conversation.WindowEndsAt)
			}
		})
	}
}

// unanswered is what the rule says, over all messages at once.
func unanswered(messages []models.Message) (since *time.Time) {
	var answered time.Time
	for _, message := range messages {
		if message.Direction == models.Outbound && message.SentAt.After(answered) {
			answered = message.SentAt
		}
	}
	for _, message := range messages {
		if message.FromCustomer() && message.HeardAt().After(answered) {
			since = models.Earlier(since, new(message.HeardAt()))
		}
	}
	return since
}

func TestConversation_closing_ends_the_waiting(t *testing.T) {
	c := models.Conversation{Status: models.ConversationOpen}
	c.SeeMessage(inbound(noon, noon))
	require.Equal(t, noon, *c.Waiting())
	c.Close(models.NewID(), noon.Add(time.Hour))
	require.Nil(t, c.Waiting())
	c.Reopen()
	require.Nil(t, c.Waiting(), "what was closed was dealt with")
	late := inbound(noon.Add(30*time.Minute), noon.Add(2*time.Hour))
	c.SeeMessage(late)
	require.Equal(t, late.SentAt, *c.Waiting())
}

func TestConversation_Successor(t *testing.T) {
	old := models.Conversation{ID: models.NewID(), Current: true, Status: models.ConversationOpen, CustomerWAID: "5511987654321", Muted: true, AssigneeID: new(models.NewID())}
	old.SeeMessage(inbound(noon, noon))
	old.Close(models.NewID(), noon.Add(time.Hour))
	next := old.Successor(models.NewID(), noon.Add(2*time.Hour))
	require.False(t, old.Current)
	require.Equal(t, models.ConversationClosed, old.Status)
	require.True(t, next.Current)
	require.Equal(t, models.ConversationOpen, next.Status)
	require.Equal(t, "5511987654321", next.CustomerWAID)
	require.True(t, next.WindowOpen(noon.Add(23*time.Hour)), "the window is that of the two numbers")
	require.Nil(t, next.LastMessageID)
	require.Equal(t, old.AssigneeID, next.AssigneeID)
	require.Zero(t, next.UnreadCount)
	require.Nil(t, next.WaitingSince)
}

func TestConversation_SeeCustomer(t *testing.T) {
	type sight struct {
		waID, user string
		at         time.Time
	}
	sights := []sight{
		{"556198765432", "", noon},
		{"5561998765432", "BR.1", noon.Add(time.Minute)},
		{"", "BR.2", noon.Add(2 * time.Minute)}, // hides the number: what is known stays
		{"5561990000000", "", noon.Add(time.Second)},
		{"556190000000", "BR.0", noon.Add(time.Minute)}, // same moment: the greater wins
	}
	for order := range permutations(sights) {
		var c models.Conversation
		for _, s := range order {
			c.SeeCustomer(s.waID, s.user, s.at)
		}
		require.Equal(t, "5561998765432", c.CustomerWAID)
		require.Equal(t, noon.Add(time.Minute), *c.CustomerWAIDSeenAt)
		require.Equal(t, "BR.2", c.CustomerUserID)
		require.Equal(t, noon.Add(2*time.Minute), *c.CustomerUserIDSeenAt)
	}
}

func TestContact_SeeName(t *testing.T) {
	type sight struct {
		name string
		at   time.Time
	}
	sights := []sight{{"João", noon}, {"", noon.Add(time.Hour)}, {"Ana", noon.Add(time.Minute)}, {"João da Padaria", noon.Add(time.Minute)}}
	for order := range permutations(sights) {
		var c models.Contact
		for _, s := range order {
			before := c
			require.Equal(t, c.SeeName(s.name, s.at), c != before, "it reports whether it changed")
		}
		require.Equal(t, "João da Padaria", c.Name)
		require.Equal(t, noon.Add(time.Minute), *c.NameSeenAt)
	}
}

func TestConversation_changes_are_reported_once(t *testing.T) {
	user, other := models.NewID(), models.NewID()
	c := models.Conversation{Status: models.ConversationOpen, Version: 1}
	require.True(t, c.Close(user, noon))
	require.Equal(t, models.ConversationClosed, c.Status)
	require.Equal(t, user, *c.ClosedByID)
	require.Equal(t, noon, *c.ClosedAt)
	require.False(t, c.Close(other, noon.Add(time.Hour)))
	require.Equal(t, user, *c.ClosedByID, "who closed it first closed it")
	require.True(t, c.Reopen())
	require.Nil(t, c.ClosedAt)
	require.Nil(t, c.ClosedByID)
	require.False(t, c.Reopen())
	require.EqualValues(t, 3, c.Version)

	require.False(t, c.Assign(nil))
	require.True(t, c.Assign(&user))
	require.False(t, c.Assign(new(user)), "the same person under another pointer")
	require.True(t, c.Assign(&other))
	require.True(t, c.Assign(nil))
	require.EqualValues(t, 6, c.Version)
}

func TestConversation_Absorb(t *testing.T) {
	ana := models.NewID()
	mine := []models.Message{inbound(noon, noon), inbound(noon.Add(2*time.Minute), noon.Add(2*time.Minute))}
	theirs := []models.Message{inbound(noon.Add(time.Minute), noon.Add(time.Minute)), inbound(noon.Add(time.Hour), noon.Add(time.Hour))}
	all := models.Conversation{Status: models.ConversationOpen}
	into := models.Conversation{Status: models.ConversationClosed, CreatedAt: noon.Add(time.Second), Version: 4}
	from := models.Conversation{Status: models.ConversationOpen, CreatedAt: noon, AssigneeID: &ana}
	for _, message := range mine {
		all.SeeMessage(message)
		into.SeeMessage(message)
		into.SeeCustomer("556198765432", "", message.SentAt)
		all.SeeCustomer("556198765432", "", message.SentAt)
	}
	for _, message := range theirs {
		all.SeeMessage(message)
		from.SeeMessage(message)
		from.SeeCustomer("", "BR.1", message.SentAt)
		all.SeeCustomer("", "BR.1", message.SentAt)
	}
	into.Absorb(from)
	require.Greater(t, into.Version, int64(4))
	all.CreatedAt, all.AssigneeID, all.Version = noon, &ana, into.Version
	require.Equal(t, all, into, "as if all messages had been in one conversation from the start")
}

func inbound(sentAt, storedAt time.Time) models.Message {
	return models.Message{ID: models.NewID(), Direction: models.Inbound, Kind: models.KindText, SentAt: sentAt, CreatedAt: storedAt}
}

// permutations yields every order of the items.
func permutations[T any](items []T) func(yield func([]T) bool) {
	return func(yield func([]T) bool) {
		var place func(done, left []T) bool
		place = func(done, left []T) bool {
			if len(left) == 0 {
				return yield(done)
			}
			for i := range left {
				rest := slices.Delete(slices.Clone(left), i, i+1)
				if !place(append(slices.Clone(done), left[i]), rest) {
					return false
				}
			}
			return true
		}
		place(nil, items)
	}
}
