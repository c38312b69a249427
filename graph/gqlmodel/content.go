package gqlmodel

import "recado/models"

// MessageReaction is models.MessageReaction as clients see it.
type MessageReaction models.MessageReaction

// Says is what the message says.
func (m *Message) Says() MessageContent {
	if m.Kind == models.KindText {
		return TextContent{Body: m.Body}
	}
	if m.Content != nil {
		if content := contentOf(m.Kind, m.Content); content != nil {
			return content
		}
	}
	content := UnknownContent{Kind: m.Kind}
	if m.Raw != nil {
		raw := string(m.Raw)
		content.RawJSON = &raw
	}
	return content
}

// contentOf is what a message other than a text says; nil if that cannot be told.
func contentOf(kind string, c *models.Content) MessageContent {
	switch {
	case c.Media != nil:
		return mediaOf(kind, c.Media)
	case c.Location != nil:
		l := c.Location
		return LocationContent{Latitude: l.Latitude, Longitude: l.Longitude, Name: given(l.Name), Address: given(l.Address), URL: given(l.URL)}
	case len(c.Contacts) > 0:
		return ContactsContent{Cards: all(c.Contacts, cardOf)}
	case c.Button != nil:
		return ButtonContent{Text: given(c.Button.Text), Payload: given(c.Button.Payload)}
	case c.ButtonReply != nil:
		return ButtonReplyContent{ButtonID: given(c.ButtonReply.ID), Title: given(c.ButtonReply.Title)}
	case c.ListReply != nil:
		r := c.ListReply
		return ListReplyContent{RowID: given(r.ID), Title: given(r.Title), Description: given(r.Description)}
	case c.FlowReply != nil:
		f := c.FlowReply
		return FlowReplyContent{Name: given(f.Name), Body: given(f.Body), ResponseJSON: given(f.Response), IsResponseValid: f.Valid}
	case c.Order != nil:
		return OrderContent{CatalogID: given(c.Order.CatalogID), Text: given(c.Order.Text), Items: all(c.Order.Items, orderItemOf)}
	case c.System != nil:
		return SystemContent{Type: c.System.Type, Text: given(c.System.Text), WaID: given(c.System.WAID)}
	case c.Unsupported != nil:
		return UnsupportedContent{Kind: given(c.Unsupported.Kind), Errors: all(c.Unsupported.Errors, problemOf)}
	case c.Interactive != nil:
		return interactiveOf(c.Interactive)
	case c.Template != nil:
		return NewTemplateContent(*c.Template)
	}
	return nil
}

func mediaOf(kind string, m *models.Media) MessageContent {
	mime, caption := given(m.MIME), given(m.Caption)
	var problem *WhatsAppError
	if m.Error != nil {
		problem = new(problemOf(*m.Error))
	}
	switch kind {
	case models.KindImage:
		return ImageContent{MimeType: mime, Caption: caption, Error: problem}
	case models.KindVideo:
		return VideoContent{MimeType: mime, Caption: caption, Error: problem}
	case models.KindAudio:
		return AudioContent{MimeType: mime, IsVoiceNote: m.Voice, Error: problem}
	case models.KindDocument:
		return DocumentContent{MimeType: mime, Caption: caption, FileName: given(m.FileName), Error: problem}
	case models.KindSticker:
		return StickerContent{MimeType: mime, IsAnimated: m.Animated, Error: problem}
	}
	return nil
}

func problemOf(p models.MetaProblem) WhatsAppError {
	return WhatsAppError{Code: int32(p.Code), Title: given(p.Title), Details: given(p.Details)}
}

func orderItemOf(i models.OrderItem) OrderItem {
	return OrderItem{ProductID: given(i.ProductID), Quantity: given(i.Quantity), Price: given(i.Price), Currency: given(i.Currency)}
}

func interactiveOf(i *models.Interactive) InteractiveContent {
	content := InteractiveContent{
		Body: i.Body, Footer: given(i.Footer),
		Buttons: all(i.Buttons, func(b models.Choice) InteractiveButton { return InteractiveButton{ButtonID: b.ID, Title: b.Title} }),
	}
	if i.Header != nil {
		content.Header = given(i.Header.Text)
	}
	if i.List != nil {
		content.List = &InteractiveList{Button: i.List.Button, Sections: all(i.List.Sections, func(s models.ListSection) InteractiveListSection {
			return InteractiveListSection{Title: given(s.Title), Rows: all(s.Rows, func(r models.Choice) InteractiveListRow {
				return InteractiveListRow{RowID: r.ID, Title: r.Title, Description: given(r.Description)}
			})}
		})}
	}
	if i.Link != nil {
		content.Link = &InteractiveLink{Text: i.Link.Text, URL: i.Link.URL}
	}
	return content
}

func cardOf(c models.ContactCard) ContactCard {
	return ContactCard{
		DisplayName: c.DisplayName(), FirstName: given(c.Name.First), LastName: given(c.Name.Last),
		Phones: all(c.Phones, func(p models.CardPhone) ContactCardPhone {
			return ContactCardPhone{Phone: given(p.Phone), WaID: given(p.WAID), Type: given(p.Type)}
		}),
		Emails: all(c.Emails, func(e models.CardEmail) ContactCardEmail {
			return ContactCardEmail{Email: given(e.Email), Type: given(e.Type)}
		}),
		Addresses: all(c.Addresses, func(a models.CardAddress) ContactCardAddress {
			return ContactCardAddress{
				Street: given(a.Street), City: given(a.City), State: given(a.State), Zip: given(a.Zip), Country: given(a.Country), Type: given(a.Type),
			}
		}),
		Urls:    all(c.URLs, func(u models.CardURL) ContactCardURL { return ContactCardURL{URL: given(u.URL), Type: given(u.Type)} }),
		Company: given(c.Company), JobTitle: given(c.JobTitle), Birthday: given(c.Birthday),
	}
}

// given is a text that may be missing, which is null for clients.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// all converts a list; one that is empty is not null.
func all[From, To any](list []From, convert func(From) To) []To {
	converted := make([]To, len(list))
	for i, each := range list {
		converted[i] = convert(each)
	}
	return converted
}
