package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// maxPages bounds how far a list of Meta's is followed: with a hundred on each,
// further than any business has accounts or numbers.
const maxPages = 20

// Account is a WhatsApp Business account (reference/whatsapp-cloud-api.md §8.1).
type Account struct {
	ID           string
	Name         string
	Currency     string
	ReviewStatus string // APPROVED, PENDING, REJECTED, DEFERRED
	BusinessID   string // of the portfolio that owns it
	BusinessName string
}

const accountFields = "id,name,currency,account_review_status,owner_business_info"

type wireAccount struct {
	ID       flexible `json:"id"`
	Name     flexible `json:"name"`
	Currency flexible `json:"currency"`
	Review   flexible `json:"account_review_status"`
	Owner    struct {
		ID   flexible `json:"id"`
		Name flexible `json:"name"`
	} `json:"owner_business_info"`
}

func (w wireAccount) account() Account {
	return Account{
		ID: string(w.ID), Name: string(w.Name), Currency: string(w.Currency), ReviewStatus: string(w.Review),
		BusinessID: string(w.Owner.ID), BusinessName: string(w.Owner.Name),
	}
}

// Account reads an account that the token may see.
func (c *Client) Account(ctx context.Context, token, wabaID string) (Account, error) {
	var account Account
	err := c.do(ctx, Credentials{AccessToken: token}, call{
		name:       "read account",
		method:     http.MethodGet,
		object:     wabaID,
		query:      "fields=" + accountFields,
		repeatable: true,
		decode: func(answer []byte) error {
			var wire wireAccount
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if wire.ID == "" {
				return errors.New("no account id")
			}
			account = wire.account()
			return nil
		},
	})
	if err != nil {
		return Account{}, err
	}
	return account, nil
}

// Business is a portfolio, which owns accounts.
type Business struct{ ID, Name string }

// Businesses lists the portfolios that the token's user belongs to. It needs the
// permission business_management.
func (c *Client) Businesses(ctx context.Context, token string) ([]Business, error) {
	var businesses []Business
	err := c.list(ctx, Credentials{AccessToken: token}, "list businesses", "me", "/businesses", "fields=id,name", func(row []byte) error {
		var wire struct {
			ID   flexible `json:"id"`
			Name flexible `json:"name"`
		}
		if err := decodeAnswer(row, &wire); err != nil {
			return err
		}
		businesses = append(businesses, Business{ID: string(wire.ID), Name: string(wire.Name)})
		return nil
	})
	return businesses, err
}

// AccountsOf lists the accounts that a portfolio owns, and those that it may work
// on for others.
func (c *Client) AccountsOf(ctx context.Context, token, businessID string) ([]Account, error) {
	var accounts []Account
	for _, edge := range []string{"/owned_whatsapp_business_accounts", "/client_whatsapp_business_accounts"} {
		err := c.list(ctx, Credentials{AccessToken: token}, "list accounts", businessID, edge, "fields="+accountFields, func(row []byte) error {
			var wire wireAccount
			if err := decodeAnswer(row, &wire); err != nil {
				return err
			}
			accounts = append(accounts, wire.account())
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// PhoneNumbers lists the numbers of an account.
func (c *Client) PhoneNumbers(ctx context.Context, token, wabaID string) ([]PhoneNumber, error) {
	var numbers []PhoneNumber
	err := c.list(ctx, Credentials{AccessToken: token}, "list phone numbers", wabaID, "/phone_numbers", phoneNumberQuery, func(row []byte) error {
		number, err := decodePhoneNumber(row)
		if err == nil {
			numbers = append(numbers, number)
		}
		return err
	})
	return numbers, err
}

// Subscribe has Meta send the app what happens on an account. Doing it twice is
// like doing it once (reference/whatsapp-cloud-api.md §2.5).
func (c *Client) Subscribe(ctx context.Context, token, wabaID string) error {
	return c.do(ctx, Credentials{AccessToken: token}, call{
		name: "subscribe to account", method: http.MethodPost, object: wabaID, edge: "/subscribed_apps",
		body: []byte("{}"), repeatable: true, decode: decodeSuccess,
	})
}

// Unsubscribe ends what Subscribe began, for the app of the token alone.
func (c *Client) Unsubscribe(ctx context.Context, token, wabaID string) error {
	return c.do(ctx, Credentials{AccessToken: token}, call{
		name: "unsubscribe from account", method: http.MethodDelete, object: wabaID, edge: "/subscribed_apps",
		repeatable: true, decode: decodeSuccess,
	})
}

// Subscribed reports whether the client's app gets what happens on an account, or
// any app if the client does not know its own.
func (c *Client) Subscribed(ctx context.Context, token, wabaID string) (bool, error) {
	subscribed := false
	err := c.list(ctx, Credentials{AccessToken: token}, "list subscribed apps", wabaID, "/subscribed_apps", "", func(row []byte) error {
		var wire struct {
			App struct {
				ID flexible `json:"id"`
			} `json:"whatsapp_business_api_data"`
		}
		if err := decodeAnswer(row, &wire); err != nil {
			return err
		}
		subscribed = subscribed || c.appID == "" || string(wire.App.ID) == c.appID
		return nil
	})
	return subscribed, err
}

// list reads all pages of a list and hands over its rows. A page may be empty and
// still have a next one (reference/whatsapp-cloud-api.md §1.4).
func (c *Client) list(ctx context.Context, creds Credentials, name, object, edge, query string, row func([]byte) error) error {
	after := ""
	for range maxPages {
		asked := query
		if after != "" {
			asked = strings.TrimPrefix(asked+"&after="+url.QueryEscape(after), "&")
		}
		after = ""
		err := c.do(ctx, creds, call{
			name: name, method: http.MethodGet, object: object, edge: edge, query: asked, repeatable: true,
			decode: func(answer []byte) error {
				var wire struct {
					Data   []json.RawMessage `json:"data"`
					Paging struct {
						Next    flexible `json:"next"`
						Cursors struct {
							After flexible `json:"after"`
						} `json:"cursors"`
					} `json:"paging"`
				}
				if err := decodeAnswer(answer, &wire); err != nil {
					return err
				}
				for _, raw := range wire.Data {
					if err := row(raw); err != nil {
						return err
					}
				}
				if wire.Paging.Next != "" {
					after = string(wire.Paging.Cursors.After)
				}
				return nil
			},
		})
		if err != nil || after == "" {
			return err
		}
	}
	return nil
}
