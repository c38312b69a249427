package simulator

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
)

// ScopeBusiness is needed to list a person's portfolios (§9.2).
const ScopeBusiness = "business_management"

// Business is a portfolio with its WhatsApp Business accounts (§8.1).
type Business struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Accounts []BusinessAccount `json:"accounts"`
}

// BusinessAccount is an account of a portfolio.
type BusinessAccount struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Currency     string `json:"currency"`     // USD if empty
	ReviewStatus string `json:"reviewStatus"` // APPROVED if empty
}

// AddBusiness adds a portfolio, or changes what is known of its accounts. Accounts
// that are new are not subscribed to the app; add their numbers with AddNumber.
func (s *Simulator) AddBusiness(b Business) error {
	if b.ID == "" {
		return errors.New("a business needs an id")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, wanted := range b.Accounts {
		if wanted.ID == "" {
			return errors.New("an account needs an id")
		}
		a, known := s.accounts[wanted.ID]
		if !known {
			a = s.account(wanted.ID)
			a.subscribed = false
		}
		a.name, a.currency, a.review = wanted.Name, cmp.Or(wanted.Currency, "USD"), cmp.Or(wanted.ReviewStatus, "APPROVED")
		a.businessID, a.businessName = b.ID, b.Name
	}
	s.notify()
	return nil
}

// Subscribed reports whether the app gets an account's webhooks.
func (s *Simulator) Subscribed(wabaID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[wabaID]
	return ok && a.subscribed
}

// Unsubscribe has the app no longer get an account's webhooks, as when somebody
// takes it off in the business's settings.
func (s *Simulator) Unsubscribe(wabaID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.accounts[wabaID]; ok {
		a.subscribed = false
	}
}

// fields are the properties of an account's node.
func (a *account) fields() map[string]any {
	return map[string]any{
		"id": a.id, "name": cmp.Or(a.name, "Simulated account"), "timezone_id": "58", "message_template_namespace": "simulated_" + a.id,
		"currency": cmp.Or(a.currency, "USD"), "account_review_status": cmp.Or(a.review, "APPROVED"),
		"owner_business_info": map[string]string{"id": cmp.Or(a.businessID, PartnerBusinessID), "name": a.businessName},
	}
}

var accountFields = []string{"name", "timezone_id", "message_template_namespace"}

func (s *Simulator) serveAccount(c *call, a *account) {
	if c.r.Method != http.MethodGet {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	if asked := pricingField.FindStringSubmatch(c.r.URL.Query().Get("fields")); asked != nil {
		s.servePricing(c, a, asked)
		return
	}
	s.mu.Lock()
	out, failure := selectedOf(a.fields(), c.r.URL.Query().Get("fields"), accountFields, "WhatsAppBusinessAccount")
	s.mu.Unlock()
	if failure != nil {
		c.fail(failure)
		return
	}
	c.answer(out)
}

// serveBusinesses lists the portfolios of the token's user.
func (s *Simulator) serveBusinesses(c *call) {
	if err := c.requireScope(ScopeBusiness); err != nil {
		c.fail(err)
		return
	}
	if c.interfere(EndpointManagement) {
		return
	}
	s.mu.Lock()
	names := map[string]string{}
	for id, a := range s.accounts {
		if c.seesAccount(id) && a.businessID != "" {
			names[a.businessID] = a.businessName
		}
	}
	s.mu.Unlock()
	data := []any{}
	for _, id := range slices.Sorted(maps.Keys(names)) {
		data = append(data, map[string]string{"id": id, "name": names[id]})
	}
	c.answer(map[string]any{"data": data})
}

// serveAccountsOf lists the accounts that a portfolio owns; it works on nobody
// else's.
func (s *Simulator) serveAccountsOf(c *call) {
	if err := c.requireScope(ScopeManagement); err != nil {
		c.fail(err)
		return
	}
	if c.interfere(EndpointManagement) {
		return
	}
	data := []any{}
	s.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(s.accounts)) {
		a := s.accounts[id]
		if a.businessID != c.id || !c.seesAccount(id) || c.edge != "owned_whatsapp_business_accounts" {
			continue
		}
		node, failure := selectedOf(a.fields(), c.r.URL.Query().Get("fields"), accountFields, "WhatsAppBusinessAccount")
		if failure != nil {
			s.mu.Unlock()
			c.fail(failure)
			return
		}
		data = append(data, node)
	}
	s.mu.Unlock()
	c.answer(map[string]any{"data": data})
}
