package inbox

import (
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/media"
	"recado/models"
)

// proposal is the message that a draft would become, and what keeps it from going
// out. It is the one place that decides this, for Reply and CanSend alike.
type proposal struct {
	message   models.Message
	obstacles []*models.Error // the first is what Reply reports
	limit     *LimitUse       // of the messaging limit, if the message would count towards it
}

func (p *proposal) stopAt(obstacle *models.Error) { p.obstacles = append(p.obstacles, obstacle) }

// checkDraft returns what is wrong with a draft taken by itself, with the field as
// it is named in Reply.
func checkDraft(draft models.Draft, replyTo *models.ID) error {
	if err := draft.Check(); err != nil {
		return inContent(err)
	}
	if draft.Reaction != nil && replyTo != nil { // it says itself what it is on
		return models.NewError(models.CodeInvalid, "replyToId")
	}
	return nil
}

// inContent names the field of a draft's error as one of Reply's.
func inContent(err error) *models.Error {
	failure, ok := errors.AsType[*models.Error](err)
	if !ok {
		return models.NewError(models.CodeInvalid, "content")
	}
	field := "content"
	if failure.Field != "" {
		field += "." + failure.Field
	}
	return failure.At(field)
}

// propose makes the message of a draft that checkDraft has passed, by a viewer who
// may reply.
func (s *Service) propose(db *gorm.DB, now time.Time, viewer models.Viewer, conversation models.Conversation, draft models.Draft, replyTo *models.ID,
) (proposal, error) {
	field := fileField(draft)
	draft, obstacle, err := expand(db, viewer, conversation, draft)
	if err != nil {
		return proposal{}, err
	}
	proposed := proposal{message: models.Message{
		OrganizationID: conversation.OrganizationID, ID: models.NewID(),
		ChannelID: conversation.ChannelID, ConversationID: conversation.ID,
		Direction: models.Outbound, Source: models.SourceAgent, SenderID: new(viewer.UserID), Status: models.StatusQueued,
		AttachmentID: draft.AttachmentID(),
		SentAt:       now, CreatedAt: now, UpdatedAt: now,
	}}
	if obstacle != nil {
		proposed.stopAt(obstacle)
	}
	channel, err := channelOf(db, conversation)
	if err != nil {
		return proposed, err
	}
	if draft.Template != nil {
		if err := s.fillIn(db, viewer, conversation, channel, *draft.Template, &proposed); err != nil {
			return proposed, err
		}
	}
	file, err := proposed.weigh(db, now, viewer, conversation, channel, field)
	if err != nil {
		return proposed, err
	}
	if err := s.reach(db, now, conversation, channel, &proposed); err != nil {
		return proposed, err
	}
	if file != nil {
		if err := draft.CheckFile(file.Kind); err != nil {
			proposed.stopAt(inContent(err))
		}
	}
	fill(&proposed.message, draft, file)
	on, onField := replyTo, "replyToId"
	if draft.Reaction != nil {
		on, onField = &draft.Reaction.MessageID, "content.reaction.messageId"
	}
	if on == nil {
		return proposed, nil
	}
	return proposed, proposed.answer(db, now, *on, onField)
}

// fileField is where a draft names its attachment.
func fileField(draft models.Draft) string {
	switch {
	case draft.Interactive != nil:
		return "content.interactive.header.attachmentId"
	case draft.QuickReply != nil:
		return quickReplyField
	case draft.Template != nil:
		return "content.template.values.headerAttachmentId"
	}
	return "content.attachment.attachmentId"
}

// fill writes what the draft says into its message. file is its attachment, nil if
// it has none that can be used.
func fill(message *models.Message, draft models.Draft, file *models.Attachment) {
	switch {
	case draft.Template != nil: // see fillIn
		return
	case draft.Text != nil:
		message.Kind, message.Body, message.PreviewURL = models.KindText, draft.Text.Body, draft.Text.PreviewURL
		return
	case draft.Attachment != nil:
		if file == nil {
			return
		}
		message.Kind = file.Kind.MessageKind()
		content := models.Media{MIME: file.MIMEType, Caption: draft.Attachment.Caption}
		if file.Kind == models.MediaDocument {
			content.FileName = file.FileName
		}
		message.Content = &models.Content{Media: &content}
	case draft.Location != nil:
		message.Kind, message.Content = models.KindLocation, &models.Content{Location: draft.Location}
	case draft.Contacts != nil:
		message.Kind, message.Content = models.KindContacts, &models.Content{Contacts: draft.Contacts.Cards}
	case draft.Reaction != nil:
		message.Kind, message.Content = models.KindReaction, &models.Content{Reaction: &models.Reaction{Emoji: draft.Reaction.Emoji}}
	case draft.Interactive != nil:
		interactive := draft.Interactive.Interactive
		if file != nil {
			interactive.Header = &models.InteractiveHeader{MediaKind: file.Kind.MessageKind()}
		}
		message.Kind, message.Content = models.KindInteractive, &models.Content{Interactive: &interactive}
	}
	message.Body = message.Content.Text()
}

// weigh finds what keeps a message from going out in a conversation now, whatever
// it says, and returns its attachment if that can be used. field is where the
// attachment is named.
func (p *proposal) weigh(db *gorm.DB, now time.Time, viewer models.Viewer, conversation models.Conversation, channel models.Channel, field string,
) (*models.Attachment, error) {
	if err := requireCurrent(db, conversation); err != nil {
		newer, ok := errors.AsType[*models.Error](err)
		if !ok {
			return nil, err
		}
		p.stopAt(newer)
	}
	if conversation.Blocked {
		p.stopAt(models.NewError(models.CodeContactBlocked, "conversationId"))
	}
	if refusesMarketing(conversation, p.message) {
		p.stopAt(models.NewError(models.CodeMarketingOptedOut, "conversationId"))
	}
	if p.message.Kind != models.KindTemplate && !conversation.WindowOpen(now) {
		closed := models.NewError(models.CodeServiceWindowClosed, "conversationId")
		if expired := conversation.WindowExpiresAt(); expired != nil {
			closed = closed.With("closedAt", expired.UTC().Format(time.RFC3339))
		}
		p.stopAt(closed)
	}
	if channel.Status != models.ChannelConnected {
		p.stopAt(models.NewError(models.CodeChannelUnavailable, "conversationId").With("status", string(channel.Status)))
	}
	return p.attach(db, viewer, field)
}

func channelOf(db *gorm.DB, conversation models.Conversation) (channel models.Channel, err error) {
	err = db.Take(&channel, "organization_id = ? AND id = ?", conversation.OrganizationID, conversation.ChannelID).Error
	if err != nil {
		return channel, fmt.Errorf("read channel %s: %w", conversation.ChannelID, err)
	}
	return channel, nil
}

// attach looks for the message's attachment among those that the viewer may see.
func (p *proposal) attach(db *gorm.DB, viewer models.Viewer, field string) (*models.Attachment, error) {
	if p.message.AttachmentID == nil || p.message.Kind == models.KindTemplate {
		return nil, nil //nolint:nilnil // none is asked for, or it is the template's
	}
	file, err := media.FindIn(db, viewer, *p.message.AttachmentID, field)
	if err == nil {
		err = file.Sendable()
	}
	if err == nil {
		return &file, nil
	}
	obstacle, ok := errors.AsType[*models.Error](err)
	if !ok {
		return nil, err
	}
	p.stopAt(obstacle.At(field))
	return nil, nil //nolint:nilnil // said as an obstacle
}

// answer has the message quote another one of its conversation, or react to it.
func (p *proposal) answer(db *gorm.DB, now time.Time, id models.ID, field string) error {
	var on models.Message
	err := db.Where("organization_id = ? AND conversation_id = ? AND id = ?", p.message.OrganizationID, p.message.ConversationID, id).
		Take(&on).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		p.stopAt(models.NewError(models.CodeNotFound, field))
	case err != nil:
		return fmt.Errorf("read message to answer: %w", err)
	case on.WAMID == nil || !on.Listed(): // Meta does not know it yet, or takes no answer to it
		p.stopAt(models.NewError(models.CodeInvalid, field))
	case p.message.Kind == models.KindReaction && now.Sub(on.SentAt) > models.ReactionLimit:
		p.stopAt(models.NewError(models.CodeMessageTooOld, field))
	default:
		p.message.ReplyToWAMID = on.WAMID
	}
	return nil
}
