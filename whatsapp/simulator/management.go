package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Management is a webhook about an account or its number, of any field of §4.
type Management struct {
	Field  string    `json:"field"`
	WABAID string    `json:"wabaId"` // the account; for events about partners see SendManagement
	Value  any       `json:"value"`  // the change's value, as Meta writes it
	At     time.Time `json:"at"`     // zero: now
}

// SendManagement posts it to the app's callback, which alone gets such webhooks,
// overrides or not (§2.5). Its entry bears the account's id, or that of the app's
// owner if the value is about partners (§4.4). The error says that nobody listens.
func (s *Simulator) SendManagement(m Management) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendManagement(m)
}

func (s *Simulator) sendManagement(m Management) error {
	if s.app.URL == "" {
		return errNoCallback
	}
	id := m.WABAID
	if fields, ok := m.Value.(map[string]any); ok && fields["waba_info"] != nil {
		id = PartnerBusinessID
	} else if a, known := s.accounts[m.WABAID]; known && !a.subscribed {
		s.out.dropped++
		return fmt.Errorf("account %s is not subscribed", m.WABAID)
	}
	at := m.At
	if at.IsZero() {
		at = s.clock.Now()
	}
	body, err := encode(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
		"id": id, "time": at.Unix(), "changes": []any{map[string]any{"field": m.Field, "value": m.Value}},
	}}})
	if err != nil {
		return err
	}
	s.dispatch(&attempt{url: s.app.URL, body: body})
	s.notify()
	return nil
}

// sendPartner tells of the app's link with an account. s.mu must be held.
func (s *Simulator) sendPartner(event, wabaID string) {
	owner := ""
	if a, ok := s.accounts[wabaID]; ok {
		owner = a.businessID
	}
	info := map[string]any{"waba_id": wabaID, "owner_business_id": cmp.Or(owner, PartnerBusinessID)}
	if event == "PARTNER_APP_UNINSTALLED" {
		info["partner_app_id"] = s.opts.AppID
	}
	err := s.sendManagement(Management{Field: "account_update", WABAID: wabaID, Value: map[string]any{"event": event, "waba_info": info}})
	if err != nil {
		s.log.Info("account event not sent", "event", event, "error", err)
	}
}

// RemovePartner does what a business does when it takes the app off its account in
// Meta's settings: tokens for the account end, webhooks too, and the app hears of it
// by PARTNER_APP_UNINSTALLED and PARTNER_REMOVED (§9.9).
func (s *Simulator) RemovePartner(wabaID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		for _, id := range t.WABAIDs {
			t.revoked = t.revoked || id == wabaID
		}
	}
	if a, ok := s.accounts[wabaID]; ok {
		a.subscribed = false
	}
	s.sendPartner("PARTNER_APP_UNINSTALLED", wabaID)
	s.sendPartner("PARTNER_REMOVED", wabaID)
	s.notify()
}

// ManagementSamples is a webhook for every row of §4.2 to §4.5, about a number and
// its account.
func ManagementSamples(n Number, at time.Time) []Management {
	var samples []Management
	add := func(field string, values ...map[string]any) {
		for _, value := range values {
			samples = append(samples, Management{Field: field, WABAID: n.WABAID, Value: value, At: at})
		}
	}
	template := func(more map[string]any) map[string]any {
		value := map[string]any{"message_template_id": 1240098877665544, "message_template_name": "pickup_ready", "message_template_language": "en_GB"}
		maps.Copy(value, more)
		return value
	}
	for _, event := range []string{
		"APPROVED", "REJECTED", "PENDING", "PAUSED", "DISABLED", "FLAGGED", "IN_APPEAL", "REINSTATED",
		"PENDING_DELETION", "DELETED", "ARCHIVED", "UNARCHIVED", "LOCKED", "LIMIT_EXCEEDED",
	} {
		add("message_template_status_update", template(map[string]any{"event": event, "reason": nil, "message_template_category": "UTILITY"}))
	}
	add("message_template_quality_update", template(map[string]any{"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}))
	add("message_template_components_update", template(map[string]any{"message_template_element": "Your order is ready."}))
	add("template_category_update",
		template(map[string]any{"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": at.Add(24 * time.Hour).Unix()}),
		template(map[string]any{"previous_category": "UTILITY", "new_category": "MARKETING"}))
	for _, event := range []string{"ONBOARDING", "THROUGHPUT_UPGRADE", "FLAGGED", "UNFLAGGED", "UPGRADE", "DOWNGRADE"} {
		add("phone_number_quality_update", map[string]any{
			"display_phone_number": n.DisplayNumber, "event": event, "current_limit": "TIER_10K", "max_daily_conversations_per_business": "TIER_10K",
		})
	}
	for _, decision := range []string{"APPROVED", "REJECTED", "PENDING", "DEFERRED"} {
		add("phone_number_name_update", map[string]any{
			"display_phone_number": n.DisplayNumber, "decision": decision, "requested_verified_name": "Quayside Tea & Cake",
			"rejection_reason": map[bool]any{true: "NAME_EMPLOYEE_ISSUE", false: nil}[decision == "REJECTED"],
		})
	}
	for _, event := range []string{"PIN_CHANGED", "PIN_RESET_REQUEST", "PIN_REQUEST_SUCCESS"} {
		add("security", map[string]any{"display_phone_number": n.DisplayNumber, "event": event, "requester": "61000000000000"})
	}
	add("account_update",
		map[string]any{"event": "ACCOUNT_VIOLATION", "violation_info": map[string]any{"violation_type": "SPAM"}},
		map[string]any{"event": "ACCOUNT_RESTRICTION", "restriction_info": []any{
			map[string]any{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": at.Add(72 * time.Hour).Unix()},
		}},
		map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "June 3, 2026"}},
		map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{"waba_ban_state": []string{"REINSTATE"}, "waba_ban_date": "June 3, 2026"}},
		map[string]any{"event": "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "country": "BR"},
		map[string]any{"event": "VERIFIED_ACCOUNT", "phone_number": n.DisplayNumber},
	)
	info := func(more ...any) map[string]any {
		value := map[string]any{"waba_id": n.WABAID, "owner_business_id": PartnerBusinessID}
		for i := 0; i+1 < len(more); i += 2 {
			name, _ := more[i].(string)
			value[name] = more[i+1]
		}
		return value
	}
	add("account_update",
		map[string]any{"event": "PARTNER_ADDED", "waba_info": info()},
		map[string]any{"event": "PARTNER_APP_INSTALLED", "waba_info": info("partner_app_id", DefaultAppID)},
		map[string]any{"event": "AD_ACCOUNT_LINKED", "waba_info": info("ad_account_linked", "1")},
		map[string]any{"event": "MM_LITE_TERMS_SIGNED", "waba_info": info()},
		map[string]any{"event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": map[string]any{"pricing_category": "UTILITY", "tier": "100001:500000", "effective_month": "2026-11", "region": "Brazil", "tier_update_time": at.Unix()}},
		map[string]any{"event": "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", "auth_international_rate_eligibility": map[string]any{"start_time": at.Unix(), "exception_countries": []any{}}},
		map[string]any{"event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", "partner_client_certification_info": map[string]any{"client_business_id": PartnerBusinessID, "status": "APPROVED", "rejection_reasons": []any{}}},
	)
	for _, decision := range []string{"APPROVED", "REJECTED", "PENDING", "DEFERRED"} {
		add("account_review_update", map[string]any{"decision": decision})
	}
	add("account_alerts", map[string]any{"entity_type": "WABA", "entity_id": n.WABAID, "alert_info": map[string]any{
		"alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", "alert_description": "More information is needed.",
	}})
	add("business_capability_update", map[string]any{"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_business": 20, "max_phone_numbers_per_waba": 25})
	add("user_preferences", map[string]any{
		"messaging_product": "whatsapp", "metadata": map[string]any{"display_phone_number": n.DisplayNumber, "phone_number_id": n.ID},
		"contacts":         []any{map[string]any{"profile": map[string]any{"name": "Iris Calder"}, "wa_id": "447700900456"}},
		"user_preferences": []any{map[string]any{"wa_id": "447700900456", "detail": "User requested to stop marketing messages", "category": "marketing_messages", "value": "stop", "timestamp": at.Unix()}},
	})
	// The ends come last, so that the others still concern somebody.
	add("account_update",
		map[string]any{"event": "PARTNER_APP_UNINSTALLED", "waba_info": info("partner_app_id", DefaultAppID)},
		map[string]any{"event": "PARTNER_REMOVED", "waba_info": info()},
		map[string]any{"event": "ACCOUNT_OFFBOARDED"},
		map[string]any{"event": "ACCOUNT_RECONNECTED"},
		map[string]any{"event": "ACCOUNT_DELETED"},
	)
	return samples
}

// controlBusiness adds a portfolio with its accounts.
func (s *Simulator) controlBusiness(w http.ResponseWriter, r *http.Request) {
	var b Business
	if !readControl(w, r, &b) {
		return
	}
	if err := s.AddBusiness(b); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, http.StatusCreated, done)
}

// controlManagement sends one webhook, or with samples one of every kind.
func (s *Simulator) controlManagement(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Management
		Samples  bool   `json:"samples"`
		NumberID string `json:"numberId"`
	}
	if !readControl(w, r, &in) {
		return
	}
	all := []Management{in.Management}
	if in.Samples {
		if !s.hasNumber(w, in.NumberID) {
			return
		}
		s.mu.Lock()
		n := s.numbers[in.NumberID].Number
		s.mu.Unlock()
		all = ManagementSamples(n, s.clock.Now())
	}
	for _, m := range all {
		if m.Field == "" || m.Value == nil {
			controlError(w, http.StatusBadRequest, "a webhook needs field and value")
			return
		}
		if err := s.SendManagement(m); err != nil {
			controlError(w, http.StatusConflict, err.Error())
			return
		}
	}
	controlAnswer(w, http.StatusOK, map[string]int{"sent": len(all)})
}

// controlRemovePartner takes the app off an account.
func (s *Simulator) controlRemovePartner(w http.ResponseWriter, r *http.Request) {
	s.RemovePartner(r.PathValue("wabaId"))
	controlAnswer(w, http.StatusOK, done)
}
