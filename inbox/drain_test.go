package inbox_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
)

// decisions are the assignment log of a conversation, oldest first.
func (o *office) decisions(conversation models.ID) []models.AssignmentEntry {
	o.t.Helper()
	var entries []models.AssignmentEntry
	require.NoError(o.t, o.db.Read(o.t.Context()).Where("organization_id = ? AND conversation_id = ?", o.organization, conversation).
		Order("created_at, id").Find(&entries).Error)
	return entries
}

func (o *office) lastDecision(conversation models.ID) models.AssignmentEntry {
	o.t.Helper()
	entries := o.decisions(conversation)
	require.NotEmpty(o.t, entries)
	return entries[len(entries)-1]
}

func (o *office) available(user models.Viewer, availability models.Availability) {
	o.t.Helper()
	_, err := o.channels.SetAvailability(o.t.Context(), user, user.UserID, availability)
	require.NoError(o.t, err)
}

func (o *office) ceiling(user models.Viewer, ceiling *int) {
	o.t.Helper()
	_, err := o.channels.SetCeiling(o.t.Context(), o.admin, user.UserID, ceiling)
	require.NoError(o.t, err)
}

func (o *office) close(by models.Viewer, conversation models.ID) {
	o.t.Helper()
	_, err := o.inbox.CloseConversation(o.t.Context(), by, inbox.Close{ConversationID: conversation})
	require.NoError(o.t, err)
}

// taken waits until somebody has a conversation; a started queue gives no signal.
func (o *office) taken(conversation models.ID) models.Conversation {
	o.t.Helper()
	require.Eventually(o.t, func() bool { return o.conversation(conversation).AssigneeID != nil }, patience, 5*time.Millisecond)
	return o.conversation(conversation)
}

func TestQueue(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.work()
		o.available(o.answers, models.Away)
		first, _ := o.greeted()
		o.clock.Advance(time.Second)
		second, _ := o.greeted()
		for _, waiting := range []models.Conversation{first, second} {
			require.Nil(t, waiting.AssigneeID, "nobody is there")
			require.NotNil(t, waiting.QueuedAt)
			entry := o.lastDecision(waiting.ID)
			require.Equal(t, models.AssignedWaiting, entry.Cause)
			require.Equal(t, []models.Skip{{UserID: o.answers.UserID, Reason: models.SkipAway}}, entry.Skipped)
		}

		t.Run("who comes online with room for one gets what waits longest", func(t *testing.T) {
			o.ceiling(o.answers, new(1))
			o.available(o.answers, models.Online)
			require.Equal(t, o.answers.UserID, *o.taken(first.ID).AssigneeID)
			require.Equal(t, models.AssignedQueue, o.lastDecision(first.ID).Cause)
			require.NoError(t, o.inbox.Drain(t.Context(), o.organization))
			require.Nil(t, o.conversation(second.ID).AssigneeID, "the ceiling is reached")
		})
		t.Run("who closes one gets the next", func(t *testing.T) {
			o.close(o.answers, first.ID)
			require.Equal(t, o.answers.UserID, *o.taken(second.ID).AssigneeID)
			require.Nil(t, o.conversation(second.ID).QueuedAt)
		})
		t.Run("who hands one on gets the next", func(t *testing.T) {
			third, _ := o.greeted()
			require.NotNil(t, third.QueuedAt)
			_, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: second.ID, AssigneeID: &o.admin.UserID})
			require.NoError(t, err)
			o.taken(third.ID)
		})
		t.Run("a higher ceiling makes room", func(t *testing.T) {
			fourth, _ := o.greeted()
			require.Equal(t, []models.Skip{{UserID: o.answers.UserID, Reason: models.SkipAtCeiling}}, o.lastDecision(fourth.ID).Skipped)
			o.ceiling(o.answers, new(2))
			o.taken(fourth.ID)
		})
		t.Run("who joins the pool gets what waits", func(t *testing.T) {
			fifth, _ := o.greeted()
			require.Nil(t, fifth.AssigneeID)
			require.NoError(t, o.channels.SetAssignees(t.Context(), o.channel.ID, []models.ID{o.answers.UserID, o.admin.UserID}))
			require.Equal(t, o.admin.UserID, *o.taken(fifth.ID).AssigneeID)
		})
		t.Run("what is taken out of somebody's hands does not wait in it", func(t *testing.T) {
			open, _ := o.greeted()
			_, err := o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: open.ID})
			require.NoError(t, err)
			require.NoError(t, o.inbox.DrainAll(t.Context()))
			require.Nil(t, o.conversation(open.ID).AssigneeID)
			entry := o.lastDecision(open.ID)
			require.Equal(t, models.AssignedNobody, entry.Cause)
			require.Equal(t, o.admin.UserID, *entry.DecidedByID)
			require.Equal(t, *open.AssigneeID, *entry.PreviousID)
		})
		o.requireCounted()
	})
}

// requireCounted holds the kept numbers of open conversations against the rows.
func (o *office) requireCounted() {
	o.t.Helper()
	var workloads []models.Workload
	require.NoError(o.t, o.db.Read(o.t.Context()).Where("organization_id = ?", o.organization).Find(&workloads).Error)
	require.NotEmpty(o.t, workloads)
	for _, workload := range workloads {
		var open int64
		require.NoError(o.t, o.db.Read(o.t.Context()).Model(&models.Conversation{}).
			Where("organization_id = ? AND assignee_id = ? AND status = 'OPEN'", o.organization, workload.UserID).Count(&open).Error)
		require.EqualValues(o.t, open, workload.OpenCount)
	}
}

func TestReturningCustomer(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		require.NoError(t, o.channels.SetAssignees(t.Context(), o.channel.ID, []models.ID{o.admin.UserID, o.answers.UserID}))
		conversation, iris := o.greeted()
		require.Equal(t, o.admin.UserID, *conversation.AssigneeID)
		comesBack := func() (models.Conversation, models.AssignmentEntry) {
			t.Helper()
			o.close(o.admin, conversation.ID)
			back := o.written(iris, "One more thing")
			require.Equal(t, models.ConversationOpen, back.Status)
			return back, o.lastDecision(conversation.ID)
		}

		t.Run("goes to who had it, whoever's turn it is", func(t *testing.T) {
			back, entry := comesBack()
			require.Equal(t, o.admin.UserID, *back.AssigneeID)
			require.Equal(t, models.AssignedFormer, entry.Cause)
		})
		t.Run("goes to the next in turn when they are away", func(t *testing.T) {
			o.available(o.admin, models.Away)
			back, entry := comesBack()
			require.Equal(t, o.answers.UserID, *back.AssigneeID)
			require.Equal(t, models.AssignedRoundRobin, entry.Cause)
			require.Equal(t, o.admin.UserID, *entry.PreviousID)
			require.Equal(t, []models.Skip{{UserID: o.admin.UserID, Reason: models.SkipAway}}, entry.Skipped)
		})
		t.Run("waits when nobody can", func(t *testing.T) {
			o.ceiling(o.answers, new(0))
			back, entry := comesBack()
			require.Nil(t, back.AssigneeID)
			require.NotNil(t, back.QueuedAt)
			require.Equal(t, []models.Skip{{UserID: o.answers.UserID, Reason: models.SkipAtCeiling}, {UserID: o.admin.UserID, Reason: models.SkipAway}}, entry.Skipped)
		})
		t.Run("goes to nobody, and into no queue, when there is no pool", func(t *testing.T) {
			_, err := o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &o.admin.UserID})
			require.NoError(t, err)
			require.NoError(t, o.channels.SetAssignees(t.Context(), o.channel.ID, nil))
			back, entry := comesBack()
			require.Nil(t, back.AssigneeID)
			require.Nil(t, back.QueuedAt)
			require.Equal(t, models.AssignedNobody, entry.Cause)
			require.Nil(t, entry.DecidedByID)
		})
		t.Run("opens what an agent answers in without asking anybody", func(t *testing.T) {
			_, err := o.inbox.Assign(t.Context(), o.admin, inbox.Assign{ConversationID: conversation.ID, AssigneeID: &o.admin.UserID})
			require.NoError(t, err)
			o.close(o.admin, conversation.ID)
			o.reply(conversation.ID, "Anything else?")
			require.Equal(t, o.admin.UserID, *o.conversation(conversation.ID).AssigneeID)
		})
		o.requireCounted()
	})
}

func TestAvailability_and_ceiling_ask_for_rights(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		set := func(viewer models.Viewer, user models.ID, availability models.Availability) error {
			_, err := o.channels.SetAvailability(t.Context(), viewer, user, availability)
			return err
		}
		require.NoError(t, set(o.watches, o.watches.UserID, models.Away))
		require.NoError(t, set(o.admin, o.answers.UserID, models.Away))
		requireCode(t, models.CodeForbidden, set(o.answers, o.watches.UserID, models.Online))
		requireCode(t, models.CodeNotFound, set(o.stranger, o.answers.UserID, models.Online))
		requireCode(t, models.CodeInvalid, set(o.answers, o.answers.UserID, "LUNCH"))
		limit := func(viewer models.Viewer, ceiling int) error {
			_, err := o.channels.SetCeiling(t.Context(), viewer, o.answers.UserID, &ceiling)
			return err
		}
		requireCode(t, models.CodeForbidden, limit(o.answers, 5))
		requireCode(t, models.CodeNotFound, limit(o.stranger, 5))
		requireCode(t, models.CodeInvalid, limit(o.admin, -1))
		requireCode(t, models.CodeInvalid, limit(o.admin, models.MaxCeiling+1))
		require.NoError(t, limit(o.admin, 5))
		found, err := o.channels.WorkloadsByUser(t.Context(), o.admin, []models.ID{o.answers.UserID})
		require.NoError(t, err)
		require.Equal(t, models.Away, found[o.answers.UserID].Availability)
		require.Equal(t, 5, *found[o.answers.UserID].Ceiling)
		found, err = o.channels.WorkloadsByUser(t.Context(), o.stranger, []models.ID{o.answers.UserID})
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

func TestMany(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		first, _ := o.greeted()
		second, _ := o.greeted()
		hidden := o.hiddenConversation()
		ids := []models.ID{first.ID, models.NewID(), hidden, second.ID, first.ID}
		codes := func(results []inbox.ManyResult) (codes []models.Code) {
			for _, result := range results {
				codes = append(codes, models.CodeOf(result.Err))
			}
			return codes
		}
		for range 2 { // the second time changes nothing
			results, err := o.inbox.AssignMany(t.Context(), o.answers, ids, &o.admin.UserID)
			require.NoError(t, err)
			require.Equal(t, []models.Code{"", models.CodeNotFound, models.CodeNotFound, "", ""}, codes(results))
			require.Equal(t, o.admin.UserID, *results[3].Conversation.AssigneeID)
			require.Len(t, o.decisions(first.ID), 2)
			require.Equal(t, models.AssignedBulk, o.lastDecision(first.ID).Cause)
		}
		results, err := o.inbox.AssignMany(t.Context(), o.watches, []models.ID{first.ID}, nil)
		require.NoError(t, err)
		require.Equal(t, []models.Code{models.CodeForbidden}, codes(results))
		results, err = o.inbox.CloseMany(t.Context(), o.answers, ids, "")
		require.NoError(t, err)
		require.Equal(t, []models.Code{"", models.CodeNotFound, models.CodeNotFound, "", ""}, codes(results))
		require.Equal(t, models.ConversationClosed, o.conversation(second.ID).Status)
		_, err = o.inbox.CloseMany(t.Context(), o.answers, make([]models.ID, inbox.MaxMany+1), "")
		requireCode(t, models.CodeInvalid, err)
	})
}

// hiddenConversation begins a conversation on a channel that only administrators see.
func (o *office) hiddenConversation() models.ID {
	o.t.Helper()
	hidden := o.connect("Escritório", "44"+digits(models.NewID())[:12], token+"-2")
	o.deliver(o.inbox, text(hidden, "447700900999", "Iris", "wamid.hidden", "Oi", noon))
	var conversation models.Conversation
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&conversation, "channel_id = ?", hidden.ID).Error)
	return conversation.ID
}

// deliver has a process receive items, all in one batch.
func (o *office) deliver(process *inbox.Service, items ...item) {
	for _, err := range process.Receive(o.t.Context(), []inbox.RawDelivery{{Body: payload(items...), ReceivedAt: noon}}) {
		if err != nil {
			o.t.Error(err)
		}
	}
}

func TestAssignmentLogs(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		first, _ := o.greeted()
		second, _ := o.greeted()
		for range 3 {
			for _, to := range []*models.ID{nil, &o.admin.UserID} {
				o.clock.Advance(time.Second)
				_, err := o.inbox.Assign(t.Context(), o.answers, inbox.Assign{ConversationID: first.ID, AssigneeID: to})
				require.NoError(t, err)
			}
		}
		list := func(viewer models.Viewer, lists ...inbox.AssignmentLogList) []inbox.AssignmentLogResult {
			results, err := o.inbox.AssignmentLogs(t.Context(), viewer, lists)
			require.NoError(t, err)
			return results
		}
		results := list(o.watches,
			inbox.AssignmentLogList{ConversationID: first.ID, Page: inbox.PageRequest{First: new(4)}},
			inbox.AssignmentLogList{ConversationID: second.ID},
			inbox.AssignmentLogList{ConversationID: first.ID, Page: inbox.PageRequest{Last: new(1)}})
		require.Len(t, results[0].Page.Rows, 4)
		require.True(t, results[0].Page.HasNext)
		require.Equal(t, o.lastDecision(first.ID), results[0].Page.Rows[0], "newest first")
		require.Len(t, results[1].Page.Rows, 1)
		require.Equal(t, models.AssignedRoundRobin, results[2].Page.Rows[0].Cause, "the oldest is at the end")
		cursor := results[0].Page.Cursor(3)
		rest := list(o.watches, inbox.AssignmentLogList{ConversationID: first.ID, Page: inbox.PageRequest{After: &cursor}})
		require.Len(t, rest[0].Page.Rows, 3)
		require.False(t, rest[0].Page.HasNext)
		for name, viewer := range map[string]models.Viewer{"nobody": o.member(models.LevelNone), "a stranger": o.stranger} {
			require.Equal(t, error(models.ErrNotFound), list(viewer, inbox.AssignmentLogList{ConversationID: first.ID})[0].Err, name)
		}
	})
}

// Arrivals, closings and comings and goings at the same time, in two processes, on two
// channels with the same people: nobody gets more than they may, who is away gets
// nothing, the counts are right, and nothing is left waiting for somebody who is free.
func TestQueue_never_strands(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const ceiling = 3
		ana, bruno, gone := o.admin, o.answers, o.member(models.LevelReply)
		second := o.connect("Segundo", "44"+digits(models.NewID())[:12], token+"-2")
		for _, person := range []models.Viewer{ana, bruno, gone} {
			_, err := o.accounts.SetMessagingLevel(t.Context(), ana, person.ProfileID, second.ID, models.LevelReply)
			if !person.Administrator {
				require.NoError(t, err)
			}
			o.ceiling(person, new(ceiling))
		}
		o.available(gone, models.Away)
		for _, channel := range []models.Channel{o.channel, second} {
			require.NoError(t, o.channels.SetAssignees(t.Context(), channel.ID, []models.ID{gone.UserID, ana.UserID, bruno.UserID}))
		}
		o.work()
		processes := []*inbox.Service{o.inbox, o.process(inbox.Options{})}
		var workers sync.WaitGroup
		for worker := range 4 {
			random := rand.New(rand.NewPCG(uint64(worker), 7))
			workers.Go(func() {
				for step := range 12 {
					process := processes[random.IntN(2)]
					switch random.IntN(5) {
					case 0, 1:
						channel := []models.Channel{o.channel, second}[random.IntN(2)]
						who := fmt.Sprintf("4477009%02d%03d", worker, step)
						var burst sync.WaitGroup
						for i := range 3 { // of one new customer, at once
							burst.Go(func() {
								o.deliver(processes[i%2], text(channel, who, "Iris", fmt.Sprint("wamid.", who, ".", i), "Oi", noon))
							})
						}
						burst.Wait()
					case 2, 3:
						var open []models.Conversation
						// Only those whose burst is over: another message would open them again.
						if err := o.db.Read(t.Context()).Where("organization_id = ? AND status = 'OPEN' AND assignee_id IS NOT NULL AND unread_count = 3", o.organization).
							Order("id").Find(&open).Error; err != nil || len(open) == 0 {
							continue
						}
						if _, err := process.CloseConversation(t.Context(), ana, inbox.Close{ConversationID: open[random.IntN(len(open))].ID}); err != nil {
							t.Error(err)
						}
					case 4:
						who := []models.Viewer{ana, bruno}[random.IntN(2)]
						wanted := []models.Availability{models.Online, models.Away}[random.IntN(2)]
						if _, err := o.channels.SetAvailability(t.Context(), who, who.UserID, wanted); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		workers.Wait()
		o.available(ana, models.Online)

		var stranded string
		require.Eventually(t, func() bool { stranded = o.stranded(); return stranded == "" }, patience, 20*time.Millisecond,
			"nobody took what waits")
		o.requireCounted()
		var taken int64
		require.NoError(t, o.db.Read(t.Context()).Model(&models.AssignmentEntry{}).Where("assignee_id = ?", gone.UserID).Count(&taken).Error)
		require.Zero(t, taken, "who is away got something")
		var conversations []models.Conversation
		require.NoError(t, o.db.Read(t.Context()).Where("organization_id = ?", o.organization).Find(&conversations).Error)
		contacts := make(map[models.ID]bool)
		for _, conversation := range conversations {
			require.False(t, contacts[conversation.ContactID], "a burst made two conversations")
			contacts[conversation.ContactID] = true
			require.Equal(t, 3, conversation.UnreadCount)
			decided := 0
			for _, entry := range o.decisions(conversation.ID) {
				if entry.AssigneeID != nil {
					decided++
				}
			}
			require.LessOrEqual(t, decided, 1, "it was handed out twice")
		}
		found, err := o.channels.WorkloadsByUser(t.Context(), ana, []models.ID{ana.UserID, bruno.UserID})
		require.NoError(t, err)
		for _, workload := range found {
			require.LessOrEqual(t, workload.OpenCount, ceiling)
		}
	})
}

// stranded says what waits although somebody could take it; empty for nothing.
func (o *office) stranded() string {
	var waiting int64
	var free []models.Workload
	err := o.db.Read(o.t.Context()).Model(&models.Conversation{}).Where("organization_id = ? AND queued_at IS NOT NULL", o.organization).Count(&waiting).Error
	if err != nil {
		return err.Error()
	}
	err = o.db.Read(o.t.Context()).Where("organization_id = ? AND availability = 'ONLINE' AND open_count < ceiling", o.organization).Find(&free).Error
	if err != nil {
		return err.Error()
	}
	if waiting > 0 && len(free) > 0 {
		return fmt.Sprint(waiting, " wait while ", len(free), " are free")
	}
	return ""
}
