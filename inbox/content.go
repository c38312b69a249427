package inbox

import (
	"recado/models"
	"recado/whatsapp"
)

// describe fills in what a message says. Whatever is not plain text keeps Meta's
// JSON as well, so that nothing is lost to what we do not understand.
func describe(row *models.Message, wire whatsapp.InboundMessage) {
	row.Kind, row.Body = wire.Type, wire.Text
	if wire.Type == "unknown" { // the name of old payloads
		row.Kind = models.KindUnsupported
	}
	content := contentOf(row.Kind, wire.Content, wire.Errors)
	if wire.Referral != nil {
		content.Referral = (*models.Referral)(wire.Referral)
	}
	if context := wire.Context; context != nil {
		row.Forwarded = context.Forwarded || context.FrequentlyForwarded
		row.FrequentlyForwarded = context.FrequentlyForwarded
		if context.MessageID != "" {
			row.ReplyToWAMID = &context.MessageID
		}
		if context.Product != nil {
			content.Product = &models.ProductInView{CatalogID: context.Product.CatalogID, ProductID: context.Product.RetailerID}
		}
	}
	if wire.Type != models.KindText {
		row.Raw = wire.Raw
		row.Body = content.Text()
	}
	if !content.IsZero() {
		row.Content = &content
	}
}

// contentOf is the typed member for a kind, none for a kind that has none.
func contentOf(kind string, wire whatsapp.Content, problems []whatsapp.MetaError) models.Content {
	var content models.Content
	switch {
	case wire.Media != nil:
		content.Media = mediaOf(wire.Media, problems)
	case models.IsMediaKind(kind) && len(problems) > 0:
		content.Media = mediaOf(&whatsapp.Media{}, problems)
	case wire.Location != nil:
		content.Location = (*models.Location)(wire.Location)
	case len(wire.Cards) > 0:
		content.Contacts = cardsOf(wire.Cards)
	case wire.Button != nil:
		content.Button = (*models.ButtonTap)(wire.Button)
	case wire.Interactive != nil:
		answer := wire.Interactive
		content.ButtonReply, content.ListReply = (*models.Choice)(answer.Button), (*models.Choice)(answer.List)
		if flow := answer.Flow; flow != nil {
			content.FlowReply = &models.FlowReply{
				Name: flow.Name, Body: flow.Body, Response: flow.ResponseJSON, Valid: models.ParsedJSON(flow.ResponseJSON),
			}
		}
	case wire.Order != nil:
		order := &models.Order{CatalogID: wire.Order.CatalogID, Text: wire.Order.Text}
		for _, item := range wire.Order.Items {
			order.Items = append(order.Items, models.OrderItem{
				ProductID: item.RetailerID, Quantity: item.Quantity, Price: item.Price, Currency: item.Currency,
			})
		}
		content.Order = order
	case wire.System != nil:
		content.System = &models.SystemNotice{
			Type: wire.System.Type, Text: wire.System.Body, WAID: wire.System.WAID,
			UserID: wire.System.UserID, PreviousUserID: wire.System.PreviousUserID,
		}
	case wire.Unsupported != nil:
		content.Unsupported = &models.Unsupported{Kind: wire.Unsupported.Kind, Errors: problemsOf(problems)}
	}
	return content
}

func mediaOf(wire *whatsapp.Media, problems []whatsapp.MetaError) *models.Media {
	media := &models.Media{
		MetaID: wire.ID, MIME: wire.MIMEType, SHA256: wire.SHA256, FileName: wire.Filename, Caption: wire.Caption,
		Voice: wire.Voice, Animated: wire.Animated,
	}
	if len(problems) > 0 {
		media.Error = &problemsOf(problems)[0]
	}
	return media
}

func problemsOf(errors []whatsapp.MetaError) []models.MetaProblem {
	var problems []models.MetaProblem
	for _, problem := range errors {
		problems = append(problems, models.MetaProblem{
			Code: problem.Code, Title: firstOf(problem.Title, problem.Message), Details: problem.Details,
		})
	}
	return problems
}

func cardsOf(wire []whatsapp.ContactCard) []models.ContactCard {
	cards := make([]models.ContactCard, len(wire))
	for i, w := range wire {
		card := models.ContactCard{
			Name:    models.CardName{Formatted: w.FormattedName, First: w.FirstName, Last: w.LastName},
			Company: w.Company, JobTitle: w.Title, Birthday: w.Birthday,
		}
		for _, phone := range w.Phones {
			card.Phones = append(card.Phones, models.CardPhone(phone))
		}
		for _, email := range w.Emails {
			card.Emails = append(card.Emails, models.CardEmail(email))
		}
		for _, address := range w.Addresses {
			card.Addresses = append(card.Addresses, models.CardAddress(address))
		}
		for _, url := range w.URLs {
			card.URLs = append(card.URLs, models.CardURL(url))
		}
		cards[i] = card
	}
	return cards
}
