package inbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

const (
	joao = "5511987650001"
	hour = time.Hour
)

// What becomes of a delivery, and what of it is taken in.
func TestReceive_outcomes(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		for _, test := range []struct {
			name     string
			body     func(channel models.Channel) []byte
			outcome  models.DeliveryOutcome
			reason   string // is part of it
			messages []string
		}{
			{
				"a text message",
				func(c models.Channel) []byte { return payload(text(c, joao, "João", "wamid.1", "Oi", noon)) },
				models.DeliveryProcessed, "",
				[]string{"text Oi"},
			},
			{
				"a status of an unknown message",
				func(c models.Channel) []byte { return payload(status(c, "wamid.9", "sent", "", noon)) },
				models.DeliveryProcessed, "", nil,
			},
			{
				"an unknown number",
				func(models.Channel) []byte {
					return payload(text(models.Channel{PhoneNumberID: "42"}, joao, "João", "wamid.1", "Oi", noon))
				},
				models.DeliveryIgnored, "unknown phone number id 42", nil,
			},
			{
				"the test button of the dashboard",
				func(models.Channel) []byte {
					return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":"messages","value":{
						"messaging_product":"whatsapp","metadata":{"display_phone_number":"16505551111","phone_number_id":"123456123"},
						"contacts":[{"profile":{"name":"test user name"},"wa_id":"16315551181"}],
						"messages":[{"from":"16315551181","id":"ABGGFlA5Fpa","timestamp":"1504902988","type":"text","text":{"body":"this is a text message"}}]}}]}]}`)
				},
				models.DeliveryIgnored, "unknown phone number id 123456123", nil,
			},
			{
				"another field",
				func(models.Channel) []byte {
					return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"partner_solutions","value":{"a":1}}]}]}`)
				},
				models.DeliveryIgnored, "field partner_solutions", nil,
			},
			{
				"another product of Meta",
				func(models.Channel) []byte { return []byte(`{"object":"page","entry":[{"id":"1","changes":[]}]}`) },
				models.DeliveryIgnored, "object page", nil,
			},
			{
				"nothing at all",
				func(models.Channel) []byte { return []byte(`{"object":"whatsapp_business_account","entry":[]}`) },
				models.DeliveryIgnored, "", nil,
			},
			{
				"an error of the number",
				func(c models.Channel) []byte {
					return with(payload(text(c, joao, "João", "wamid.1", "Oi", noon)), `"messages":[`, `"errors":[{"code":130429,"message":"Rate limit hit"}],"messages":[`)
				},
				models.DeliveryProcessed, "error 130429 of the number: Rate limit hit",
				[]string{"text Oi"},
			},
			{"no JSON", func(models.Channel) []byte { return []byte("<html>") }, models.DeliveryFailed, "decoding webhook", nil},
			{"an empty body", func(models.Channel) []byte { return nil }, models.DeliveryFailed, "decoding webhook", nil},
			{"a list", func(models.Channel) []byte { return []byte("[]") }, models.DeliveryFailed, "not a JSON object", nil},
			{
				"a malformed neighbour",
				func(c models.Channel) []byte {
					broken := text(c, joao, "João", "wamid.1", "broken", noon)
					broken.message["timestamp"] = "yesterday"
					return payload(broken, text(c, joao, "João", "wamid.2", "fine", noon))
				},
				models.DeliveryFailed, "entry[0].changes[0].value.messages[0]",
				[]string{"text fine"},
			},
			{
				"a message without a sender",
				func(c models.Channel) []byte {
					nobody := text(c, joao, "João", "wamid.1", "Oi", noon)
					nobody.contact = nil
					delete(nobody.message, "from")
					return payload(nobody, text(c, joao, "João", "wamid.2", "fine", noon))
				},
				models.DeliveryFailed, "message wamid.1 names no sender",
				[]string{"text fine"},
			},
			{
				"a message whose sender only the contact names",
				func(c models.Channel) []byte {
					shy := text(c, joao, "João", "wamid.1", "Oi", noon)
					delete(shy.message, "from")
					return payload(shy)
				},
				models.DeliveryProcessed, "",
				[]string{"text Oi"},
			},
			{
				"a message in a group",
				func(c models.Channel) []byte {
					group := text(c, joao, "João", "wamid.1", "Oi", noon)
					group.message["group_id"] = "120363"
					return payload(group)
				},
				models.DeliveryIgnored, "message in group 120363", nil,
			},
			{
				"a status of the future",
				func(c models.Channel) []byte { return payload(status(c, "wamid.9", "teleported", "", noon)) },
				models.DeliveryIgnored, "status teleported", nil,
			},
			{
				"NUL characters",
				func(c models.Channel) []byte { return payload(text(c, joao, "Jo\x00ão", "wamid.1", "O\x00i", noon)) },
				models.DeliveryProcessed, "",
				[]string{"text O\uFFFDi"},
			},
			{
				"NUL characters in what is refused",
				func(models.Channel) []byte { return []byte(`{"object":"pa\u0000ge"}`) },
				models.DeliveryIgnored, "object pa", nil,
			},
		} {
			t.Run(test.name, func(t *testing.T) {
				s := newShop(t, db, service)
				id := s.deliver(test.body(s.channels[0]))
				delivery, err := service.Delivery(t.Context(), id)
				require.NoError(t, err)
				require.Equal(t, test.outcome, delivery.Outcome, delivery.Reason)
				require.Contains(t, delivery.Reason, test.reason)
				require.Equal(t, 1, delivery.Attempts)
				require.Equal(t, string(test.body(s.channels[0])), string(delivery.Body), "kept as it came")
				var messages []string
				for _, message := range rows[models.Message](s, "id") {
					messages = append(messages, message.Kind+" "+message.Body)
				}
				require.Equal(t, test.messages, messages)
			})
		}
	})
}

func TestReceive_message(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)

		t.Run("makes the contact, the conversation and the message", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon.Add(-time.Minute))))
			c := s.only()
			require.Equal(t, models.ConversationOpen, c.Status)
			require.Equal(t, s.agents[0].ID, *c.AssigneeID)
			require.Equal(t, 1, c.UnreadCount)
			require.Equal(t, noon.Add(-time.Minute), c.LastMessageAt.UTC())
			require.Equal(t, noon.Add(-time.Minute), c.LastCustomerMessageAt.UTC())
			require.Equal(t, joao, c.CustomerWAID)
			m := rows[models.Message](s, "id")[0]
			require.Equal(t, models.Inbound, m.Direction)
			require.Equal(t, models.StatusReceived, m.Status)
			require.Equal(t, "wamid.1", *m.WAMID)
			require.Equal(t, m.ID, *c.LastMessageID)
			require.Equal(t, noon.Add(-time.Minute), m.SentAt.UTC())
			require.Empty(t, m.Raw)
		})

		t.Run("of an unknown kind is kept raw and counts", func(t *testing.T) {
			s := newShop(t, db, service)
			hologram := text(s.channels[0], joao, "João", "wamid.1", "", noon)
			hologram.message["type"] = "hologram"
			hologram.message["hologram"] = map[string]any{"id": "123"}
			delete(hologram.message, "text")
			s.receive(payload(hologram))
			require.Equal(t, 1, s.only().UnreadCount)
			require.NotNil(t, s.only().LastCustomerMessageAt)
			m := rows[models.Message](s, "id")[0]
			require.Equal(t, "hologram", m.Kind)
			require.Contains(t, string(m.Raw), `"hologram":{"id":"123"}`)
		})

		t.Run("of the system opens no window and leaves nothing unread", func(t *testing.T) {
			s := newShop(t, db, service)
			system := text(s.channels[0], joao, "João", "wamid.1", "", noon)
			system.message["type"] = "system"
			s.receive(payload(system))
			require.Zero(t, s.only().UnreadCount)
			require.Nil(t, s.only().LastCustomerMessageAt)
		})

		t.Run("delivered again changes nothing", func(t *testing.T) {
			s := newShop(t, db, service)
			body := payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon))
			s.receive(body, body)
			before := s.state()
			events := len(rows[models.Event](s, "position"))
			s.receive(body)
			require.Equal(t, before, s.state())
			require.Len(t, rows[models.Message](s, "id"), 1)
			require.Len(t, rows[models.Event](s, "position"), events, "and tells nobody")
		})

		t.Run("with one id on two channels is two messages", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(
				text(s.channels[0], joao, "João", "wamid.1", "Oi", noon), text(s.channels[1], joao, "João", "wamid.1", "Oi", noon)))
			require.Len(t, rows[models.Conversation](s, "id"), 2)
			require.Len(t, rows[models.Contact](s, "id"), 1)
		})

		t.Run("keeps what it answers, known or not", func(t *testing.T) {
			s := newShop(t, db, service)
			answer := text(s.channels[0], joao, "João", "wamid.2", "Sim", noon)
			answer.message["context"] = map[string]any{"id": "wamid.unknown"}
			s.receive(payload(answer))
			require.Equal(t, "wamid.unknown", *rows[models.Message](s, "id")[0].ReplyToWAMID)
		})

		t.Run("that is late moves neither the end nor the window", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.2", "second", noon)))
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.1", "first", noon.Add(-hour))))
			c := s.only()
			require.Equal(t, 2, c.UnreadCount)
			require.Equal(t, noon, c.LastMessageAt.UTC())
			require.Equal(t, noon, c.LastCustomerMessageAt.UTC())
		})

		t.Run("from a clock that runs ahead does not lengthen the window", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon.Add(hour))))
			require.Equal(t, noon, s.only().LastCustomerMessageAt.UTC(), "when we received it")
		})

		t.Run("opens a closed conversation for whoever had it", func(t *testing.T) {
			s := newShop(t, db, service)
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon.Add(-hour))))
			before := s.only()
			admin := models.Viewer{OrganizationID: s.organization, UserID: s.agents[0].ID, Administrator: true}
			_, err := service.CloseConversation(t.Context(), admin, inbox.Close{ConversationID: before.ID})
			require.NoError(t, err)
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.1", "Oi", noon.Add(-hour))))
			require.Equal(t, models.ConversationClosed, s.only().Status, "a repeated delivery is no new message")
			s.receive(payload(text(s.channels[0], joao, "João", "wamid.2", "Oi?", noon)))
			after := s.only()
			require.Equal(t, models.ConversationOpen, after.Status)
			require.Nil(t, after.ClosedAt)
			require.Nil(t, after.ClosedByID)
			require.Equal(t, before.AssigneeID, after.AssigneeID)
			require.Greater(t, after.Version, before.Version+1)
		})
	})
}

func TestReceive_hands_new_conversations_out_in_turn(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		s := newShop(t, db, service)
		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Model(&models.User{}).Where("id = ?", s.agents[1].ID).Update("active", false).Error
		}))
		var bodies [][]byte
		for i := range 30 {
			bodies = append(bodies, payload(text(s.channels[0], fmt.Sprintf("55119876%05d", i), "Cliente", fmt.Sprint("wamid.", i), "Oi", noon)))
		}
		s.receive(bodies[:10]...) // together
		for _, body := range bodies[10:] {
			s.receive(body) // one by one
		}
		s.receive(bodies...) // again: nobody gets anything twice
		served := make(map[models.ID]int)
		for _, conversation := range rows[models.Conversation](s, "id") {
			served[*conversation.AssigneeID]++
		}
		require.Equal(t, map[models.ID]int{s.agents[0].ID: 15, s.agents[2].ID: 15}, served, "the one who is switched off gets none")

		require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
			return tx.Model(&models.User{}).Where("organization_id = ?", s.organization).Update("active", false).Error
		}))
		s.receive(payload(text(s.channels[0], "5511999990000", "Cliente", "wamid.last", "Oi", noon)))
		require.Nil(t, rows[models.Conversation](s, "created_at DESC, id DESC")[0].AssigneeID, "nobody is there")
	})
}

// A fault that only one delivery meets does not take its neighbours along.
func TestReceive_keeps_a_delivery_that_meets_a_fault(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		s := newShop(t, db, service)
		remove := poison(t, db)
		var bodies [][]byte
		for i, body := range []string{"one", "poison", "three"} {
			bodies = append(bodies, payload(text(s.channels[0], joao, "João", fmt.Sprint("wamid.", i), body, noon.Add(time.Duration(i)*time.Second))))
		}
		s.receive(bodies...)
		require.Equal(t, 2, s.only().UnreadCount)
		failed, err := service.Deliveries(t.Context(), models.DeliveryFailed, 10)
		require.NoError(t, err)
		require.Len(t, failed, 1)
		require.Equal(t, string(bodies[1]), string(failed[0].Body))
		require.Contains(t, failed[0].Reason, "fault: ")
		require.Nil(t, failed[0].AppliedAt)

		_, err = service.Replay(t.Context(), failed[0].ID)
		require.Error(t, err, "the fault is still there")
		processed, stillFailed, err := service.ReplayFailed(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, []int{processed, stillFailed})

		remove()
		replayed, err := service.Replay(t.Context(), failed[0].ID)
		require.NoError(t, err)
		require.Equal(t, models.DeliveryProcessed, replayed.Outcome)
		require.Empty(t, replayed.Reason)
		require.Equal(t, 2, replayed.Attempts)
		require.Equal(t, 3, s.only().UnreadCount)
		require.Equal(t, noon.Add(2*time.Second), s.only().LastMessageAt.UTC(), "as if it had come in time")
	})
}

// deliver has one delivery accepted and returns its id.
func (s *shop) deliver(body []byte) models.ID {
	s.t.Helper()
	require.NoError(s.t, s.inbox.Accept(s.t.Context(), inbox.RawDelivery{Body: body, ReceivedAt: noon}))
	deliveries, err := s.inbox.Deliveries(s.t.Context(), "", 1000)
	require.NoError(s.t, err)
	newest := deliveries[0]
	for _, delivery := range deliveries {
		if strings.Compare(delivery.ID.String(), newest.ID.String()) > 0 {
			newest = delivery
		}
	}
	return newest.ID
}

// only is the shop's one conversation.
func (s *shop) only() models.Conversation {
	s.t.Helper()
	conversations := rows[models.Conversation](s, "id")
	require.Len(s.t, conversations, 1)
	return conversations[0]
}

// poison has the database refuse messages that say so, until the returned function
// is called.
func poison(t *testing.T, db *store.Store) (remove func()) {
	t.Helper()
	add, drop := `ALTER TABLE messages ADD CONSTRAINT antidote CHECK (body <> 'poison')`, `ALTER TABLE messages DROP CONSTRAINT antidote`
	if db.Dialect() == store.SQLite {
		add = `CREATE TRIGGER antidote BEFORE INSERT ON messages WHEN NEW.body = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`
		drop = `DROP TRIGGER antidote`
	}
	_, err := db.WriterDB().ExecContext(t.Context(), add)
	require.NoError(t, err)
	return func() {
		_, err := db.WriterDB().ExecContext(t.Context(), drop)
		require.NoError(t, err)
	}
}

// with replaces a part of a payload.
func with(body []byte, old, replacement string) []byte {
	return []byte(strings.Replace(string(body), old, replacement, 1))
}
