package graph

import (
	"recado/graph/gqlmodel"
	"recado/models"
)

// draftOf reads what is to be sent. Its fields are checked by the inbox; ids notes
// an id that is none.
func draftOf(input gqlmodel.MessageSendContentInput, ids *idParser) models.Draft {
	var draft models.Draft
	if text := input.Text.Value(); text != nil {
		draft.Text = &models.TextDraft{Body: text.Body, PreviewURL: text.PreviewURL}
	}
	if file := input.Attachment.Value(); file != nil {
		draft.Attachment = &models.AttachmentDraft{
			AttachmentID: ids.parse(models.PrefixAttachment, file.AttachmentID, "content.attachment.attachmentId"),
			Caption:      file.Caption,
		}
	}
	if place := input.Location.Value(); place != nil {
		draft.Location = &models.Location{Latitude: place.Latitude, Longitude: place.Longitude, Name: place.Name, Address: place.Address}
	}
	if contacts := input.Contacts.Value(); contacts != nil {
		draft.Contacts = &models.ContactsDraft{Cards: cardsOf(contacts.Cards)}
	}
	if reaction := input.Reaction.Value(); reaction != nil {
		draft.Reaction = &models.ReactionDraft{
			MessageID: ids.parse(models.PrefixMessage, reaction.MessageID, "content.reaction.messageId"),
			Emoji:     reaction.Emoji,
		}
	}
	if interactive := input.Interactive.Value(); interactive != nil {
		draft.Interactive = interactiveOf(*interactive, ids)
	}
	if reply := input.QuickReply.Value(); reply != nil {
		draft.QuickReply = &models.QuickReplyDraft{
			QuickReplyID: ids.parse(models.PrefixQuickReply, reply.QuickReplyID, "content.quickReply.quickReplyId"),
		}
	}
	if template := input.Template.Value(); template != nil {
		draft.Template = &models.TemplateMessageDraft{
			TemplateID: ids.parse(models.PrefixTemplate, template.TemplateID, "content.template.templateId"),
			DealID:     ids.optional(models.PrefixDeal, template.DealID.Value(), "content.template.dealId"),
			Values:     valuesOf(template.Values.Value(), "content.template.values", ids),
		}
	}
	return draft
}

func cardsOf(inputs []gqlmodel.ContactCardInput) []models.ContactCard {
	cards := make([]models.ContactCard, len(inputs))
	for i, input := range inputs {
		card := models.ContactCard{
			Name:    models.CardName{Formatted: input.Name.Formatted, First: input.Name.First, Last: input.Name.Last},
			Company: input.Company, JobTitle: input.JobTitle, Birthday: input.Birthday,
		}
		for _, phone := range input.Phones {
			card.Phones = append(card.Phones, models.CardPhone{Phone: phone.Phone, WAID: phone.WaID, Type: phone.Type})
		}
		for _, email := range input.Emails {
			card.Emails = append(card.Emails, models.CardEmail{Email: email.Email, Type: email.Type})
		}
		for _, address := range input.Addresses {
			card.Addresses = append(card.Addresses, models.CardAddress{
				Street: address.Street, City: address.City, State: address.State, Zip: address.Zip,
				Country: address.Country, Type: address.Type,
			})
		}
		for _, page := range input.Urls {
			card.URLs = append(card.URLs, models.CardURL{URL: page.URL, Type: page.Type})
		}
		cards[i] = card
	}
	return cards
}

func interactiveOf(input gqlmodel.InteractiveContentInput, ids *idParser) *models.InteractiveDraft {
	draft := &models.InteractiveDraft{Interactive: models.Interactive{Body: input.Body, Footer: input.Footer}}
	if header := input.Header.Value(); header != nil {
		if text := header.Text.Value(); text != nil {
			draft.Header = &models.InteractiveHeader{Text: *text}
		}
		draft.HeaderAttachmentID = ids.optional(models.PrefixAttachment, header.AttachmentID.Value(), "content.interactive.header.attachmentId")
	}
	for _, button := range input.Buttons.Value() {
		draft.Buttons = append(draft.Buttons, models.Choice{ID: button.ID, Title: button.Title})
	}
	if link := input.Link.Value(); link != nil {
		draft.Link = &models.InteractiveLink{Text: link.Text, URL: link.URL}
	}
	list := input.List.Value()
	if list == nil {
		return draft
	}
	draft.List = &models.InteractiveList{Button: list.Button}
	for _, section := range list.Sections {
		part := models.ListSection{Title: section.Title}
		for _, row := range section.Rows {
			part.Rows = append(part.Rows, models.Choice{ID: row.ID, Title: row.Title, Description: row.Description})
		}
		draft.List.Sections = append(draft.List.Sections, part)
	}
	return draft
}
