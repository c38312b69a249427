package inbox_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp/simulator"
)

// Whatever many people and customers do at once, the kept counters are what counting
// finds afterwards.
func TestCounts_under_concurrent_writers(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		const writers, steps = 6, 12
		conversations := make([]models.Conversation, 4)
		customers := make([]*simulator.CustomerHandle, len(conversations))
		for i := range conversations {
			conversations[i], customers[i] = o.greeted()
		}
		var group sync.WaitGroup
		for writer := range writers {
			random := rand.New(rand.NewPCG(7, uint64(writer)))
			group.Go(func() {
				for range steps {
					i := random.IntN(len(conversations))
					if err := o.act(random.IntN(8), conversations[i].ID, customers[i]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		o.flush()
		wrong, err := o.inbox.Recount(t.Context(), o.organization)
		require.NoError(t, err)
		require.Empty(t, wrong)
		counts, err := o.inbox.Counts(t.Context(), o.admin)
		require.NoError(t, err)
		var open int64
		require.NoError(t, o.db.Read(t.Context()).Model(&models.Conversation{}).Where("status = 'OPEN'").Count(&open).Error)
		require.EqualValues(t, open, counts.All.OpenCount)
	})
}

// act does one of the things that counters count.
func (o *office) act(what int, conversation models.ID, iris *simulator.CustomerHandle) error {
	ctx := o.t.Context()
	var err error
	switch what {
	case 0:
		_, err = o.inbox.Assign(ctx, o.answers, inbox.Assign{ConversationID: conversation, AssigneeID: &o.answers.UserID})
	case 1:
		_, err = o.inbox.Assign(ctx, o.admin, inbox.Assign{ConversationID: conversation})
	case 2:
		_, err = o.inbox.CloseConversation(ctx, o.answers, inbox.Close{ConversationID: conversation})
	case 3:
		_, err = o.inbox.ReopenConversation(ctx, o.answers, conversation, nil)
	case 4:
		_, err = o.inbox.Snooze(ctx, o.answers, inbox.Snooze{ConversationID: conversation, Until: o.clock.Now().Add(time.Hour)})
		if models.CodeOf(err) == models.CodeInvalid { // closed meanwhile
			err = nil
		}
	case 5:
		_, err = o.inbox.MarkRead(ctx, o.admin, conversation, nil)
	case 6:
		_, err = o.inbox.Unsnooze(ctx, o.answers, conversation, nil)
	default:
		iris.SendText(o.channel.PhoneNumberID, "Hello?")
		err = o.meta.Flush(ctx)
	}
	return err
}
