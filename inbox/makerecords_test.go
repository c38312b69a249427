package inbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

// makesDeals has the office's channel make a deal of first messages, and returns the stage.
func (o *office) makesDeals() models.PipelineStage {
	o.t.Helper()
	records := crm.New(o.db)
	pipelines, err := records.Pipelines(o.t.Context(), o.admin)
	require.NoError(o.t, err)
	stages, err := records.StagesByPipeline(o.t.Context(), o.admin, []models.ID{pipelines[0].ID})
	require.NoError(o.t, err)
	stage := stages[pipelines[0].ID][1]
	_, err = o.channels.SetRecordCreation(o.t.Context(), o.admin, o.channel.ID, models.RecordCreation{Deal: &models.DealCreation{StageID: stage.ID}})
	require.NoError(o.t, err)
	return stage
}

// deals are those of the organization, the oldest first.
func (o *office) deals() (found []models.Deal) {
	o.t.Helper()
	require.NoError(o.t, o.db.Read(o.t.Context()).Where("organization_id = ?", o.organization).Order("created_at, id").Find(&found).Error)
	return found
}

func TestMakeRecords(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		o.greeted()
		require.Empty(t, o.deals(), "without a rule nothing is made")
		stage := o.makesDeals()

		t.Run("makes a deal of a customer's first message, and of no other", func(t *testing.T) {
			conversation, iris := o.greeted()
			deals := o.deals()
			require.Len(t, deals, 1)
			deal := deals[0]
			require.Equal(t, "Iris Calder · Balcão", deal.Name)
			require.Equal(t, stage.ID, deal.StageID)
			require.Equal(t, &conversation.ContactID, deal.ContactID)
			require.Equal(t, &conversation.ID, deal.ConversationID)
			require.Equal(t, conversation.AssigneeID, deal.OwnerID)
			require.Equal(t, &o.answers.UserID, deal.OwnerID, "of whose turn it was")
			require.Nil(t, deal.CreatedByID)
			o.written(iris, "Hello?")
			require.Len(t, o.deals(), 1)
			require.NoError(t, crm.New(o.db).DeleteDeal(t.Context(), o.admin, deal.ID))
			o.written(iris, "Anybody?")
			require.Empty(t, o.deals(), "one that was deleted is not made again")

			_, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID})
			require.NoError(t, err)
			o.written(iris, "One more thing")
			require.Empty(t, o.deals(), "nor when the conversation is opened again")
		})
		t.Run("makes one again where a new conversation begins", func(t *testing.T) {
			_, err := o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.NewConversation)
			require.NoError(t, err)
			first, iris := o.greeted()
			before := len(o.deals())
			_, err = o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: first.ID})
			require.NoError(t, err)
			next := o.written(iris, "I am back")
			require.NotEqual(t, first.ID, next.ID)
			deals := o.deals()
			require.Len(t, deals, before+1)
			require.Equal(t, &next.ID, deals[before].ConversationID)
			_, err = o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.ReopenConversation)
			require.NoError(t, err)
		})
		t.Run("makes one however often and at once the first messages come, on several processes", func(t *testing.T) {
			processes := []*inbox.Service{o.inbox, o.process(inbox.Options{})}
			before := len(o.deals())
			delivery := func(i int) inbox.RawDelivery {
				message := text(o.channel, "447700900999", "Burst", fmt.Sprint("wamid.burst", i), "Hi", o.clock.Now())
				return inbox.RawDelivery{Body: payload(message), ReceivedAt: o.clock.Now()}
			}
			var all sync.WaitGroup
			for i := range 10 {
				for _, process := range processes {
					all.Go(func() {
						if err := process.Accept(t.Context(), delivery(i)); err != nil && !store.LostToAnother(err) {
							t.Errorf("delivery %d: %v", i, err)
						}
					})
				}
			}
			all.Wait()
			deals := o.deals()
			require.Len(t, deals, before+1)
			require.Equal(t, "Burst · Balcão", deals[before].Name)
		})
		t.Run("makes none where the team wrote first, on its phone", func(t *testing.T) {
			const customer = "447700900800"
			before := len(o.deals())
			echo := text(o.channel, "551133190827", "", "wamid.echo", "Olá", o.clock.Now().Add(-time.Minute))
			echo.contact, echo.echo, echo.message["to"] = nil, true, customer
			for _, message := range []item{echo, text(o.channel, customer, "", "wamid.answer", "Oi", o.clock.Now())} {
				require.NoError(t, o.inbox.Accept(t.Context(), inbox.RawDelivery{Body: payload(message), ReceivedAt: o.clock.Now()}))
			}
			require.Len(t, o.deals(), before)
		})
		t.Run("names it by the number where no name is told", func(t *testing.T) {
			before := len(o.deals())
			message := text(o.channel, "447700900801", "", "wamid.nameless", "Oi", o.clock.Now())
			require.NoError(t, o.inbox.Accept(t.Context(), inbox.RawDelivery{Body: payload(message), ReceivedAt: o.clock.Now()}))
			require.Equal(t, "+447700900801 · Balcão", o.deals()[before].Name)
		})
		t.Run("falls back on the first stage when the chosen one is gone", func(t *testing.T) {
			require.NoError(t, crm.New(o.db).DeleteStage(t.Context(), o.admin, stage.ID, new(o.firstStage().ID)))
			before := len(o.deals())
			o.greeted()
			deals := o.deals()
			require.Len(t, deals, before+1)
			require.Equal(t, o.firstStage().ID, deals[before].StageID)
		})
	})
}

func (o *office) firstStage() models.PipelineStage {
	o.t.Helper()
	var stage models.PipelineStage
	require.NoError(o.t, o.db.Read(o.t.Context()).Where("organization_id = ?", o.organization).Order("position").Take(&stage).Error)
	return stage
}

func TestMakeRecords_not_where_the_business_writes_first(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		service := o.keepsTemplates()
		o.work()
		template := o.approvedTemplate(service, models.TemplateUtility, "pedido_pronto", orderReady)
		o.has(2 * models.Credit)
		o.makesDeals()
		caio := o.meta.Customer(simulator.Customer{WAID: "5511987654321", Name: "Caio Prado", ReadsManually: true})
		message, err := o.inbox.Start(t.Context(), o.answers, o.starts(template, "(11) 98765-4321"))
		require.NoError(t, err)
		o.becomes(message, models.StatusAccepted)
		o.pass(time.Second)
		answered := o.written(caio, "Já vou!")
		require.Equal(t, message.ConversationID, answered.ID)
		require.Empty(t, o.deals())

		_, err = o.channels.SetReopenPolicy(t.Context(), o.admin, o.channel.ID, models.NewConversation)
		require.NoError(t, err)
		_, err = o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: answered.ID})
		require.NoError(t, err)
		again, err := o.inbox.Start(t.Context(), o.answers, o.starts(template, "(11) 98765-4321"))
		require.NoError(t, err)
		require.NotEqual(t, answered.ID, again.ConversationID)
		require.Equal(t, models.OriginBusiness, o.conversation(again.ConversationID).Origin)
		o.becomes(again, models.StatusAccepted)
		o.written(caio, "De novo?")
		require.Empty(t, o.deals(), "the business began the second one as well")
	})
}
