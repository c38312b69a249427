package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// controlPath is where the control API begins.
const controlPath = "/_simulator/"

// routes is the control API; README.md describes it.
func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_simulator/state", s.controlState)
	mux.HandleFunc("POST /_simulator/numbers", s.controlNumber)
	mux.HandleFunc("POST /_simulator/businesses", s.controlBusiness)
	mux.HandleFunc("POST /_simulator/webhooks", s.controlManagement)
	mux.HandleFunc("DELETE /_simulator/accounts/{wabaId}/partner", s.controlRemovePartner)
	mux.HandleFunc("POST /_simulator/templates", s.controlTemplate)
	mux.HandleFunc("POST /_simulator/template-reviews", s.controlReview)
	mux.HandleFunc("POST /_simulator/template-events", s.controlTemplateEvent)
	mux.HandleFunc("GET /_simulator/accounts/{wabaId}/templates", s.controlTemplates)
	mux.HandleFunc("POST /_simulator/callback", s.controlCallback)
	mux.HandleFunc("POST /_simulator/dashboard-test", s.controlDashboardTest)
	mux.HandleFunc("POST /_simulator/faults", s.controlFaults)
	mux.HandleFunc("DELETE /_simulator/faults", s.controlClearFaults)
	mux.HandleFunc("POST /_simulator/customers", s.controlCustomer)
	mux.HandleFunc("POST /_simulator/customers/{waId}/messages", s.controlMessage)
	mux.HandleFunc("POST /_simulator/customers/{waId}/echoes", s.controlEcho)
	mux.HandleFunc("POST /_simulator/customers/{waId}/number", s.controlChangeNumber)
	mux.HandleFunc("POST /_simulator/customers/{waId}/read", s.controlRead)
	mux.HandleFunc("POST /_simulator/customers/{waId}/close-window", s.controlCloseWindow)
	mux.HandleFunc("GET /_simulator/customers/{waId}/inbox", s.controlInbox)
	return mux
}

// readControl decodes the body strictly. Asking for JSON by name keeps web pages
// of other origins from posting here: a browser asks first, and is not answered.
func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		controlError(w, http.StatusUnsupportedMediaType, "the body must be JSON, with the header Content-Type: application/json")
		return false
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxGraphBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func controlAnswer(w http.ResponseWriter, status int, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

func controlError(w http.ResponseWriter, status int, text string) {
	controlAnswer(w, status, map[string]string{"error": text})
}

var done = map[string]bool{"ok": true}

// hasNumber reports whether a number exists, and answers 404 if not.
func (s *Simulator) hasNumber(w http.ResponseWriter, id string) bool {
	s.mu.Lock()
	_, ok := s.numbers[id]
	s.mu.Unlock()
	if !ok {
		controlError(w, http.StatusNotFound, fmt.Sprintf("there is no number with id %q", id))
	}
	return ok
}

// knownCustomer is the handle of a customer who exists, or a 404.
func (s *Simulator) knownCustomer(w http.ResponseWriter, waID string) *CustomerHandle {
	c := s.CustomerByWAID(waID)
	if c == nil {
		controlError(w, http.StatusNotFound, fmt.Sprintf("there is no customer with wa_id %q", waID))
	}
	return c
}

// controlState is everything at a glance.
func (s *Simulator) controlState(w http.ResponseWriter, _ *http.Request) {
	lost, dropped := s.Undelivered()
	s.mu.Lock()
	customers := make([]Customer, 0, len(s.byUser))
	for _, c := range s.byUser {
		customers = append(customers, c.Customer)
	}
	state := map[string]any{
		"now": s.clock.Now(), "appId": s.opts.AppID, "seed": s.opts.Seed, "callback": s.app.URL,
		"customers": customers,
		"webhooks": map[string]int{
			"queued": len(s.out.queue), "inFlight": s.out.inFlight, "held": s.out.held(), "lost": lost, "dropped": dropped,
		},
		"scheduled": len(s.tasks),
	}
	s.mu.Unlock()
	state["numbers"], state["sent"], state["readMarks"], state["typing"] = s.Numbers(), s.Sent(), s.ReadMarks(), s.Typing()
	state["deliveries"], state["magicRecipients"] = s.Deliveries(), MagicRecipients()
	controlAnswer(w, http.StatusOK, state)
}

func (s *Simulator) controlNumber(w http.ResponseWriter, r *http.Request) {
	var n Number
	if !readControl(w, r, &n) {
		return
	}
	if err := s.AddNumber(n); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, http.StatusCreated, done)
}

func (s *Simulator) controlTemplate(w http.ResponseWriter, r *http.Request) {
	var t Template
	if !readControl(w, r, &t) {
		return
	}
	if t.Name == "" || t.Language == "" {
		controlError(w, http.StatusBadRequest, "a template needs name and language")
		return
	}
	s.AddTemplate(t)
	controlAnswer(w, http.StatusCreated, done)
}

func (s *Simulator) controlCallback(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL         string `json:"url"`
		VerifyToken string `json:"verifyToken"`
	}
	if !readControl(w, r, &in) {
		return
	}
	if err := s.SetCallback(r.Context(), in.URL, in.VerifyToken); err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, done)
}

func (s *Simulator) controlDashboardTest(w http.ResponseWriter, _ *http.Request) {
	if err := s.SendDashboardTest(); err != nil {
		controlError(w, http.StatusConflict, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, done)
}

func (s *Simulator) controlCustomer(w http.ResponseWriter, r *http.Request) {
	var c Customer
	if !readControl(w, r, &c) {
		return
	}
	if digits, _, ok := digitsOf(c.WAID); !ok || !plausible(digits) {
		controlError(w, http.StatusBadRequest, "waId must be the digits of an international number")
		return
	}
	controlAnswer(w, http.StatusCreated, s.Customer(c).profile())
}

// writer is the customer with this wa_id, made if need be, with a new name if
// one is given.
func (s *Simulator) writer(waID, name string) (*CustomerHandle, error) {
	digits, _, ok := digitsOf(waID)
	if !ok || !plausible(digits) {
		return nil, errors.New("the customer in the path must be the digits of an international number")
	}
	s.mu.Lock()
	c := Customer{WAID: digits}
	if known, ok := s.byNumber[digits]; ok {
		c = known.Customer
	}
	s.mu.Unlock()
	if name != "" {
		c.Name = name
	}
	return s.Customer(c), nil
}

func (s *Simulator) controlRead(w http.ResponseWriter, r *http.Request) {
	s.withChat(w, r, (*CustomerHandle).Read)
}

func (s *Simulator) controlCloseWindow(w http.ResponseWriter, r *http.Request) {
	s.withChat(w, r, (*CustomerHandle).CloseWindow)
}

func (s *Simulator) withChat(w http.ResponseWriter, r *http.Request, do func(*CustomerHandle, string)) {
	var in struct {
		NumberID string `json:"numberId"`
	}
	if !readControl(w, r, &in) || !s.hasNumber(w, in.NumberID) {
		return
	}
	if c := s.knownCustomer(w, r.PathValue("waId")); c != nil {
		do(c, in.NumberID)
		controlAnswer(w, http.StatusOK, done)
	}
}

func (s *Simulator) controlInbox(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("numberId")
	if !s.hasNumber(w, id) {
		return
	}
	if c := s.knownCustomer(w, r.PathValue("waId")); c != nil {
		controlAnswer(w, http.StatusOK, map[string]any{
			"received": c.Inbox(id), "written": c.Written(id), "windowOpen": c.WindowOpen(id), "typing": c.SeesTyping(id),
		})
	}
}
