package inbox

import (
	"errors"

	"gorm.io/gorm"

	"recado/models"
	"recado/templates"
)

const templateField = "content.template"

// fillIn makes a template's message, or says what keeps it from being sent. Its file
// was checked by the time it returns.
func (s *Service) fillIn(db *gorm.DB, viewer models.Viewer, conversation models.Conversation, channel models.Channel, draft models.TemplateMessageDraft, p *proposal,
) error {
	p.message.Kind = models.KindTemplate
	if s.templates == nil {
		return p.refuse(models.NewError(models.CodeNotFound, "templateId"))
	}
	template, err := s.templates.Sendable(db, viewer, channel, draft.TemplateID)
	if err != nil {
		return p.refuse(err)
	}
	if refusal := template.CheckRecipient(conversation.CustomerWAID != ""); refusal != nil {
		p.stopAt(refusal.At("conversationId"))
	}
	filled, err := s.templates.Fill(db, viewer, template, templates.Subject{ContactID: &conversation.ContactID, DealID: draft.DealID}, draft.Values)
	if err != nil {
		return p.refuse(err)
	}
	p.message.Content, p.message.AttachmentID = new(filled.Message()), filled.AttachmentID
	p.message.Body = p.message.Content.Text()
	if obstacle := filled.Obstacle(); obstacle != nil {
		return p.refuse(obstacle)
	}
	return nil
}

// refuse notes what is wrong with a template as an obstacle; faults stay what they are.
func (p *proposal) refuse(err error) error {
	refusal, ok := errors.AsType[*models.Error](err)
	if !ok {
		return err
	}
	p.stopAt(refusal.At(templateField + "." + refusal.Field))
	return nil
}
