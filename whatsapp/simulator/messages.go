package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const maxCallbackData = 512

// messageTypes are the types a business can send (§5).
var messageTypes = []string{
	"audio", "contacts", "document", "image", "interactive", "location", "reaction", "sticker", "template", "text", "video",
}

var scopedIDPattern = regexp.MustCompile(`^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$`)

// message is one message in either direction.
type message struct {
	id           string
	number       *number
	customer     *customer
	inbound      bool
	kind         string
	body         string          // of a text or interactive message, caption of a file, text of a template (its name if that is not known)
	content      json.RawMessage // the object of its type, as sent
	choices      []Choice        // what the customer can tap
	reaction     reaction        // of a message of the kind "reaction"
	reacted      string          // the business's emoji on it
	input        string          // `to` or `recipient` as sent
	replyTo      string
	callbackData string
	at           time.Time // accepted; for inbound the phone's own time
	arrivedAt    time.Time // on the customer's phone; zero: not (yet)
	readAt       time.Time // by whoever it was written to

	script         script
	files          []*file
	failure        int    // code of the failed status; 0: none
	failureDetails string // empty: those of the code
	price          pricing
	conversationID string
	history        []StatusAt

	// Of inbound messages alone.
	referral  any           // the ad that the customer came from
	forwarded int           // hops
	errors    []statusError // why it is unsupported, or its file missing
}

// sendRequest is a validated body of POST /messages (§5.1).
type sendRequest struct {
	input    string
	scoped   bool // input is a business-scoped user id
	kind     string
	content  json.RawMessage
	body     string
	files    []mediaRef
	choices  []Choice
	reaction reaction
	template templateKey

	templateParts []sentComponent
	replyTo       string
	callbackData  string
}

// serveMessages answers POST /{phone-number-id}/messages.
func (s *Simulator) serveMessages(c *call, n *number) {
	fields, err := c.jsonBody()
	if err != nil {
		fields = nil // Graph then misses the first parameter it wants
	}
	_, mark := fields["status"]
	on := EndpointSend
	if mark {
		on = EndpointReadMark
	}
	if c.interfere(on) {
		return
	}
	if e := requireProduct(fields); e != nil {
		c.fail(e)
		return
	}
	if mark {
		s.serveReadMark(c, n, fields)
		return
	}
	req, refused := parseSend(fields)
	if refused != nil {
		c.fail(refused)
		return
	}
	s.mu.Lock()
	m, refused := s.accept(c.version, n, req)
	cut := refused == nil && take(&s.faults.dropAnswers)
	s.notify()
	s.mu.Unlock()
	if refused != nil {
		c.fail(refused)
		return
	}
	if m.script.beforeAnswer {
		c.awaitWebhooks()
	}
	if !c.held() {
		return
	}
	if cut {
		s.log.Info("answer dropped by fault", "message", m.id)
		c.cut()
		return
	}
	c.answer(s.sendAnswer(m, req))
}

func requireProduct(fields map[string]json.RawMessage) *graphError {
	product, e := textField(fields, "messaging_product")
	switch {
	case e != nil:
		return e
	case product == "":
		return invalidParameter("The parameter messaging_product is required.")
	case product != "whatsapp":
		return invalidParameter(fmt.Sprintf("Param messaging_product must be one of {WHATSAPP} - got %q.", product))
	}
	return nil
}

// textField is a string property; empty when it is missing or null.
func textField(fields map[string]json.RawMessage, name string) (text string, e *graphError) {
	raw, ok := fields[name]
	if !ok {
		return "", nil
	}
	if json.Unmarshal(raw, &text) != nil {
		return "", invalidParameter("Param " + name + " must be a string.")
	}
	return text, nil
}

func missing(details string) *graphError { return errorOf(131008, details) }

func wrongValue(details string) *graphError { return errorOf(131009, details) }

// parseSend checks everything that needs no knowledge of the simulated world.
func parseSend(fields map[string]json.RawMessage) (*sendRequest, *graphError) {
	texts := map[string]string{}
	for _, name := range []string{"to", "recipient", "recipient_type", "type", "biz_opaque_callback_data"} {
		text, e := textField(fields, name)
		if e != nil {
			return nil, e
		}
		texts[name] = text
	}
	req := &sendRequest{input: texts["to"], kind: texts["type"], callbackData: texts["biz_opaque_callback_data"]}
	switch texts["recipient_type"] {
	case "", "individual":
	case "group":
		return nil, errorOf(131041, "")
	default:
		return nil, invalidParameter(fmt.Sprintf("Param recipient_type must be one of {GROUP, INDIVIDUAL} - got %q.", texts["recipient_type"]))
	}
	switch {
	case req.input != "":
		if _, _, ok := digitsOf(req.input); !ok {
			return nil, wrongValue("Recipient phone number is not a phone number.")
		}
	case texts["recipient"] != "":
		req.input, req.scoped = texts["recipient"], true
		if !scopedIDPattern.MatchString(req.input) {
			return nil, wrongValue("Recipient is not a business-scoped user id.")
		}
	default:
		return nil, invalidParameter("The parameter to is required.")
	}
	if utf8.RuneCountInString(req.callbackData) > maxCallbackData {
		return nil, invalidParameter("Param biz_opaque_callback_data must be at most 512 characters long.")
	}
	if req.kind == "" {
		req.kind = "text"
	}
	if !slices.Contains(messageTypes, req.kind) {
		return nil, invalidParameter(fmt.Sprintf("Param type must be one of {%s} - got %q.", strings.ToUpper(strings.Join(messageTypes, ", ")), req.kind))
	}
	if e := req.parseContext(fields["context"]); e != nil {
		return nil, e
	}
	return req, req.parseContent(fields[req.kind])
}

func (req *sendRequest) parseContext(raw json.RawMessage) *graphError {
	if raw == nil {
		return nil
	}
	var quoted struct {
		MessageID string `json:"message_id"`
	}
	if json.Unmarshal(raw, &quoted) != nil || quoted.MessageID == "" {
		return missing("context['message_id'] is required.")
	}
	if req.kind == "reaction" {
		return wrongValue("context is not allowed with a reaction.")
	}
	req.replyTo = quoted.MessageID
	return nil
}

// accept takes a message in and plans its statuses, or refuses it. s.mu must be
// held.
func (s *Simulator) accept(version string, n *number, req *sendRequest) (*message, *graphError) {
	now := s.clock.Now()
	if n.Status != "CONNECTED" {
		return nil, errorOf(133010, "")
	}
	if !n.rate.take(now, float64(s.opts.MessagesPerSecond)) {
		return nil, errorOf(130429, "")
	}
	who := s.recipient(n, req)
	if who.WAID == n.DisplayNumber {
		return nil, errorOf(131021, "")
	}
	play := scriptOf(who.WAID)
	if play.refuse != 0 {
		return nil, errorOf(play.refuse, "")
	}
	category := Service
	if req.kind == "template" {
		var refused *graphError
		if category, refused = s.templateFor(n, req); refused != nil {
			return nil, refused
		}
	}
	files, links, complaint, refused := s.filesOf(n, req)
	if refused != nil {
		return nil, refused
	}
	conversation := s.chat(n.ID, who)
	if !conversation.rate.take(now, s.opts.PairBurst, s.opts.PairInterval) {
		return nil, errorOf(131056, "")
	}
	if !req.scoped {
		conversation.numberKnown = now
	}
	m := &message{
		id: s.newMessageID(who, directionBusiness), number: n, customer: who, kind: req.kind, body: req.body,
		content: req.content, choices: req.choices, reaction: req.reaction, input: req.input, replyTo: req.replyTo, callbackData: req.callbackData, at: now, script: play,
		files: files,
	}
	open := conversation.windowOpen(now)
	m.price = priceOf(category, open, s.pricingDate(now))
	switch {
	case play.fail != 0:
		m.failure = play.fail
	case who.unreachable:
		m.failure = 131026
	case !open && req.kind != "template":
		m.failure = 131047
	case complaint != "":
		m.failure, m.failureDetails = 131053, complaint
	case req.kind == "reaction" && s.reactionTarget(m) == nil:
		m.failure = 131009
	}
	if version <= "v23.0" {
		m.conversationID = strings.ToLower(s.randomHex(32))
	}
	s.messages[m.id] = m
	s.sent = append(s.sent, m)
	s.stopTyping(n.ID, who, now)
	if len(links) > 0 && m.failure == 0 {
		s.fetchLinks(m, links)
	} else {
		s.play(m)
	}
	s.log.Info("message accepted", "number", n.ID, "to", who.WAID, "type", m.kind, "id", m.id)
	return m, nil
}

// filesOf looks for the files that a message names: those with an id, and what is still
// to be fetched from a link. The complaint is what keeps one from being shown. s.mu
// must be held.
func (s *Simulator) filesOf(n *number, req *sendRequest) (files []*file, links []mediaRef, complaint string, refused *graphError) {
	for _, ref := range req.files {
		if ref.link != "" {
			links = append(links, ref)
			continue
		}
		f := s.usableFile(n, ref.id)
		if f == nil {
			return nil, nil, "", wrongValue("Media id " + ref.id + " is unknown, expired or belongs to another number.")
		}
		complaint = cmp.Or(complaint, ref.complaint(f))
		files = append(files, f)
	}
	return files, links, complaint, nil
}

func (s *Simulator) pricingDate(now time.Time) time.Time {
	if s.opts.PricingDate.IsZero() {
		return now
	}
	return s.opts.PricingDate
}

type sentContact struct {
	Input  string `json:"input"`
	WAID   string `json:"wa_id,omitempty"`
	UserID string `json:"user_id,omitempty"`
}

type sentMessage struct {
	ID     string `json:"id"`
	Status string `json:"message_status,omitempty"`
}

type sendAnswer struct {
	MessagingProduct string        `json:"messaging_product"`
	Contacts         []sentContact `json:"contacts"`
	Messages         []sentMessage `json:"messages"`
}

// sendAnswer is the answer to an accepted message (§5.1); whoever sends to a
// user id does not learn a hidden number.
func (s *Simulator) sendAnswer(m *message, req *sendRequest) sendAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := sentContact{Input: req.input, WAID: m.customer.WAID, UserID: m.customer.UserID}
	if s.chat(m.number.ID, m.customer).hidesNumber(m.customer, s.clock.Now()) {
		to.WAID = ""
	}
	out := sendAnswer{MessagingProduct: "whatsapp", Contacts: []sentContact{to}, Messages: []sentMessage{{ID: m.id}}}
	if m.kind == "template" {
		out.Messages[0].Status = "accepted"
	}
	return out
}

type templateKey struct{ name, language string }

// Template is an approved template as far as sending needs it.
type Template struct {
	Name     string   `json:"name"`
	Language string   `json:"language"`
	Category Category `json:"category"` // Utility if empty
}

// AddTemplate lets every number send a template whose text is not known, so that
// parameters are not compared with it. Those of an account are made through the Graph API
// and reviewed; see PlanReview.
func (s *Simulator) AddTemplate(t Template) {
	if t.Category == "" {
		t.Category = Utility
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates[templateKey{t.Name, t.Language}] = t
}
