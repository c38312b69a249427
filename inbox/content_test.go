package inbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/models"
	"recado/whatsapp/simulator"
)

// byWAMID reads the message with an id of Meta's.
func (o *office) byWAMID(wamid string) models.Message {
	o.t.Helper()
	var row models.Message
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&row, "organization_id = ? AND wamid = ?", o.organization, wamid).Error)
	return row
}

// Whatever a customer can send is stored, counts as unread, opens the window, and
// can be found by what it says.
func TestReceive_every_kind_of_message(t *testing.T) {
	sum := strings.Repeat("0", 64)
	onEachOffice(t, func(t *testing.T, o *office) {
		number := o.channel.PhoneNumberID
		picture := simulator.File{Kind: "image", MIMEType: "image/jpeg", Bytes: []byte("jpeg"), Caption: "front door"}
		for name, test := range map[string]struct {
			send    func(iris *simulator.CustomerHandle) string
			kind    string
			body    string
			content *models.Content
		}{
			"image": {
				func(c *simulator.CustomerHandle) string { return c.SendMedia(number, picture) }, "image", "front door",
				&models.Content{Media: &models.Media{MIME: "image/jpeg", Caption: "front door"}},
			},
			"voice note": {
				func(c *simulator.CustomerHandle) string {
					return c.SendMedia(number, simulator.File{Kind: "audio", MIMEType: "audio/ogg; codecs=opus", Bytes: []byte("ogg"), Voice: true})
				}, "audio", "",
				&models.Content{Media: &models.Media{MIME: "audio/ogg; codecs=opus", Voice: true}},
			},
			"document": {
				func(c *simulator.CustomerHandle) string {
					return c.SendMedia(number, simulator.File{Kind: "document", MIMEType: "application/pdf", Bytes: []byte("pdf"), Caption: "signed", FileName: "../Offer 17.pdf"})
				}, "document", "signed\n../Offer 17.pdf",
				&models.Content{Media: &models.Media{MIME: "application/pdf", Caption: "signed", FileName: "../Offer 17.pdf"}},
			},
			"file that Meta could not get": {
				func(c *simulator.CustomerHandle) string { return c.SendBrokenMedia(number, "video") }, "video", "",
				&models.Content{Media: &models.Media{Error: &models.MetaProblem{
					Code: 131052, Title: "Media download error", Details: "Failed to download the media from the sender.",
				}}},
			},
			"location": {
				func(c *simulator.CustomerHandle) string {
					return c.SendLocation(number, 51.5079, -0.0877, "Borough Market", "8 Southwark St")
				}, "location", "Borough Market\n8 Southwark St",
				&models.Content{Location: &models.Location{Latitude: 51.5079, Longitude: -0.0877, Name: "Borough Market", Address: "8 Southwark St"}},
			},
			"contact without a name": {
				func(c *simulator.CustomerHandle) string { return c.SendContact(number, "", "+44 7700 900111") }, "contacts",
				"+44 7700 900111\n+44 7700 900111",
				&models.Content{Contacts: []models.ContactCard{{Phones: []models.CardPhone{{Phone: "+44 7700 900111", Type: "CELL"}}}}},
			},
			"button of a template": {
				func(c *simulator.CustomerHandle) string {
					return c.TapButton(number, "wamid.T", "confirm:8841", "Confirm")
				}, "button", "Confirm",
				&models.Content{Button: &models.ButtonTap{Payload: "confirm:8841", Text: "Confirm"}},
			},
			"reply button": {
				func(c *simulator.CustomerHandle) string { return c.TapReply(number, "wamid.T", "slot:10", "10:00") }, "interactive", "10:00",
				&models.Content{ButtonReply: &models.Choice{ID: "slot:10", Title: "10:00"}},
			},
			"row of a list": {
				func(c *simulator.CustomerHandle) string {
					return c.PickRow(number, "wamid.T", "m1", "09:00", "with Ana")
				}, "interactive", "09:00\nwith Ana",
				&models.Content{ListReply: &models.Choice{ID: "m1", Title: "09:00", Description: "with Ana"}},
			},
			"form": {
				func(c *simulator.CustomerHandle) string { return c.AnswerFlow(number, "wamid.T", `{"day":"1"}`) }, "interactive", "Sent",
				&models.Content{FlowReply: &models.FlowReply{Name: "flow", Body: "Sent", Response: `{"day":"1"}`, Valid: true}},
			},
			"form with broken JSON": {
				func(c *simulator.CustomerHandle) string { return c.AnswerFlow(number, "wamid.T", `{"day":`) }, "interactive", "Sent",
				&models.Content{FlowReply: &models.FlowReply{Name: "flow", Body: "Sent", Response: `{"day":`}},
			},
			"order": {
				func(c *simulator.CustomerHandle) string {
					return c.Send(number, "order", map[string]any{"catalog_id": "60", "text": "before noon", "product_items": []any{
						map[string]any{"product_retailer_id": "TEA-01", "quantity": 2, "item_price": 4.5, "currency": "GBP"},
					}})
				}, "order", "before noon",
				&models.Content{Order: &models.Order{CatalogID: "60", Text: "before noon", Items: []models.OrderItem{{ProductID: "TEA-01", Quantity: "2", Price: "4.5", Currency: "GBP"}}}},
			},
			"poll": {
				func(c *simulator.CustomerHandle) string { return c.SendUnsupported(number, "poll") }, "unsupported", "",
				&models.Content{Unsupported: &models.Unsupported{Kind: "poll", Errors: []models.MetaProblem{{Code: 131051, Title: "Unsupported message type"}}}},
			},
			"text from an ad": {
				func(c *simulator.CustomerHandle) string {
					return c.SendText(number, "Hi", simulator.FromAd(map[string]any{"source_type": "ad", "source_id": "12", "ctwa_clid": "AR"}))
				}, "text", "Hi",
				&models.Content{Referral: &models.Referral{SourceType: "ad", SourceID: "12", ClickID: "AR"}},
			},
			"something new": {
				func(c *simulator.CustomerHandle) string {
					return c.Send(number, "hologram", map[string]any{"depth": 3})
				}, "hologram", "", nil,
			},
			"a kind without what it should have": {
				func(c *simulator.CustomerHandle) string {
					return c.Send(number, "location", map[string]any{"latitude": "north"})
				}, "location", "", nil,
			},
		} {
			t.Run(name, func(t *testing.T) {
				iris := o.customer()
				message := o.byWAMID(o.sent(test.send(iris)))
				require.Equal(t, test.kind, message.Kind)
				require.Equal(t, test.body, message.Body)
				require.Equal(t, models.SourceCustomer, message.Source)
				if message.Content != nil && message.Content.Media != nil && message.Content.Media.MetaID != "" {
					require.Len(t, message.Content.Media.SHA256, len(sum))
					message.Content.Media.MetaID, message.Content.Media.SHA256 = "", ""
				}
				require.Equal(t, test.content, message.Content)
				if test.kind != models.KindText {
					require.Contains(t, string(message.Raw), test.kind, "Meta's JSON is kept")
				}
				conversation := o.conversation(message.ConversationID)
				require.Equal(t, models.ConversationOpen, conversation.Status)
				require.Equal(t, 1, conversation.UnreadCount)
				require.True(t, conversation.WindowOpen(o.clock.Now()))
			})
		}
		t.Run("forwarded", func(t *testing.T) {
			once, often := o.byWAMID(o.sent(o.customer().SendText(number, "a", simulator.Forwarded(1)))), o.byWAMID(o.sent(o.customer().SendText(number, "b", simulator.Forwarded(6))))
			require.Equal(t, []bool{true, false, true, true}, []bool{once.Forwarded, once.FrequentlyForwarded, often.Forwarded, often.FrequentlyForwarded})
		})
		t.Run("from somebody who hides the number", func(t *testing.T) {
			hidden := o.meta.Customer(simulator.Customer{WAID: "447700905500", Name: "Zoe", Username: "zoe", HidesNumber: true})
			message := o.byWAMID(o.sent(hidden.SendMedia(number, picture)))
			require.Equal(t, hidden.UserID(), o.conversation(message.ConversationID).CustomerUserID)
			require.Empty(t, o.conversation(message.ConversationID).CustomerWAID)
			hidden.React(number, *message.WAMID, "👍")
			o.flush()
			require.Len(t, o.reactions(*message.WAMID), 1)
		})
	})
}

// receiveRaw takes a delivery in.
func (o *office) receiveRaw(body []byte) {
	o.t.Helper()
	require.NoError(o.t, o.inbox.Accept(o.t.Context(), inbox.RawDelivery{Body: body, ReceivedAt: o.clock.Now()}))
}

// sent waits for the webhook of a message and returns its id.
func (o *office) sent(wamid string) string {
	o.t.Helper()
	require.NotEmpty(o.t, wamid)
	o.flush()
	return wamid
}

// reactions are the emojis on a message, by side.
func (o *office) reactions(wamid string) map[models.Direction]string {
	o.t.Helper()
	var rows []models.MessageReaction
	require.NoError(o.t, o.db.Read(o.t.Context()).Find(&rows, "organization_id = ? AND wamid = ? AND emoji <> ''", o.organization, wamid).Error)
	found := make(map[models.Direction]string)
	for _, row := range rows {
		found[row.Direction] = row.Emoji
	}
	return found
}

func TestReceive_reactions(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		number := o.channel.PhoneNumberID
		conversation, iris := o.greeted()
		wamid := *o.message(*conversation.LastMessageID).WAMID
		t.Run("open the window, but leave nothing unread and open no closed conversation", func(t *testing.T) {
			_, err := o.inbox.CloseConversation(t.Context(), o.answers, inbox.Close{ConversationID: conversation.ID})
			require.NoError(t, err)
			o.pass(30 * time.Hour)
			require.False(t, o.conversation(conversation.ID).WindowOpen(o.clock.Now()))
			iris.React(number, wamid, "👍")
			o.flush()
			after := o.conversation(conversation.ID)
			require.True(t, after.WindowOpen(o.clock.Now()))
			require.Equal(t, models.ConversationClosed, after.Status)
			require.Equal(t, 1, after.UnreadCount)
			require.Equal(t, conversation.LastMessageID, after.LastMessageID)
			require.Equal(t, map[models.Direction]string{models.Inbound: "👍"}, o.reactions(wamid))
			require.Contains(t, o.events(conversation.ID), models.EventMessageChanged)
		})
		t.Run("are changed and taken back, by each side", func(t *testing.T) {
			o.pass(time.Second)
			iris.React(number, wamid, "❤️")
			iris.Hear(number, "reaction", map[string]any{"message_id": wamid, "emoji": "🙏"})
			o.flush()
			require.Equal(t, map[models.Direction]string{models.Inbound: "❤️", models.Outbound: "🙏"}, o.reactions(wamid))
			o.pass(time.Second)
			iris.React(number, wamid, "")
			o.flush()
			require.Equal(t, map[models.Direction]string{models.Outbound: "🙏"}, o.reactions(wamid))
		})
		t.Run("to what is not there stir up nothing", func(t *testing.T) {
			other := o.customer()
			other.React(number, "wamid.unknown", "👍")
			o.flush()
			require.Len(t, o.reactions("wamid.unknown"), 1)
			began := o.written(other, "Hi")
			require.Equal(t, models.ConversationOpen, began.Status)
			require.Equal(t, &o.answers.UserID, began.AssigneeID, "the first message hands it out")
		})
	})
}

func TestReceive_edits_and_deletions(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		number := o.channel.PhoneNumberID
		conversation, iris := o.greeted()
		wamid := *o.message(*conversation.LastMessageID).WAMID
		o.pass(time.Minute)
		iris.Edit(number, wamid, "Is the shop open tomorrow?")
		o.flush()
		edited := o.byWAMID(wamid)
		require.Equal(t, "Is the shop open tomorrow?", edited.Body)
		require.Equal(t, o.clock.Now().Unix(), edited.EditedAt.Unix())
		var versions []models.MessageRevision
		require.NoError(t, o.db.Read(t.Context()).Order("revised_at").Find(&versions, "wamid = ?", wamid).Error)
		require.Equal(t, []string{"Is the shop open today?", "Is the shop open tomorrow?"}, []string{versions[0].Body, versions[1].Body})

		o.pass(time.Minute)
		iris.Delete(number, wamid)
		o.flush()
		deleted := o.byWAMID(wamid)
		require.Equal(t, "Is the shop open tomorrow?", deleted.Body, "the team can still read it")
		require.NotNil(t, deleted.DeletedAt)
		after := o.conversation(conversation.ID)
		require.Equal(t, conversation.UnreadCount, after.UnreadCount)
		require.Equal(t, conversation.LastCustomerMessageAt.Unix(), after.LastCustomerMessageAt.Unix())

		revisions := func(viewer models.Viewer, wamid string) (bodies []string) {
			key := inbox.WAMID{ChannelID: o.channel.ID, Value: wamid}
			found, err := o.inbox.RevisionsByWAMID(t.Context(), viewer, []inbox.WAMID{key})
			require.NoError(t, err)
			for _, revision := range found[key] {
				bodies = append(bodies, revision.Body)
			}
			return bodies
		}
		t.Run("leave the earlier versions to those who may see the message", func(t *testing.T) {
			require.Equal(t, []string{"Is the shop open today?"}, revisions(o.watches, wamid))
			for _, viewer := range []models.Viewer{o.stranger, o.member(models.LevelNone)} {
				require.Empty(t, revisions(viewer, wamid))
			}
		})
		t.Run("are for the author alone", func(t *testing.T) {
			iris.Hear(number, "edit", map[string]any{"original_message_id": wamid, "message": map[string]any{"type": "text", "text": map[string]any{"body": "No"}}})
			o.flush()
			require.Equal(t, "Is the shop open tomorrow?", o.byWAMID(wamid).Body)
			require.Equal(t, []string{"Is the shop open today?"}, revisions(o.watches, wamid))
		})
		t.Run("of a caption leave the file", func(t *testing.T) {
			picture := o.sent(iris.SendMedia(number, simulator.File{Kind: "image", MIMEType: "image/jpeg", Bytes: []byte("x"), Caption: "front"}))
			iris.Send(number, "edit", map[string]any{"original_message_id": picture, "message": map[string]any{"type": "image", "image": map[string]any{"caption": "back"}}})
			o.flush()
			message := o.byWAMID(picture)
			require.Equal(t, "back", message.Body)
			require.Equal(t, "image/jpeg", message.Content.Media.MIME)
		})
	})
}

func TestReceive_what_the_business_writes_on_its_phone(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		number := o.channel.PhoneNumberID
		conversation, iris := o.greeted()
		o.pass(25 * time.Hour)
		echo := o.byWAMID(o.sent(iris.HearText(number, "Be right there")))
		require.Equal(t, conversation.ID, echo.ConversationID)
		require.Equal(t, []any{models.Outbound, models.SourcePhoneApp, models.StatusAccepted, "Be right there"},
			[]any{echo.Direction, echo.Source, echo.Status, echo.Body})
		require.Nil(t, echo.SenderID)
		after := o.conversation(conversation.ID)
		require.False(t, after.WindowOpen(o.clock.Now()), "it opens no window")
		require.Equal(t, conversation.UnreadCount, after.UnreadCount)
		require.Equal(t, &echo.ID, after.LastMessageID)
		require.Empty(t, o.meta.Sent(), "it is not sent again")

		o.receiveRaw(payload(status(o.channel, *echo.WAMID, "delivered", "", o.clock.Now())))
		require.Equal(t, models.StatusDelivered, o.byWAMID(*echo.WAMID).Status)
	})
}

func TestReceive_history_of_the_phone(t *testing.T) {
	onEachOffice(t, func(t *testing.T, o *office) {
		body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"history","value":{
			"metadata":{"display_phone_number":"551133190827","phone_number_id":"` + o.channel.PhoneNumberID + `"},
			"history":[{"threads":[{"id":"447700900456","messages":[
			{"from":"551133190827","to":"447700900456","id":"h1","timestamp":"1793000000","type":"text","text":{"body":"Hello"},"history_context":{"status":"READ"}},
			{"from":"447700900456","id":"h2","timestamp":"1793000100","type":"media_placeholder","history_context":{"status":"DELIVERED"}}]}]}]}}]}]}`)
		o.receiveRaw(body)
		o.receiveRaw(body)
		sent, placeholder := o.byWAMID("h1"), o.byWAMID("h2")
		require.Equal(t, []any{models.Outbound, models.SourcePhoneApp, models.StatusRead, int64(1793000000), true},
			[]any{sent.Direction, sent.Source, sent.Status, sent.SentAt.Unix(), sent.FromHistory})
		require.Equal(t, models.Inbound, placeholder.Direction)
		conversation := o.conversation(sent.ConversationID)
		require.Equal(t, sent.ConversationID, placeholder.ConversationID)
		require.Equal(t, models.ConversationClosed, conversation.Status)
		require.Zero(t, conversation.UnreadCount)
		require.Nil(t, conversation.LastCustomerMessageAt, "it opens no window")
		require.Equal(t, int64(1793000100), conversation.LastMessageAt.Unix())

		o.receiveRaw([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"history","value":{
			"metadata":{"display_phone_number":"551133190827","phone_number_id":"` + o.channel.PhoneNumberID + `"},
			"messages":[{"from":"447700900456","id":"h2","timestamp":"1793000100","type":"image","image":{"id":"9","caption":"cake"}}]}}]}]}`))
		require.Equal(t, "cake", o.byWAMID("h2").Body, "the file took its place")

		iris := o.meta.Customer(simulator.Customer{WAID: "447700900456", Name: "Iris"})
		began := o.written(iris, "Hi again")
		require.Equal(t, conversation.ID, began.ID)
		require.Equal(t, models.ConversationOpen, began.Status)
		require.Equal(t, &o.answers.UserID, began.AssigneeID)
	})
}
