package inbox_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp/simulator"
)

// changeOfNumber is the message that tells of a change (§3.4). It has no contacts.
func changeOfNumber(channel models.Channel, a act) item {
	system := map[string]any{"body": "User Nina changed", "type": "user_changed_number", "wa_id": a.newWA}
	message := map[string]any{
		"id": a.wamid, "timestamp": strconv.FormatInt(a.at.Unix(), 10), "type": "system", "system": system,
	}
	if a.wa != "" {
		message["from"] = a.wa
	}
	if a.newUser != "" {
		message["system"] = map[string]any{"type": "user_changed_user_id", "user_id": a.newUser, "previous_user_id": a.user}
	}
	return item{channel: channel, message: message}
}

// drawMove has somebody write, change their number up to twice, and write in between.
func drawMove(r *rapid.T, next func() time.Time) []act {
	var acts []act
	write := func(wa, user string) {
		for range rapid.IntRange(0, 2).Draw(r, "of the mover") {
			acts = append(acts, act{
				what: "message", channel: rapid.IntRange(0, 1).Draw(r, "channel"), at: next(),
				wamid: fmt.Sprint("wamid.move", len(acts)), wa: wa, user: user, name: "Nina", body: fmt.Sprint("mudança ", len(acts)),
			})
		}
	}
	numbers := []string{"5511911110001", "5511922220002", "5511933330003"}
	change := func(from, to string) {
		at := next()
		for channel := range 2 { // each number is told
			acts = append(acts, act{what: "change", channel: channel, at: at, wamid: fmt.Sprint("wamid.move", len(acts)), wa: from, newWA: to})
		}
	}
	write(numbers[0], "")
	for i := range rapid.IntRange(0, 2).Draw(r, "moves") {
		change(numbers[i], numbers[i+1])
		write(numbers[i+1], "")
	}
	return acts
}

func TestReceive_change_of_number(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := newReceiver(t, db)
		const before, after, more = "447700900456", "447700900789", "447700900111"
		at := func(minute int) time.Time { return noon.Add(time.Duration(minute-60) * time.Minute) }
		writes := func(s *shop, minute int, wa string) item {
			return text(s.channels[0], wa, "Iris", fmt.Sprint("wamid.", wa, minute), fmt.Sprint("at ", minute), at(minute))
		}
		moves := func(s *shop, minute int, from, to string) item {
			return changeOfNumber(s.channels[0], act{wamid: fmt.Sprint("wamid.change", from, minute), wa: from, newWA: to, at: at(minute)})
		}
		identities := func(s *shop) (values []string) {
			for _, identity := range rows[models.ContactIdentity](s, "value, channel_id") {
				values = append(values, identity.Value)
			}
			return values
		}

		t.Run("in any order and twice, the contact keeps its history and goes by the new number", func(t *testing.T) {
			for order := range permutationsOf(4) {
				s := newShop(t, db, service)
				acts := []item{writes(s, 1, before), moves(s, 2, before, after), writes(s, 3, after), moves(s, 2, before, after)}
				for _, i := range order {
					s.receive(payload(acts[i]))
				}
				require.Len(t, rows[models.Contact](s, "id"), 1, order)
				require.Equal(t, []string{after}, identities(s), order)
				conversations := rows[models.Conversation](s, "id")
				require.Len(t, conversations, 1, order)
				require.Equal(t, after, conversations[0].CustomerWAID, order)
				require.Len(t, rows[models.Message](s, "id"), 3, order)
			}
		})

		t.Run("a conversation on another channel goes on with the new number", func(t *testing.T) {
			for _, late := range []bool{false, true} {
				s := newShop(t, db, service)
				elsewhere := text(s.channels[1], before, "Iris", "wamid.elsewhere", "Oi", at(1))
				acts := []item{elsewhere, writes(s, 1, before), moves(s, 2, before, after)}
				if late {
					acts = append(acts[1:], elsewhere)
				}
				for _, each := range acts {
					s.receive(payload(each))
				}
				conversations := rows[models.Conversation](s, "id")
				require.Len(t, conversations, 2)
				for _, conversation := range conversations {
					require.Equal(t, after, conversation.CustomerWAID)
				}
				require.Equal(t, []string{after, after}, identities(s))
			}
		})

		t.Run("who gets the old number is somebody else, and what the first one wrote stays theirs", func(t *testing.T) {
			s := newShop(t, db, service)
			for _, each := range []item{
				writes(s, 1, before), moves(s, 10, before, after), writes(s, 20, before),
				writes(s, 10, before), // late: of the very moment of the change
				moves(s, 10, before, after),
				changeOfNumber(s.channels[1], act{wamid: "wamid.again", wa: before, newWA: after, at: at(11)}),
				writes(s, 30, before), writes(s, 31, after),
			} {
				s.receive(payload(each))
			}
			require.Len(t, rows[models.Contact](s, "id"), 2)
			wrote := make(map[string][]string)
			of := make(map[models.ID]string)
			for _, conversation := range rows[models.Conversation](s, "id") {
				of[conversation.ID] = conversation.CustomerWAID
			}
			for _, message := range rows[models.Message](s, "sent_at, id") {
				if message.Kind == models.KindText {
					wrote[of[message.ConversationID]] = append(wrote[of[message.ConversationID]], message.Body)
				}
			}
			require.Equal(t, map[string][]string{before: {"at 20", "at 30"}, after: {"at 1", "at 10", "at 31"}}, wrote)
		})

		t.Run("who changes twice, and back, stays one contact in any order", func(t *testing.T) {
			for order := range permutationsOf(3) {
				s := newShop(t, db, service)
				s.receive(payload(writes(s, 1, before)))
				acts := []item{moves(s, 2, before, after), moves(s, 3, after, more), moves(s, 4, more, before)}
				for _, i := range order {
					s.receive(payload(acts[i]))
				}
				require.Len(t, rows[models.Contact](s, "id"), 1, order)
				require.Equal(t, []string{before}, identities(s), order)
				require.Equal(t, before, rows[models.Conversation](s, "id")[0].CustomerWAID, order)
			}
		})

		t.Run("another user id replaces the old one", func(t *testing.T) {
			s := newShop(t, db, service)
			hidden := text(s.channels[0], "", "Iris", "wamid.hidden", "Oi", at(1))
			delete(hidden.contact, "wa_id")
			delete(hidden.message, "from")
			hidden.contact["user_id"], hidden.message["from_user_id"] = "GB.1", "GB.1"
			s.receive(payload(hidden))
			s.receive(payload(changeOfNumber(s.channels[0], act{wamid: "wamid.change", user: "GB.1", newUser: "GB.2", at: at(2)})))
			require.Len(t, rows[models.Contact](s, "id"), 1)
			require.Equal(t, []string{"GB.2"}, identities(s))
			require.Equal(t, "GB.2", rows[models.Conversation](s, "id")[0].CustomerUserID)
		})
	})
}

// permutationsOf yields the orders of n things.
func permutationsOf(n int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		var extend func(order []int) bool
		extend = func(order []int) bool {
			if len(order) == n {
				return yield(order)
			}
			for i := range n {
				taken := false
				for _, other := range order {
					taken = taken || other == i
				}
				if !taken && !extend(append(slices.Clip(order), i)) {
					return false
				}
			}
			return true
		}
		extend(nil)
	}
}

func TestReply_after_change_of_number_goes_to_the_new_one(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.pass(time.Minute)
		require.NoError(t, iris.ChangeNumber("447799955500"))
		o.flush()
		o.sendNow(o.reply(conversation.ID, "Yes, until six."))
		o.pass(time.Minute)
		require.Equal(t, []string{"Yes, until six."}, o.bodies(iris))
		require.Equal(t, "447799955500", o.conversation(conversation.ID).CustomerWAID)
	})
}

func TestReceive_referral_opens_free_entry_point_when_answered(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		iris := o.customer()
		iris.SendText(o.channel.PhoneNumberID, "Saw your ad", simulator.FromAd(map[string]any{"source_type": "ad", "source_id": "1202"}))
		o.flush()
		var conversation models.Conversation
		require.NoError(t, o.db.Read(t.Context()).Take(&conversation, "organization_id = ?", o.organization).Error)
		require.NotNil(t, conversation.LastReferralAt)
		require.Nil(t, conversation.FreeEntryExpiresAt, "nobody answered")
		o.pass(time.Hour)
		o.reply(conversation.ID, "Welcome!")
		require.Equal(t, noon.Add(73*time.Hour), o.conversation(conversation.ID).FreeEntryExpiresAt.UTC())
	})
}

func TestReceive_referral_that_comes_after_its_answer_opens_free_entry_point(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		s := newShop(t, db, newReceiver(t, db))
		written := noon.Add(-3 * time.Hour)
		s.receive(payload(s.item(act{what: "message", wa: "447700900456", wamid: "wamid.1", body: "Oi", at: written.Add(-time.Hour)}, nil)))
		for i, minute := range []int{-1, 5, 9} { // answers on the phone; the first is to what came before
			s.receive(payload(s.item(act{
				what: "message", wa: "447700900456", onPhone: true, wamid: fmt.Sprint("wamid.answer", i), body: "Olá", at: written.Add(time.Duration(minute) * time.Minute),
			}, nil)))
		}
		s.receive(payload(s.item(act{what: "message", wa: "447700900456", wamid: "wamid.2", body: "ad", at: written, fromAd: true}, nil)))
		conversation := rows[models.Conversation](s, "id")[0]
		require.Equal(t, written, conversation.LastReferralAt.UTC())
		require.Equal(t, written.Add(5*time.Minute+72*time.Hour), conversation.FreeEntryExpiresAt.UTC())
	})
}
