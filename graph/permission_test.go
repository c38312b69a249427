package graph_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/inbox"
	"recado/models"
	"recado/testkit"
)

// inboxMutation is a mutation of a conversation or what belongs to one.
type inboxMutation struct {
	input string // of the mutation, with $conversation and the like in place of ids
	view  bool   // VIEW is enough: neither the customer sees anything of it, nor does it change what the team does
}

// inboxMutations are all mutations that take the id of a conversation, of a message, or
// of what belongs to one.
var inboxMutations = map[string][]inboxMutation{
	"messageSend": {
		{input: `{conversationId: $conversation, content: {text: {body: "Oi"}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {location: {latitude: -23.5, longitude: -46.6}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {contacts: {cards: [{name: {formatted: "Ana"}}]}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {interactive: {body: "Which?", buttons: [{id: "a", title: "A"}]}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {reaction: {messageId: $message, emoji: "👍"}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {reaction: {messageId: $message, emoji: ""}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {attachment: {attachmentId: $file}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {quickReply: {quickReplyId: $quickReply}}, idempotencyKey: "k"}`},
		{input: `{conversationId: $conversation, content: {template: {templateId: $template}}, idempotencyKey: "k"}`},
	},
	"conversationStart":      {{input: `{channelId: $channel, contactId: $contact, templateId: $template, idempotencyKey: "k"}`}},
	"messageRetry":           {{input: `{messageId: $message, idempotencyKey: "k"}`}},
	"messageCancel":          {{input: `{messageId: $message}`}},
	"conversationTypingShow": {{input: `{conversationId: $conversation}`}},
	"conversationMarkRead":   {{input: `{conversationId: $conversation}`}},
	"conversationAssign":     {{input: `{conversationId: $conversation, assigneeId: null}`}},
	"conversationClose":      {{input: `{conversationId: $conversation}`}},
	"conversationReopen":     {{input: `{conversationId: $conversation}`}},
	"conversationSnooze":     {{input: `{conversationId: $conversation, until: $tomorrow}`}},
	"conversationUnsnooze":   {{input: `{conversationId: $conversation}`}},
	"conversationMute":       {{input: `{conversationId: $conversation}`}},
	"conversationUnmute":     {{input: `{conversationId: $conversation}`}},
	"conversationTagsUpdate": {{input: `{conversationId: $conversation, addTagIds: [$tag]}`}},
	"conversationsAssign":    {{input: `{conversationIds: [$conversation], assigneeId: null}`}},
	"conversationsClose":     {{input: `{conversationIds: [$conversation]}`}},
	"conversationsTag":       {{input: `{conversationIds: [$conversation], addTagIds: [$tag]}`}},
	"contactBlock":           {{input: `{contactId: $contact}`}},
	"contactUnblock":         {{input: `{contactId: $contact}`}},
	"contactUpdate":          {{input: `{contactId: $contact, customValues: []}`}},
	"dealCreate": {
		{input: `{name: "Forno", contactId: $contact}`, view: true},
		{input: `{name: "Forno", conversationId: $conversation}`, view: true},
	},
	"dealUpdate": {
		{input: `{dealId: $deal, contactId: $contact}`, view: true},
		{input: `{dealId: $deal, conversationId: $conversation}`, view: true},
	},
	"noteUpdate":              {{input: `{noteId: $note, body: "Mine now"}`}}, // somebody else's
	"noteDelete":              {{input: `{noteId: $note}`}},
	"noteCreate":              {{input: `{conversationId: $conversation, body: "For us"}`, view: true}},
	"conversationMarkSeen":    {{input: `{conversationId: $conversation}`, view: true}},
	"conversationPresenceSet": {{input: `{conversationId: $conversation, state: VIEWING}`, view: true}},
	"attachmentRefetch":       {{input: `{attachmentId: $file}`, view: true}},
}

// belongsToAConversation are the fields of an input that name such an object.
var belongsToAConversation = regexp.MustCompile(`^(conversation|message|contact|note)Ids?$`)

// Whoever may only look changes nothing that the customer sees or the team does, by any
// mutation; and what lies where somebody may not look does not exist.
func TestNobodyWithoutREPLYChangesAConversation(t *testing.T) {
	t.Run("whatever the mutation", func(t *testing.T) {
		types := own(t)
		for _, mutation := range types["Mutation"].Fields {
			input := types[mutation.Arguments[0].Type.Name()]
			for _, field := range input.Fields {
				if belongsToAConversation.MatchString(field.Name) {
					require.NotEmpty(t, inboxMutations[mutation.Name], "%s takes %s: say in the table who may", mutation.Name, field.Name)
				}
			}
		}
		for name := range inboxMutations {
			require.NotNil(t, types["Mutation"].Fields.ForName(name), name)
		}
	})
	onEach(t, func(t *testing.T, a *api) {
		visible := a.Conversation(a.Open, "Maria", a.DB.Now())
		hidden := a.Conversation(a.Closed, "João", a.DB.Now())
		administrator := a.Viewer(a.Administrator)
		tag, err := a.Inbox.CreateTag(t.Context(), administrator, inbox.TagDraft{Name: "Bolos", Color: models.TagPink})
		require.NoError(t, err)
		quickReply, err := a.Inbox.CreateQuickReply(t.Context(), administrator, inbox.QuickReplyWish{Shortcut: "oi", Body: "Oi"}, true)
		require.NoError(t, err)
		deal, err := a.CRM.CreateDeal(t.Context(), administrator, crm.DealChange{Name: new("Forno")}, nil)
		require.NoError(t, err)
		ids := make(map[models.ID]*strings.Replacer)
		for _, conversation := range []models.Conversation{visible, hidden} {
			note, err := a.Inbox.AddNote(t.Context(), administrator, inbox.Note{ConversationID: conversation.ID, Body: "Careful"})
			require.NoError(t, err)
			file := models.Attachment{
				OrganizationID: a.Organization.ID, ID: models.NewID(), Source: models.AttachmentFromWhatsApp, ChannelID: &conversation.ChannelID,
				Status: models.AttachmentAvailable, Kind: models.MediaImage, MIMEType: "image/png", ByteSize: 1000, BlobKey: "k",
				CreatedAt: a.DB.Now(), UpdatedAt: a.DB.Now(),
			}
			a.Save(&file)
			ids[conversation.ID] = strings.NewReplacer(
				"$conversation", strconv.Quote(public(models.PrefixConversation, conversation.ID)),
				"$message", strconv.Quote(public(models.PrefixMessage, *conversation.LastMessageID)),
				"$channel", strconv.Quote(public(models.PrefixChannel, conversation.ChannelID)),
				"$template", strconv.Quote(public(models.PrefixTemplate, models.NewID())), // whatever it is
				"$contact", strconv.Quote(public(models.PrefixContact, conversation.ContactID)),
				"$note", strconv.Quote(public(models.PrefixNote, note.ID)),
				"$file", strconv.Quote(public(models.PrefixAttachment, file.ID)),
				"$deal", strconv.Quote(public(models.PrefixDeal, deal.ID)),
				"$tag", strconv.Quote(public(models.PrefixTag, tag.ID)),
				"$quickReply", strconv.Quote(public(models.PrefixQuickReply, quickReply.ID)),
				"$tomorrow", strconv.Quote(a.DB.Now().Add(24*time.Hour).Format(time.RFC3339)),
			)
		}
		// code is the error of a call; empty if there is none.
		code := func(c *caller, mutation, input string, on models.Conversation) any {
			part := `userErrors {code}`
			bulk := strings.HasPrefix(mutation, "conversations")
			if bulk {
				part += ` results {userErrors {code}}`
			}
			answer := c.ask(fmt.Sprintf(`mutation {%s(input: %s) {%s}}`, mutation, ids[on.ID].Replace(input), part), nil)
			if len(answer.Errors) > 0 {
				return answer.code()
			}
			path := mutation + ".userErrors"
			if bulk {
				require.Empty(t, answer.at(path))
				path = mutation + ".results.0.userErrors"
			}
			if problems := answer.at(path).([]any); len(problems) == 0 { //nolint:errcheck // a list, by the schema
				return ""
			}
			return answer.at(path + ".0.code")
		}
		changed := func() (rows []models.Event) {
			require.NoError(t, a.DB.Read(t.Context()).Order("position").Find(&rows, "user_id IS NULL").Error)
			return rows
		}
		before := changed()
		looker, outsider, stranger := a.as(a.Looker), a.as(a.Outsider), a.as(testkit.NewWorld(t, a.DB).Administrator)
		for name, mutations := range inboxMutations {
			for _, mutation := range mutations {
				if !mutation.view {
					require.Equal(t, "FORBIDDEN", code(looker, name, mutation.input, visible), "%s %s", name, mutation.input)
				}
				for who, caller := range map[string]*caller{"NONE": outsider, "another organization": stranger} {
					require.Equal(t, "NOT_FOUND", code(caller, name, mutation.input, visible), "%s, %s %s", who, name, mutation.input)
				}
				require.Equal(t, "NOT_FOUND", code(looker, name, mutation.input, hidden), "hidden: %s %s", name, mutation.input)
			}
		}
		require.Equal(t, before, changed(), "nothing was changed")
		var outbound int64
		require.NoError(t, a.DB.Read(t.Context()).Model(&models.Message{}).Where("direction = ?", models.Outbound).Count(&outbound).Error)
		require.Zero(t, outbound)

		t.Run("while those who may reply get through", func(t *testing.T) {
			for name, mutations := range inboxMutations {
				for _, mutation := range mutations {
					caller := a.as(a.Replier)
					if mutation.view {
						caller = looker
					}
					if strings.HasPrefix(name, "note") && !mutation.view { // the author's alone
						caller = a.as(a.Administrator)
					}
					found := code(caller, name, mutation.input, visible)
					require.NotContains(t, []any{"FORBIDDEN", "INTERNAL"}, found, "%s %s", name, mutation.input)
				}
			}
		})
	})
}
