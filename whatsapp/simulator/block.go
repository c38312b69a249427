package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// maxBlocked is how many users a number can block (§8.5).
const maxBlocked = 64_000

// blockedUser is a user in the answers of the list of blocked users.
type blockedUser struct {
	Input  string        `json:"input,omitempty"`
	WAID   string        `json:"wa_id,omitempty"`
	Errors []errorFields `json:"errors,omitempty"`
}

// serveBlockList blocks and unblocks users, each by themselves, and lists those who
// are blocked (§8.5). Who is blocked already, or is not, stays so.
func (s *Simulator) serveBlockList(c *call, n *number) {
	switch c.r.Method {
	case http.MethodGet:
		s.listBlocked(c, n)
		return
	case http.MethodPost, http.MethodDelete:
	default:
		c.fail(unsupported(c.r.Method, c.id))
		return
	}
	fields, err := c.jsonBody()
	if err != nil {
		fields = nil
	}
	if e := requireProduct(fields); e != nil {
		c.fail(e)
		return
	}
	var users []struct {
		User string `json:"user"`
	}
	if json.Unmarshal(fields["block_users"], &users) != nil || len(users) == 0 {
		c.fail(invalidParameter("The parameter block_users is required."))
		return
	}
	block := c.r.Method == http.MethodPost
	var done, failed []blockedUser
	s.mu.Lock()
	for _, user := range users {
		who, refusal := s.changeBlock(n, user.User, block)
		if refusal != nil {
			failed = append(failed, blockedUser{Input: user.User, Errors: []errorFields{refusal.body("").Error}})
			continue
		}
		done = append(done, blockedUser{Input: user.User, WAID: who.WAID})
	}
	s.notify()
	trace := s.newTrace()
	s.mu.Unlock()
	lists := properties{}
	if len(done) > 0 {
		lists[map[bool]string{true: "added_users", false: "removed_users"}[block]] = done
	}
	answer := properties{"messaging_product": "whatsapp", "block_users": lists}
	if len(failed) == 0 {
		c.answer(answer)
		return
	}
	lists["failed_users"] = failed
	answer["error"] = errorOf(139100, "").body(trace).Error
	c.write(http.StatusBadRequest, answer, trace)
}

// changeBlock blocks or unblocks one user. The reference does not say with what error
// Meta refuses who has not written lately: it is taken to be that of sending. s.mu must
// be held.
func (s *Simulator) changeBlock(n *number, input string, block bool) (*customer, *graphError) {
	digits, _, ok := digitsOf(input)
	if !ok {
		return nil, wrongValue("User is not a phone number.")
	}
	who := s.registered(digits)
	switch {
	case who == nil:
		return nil, errorOf(131026, "")
	case block && !s.chat(n.ID, who).windowOpen(s.clock.Now()):
		return nil, errorOf(131047, "The user has not written to this number within the last 24 hours.")
	case block && s.blockedBy(n) >= maxBlocked:
		return nil, errorOf(139101, "")
	}
	s.chat(n.ID, who).blocked = block
	s.log.Info("business blocks or unblocks a customer", "number", n.ID, "customer", who.WAID, "block", block)
	return who, nil
}

// blockedBy is how many users a number blocks. s.mu must be held.
func (s *Simulator) blockedBy(n *number) (blocked int) {
	for key, chat := range s.chats {
		if key.numberID == n.ID && chat.blocked {
			blocked++
		}
	}
	return blocked
}

// listBlocked answers with all in one page.
func (s *Simulator) listBlocked(c *call, n *number) {
	users := []blockedUser{}
	s.mu.Lock()
	for key, chat := range s.chats {
		if key.numberID == n.ID && chat.blocked {
			users = append(users, blockedUser{WAID: key.customer.WAID})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(users, func(a, b blockedUser) int { return strings.Compare(a.WAID, b.WAID) })
	c.answer(properties{"data": []properties{{"block_users": users}}})
}

// IsBlocked reports whether the number blocks the customer. What they write then
// stays on their phone.
func (h *CustomerHandle) IsBlocked(numberID string) bool {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.s.chat(numberID, h.c).blocked
}
