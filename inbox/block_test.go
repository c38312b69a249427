package inbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

// block has the agent block a contact.
func (o *office) block(contact models.ID) {
	o.t.Helper()
	require.NoError(o.t, o.inbox.BlockContact(o.t.Context(), o.answers, contact))
}

func (o *office) unblock(contact models.ID) {
	o.t.Helper()
	require.NoError(o.t, o.inbox.UnblockContact(o.t.Context(), o.answers, contact))
}

// blockAt is the block on the office's channel; nil if there is none.
func (o *office) blockAt(contact models.ID) *models.ContactBlock {
	o.t.Helper()
	blocks, err := o.inbox.BlocksOfContacts(o.t.Context(), o.answers, []models.ID{contact})
	require.NoError(o.t, err)
	for _, block := range blocks[contact] {
		if block.ChannelID == o.channel.ID {
			return &block
		}
	}
	return nil
}

func (o *office) blockArgs(contact models.ID) inbox.BlockArgs {
	return inbox.BlockArgs{OrganizationID: o.organization, ContactID: contact, ChannelID: o.channel.ID}
}

// tellMeta runs the job of a block once and returns after what time it wants to run
// again.
func (o *office) tellMeta(contact models.ID) time.Duration {
	o.t.Helper()
	again, err := o.inbox.BlockNow(o.t.Context(), o.blockArgs(contact))
	require.NoError(o.t, err)
	return again
}

func TestBlock(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		contact := conversation.ContactID
		number := o.channel.PhoneNumberID

		t.Run("holds in Recado at once, and at Meta a moment later", func(t *testing.T) {
			queued := o.reply(conversation.ID, "About to go out")
			o.block(contact)
			require.True(t, o.conversation(conversation.ID).Blocked)
			block := o.blockAt(contact)
			require.Equal(t, models.BlockPending, block.Status)
			require.Equal(t, o.answers.UserID, block.DecidedByID)
			require.False(t, iris.IsBlocked(number))
			require.Equal(t, []models.EventKind{models.EventContactBlockChanged, models.EventConversationChanged}, last(o.events(conversation.ID), 2))

			o.sendNow(queued)
			require.Equal(t, string(models.CodeContactBlocked), o.message(queued.ID).Failure.Code, "what was about to go out does not")
			require.Empty(t, o.bodies(iris))
			_, err := o.inbox.Reply(t.Context(), o.answers, inbox.Reply{ConversationID: conversation.ID, IdempotencyKey: "k", Content: says("Hello")})
			requireCode(t, models.CodeContactBlocked, err)
			_, err = o.inbox.Retry(t.Context(), o.answers, inbox.Retry{MessageID: queued.ID, IdempotencyKey: "k"})
			requireCode(t, models.CodeContactBlocked, err)
			_, err = o.inbox.ShowTyping(t.Context(), o.answers, conversation.ID)
			requireCode(t, models.CodeContactBlocked, err)

			require.Zero(t, o.tellMeta(contact))
			require.True(t, iris.IsBlocked(number))
			require.Equal(t, models.BlockDone, o.blockAt(contact).Status)
			require.Equal(t, models.EventContactBlockChanged, last(o.events(conversation.ID), 1)[0])
		})
		t.Run("again changes nothing", func(t *testing.T) {
			before, told := o.blockAt(contact), len(o.events(conversation.ID))
			o.clock.Advance(time.Minute)
			o.block(contact)
			require.Zero(t, o.tellMeta(contact))
			require.Equal(t, before, o.blockAt(contact))
			require.Len(t, o.events(conversation.ID), told)
		})
		t.Run("until it is undone, at Meta as well", func(t *testing.T) {
			o.unblock(contact)
			require.False(t, o.conversation(conversation.ID).Blocked)
			block := o.blockAt(contact)
			require.Equal(t, models.BlockPending, block.Status)
			require.False(t, block.Blocked)
			require.True(t, iris.IsBlocked(number))
			require.Zero(t, o.tellMeta(contact))
			require.Nil(t, o.blockAt(contact))
			require.False(t, iris.IsBlocked(number))
			o.unblock(contact) // once more, where there is nothing
			require.Nil(t, o.blockAt(contact))
			o.sendNow(o.reply(conversation.ID, "Hello again"))
			o.pass(2 * time.Second)
			require.Equal(t, []string{"Hello again"}, o.bodies(iris))
		})
	})
}

func last[T any](all []T, n int) []T { return all[len(all)-n:] }

func TestBlock_what_still_comes_in_disturbs_nobody(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		o.read(o.answers, conversation.ID)
		o.block(conversation.ContactID) // Meta is not told yet

		t.Run("of an open conversation", func(t *testing.T) {
			_, err := o.inbox.Snooze(t.Context(), o.answers, inbox.Snooze{ConversationID: conversation.ID, Until: o.clock.Now().Add(time.Hour)})
			require.NoError(t, err)
			after := o.written(iris, "Let me in!")
			require.Equal(t, 1, after.UnreadCount, "it is stored and shown")
			require.NotNil(t, after.SnoozedUntil)
			require.Empty(t, o.notifications(o.answers, true))
			require.Equal(t, models.EventMessageAdded, last(o.events(conversation.ID), 1)[0])
		})
		t.Run("of a closed one, which stays closed", func(t *testing.T) {
			o.close(o.answers, conversation.ID)
			closed := o.conversation(conversation.ID)
			after := o.written(iris, "Please!")
			require.Equal(t, models.ConversationClosed, after.Status)
			require.Equal(t, closed.Version, after.Version)
			require.Equal(t, closed.AssigneeID, after.AssigneeID)
			require.Empty(t, o.notifications(o.answers, true))
		})
		t.Run("nor does it begin another one", func(t *testing.T) {
			_, err := o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.NewConversation)
			require.NoError(t, err)
			require.Equal(t, conversation.ID, o.written(iris, "Hey!").ID)
		})
		t.Run("until they are unblocked", func(t *testing.T) {
			o.unblock(conversation.ContactID)
			next := o.written(iris, "Thank you")
			require.NotEqual(t, conversation.ID, next.ID)
			require.Equal(t, models.ConversationOpen, next.Status)
			require.Equal(t, o.answers.UserID, *next.AssigneeID)
		})
	})
}

func TestBlock_permission(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		other := o.connect("Compras", "441908274466121", token)
		iris.SendText(other.PhoneNumberID, "And here?")
		o.flush()
		contact := conversation.ContactID

		for viewer, code := range map[*models.Viewer]models.Code{&o.watches: models.CodeForbidden, &o.stranger: models.CodeNotFound, new(o.member(models.LevelNone)): models.CodeNotFound} {
			requireCode(t, code, o.inbox.BlockContact(t.Context(), *viewer, contact))
			requireCode(t, code, o.inbox.UnblockContact(t.Context(), *viewer, contact))
		}
		requireCode(t, models.CodeNotFound, o.inbox.BlockContact(t.Context(), o.admin, models.NewID()))
		require.Nil(t, o.blockAt(contact))

		blocked := func(viewer models.Viewer) (channels []models.ID) {
			found, err := o.inbox.BlocksOfContacts(t.Context(), viewer, []models.ID{contact})
			require.NoError(t, err)
			for _, block := range found[contact] {
				channels = append(channels, block.ChannelID)
			}
			return channels
		}
		o.block(contact)
		require.Equal(t, []models.ID{o.channel.ID}, blocked(o.admin), "on the other channel it is not theirs to decide")
		require.NoError(t, o.inbox.BlockContact(t.Context(), o.admin, contact))
		require.Len(t, blocked(o.admin), 2)
		require.Equal(t, []models.ID{o.channel.ID}, blocked(o.watches), "and not theirs to know")
		require.Empty(t, blocked(o.stranger))
		o.unblock(contact)
		require.Equal(t, []models.ID{other.ID}, blocked(o.admin))
	})
}

func TestBlock_what_Meta_refuses_holds_in_Recado(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		contact, number := conversation.ContactID, o.channel.PhoneNumberID
		o.clock.Advance(24 * time.Hour)
		o.block(contact)

		t.Run("and says why", func(t *testing.T) {
			require.Zero(t, o.tellMeta(contact))
			block := o.blockAt(contact)
			require.Equal(t, models.BlockFailed, block.Status)
			require.Equal(t, string(whatsapp.CodeWindowClosed), block.Failure.Code)
			require.Equal(t, 131047, block.Failure.MetaCode)
			require.True(t, block.Blocked)
			require.True(t, o.conversation(conversation.ID).Blocked)
		})
		t.Run("Meta is asked again when somebody asks, or when they write", func(t *testing.T) {
			o.block(contact)
			require.Equal(t, models.BlockPending, o.blockAt(contact).Status)
			require.Zero(t, o.tellMeta(contact))
			require.Equal(t, models.BlockFailed, o.blockAt(contact).Status)
			o.written(iris, "Let me in!")
			require.Equal(t, models.BlockPending, o.blockAt(contact).Status)
			require.Zero(t, o.tellMeta(contact))
			require.Equal(t, models.BlockDone, o.blockAt(contact).Status)
			require.True(t, iris.IsBlocked(number))
		})
		t.Run("so does an unblocking that it refuses", func(t *testing.T) {
			o.unblock(contact)
			o.meta.Faults().Refuse(1, simulator.Refusal{Code: 10, On: simulator.EndpointBlock})
			require.Zero(t, o.tellMeta(contact))
			block := o.blockAt(contact)
			require.Equal(t, models.BlockFailed, block.Status)
			require.False(t, block.Blocked)
			require.False(t, o.conversation(conversation.ID).Blocked)
			o.unblock(contact)
			require.Zero(t, o.tellMeta(contact))
			require.Nil(t, o.blockAt(contact))
			require.False(t, iris.IsBlocked(number))
		})
		t.Run("one that never reached Meta is undone without it", func(t *testing.T) {
			o.block(contact)
			o.unblock(contact)
			require.Nil(t, o.blockAt(contact))
		})
		t.Run("who hides their number cannot be blocked at Meta", func(t *testing.T) {
			ghost := o.meta.Customer(simulator.Customer{UserID: "BR.7719034482215608", Username: "ghost", Name: "Ghost"})
			theirs := o.written(ghost, "Boo").ContactID
			o.block(theirs)
			require.Zero(t, o.tellMeta(theirs))
			require.Equal(t, "PHONE_NUMBER_UNKNOWN", o.blockAt(theirs).Failure.Code)
		})
		t.Run("a disconnected channel too", func(t *testing.T) {
			o.block(contact)
			o.setChannelStatus(models.ChannelDisconnected)
			require.Zero(t, o.tellMeta(contact))
			require.Equal(t, string(models.CodeChannelUnavailable), o.blockAt(contact).Failure.Code)
		})
	})
}

func TestBlock_trouble_on_the_way_passes(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		contact, number := conversation.ContactID, o.channel.PhoneNumberID
		o.block(contact)
		o.meta.Faults().Refuse(3, simulator.Refusal{Code: 139102, On: simulator.EndpointBlock})
		require.Positive(t, o.tellMeta(contact), "the list is busy")
		require.Equal(t, models.BlockPending, o.blockAt(contact).Status)

		attempt, err := o.inbox.BeginBlockStep(t.Context(), o.blockArgs(contact)) // whoever makes this call dies
		require.NoError(t, err)
		require.Equal(t, models.StepBlock, attempt.Step())
		require.Equal(t, 90*time.Second, o.tellMeta(contact), "it may still be under way")
		o.clock.Advance(90 * time.Second)

		o.meta.Faults().ExpireTokens()
		require.Positive(t, o.tellMeta(contact))
		require.Equal(t, models.ChannelReauthorizationRequired, o.channelNow().Status)
		require.Positive(t, o.tellMeta(contact))
		require.NoError(t, o.meta.AddNumber(simulator.Number{ID: number, DisplayNumber: "551133190827", WABAID: wabaID, Token: token}))
		o.setChannelStatus(models.ChannelConnected)
		require.Zero(t, o.tellMeta(contact))
		require.True(t, iris.IsBlocked(number))
	})
}

// Of wishes that come while Meta is being told, the last one counts.
func TestBlock_the_latest_wish_counts(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		conversation, iris := o.greeted()
		contact, number := conversation.ContactID, o.channel.PhoneNumberID

		t.Run("unblocked while the block is on its way", func(t *testing.T) {
			o.block(contact)
			attempt, err := o.inbox.BeginBlockStep(t.Context(), o.blockArgs(contact))
			require.NoError(t, err)
			o.unblock(contact)
			require.NotNil(t, o.blockAt(contact), "Meta may have it")
			require.Positive(t, o.tellMeta(contact), "no call overtakes another one")
			require.NoError(t, o.client.Block(t.Context(), attempt.Credentials(), attempt.Address()))
			require.NoError(t, o.inbox.EndBlockStep(t.Context(), o.blockArgs(contact), attempt, nil))
			require.True(t, iris.IsBlocked(number))
			require.Zero(t, o.tellMeta(contact))
			require.False(t, iris.IsBlocked(number))
			require.Nil(t, o.blockAt(contact))
		})
		t.Run("blocked again before Meta heard of the end", func(t *testing.T) {
			o.block(contact)
			require.Zero(t, o.tellMeta(contact))
			o.unblock(contact)
			o.block(contact)
			o.clock.Advance(25 * time.Hour) // too late for a new block: there is no need of one
			require.Zero(t, o.tellMeta(contact))
			require.Equal(t, models.BlockDone, o.blockAt(contact).Status)
			require.True(t, iris.IsBlocked(number))
		})
		t.Run("by many at once, with a queue at work", func(t *testing.T) {
			o.unblock(contact)
			require.Zero(t, o.tellMeta(contact))
			o.written(iris, "Hello")
			o.work()
			var people sync.WaitGroup
			for i := range 12 {
				people.Go(func() {
					change := o.inbox.BlockContact
					if i%2 == 0 {
						change = o.inbox.UnblockContact
					}
					if err := change(t.Context(), o.answers, contact); err != nil {
						t.Error(err)
					}
				})
			}
			people.Wait()
			want := o.conversation(conversation.ID).Blocked
			require.Eventually(t, func() bool {
				block := o.blockAt(contact)
				return iris.IsBlocked(number) == want && (block != nil) == want && (block == nil || block.Status == models.BlockDone)
			}, patience, 10*time.Millisecond)
		})
	})
}

// The block follows a contact to another number, and to who they turn out to be.
func TestBlock_follows_the_contact(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		number := o.channel.PhoneNumberID
		t.Run("to another number", func(t *testing.T) {
			conversation, iris := o.greeted()
			contact := conversation.ContactID
			o.block(contact)
			require.Zero(t, o.tellMeta(contact))
			before := o.blockAt(contact).Address
			require.NoError(t, iris.ChangeNumber("447709995555"))
			o.flush()
			require.Equal(t, models.BlockPending, o.blockAt(contact).Status)
			iris.SendText(number, "It's me")
			o.flush()
			require.Zero(t, o.tellMeta(contact))
			require.NotEqual(t, before, o.blockAt(contact).Address)
			require.Equal(t, "+447709995555", o.blockAt(contact).Address)
		})
	})
}

// Whichever of two contacts is blocked, the person that they turn out to be is.
func TestBlock_of_contacts_that_are_one(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		for i, number := range []string{"447700900456", "447700900457"} {
			user := fmt.Sprint("GB.", i)
			o.accept(text(o.channel, number, "Iris", "wamid.number."+number, "Oi", noon))
			o.accept(hides(o.channel, user, "wamid.user."+number, noon))
			contacts := []models.ID{
				o.conversation(o.byWAMID("wamid.number." + number).ConversationID).ContactID,
				o.conversation(o.byWAMID("wamid.user." + number).ConversationID).ContactID,
			}
			o.block(contacts[i])
			o.accept(links(o.channel, number, user, "wamid.link."+number, noon))

			left := o.conversation(o.byWAMID("wamid.link." + number).ConversationID)
			require.True(t, left.Blocked)
			require.Equal(t, left.ID, o.byWAMID("wamid.user."+number).ConversationID)
			require.Equal(t, models.BlockPending, o.blockAt(left.ContactID).Status)
			var rows int64
			require.NoError(t, o.db.Read(t.Context()).Model(&models.ContactBlock{}).Where("contact_id IN ?", contacts).Count(&rows).Error)
			require.EqualValues(t, 1, rows)
		}
	})
}

func TestUniteBlocks(t *testing.T) {
	early := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	late := early.Add(time.Minute)
	blocked := models.ContactBlock{Blocked: true, DecidedAt: early, Status: models.BlockDone, Held: true, Address: "+1"}
	wanted := models.ContactBlock{Blocked: true, DecidedAt: late, Status: models.BlockFailed}
	undone := models.ContactBlock{DecidedAt: late, Status: models.BlockPending, Held: true, Address: "+2"}
	for name, c := range map[string]struct {
		a, b    models.ContactBlock
		blocked bool
		address string
	}{
		"the later wish":               {blocked, undone, false, "+2"},
		"in the same moment the block": {wanted, undone, true, "+2"},
		"what Meta holds is kept":      {blocked, wanted, true, "+1"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, united := range []models.ContactBlock{models.UniteBlocks(c.a, c.b), models.UniteBlocks(c.b, c.a)} {
				require.Equal(t, c.blocked, united.Blocked)
				require.Equal(t, c.address, united.Address)
				require.Equal(t, models.BlockPending, united.Status)
			}
		})
	}
}
