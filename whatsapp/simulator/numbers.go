package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Number is a business phone number.
type Number struct {
	ID            string `json:"id"`            // phone number id
	DisplayNumber string `json:"displayNumber"` // digits only
	WABAID        string `json:"wabaId"`
	VerifiedName  string `json:"verifiedName"`
	Token         string `json:"token,omitempty"` // bearer token that may use it; optional
	QualityRating string `json:"qualityRating"`   // GREEN if empty
	// Status is CONNECTED if empty; with any other status sends are refused with
	// 133010 (§8.2).
	Status string `json:"status"`
	// PIN is the two-step PIN; empty if there is none, so that registering sets it.
	PIN string `json:"pin,omitempty"`
	// Unverified numbers cannot be registered.
	Unverified bool `json:"unverified,omitempty"`
	// OnBusinessApp says that the number is used in the WhatsApp Business app too.
	OnBusinessApp  bool   `json:"onBusinessApp,omitempty"`
	MessagingLimit string `json:"messagingLimit"` // TIER_2K if empty
	NameStatus     string `json:"nameStatus"`     // APPROVED if empty
}

type number struct {
	Number
	override subscription
	rate     throughput

	registrations, deregistrations attempts
}

// AddNumber adds a number, or updates the one with this id and keeps its chats.
// Its account is subscribed to the app. Its token is granted for the account,
// beside what the token could do before; a token that has expired or was
// revoked becomes valid again.
func (s *Simulator) AddNumber(n Number) error {
	if n.ID == "" || n.WABAID == "" {
		return errors.New("a number needs an id and an account id")
	}
	digits, _, ok := digitsOf(n.DisplayNumber)
	if !ok || !plausible(digits) {
		return fmt.Errorf("display number %q is not an international number", n.DisplayNumber)
	}
	n.DisplayNumber = digits
	if n.QualityRating == "" {
		n.QualityRating = "GREEN"
	}
	if n.Status == "" {
		n.Status = "CONNECTED"
	}
	n.MessagingLimit, n.NameStatus = cmp.Or(n.MessagingLimit, "TIER_2K"), cmp.Or(n.NameStatus, "APPROVED")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account(n.WABAID)
	if n.Token != "" {
		wabas := []string{n.WABAID}
		scopes := []string{ScopeMessaging, ScopeManagement}
		if t, ok := s.tokens[n.Token]; ok {
			scopes = t.Scopes
			wabas = slices.Compact(slices.Sorted(slices.Values(append(wabas, t.WABAIDs...))))
		}
		s.tokens[n.Token] = &token{Token: Token{Value: n.Token, Scopes: scopes, WABAIDs: wabas}}
	}
	if existing, ok := s.numbers[n.ID]; ok {
		existing.Number = n
	} else {
		s.numbers[n.ID] = &number{Number: n}
	}
	s.notify()
	return nil
}

// Numbers are the numbers in the order of their ids, without their tokens.
func (s *Simulator) Numbers() []Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Number
	for _, id := range slices.Sorted(maps.Keys(s.numbers)) {
		n := s.numbers[id].Number
		n.Token, n.PIN = "", ""
		out = append(out, n)
	}
	return out
}

// defaultFields are what a number's node shows when no fields are asked for.
var defaultFields = []string{
	"verified_name", "code_verification_status", "display_phone_number", "quality_rating",
	"platform_type", "throughput", "webhook_configuration", "last_onboarded_time",
}

// fieldsOf are all properties of a number's node (§8.2). s.mu must be held.
func (s *Simulator) fieldsOf(n *number) map[string]any {
	callbacks := map[string]string{}
	for name, address := range map[string]string{
		"phone_number": n.override.URL, "whatsapp_business_account": s.account(n.WABAID).override.URL, "application": s.app.URL,
	} {
		if address != "" {
			callbacks[name] = address
		}
	}
	level := "STANDARD"
	if s.opts.MessagesPerSecond >= 1000 {
		level = "HIGH"
	}
	verification, platform := "VERIFIED", "CLOUD_API"
	if n.Unverified {
		verification = "NOT_VERIFIED"
	}
	if n.Status != "CONNECTED" {
		platform = "NOT_APPLICABLE"
	}
	return map[string]any{
		"id": n.ID, "display_phone_number": humanNumber(n.DisplayNumber), "verified_name": n.VerifiedName,
		"quality_rating": n.QualityRating, "code_verification_status": verification, "platform_type": platform,
		"throughput": map[string]string{"level": level}, "last_onboarded_time": "2026-10-04T09:12:44+0000",
		"webhook_configuration": callbacks, "status": n.Status, "name_status": n.NameStatus, "new_name_status": "NONE",
		"account_mode": "LIVE", "is_official_business_account": false, "is_pin_enabled": n.PIN != "", "is_on_biz_app": n.OnBusinessApp,
		"whatsapp_business_manager_messaging_limit": n.MessagingLimit, "messaging_limit_tier": n.MessagingLimit,
	}
}

// selected is the part of a node that ?fields= asks for; sub-selections in
// braces are accepted and answered whole.
func selected(all map[string]any, fields string) (map[string]any, *graphError) {
	return selectedOf(all, fields, defaultFields, "WhatsAppBusinessPhoneNumber")
}

func selectedOf(all map[string]any, fields string, names []string, node string) (map[string]any, *graphError) {
	if fields != "" {
		names = topLevel(fields)
	}
	out := map[string]any{"id": all["id"]}
	for _, name := range names {
		v, ok := all[name]
		if !ok {
			return nil, invalidParameter("Tried accessing nonexisting field (" + name + ") on node type (" + node + ")")
		}
		out[name] = v
	}
	return out, nil
}

func topLevel(fields string) []string {
	var names []string
	var name strings.Builder
	depth := 0
	for _, r := range fields + "," {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth--
		case r == ',' && depth == 0:
			if name.Len() > 0 {
				names = append(names, name.String())
			}
			name.Reset()
		case depth == 0 && r != ' ':
			name.WriteRune(r)
		}
	}
	return names
}

func (s *Simulator) serveNumber(c *call, n *number) {
	switch c.r.Method {
	case http.MethodGet:
		s.mu.Lock()
		all := s.fieldsOf(n)
		s.mu.Unlock()
		out, err := selected(all, c.r.URL.Query().Get("fields"))
		if err != nil {
			c.fail(err)
			return
		}
		c.answer(out)
	case http.MethodPost:
		s.overrideNumber(c, n)
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

// overrideNumber sets or removes the number's own callback address (§2.5).
func (s *Simulator) overrideNumber(c *call, n *number) {
	fields, err := c.jsonBody()
	var wanted struct {
		Override    *string `json:"override_callback_uri"`
		VerifyToken string  `json:"verify_token"`
	}
	if err != nil || json.Unmarshal(fields["webhook_configuration"], &wanted) != nil || wanted.Override == nil {
		c.fail(invalidParameter("The parameter webhook_configuration is required."))
		return
	}
	override, ok := s.verifiedOverride(c, *wanted.Override, wanted.VerifyToken)
	if !ok {
		return
	}
	s.mu.Lock()
	n.override = override
	s.mu.Unlock()
	c.succeed()
}

// serveNumbers lists the numbers of an account.
func (s *Simulator) serveNumbers(c *call, a *account) {
	if c.r.Method != http.MethodGet {
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	data := []any{}
	var failure *graphError
	s.mu.Lock()
	for _, id := range slices.Sorted(maps.Keys(s.numbers)) {
		if n := s.numbers[id]; n.WABAID == a.id && failure == nil {
			var node map[string]any
			node, failure = selected(s.fieldsOf(n), c.r.URL.Query().Get("fields"))
			data = append(data, node)
		}
	}
	s.mu.Unlock()
	if failure != nil {
		c.fail(failure)
		return
	}
	out := map[string]any{"data": data}
	if len(data) > 0 {
		out["paging"] = map[string]any{"cursors": map[string]string{"before": "QVFIU1", "after": "QVFIU2"}}
	}
	c.answer(out)
}
