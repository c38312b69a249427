package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp/simulator"
)

// TestMergedContact has two contacts turn out to be one person, with conversations on
// two numbers, and on one of them several: everything goes on in the right one.
func TestMergedContact(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const number, user = "447700919000", "GB.7"
		counter, branch := o.channel, o.connect("Filial", "431908274466121", token)
		_, err := o.channels.SetReopenPolicy(t.Context(), o.admin, counter.ID, models.NewConversation)
		require.NoError(t, err)
		lies := func(wamid any) models.ID {
			t.Helper()
			var row models.Message
			require.NoError(t, o.db.Read(t.Context()).Take(&row, "wamid = ?", wamid).Error)
			return row.ConversationID
		}
		wrote := func(item item) models.Conversation { // the conversation that it lies in now
			t.Helper()
			o.pass(time.Minute)
			o.accept(item)
			return o.conversation(lies(item.message["id"]))
		}
		answer := func(conversation models.ID, body string) models.Message {
			t.Helper()
			message, err := o.inbox.Reply(t.Context(), o.admin, inbox.Reply{ConversationID: conversation, IdempotencyKey: models.NewID().String(), Content: says(body)})
			require.NoError(t, err)
			return message
		}
		send := func(message models.Message) simulator.SendRecord {
			t.Helper()
			require.Zero(t, o.sendNow(message))
			sent := o.meta.Sent()
			return sent[len(sent)-1]
		}
		first := wrote(text(counter, number, "Iris", "wamid.first", "Oi", noon))
		old := answer(first.ID, "Bom dia")
		send(old)
		_, err = o.inbox.CloseConversation(t.Context(), o.admin, inbox.Close{ConversationID: first.ID})
		require.NoError(t, err)
		second := wrote(text(counter, number, "Iris", "wamid.second", "Oi", noon))
		require.NotEqual(t, first.ID, second.ID)
		hidden := wrote(hides(counter, user, "wamid.hidden", noon))
		away := wrote(hides(branch, user, "wamid.away", noon))
		require.NotEqual(t, second.ContactID, hidden.ContactID, "nobody knows yet")
		waits := answer(hidden.ID, "Espere um pouco")

		there := wrote(links(branch, number, user, "wamid.links", noon))
		here := o.conversation(lies("wamid.second"))
		require.Equal(t, away.ID, there.ID)
		require.Equal(t, there.ContactID, here.ContactID, "one person")
		require.Equal(t, here.ID, lies("wamid.hidden"), "with one conversation on a number that is gone on with")
		require.Equal(t, first.ID, lies("wamid.first"))
		require.Equal(t, here.ContactID, o.conversation(first.ID).ContactID)
		require.False(t, o.conversation(first.ID).Current)

		t.Run("whatever they write goes where it belongs", func(t *testing.T) {
			require.Equal(t, here.ID, wrote(hides(counter, user, "wamid.a", noon)).ID)
			require.Equal(t, here.ID, wrote(text(counter, number, "Iris", "wamid.b", "Oi", noon)).ID)
			require.Equal(t, there.ID, wrote(text(branch, number, "Iris", "wamid.c", "Oi", noon)).ID)
			require.Equal(t, there.ID, wrote(hides(branch, user, "wamid.d", noon)).ID)
		})
		t.Run("answers go out by the number of their conversation, to who wrote there", func(t *testing.T) {
			sent := send(waits)
			require.Equal(t, here.ID, o.message(waits.ID).ConversationID, "written before")
			require.Equal(t, []string{counter.PhoneNumberID, number}, []string{sent.NumberID, sent.WAID})
			sent = send(answer(there.ID, "Aqui também"))
			require.Equal(t, []string{branch.PhoneNumberID, number}, []string{sent.NumberID, sent.WAID})
			_, err := o.inbox.Reply(t.Context(), o.admin, inbox.Reply{ConversationID: first.ID, IdempotencyKey: "old", Content: says("Oi?")})
			require.Equal(t, error(models.NewError(models.CodeConversationSuperseded, "conversationId").With("conversationId", models.PublicID(models.PrefixConversation, here.ID))), err)
		})
		t.Run("statuses find the messages of each", func(t *testing.T) {
			ours, theirs := answer(here.ID, "Até já"), answer(there.ID, "Até")
			send(ours)
			send(theirs)
			for _, of := range []struct {
				channel models.Channel
				message models.Message
			}{{counter, old}, {counter, waits}, {counter, ours}, {branch, theirs}} {
				wamid := *o.message(of.message.ID).WAMID
				o.accept(status(of.channel, wamid, "read", "", o.clock.Now()))
				require.Equal(t, models.StatusRead, o.message(of.message.ID).Status)
			}
			another := answer(here.ID, "Mais")
			send(another)
			o.accept(status(branch, *o.message(another.ID).WAMID, "read", "", o.clock.Now()))
			require.NotEqual(t, models.StatusRead, o.message(another.ID).Status, "of another number")
		})
		t.Run("and a closed one has a successor still", func(t *testing.T) {
			for _, conversation := range []models.ID{here.ID, there.ID} {
				_, err := o.inbox.CloseConversation(t.Context(), o.admin, inbox.Close{ConversationID: conversation})
				require.NoError(t, err)
			}
			next := wrote(hides(counter, user, "wamid.next", noon))
			require.NotEqual(t, here.ID, next.ID)
			require.Equal(t, here.ContactID, next.ContactID)
			require.Equal(t, number, send(answer(next.ID, "Oi de novo")).WAID, "as the number is known")
			require.Equal(t, there.ID, wrote(text(branch, number, "Iris", "wamid.last", "Oi", noon)).ID, "opened again, as that number does")
		})
	})
}
