package inbox

import (
	"fmt"

	"recado/models"
	"recado/whatsapp"
)

// outbound is a message as it goes to Meta. mediaID is Meta's id of its attachment,
// empty if it has none.
func outbound(conversation models.Conversation, message *models.Message, mediaID string) (whatsapp.OutboundMessage, error) {
	out := whatsapp.OutboundMessage{
		To: conversation.CustomerWAID, ToUserID: conversation.CustomerUserID, CallbackData: message.ID.String(),
	}
	if message.ReplyToWAMID != nil {
		out.ReplyToMessageID = *message.ReplyToWAMID
	}
	content := models.Content{}
	if message.Content != nil {
		content = *message.Content
	}
	switch {
	case message.Kind == models.KindText:
		out.Content = whatsapp.TextMessage{Body: message.Body, PreviewURL: message.PreviewURL}
	case content.Media != nil:
		out.Content = whatsapp.MediaMessage{
			Type: whatsapp.MediaType(message.Kind), ID: mediaID,
			Caption: content.Media.Caption, FileName: content.Media.FileName, Voice: content.Media.Voice,
		}
	case content.Location != nil:
		out.Content = whatsapp.LocationMessage{
			Latitude: content.Location.Latitude, Longitude: content.Location.Longitude,
			Name: content.Location.Name, Address: content.Location.Address,
		}
	case content.Contacts != nil:
		out.Content = contactsMessage(content.Contacts)
	case content.Reaction != nil:
		out.Content = whatsapp.ReactionMessage{MessageID: out.ReplyToMessageID, Emoji: content.Reaction.Emoji}
		out.ReplyToMessageID = ""
	case content.Interactive != nil:
		out.Content = interactiveMessage(*content.Interactive, mediaID)
	case content.Template != nil:
		out.Content = templateMessage(*content.Template, mediaID)
	default:
		return out, fmt.Errorf("message %s of kind %q cannot be sent", message.ID, message.Kind)
	}
	return out, nil
}

func contactsMessage(cards []models.ContactCard) whatsapp.ContactsMessage {
	sent := make([]whatsapp.SentCard, len(cards))
	for i, card := range cards {
		sent[i] = whatsapp.SentCard{
			Name:     whatsapp.SentName{Formatted: card.Name.Formatted, First: card.Name.First, Last: card.Name.Last},
			Company:  whatsapp.SentCompany{Company: card.Company, Title: card.JobTitle},
			Birthday: card.Birthday,
		}
		for _, phone := range card.Phones {
			sent[i].Phones = append(sent[i].Phones, whatsapp.SentPhone{Phone: phone.Phone, Type: phone.Type, WAID: phone.WAID})
		}
		for _, email := range card.Emails {
			sent[i].Emails = append(sent[i].Emails, whatsapp.SentEmail{Email: email.Email, Type: email.Type})
		}
		for _, address := range card.Addresses {
			sent[i].Addresses = append(sent[i].Addresses, whatsapp.SentAddress{
				Street: address.Street, City: address.City, State: address.State, ZIP: address.Zip,
				Country: address.Country, Type: address.Type,
			})
		}
		for _, page := range card.URLs {
			sent[i].URLs = append(sent[i].URLs, whatsapp.SentURL{URL: page.URL, Type: page.Type})
		}
	}
	return whatsapp.ContactsMessage{Cards: sent}
}

func templateMessage(sent models.SentTemplate, mediaID string) whatsapp.TemplateMessage {
	out := whatsapp.TemplateMessage{Name: sent.Name, Language: sent.Language, HeaderText: (*whatsapp.TemplateValue)(sent.HeaderText)}
	if header := sent.Header; header != nil {
		if header.MediaKind != "" {
			out.HeaderMedia = &whatsapp.MediaMessage{Type: whatsapp.MediaType(header.MediaKind), ID: mediaID, FileName: header.FileName}
		}
		if place := header.Location; place != nil {
			out.HeaderLocation = &whatsapp.LocationMessage{Latitude: place.Latitude, Longitude: place.Longitude, Name: place.Name, Address: place.Address}
		}
	}
	for _, value := range sent.Values {
		out.Body = append(out.Body, whatsapp.TemplateValue(value))
	}
	for i, button := range sent.Buttons {
		value := whatsapp.TemplateButtonValue{Index: i, Payload: button.Payload, Suffix: button.Suffix, Coupon: button.Code}
		if button.Kind == models.TemplateOTP { // to Meta it is a URL that ends with the code (§5.6)
			value.Suffix, value.Coupon = button.Code, ""
		}
		if value.Payload != "" || value.Suffix != "" || value.Coupon != "" {
			out.Buttons = append(out.Buttons, value)
		}
	}
	return out
}

func interactiveMessage(content models.Interactive, mediaID string) whatsapp.InteractiveMessage {
	out := whatsapp.InteractiveMessage{Body: content.Body, Footer: content.Footer}
	if header := content.Header; header != nil {
		out.HeaderText = header.Text
		if header.MediaKind != "" {
			out.HeaderMedia = &whatsapp.MediaMessage{Type: whatsapp.MediaType(header.MediaKind), ID: mediaID}
		}
	}
	for _, button := range content.Buttons {
		out.Buttons = append(out.Buttons, whatsapp.ReplyButton{ID: button.ID, Title: button.Title})
	}
	if content.Link != nil {
		out.Link = &whatsapp.LinkButton{Title: content.Link.Text, URL: content.Link.URL}
	}
	if content.List == nil {
		return out
	}
	out.List = &whatsapp.ChoiceList{Button: content.List.Button}
	for _, section := range content.List.Sections {
		sent := whatsapp.ListSection{Title: section.Title}
		for _, row := range section.Rows {
			sent.Rows = append(sent.Rows, whatsapp.ListRow{ID: row.ID, Title: row.Title, Description: row.Description})
		}
		out.List.Sections = append(out.List.Sections, sent)
	}
	return out
}
