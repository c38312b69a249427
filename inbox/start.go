package inbox

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"recado/channels"
	"recado/crm"
	"recado/models"
	"recado/store"
)

// Start is a conversation that the business begins, with a template.
type Start struct {
	ChannelID      models.ID                   `json:"channelId"`
	ContactID      *models.ID                  `json:"contactId,omitempty"` // whom, of those who are known; this or Phone
	Phone          string                      `json:"phone,omitempty"`     // or at which number: international, or as it is written in the channel's country
	ContactName    string                      `json:"contactName,omitempty"`
	Template       models.TemplateMessageDraft `json:"template"`
	IdempotencyKey string                      `json:"-"` // as with Reply
}

// Start queues a template for somebody and returns it, in the conversation with them
// on the channel, which is begun if there is none. One that nobody has goes to the
// viewer; a closed one is opened again, or has a successor on a channel that begins
// new ones. The customer's answer opens the service window.
//
// Called again with the same key it does as Reply. Failures: NOT_FOUND (channelId,
// contactId), FORBIDDEN, INVALID and REQUIRED (contactId, phone, contactName), and for
// the template those of templates.Service.Sendable and Fill (templateId,
// values.…); CONTACT_BLOCKED, CHANNEL_UNAVAILABLE, MARKETING_OPTED_OUT,
// MESSAGING_LIMIT_REACHED and INSUFFICIENT_CREDITS as with Reply.
func (s *Service) Start(ctx context.Context, viewer models.Viewer, start Start) (models.Message, error) {
	if err := models.CheckIdempotencyKey(start.IdempotencyKey); err != nil {
		return models.Message{}, err
	}
	if !validName(start.ContactName) {
		return models.Message{}, models.NewError(models.CodeInvalid, "contactName").With("max", strconv.Itoa(maxContactName))
	}
	once := onceOnly{mutation: "conversationStart", key: start.IdempotencyKey, input: start}
	return s.queueOnce(ctx, viewer, once, func(tx *store.Tx, changes *changes) (*changing, models.Message, error) {
		if err := viewer.Require(start.ChannelID, models.LevelReply); err != nil {
			return nil, models.Message{}, models.Blame(err, "channelId")
		}
		channel, err := channels.Lock(tx, viewer.OrganizationID, start.ChannelID)
		if err != nil {
			return nil, models.Message{}, models.Blame(err, "channelId")
		}
		person, err := crm.Reach(tx.DB, viewer, channel, start.ContactID, start.Phone)
		if err != nil {
			return nil, models.Message{}, err
		}
		person.Name = start.ContactName
		conversation, err := changes.beginWith(viewer, channel, person)
		if err != nil {
			return nil, models.Message{}, err
		}
		proposed, err := s.propose(tx.DB, tx.Now(), viewer, conversation.Conversation, models.Draft{Template: &start.Template}, nil)
		if err == nil && len(proposed.obstacles) > 0 {
			err = ofStart(proposed.obstacles[0])
		}
		return conversation, proposed.message, err
	})
}

// maxContactName is the longest name that can be given to somebody new, in characters.
const maxContactName = 200

func validName(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsRune(name, 0) && utf8.RuneCountInString(name) <= maxContactName
}

// beginWith is the conversation with a person in which the business is about to write.
// The channel is locked.
func (c *changes) beginWith(viewer models.Viewer, channel models.Channel, person crm.Sender) (*changing, error) {
	resolution, err := crm.Resolve(c.tx, []crm.Sender{person})
	if err != nil {
		return nil, err
	}
	if err := c.follow(resolution); err != nil {
		return nil, err
	}
	if err := c.tx.Flush(); err != nil { // the template is filled in with what is known of them
		return nil, err
	}
	key := contactKey{channel.OrganizationID, channel.ID, resolution.Contacts[0].ID}
	if err := c.loadByContact([]contactKey{key}); err != nil {
		return nil, err
	}
	conversation, now := c.byContact[key], c.tx.Now()
	switch {
	case conversation == nil:
		conversation = c.add(models.Conversation{
			OrganizationID: key.organization, ID: models.NewID(), ChannelID: key.channel, ContactID: key.contact, Current: true,
			Status: models.ConversationOpen, Origin: models.OriginBusiness, LastMessageAt: now, Version: 1, CreatedAt: now, UpdatedAt: now,
		})
	case conversation.Status == models.ConversationClosed && channel.ReopenPolicy == models.NewConversation && !conversation.Silent():
		conversation = c.succeed(conversation, now)
	}
	// What the customer is called by when they write counts more, whenever that was.
	conversation.SeeCustomer(person.WAID, person.UserID, time.Unix(0, 0).UTC())
	conversation.written = true
	if conversation.AssigneeID == nil {
		c.assignBy(viewer, conversation, &viewer.UserID, models.AssignedByHand)
	}
	return conversation, nil
}

// ofStart names the field of an obstacle as one of Start's.
func ofStart(obstacle *models.Error) *models.Error {
	field := strings.TrimPrefix(obstacle.Field, templateField+".")
	if field == "conversationId" { // there may be none yet
		field = ""
	}
	return obstacle.At(field)
}
