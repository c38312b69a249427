package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"recado/models"
)

// What Clara buys, and what is to be bought for her when less is left than that.
const (
	firstCredits    = "3"
	rechargeCredits = "5"
	rechargeCeiling = "20" // a month
	currency        = "BRL"
	purchaseKey     = "demo-purchase-1"
)

// credits is an amount of them, which the API writes as a decimal number in a string.
type credits models.Credits

// UnmarshalText reads one.
func (c *credits) UnmarshalText(text []byte) error {
	read, ok := models.ParseCredits(string(text))
	if !ok {
		return fmt.Errorf("%q is no amount of credits", text)
	}
	*c = credits(read)
	return nil
}

func (c credits) String() string { return models.Credits(c).String() }

// words is the amount, with the word for what it is an amount of.
func (c credits) words() string {
	if c == credits(models.Credit) {
		return c.String() + " credit"
	}
	return c.String() + " credits"
}

// The parts of the contract's objects about credits that the story looks at.
type (
	creditAccount struct {
		Available      credits `json:"available"`
		Held           credits `json:"held"`
		Spent          credits `json:"spent"`
		Purchased      credits `json:"purchased"`
		Owed           credits `json:"owed"`
		PaymentMethods []struct {
			ID string `json:"id"`
		} `json:"paymentMethods"`
		Entries struct {
			Nodes []struct {
				Cause    string `json:"cause"`
				Postings []struct {
					Amount credits `json:"amount"`
				} `json:"postings"`
			} `json:"nodes"`
		} `json:"entries"`
	}

	purchase struct {
		ID          string  `json:"id"`
		Status      string  `json:"status"`
		Origin      string  `json:"origin"`
		Credits     credits `json:"credits"`
		PaymentURL  string  `json:"paymentUrl"`
		FailureCode string  `json:"failureCode"`
		Price       struct {
			Amount   string `json:"amount"`
			Currency string `json:"currency"`
		} `json:"price"`
	}

	// creditChange is what a CreditEvent tells.
	creditChange struct {
		What     string        `json:"kind"`
		Account  creditAccount `json:"account"`
		Purchase *purchase     `json:"purchase"`
	}
)

const (
	creditsDocument = `subscription Credits {
  creditEvents {
    __typename id kind account { available held spent purchased owed }
    purchase { id status origin credits failureCode price { amount currency } }
  }
}`
	accountDocument = `query Account {
  creditAccount {
    available held spent purchased owed paymentMethods { id }
    entries(first: 100) { nodes { cause postings { amount } } }
  }
}`
	purchaseDocument = `mutation Buy($input: CreditPurchaseInput!) {
  creditPurchase(input: $input) {
    purchase { id status origin credits paymentUrl price { amount currency } } userErrors { code message }
  }
}`
	rechargeDocument = `mutation Recharge($input: AutoRechargeSetInput!) {
  autoRechargeSet(input: $input) { autoRecharge { isEnabled threshold amount } userErrors { code message } }
}`
)

func (s *story) claraSignsIn(ctx context.Context) (told outcome, err error) {
	s.clara, told, err = s.signsIn(ctx, clara, "REPLY")
	return told, err
}

// claraListens opens a socket on which she sees what becomes of templates, and of
// credits, which only administrators do.
func (s *story) claraListens(ctx context.Context) (_ outcome, err error) {
	if s.clarasSocket, err = s.clara.listen(ctx, inboxDocument, creditsDocument); err != nil {
		return outcome{}, err
	}
	err = s.awaitReaders(ctx, 4) // Ana's, Bruno's, and hers of both
	return outcome{s.screen.done(), "listens to templates and credits", "creditEvents"}, err
}

// claraBuys holds that no credit is there before it is paid.
func (s *story) claraBuys(ctx context.Context) (outcome, error) {
	var data struct {
		CreditPurchase struct {
			Purchase   *purchase  `json:"purchase"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"creditPurchase"`
	}
	err := s.clara.ask(ctx, purchaseDocument, map[string]any{"input": map[string]any{
		"credits": firstCredits, "currency": currency, "idempotencyKey": purchaseKey,
	}}, &data)
	if err == nil {
		err = data.CreditPurchase.UserErrors.err()
	}
	if err != nil {
		return outcome{}, err
	}
	if data.CreditPurchase.Purchase == nil || data.CreditPurchase.Purchase.PaymentURL == "" {
		return outcome{}, errors.New("it is not said where to pay")
	}
	s.bought = *data.CreditPurchase.Purchase
	account, err := s.clara.account(ctx)
	if err == nil && account.Available != 0 {
		err = fmt.Errorf("%s are there before anything was paid", account.Available.words())
	}
	return outcome{
		s.screen.done(), fmt.Sprintf("buys %s for %s %s", s.bought.Credits.words(), s.bought.Price.Currency, s.bought.Price.Amount),
		"creditPurchase",
	}, err
}

// claraPays pays on the page, as a browser would, and holds that the credits are there
// when the signed webhook has come, together with the card for later.
func (s *story) claraPays(ctx context.Context) (outcome, error) {
	if err := s.payOnPage(ctx, s.bought.PaymentURL); err != nil {
		return outcome{}, err
	}
	paid, err := s.creditsTell(ctx, func(c creditChange) bool {
		return c.Purchase != nil && c.Purchase.ID == s.bought.ID && c.Purchase.Status == "PAID"
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no event that the purchase is paid: %w", err)
	}
	if paid.Account.Available != s.bought.Credits {
		return outcome{}, fmt.Errorf("%s are there instead of %s", paid.Account.Available.words(), s.bought.Credits)
	}
	s.balance = paid.Account
	for { // the card may come with another webhook than the money
		account, err := s.clara.account(ctx)
		if err != nil {
			return outcome{}, err
		}
		if len(account.PaymentMethods) == 1 {
			break
		}
		pause(ctx, 30*time.Millisecond)
	}
	return outcome{
		s.screen.done(), "pays on Stripe's page; a signed webhook brings " + s.balance.Available.words(), "/webhooks/stripe",
	}, nil
}

// payOnPage opens the page, presses its button and is sent back.
func (s *story) payOnPage(ctx context.Context, address string) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r, err := http.NewRequestWithContext(ctx, method, address, nil)
		if err != nil {
			return fmt.Errorf("make a request: %w", err)
		}
		answer, err := s.stage.client.Do(r)
		if err != nil {
			return fmt.Errorf("pay: %w", err)
		}
		_ = answer.Body.Close() // the page is for people
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("pay: %s", answer.Status)
		}
	}
	return nil
}

func (s *story) claraSetsRecharge(ctx context.Context) (outcome, error) {
	var data struct {
		AutoRechargeSet struct {
			AutoRecharge *struct {
				IsEnabled bool    `json:"isEnabled"`
				Threshold credits `json:"threshold"`
				Amount    credits `json:"amount"`
			} `json:"autoRecharge"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"autoRechargeSet"`
	}
	err := s.clara.ask(ctx, rechargeDocument, map[string]any{"input": map[string]any{
		"isEnabled": true, "threshold": s.balance.Available.String(), "amount": rechargeCredits,
		"monthlyCeiling": rechargeCeiling, "currency": currency,
	}}, &data)
	if err == nil {
		err = data.AutoRechargeSet.UserErrors.err()
	}
	set := data.AutoRechargeSet.AutoRecharge
	if err == nil && (set == nil || !set.IsEnabled) {
		err = errors.New("it is not switched on")
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{
		s.screen.done(), fmt.Sprintf("has %s bought whenever fewer than %s are left", set.Amount, set.Threshold), "autoRechargeSet",
	}, nil
}

// account reads the organization's credits.
func (a api) account(ctx context.Context) (creditAccount, error) {
	var data struct {
		CreditAccount *creditAccount `json:"creditAccount"`
	}
	if err := a.ask(ctx, accountDocument, nil, &data); err != nil {
		return creditAccount{}, err
	}
	if data.CreditAccount == nil {
		return creditAccount{}, errors.New("no account in the answer")
	}
	return *data.CreditAccount, nil
}

// creditsTell waits for an event about credits on Clara's socket.
func (s *story) creditsTell(ctx context.Context, is func(creditChange) bool) (creditChange, error) {
	event, _, err := s.clarasSocket.await(ctx, 0, func(e liveEvent) bool { return e.Kind == creditsChanged && is(e.creditChange) })
	return event.creditChange, err
}
