package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"recado/whatsapp/simulator"
)

// What is said to and by Seu Joaquim.
const (
	order        = "Boa tarde! Quero encomendar um bolo de fubá pra amanhã."
	lateAnswer   = "Seu Joaquim, sua encomenda está pronta!"
	contactQuery = "joaquim"
	startKey     = "demo-start-1"
	sinceOrder   = 26 * time.Hour
)

// joaquim is the customer whom the bakery writes to first.
var joaquim = simulator.Customer{WAID: "5511955550177", Name: "Seu Joaquim"}

const (
	contactDocument = `query Contact($query: String!) {
  contactSearch(query: $query) { nodes { contact { id name } } }
}`
	previewDocument = `query Preview($template: ID!, $contact: ID!, $values: TemplateValuesInput!) {
  templatePreview(templateId: $template, contactId: $contact, values: $values) {
    content { body } missingValues blockers { code message }
  }
}`
	startDocument = `mutation Start($input: ConversationStartInput!) {
  conversationStart(input: $input) { conversation { id session } message { id status } userErrors { code message } }
}`
)

// joaquimWroteYesterday is a message of more than a day ago: its service window is
// closed.
func (s *story) joaquimWroteYesterday(ctx context.Context) (outcome, error) {
	phone := s.stage.meta.Customer(joaquim)
	if phone.SendText(number.ID, order, simulator.At(time.Now().Add(-sinceOrder))) == "" {
		return outcome{}, errors.New("the simulated Meta does not know the bakery's number")
	}
	phone.CloseWindow(number.ID)
	event, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		return e.Kind == messageAdded && e.Message.Direction == "INBOUND" && e.Message.Content.Body == order
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no event of his message on Ana's socket: %w", err)
	}
	s.order = event.Conversation
	return outcome{s.screen.speaks(), s.screen.said(order), fmt.Sprintf("%.0f hours ago", sinceOrder.Hours())}, nil
}

// anaIsTooLate holds that nothing but a template can be sent, and that her attempt
// never came to Meta.
func (s *story) anaIsTooLate(ctx context.Context) (outcome, error) {
	before := len(s.stage.meta.Sent())
	sent, err := s.ana.send(ctx, s.order.ID, lateAnswer, "demo-late-1")
	switch {
	case err == nil:
		return outcome{}, fmt.Errorf("the window is closed, and yet she sent %s", sent.ID)
	case codeOf(err) != "SERVICE_WINDOW_CLOSED":
		return outcome{}, err
	case len(s.stage.meta.Sent()) > before:
		return outcome{}, errors.New("she was refused, and yet Meta got a message")
	}
	return outcome{s.screen.done(), "cannot answer freely after 24 h: it takes a template", codeOf(err)}, nil
}

// anaStartsChat holds that the chat is started with what the preview showed.
func (s *story) anaStartsChat(ctx context.Context) (outcome, error) {
	person, err := s.ana.findContact(ctx, contactQuery)
	if err != nil {
		return outcome{}, err
	}
	values := map[string]any{"fields": []any{map[string]any{"name": orderField, "value": orderNumber}}}
	if s.preview, err = s.ana.preview(ctx, s.template.ID, person.ID, values); err != nil {
		return outcome{}, err
	}
	var data struct {
		ConversationStart struct {
			Conversation *conversation `json:"conversation"`
			Message      message       `json:"message"`
			UserErrors   userErrors    `json:"userErrors"`
		} `json:"conversationStart"`
	}
	err = s.ana.ask(ctx, startDocument, map[string]any{"input": map[string]any{
		"channelId": s.channelID, "contactId": person.ID, "templateId": s.template.ID, "values": values, "idempotencyKey": startKey,
	}}, &data)
	if err == nil {
		err = data.ConversationStart.UserErrors.err()
	}
	started := data.ConversationStart
	switch {
	case err != nil:
		return outcome{}, err
	case started.Conversation == nil || started.Message.ID == "":
		return outcome{}, errors.New("no conversation or no message in the answer")
	case started.Conversation.Session != "AWAITING_REPLY":
		return outcome{}, fmt.Errorf("what can be sent is %s instead of AWAITING_REPLY", started.Conversation.Session)
	}
	s.start = started.Message
	return outcome{s.screen.speaks(), s.screen.said(s.preview), ""}, nil
}

// creditIsHeld holds that what the message may cost is kept at once.
func (s *story) creditIsHeld(ctx context.Context) (outcome, error) {
	held, err := s.creditsTell(ctx, func(c creditChange) bool { return c.Account.Held > 0 })
	if err != nil {
		return outcome{}, fmt.Errorf("no event that credits are held: %w", err)
	}
	if s.balance.Available-held.Account.Available != held.Account.Held {
		return outcome{}, fmt.Errorf("%s are held, and %s of %s are left", held.Account.Held, held.Account.Available, s.balance.Available)
	}
	s.held = held.Account.Held
	return outcome{
		s.screen.done(), fmt.Sprintf("holds %s for this chat, from his contact: %s → %s", s.held.words(), s.balance.Available, held.Account.Available),
		"conversationStart",
	}, nil
}

// rechargeFires holds that Stripe was asked once, and paid.
func (s *story) rechargeFires(ctx context.Context) (outcome, error) {
	change, err := s.creditsTell(ctx, func(c creditChange) bool {
		return c.Purchase != nil && c.Purchase.Origin == "AUTO_RECHARGE" &&
			(c.Purchase.Status == "PAID" || c.What == "RECHARGE_FAILED" || c.What == "RECHARGE_STOPPED")
	})
	switch {
	case err != nil:
		return outcome{}, fmt.Errorf("no event that credits were bought: %w", err)
	case change.Purchase.Status != "PAID":
		return outcome{}, fmt.Errorf("the payment was refused: %s", change.Purchase.FailureCode)
	}
	if times := s.stage.stripe.paidOffSession(); times != 1 {
		return outcome{}, fmt.Errorf("Stripe took %d payments instead of one", times)
	}
	s.recharged = *change.Purchase
	return outcome{
		s.screen.done(), fmt.Sprintf("buys %s by itself, for %s %s by the card: → %s",
			s.recharged.Credits.words(), s.recharged.Price.Currency, s.recharged.Price.Amount, change.Account.Available),
		"AUTO_RECHARGE",
	}, nil
}

// joaquimGetsTemplate holds that his phone shows what the preview did.
func (s *story) joaquimGetsTemplate(ctx context.Context) (outcome, error) {
	if _, err := s.reaches(ctx, s.start, "DELIVERED"); err != nil {
		return outcome{}, err
	}
	phone := s.stage.meta.CustomerByWAID(joaquim.WAID).Inbox(number.ID)
	if len(phone) != 1 || phone[0].Body != s.preview || len(phone[0].Choices) != 1 {
		return outcome{}, fmt.Errorf("his phone does not show the one message with its button: %+v", phone)
	}
	return outcome{"✓✓", "has it on his phone, with a button: " + phone[0].Choices[0].Title, fmt.Sprintf("order %s", orderNumber)}, nil
}

// creditIsCharged holds that the delivery charges what was held, and no more.
func (s *story) creditIsCharged(ctx context.Context) (outcome, error) {
	charged, err := s.creditsTell(ctx, func(c creditChange) bool { return c.Account.Spent > 0 })
	switch {
	case err != nil:
		return outcome{}, fmt.Errorf("no event that credits were charged: %w", err)
	case charged.Account.Spent != s.held || charged.Account.Held != 0:
		return outcome{}, fmt.Errorf("%s are charged and %s still held", charged.Account.Spent, charged.Account.Held)
	}
	return outcome{s.screen.done(), "charges " + charged.Account.Spent.words() + " on delivery; nothing is held any more", "SETTLEMENT"}, nil
}

func (s *story) joaquimTaps(ctx context.Context) (outcome, error) {
	if _, err := s.reaches(ctx, s.start, "READ"); err != nil {
		return outcome{}, err
	}
	phone := s.stage.meta.CustomerByWAID(joaquim.WAID)
	received := phone.Inbox(number.ID)
	if len(received) == 0 || len(received[0].Choices) == 0 {
		return outcome{}, errors.New("there is nothing on his phone to tap")
	}
	choice := received[0].Choices[0]
	if phone.TapButton(number.ID, received[0].ID, choice.ID, choice.Title) == "" {
		return outcome{}, errors.New("the simulated Meta does not know the bakery's number")
	}
	return outcome{s.screen.speaks(), "reads it, and taps " + s.screen.said(choice.Title), ""}, nil
}

// windowOpens holds that his answer lets the team write freely.
func (s *story) windowOpens(ctx context.Context) (outcome, error) {
	event, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		return e.Kind == messageAdded && e.Message.Direction == "INBOUND" && e.Message.Content.Text == templateButton
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no event of his answer on Ana's socket: %w", err)
	}
	if event.Conversation.Session != "OPEN" {
		return outcome{}, fmt.Errorf("what can be sent is %s instead of OPEN", event.Conversation.Session)
	}
	return outcome{s.screen.done(), "sees it: the window is open, she may write freely for 24 h", "OPEN"}, nil
}

// ledgerAddsUp holds that every entry sums to zero, and that what is available is what
// was bought less what was charged.
func (s *story) ledgerAddsUp(ctx context.Context) (outcome, error) {
	account, err := s.clara.account(ctx)
	if err != nil {
		return outcome{}, err
	}
	for _, entry := range account.Entries.Nodes {
		sum := credits(0)
		for _, posting := range entry.Postings {
			sum += posting.Amount
		}
		if sum != 0 || len(entry.Postings) < 2 {
			return outcome{}, fmt.Errorf("the entry for a %s sums to %s", entry.Cause, sum)
		}
	}
	bought := s.bought.Credits + s.recharged.Credits
	if account.Purchased != bought || account.Spent != s.held || account.Held != 0 || account.Owed != 0 || account.Available != bought-s.held {
		return outcome{}, fmt.Errorf("of %s bought and %s spent %s are left", account.Purchased, account.Spent, account.Available)
	}
	return outcome{
		s.screen.done(), fmt.Sprintf("reads the ledger: %s bought − %s spent = %s left; all of %d entries sum to 0",
			account.Purchased, account.Spent, account.Available, len(account.Entries.Nodes)),
		"",
	}, nil
}

// findContact returns the one contact that is found.
func (a api) findContact(ctx context.Context, query string) (contact, error) {
	var data struct {
		ContactSearch struct {
			Nodes []struct {
				Contact contact `json:"contact"`
			} `json:"nodes"`
		} `json:"contactSearch"`
	}
	if err := a.ask(ctx, contactDocument, map[string]any{"query": query}, &data); err != nil {
		return contact{}, err
	}
	if found := data.ContactSearch.Nodes; len(found) == 1 {
		return found[0].Contact, nil
	}
	return contact{}, fmt.Errorf("the search for %q found %d contacts instead of one", query, len(data.ContactSearch.Nodes))
}

// preview returns the text that a template would be sent with, if nothing keeps it from
// being sent.
func (a api) preview(ctx context.Context, templateID, contactID string, values map[string]any) (string, error) {
	var data struct {
		TemplatePreview *struct {
			Content struct {
				Body string `json:"body"`
			} `json:"content"`
			MissingValues []string `json:"missingValues"`
			Blockers      []struct {
				Message string `json:"message"`
			} `json:"blockers"`
		} `json:"templatePreview"`
	}
	err := a.ask(ctx, previewDocument, map[string]any{"template": templateID, "contact": contactID, "values": values}, &data)
	switch preview := data.TemplatePreview; {
	case err != nil:
		return "", err
	case preview == nil:
		return "", errors.New("no preview in the answer")
	case len(preview.Blockers) > 0:
		return "", errors.New(preview.Blockers[0].Message)
	case len(preview.MissingValues) > 0:
		return "", fmt.Errorf("values are missing: %v", preview.MissingValues)
	default:
		return preview.Content.Body, nil
	}
}
