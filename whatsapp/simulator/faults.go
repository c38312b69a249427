package simulator

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Endpoint is a group of Graph calls that faults apply to.
type Endpoint string

// The groups. EndpointSend is the one meant when none is named.
const (
	EndpointSend       Endpoint = "send"       // POST messages with a message
	EndpointReadMark   Endpoint = "read"       // POST messages with a read mark
	EndpointManagement Endpoint = "management" // number nodes, lists, subscriptions
	EndpointMedia      Endpoint = "media"      // upload, address and removal of files
	EndpointLogin      Endpoint = "login"      // the exchange of codes
	EndpointBlock      Endpoint = "block"      // block_users
	EndpointAny        Endpoint = "any"
)

// Refusal is an error answer armed in advance.
type Refusal struct {
	Status int // HTTP; 0: the usual one of the code
	// Code is the Graph error code. Zero answers as a front-end server does, with
	// an HTML page.
	Code       int
	Subcode    int
	Details    string
	RetryAfter time.Duration // Retry-After header in whole seconds, rounded up; 0: none
	On         Endpoint      // EndpointSend if empty
}

// Faults arms misbehaviour of Meta and the network. Numbers of calls count down;
// webhook faults hold until they are set to zero or Clear is called. All methods
// may be called at any time.
type Faults struct{ s *Simulator }

// Faults gives access to the simulator's faults.
func (s *Simulator) Faults() Faults { return Faults{s} }

type faultState struct {
	duplicates  int
	reorder     int
	batch       int
	delay       time.Duration
	dropAnswers int
	slowAnswers int
	slowness    time.Duration
	armed       []armed
}

// armed is a refusal or, without one, a cut connection, for so many calls.
type armed struct {
	left    int
	refusal *Refusal
	on      Endpoint
}

// take counts one of n down and reports whether there was one.
func take(n *int) bool {
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

// next takes the oldest armed fault for a group of calls; a hit without refusal
// is a cut.
func (f *faultState) next(on Endpoint) (refusal *Refusal, hit bool) {
	f.armed = slices.DeleteFunc(f.armed, func(a armed) bool { return a.left <= 0 })
	for i := range f.armed {
		if a := &f.armed[i]; a.on == on || a.on == EndpointAny {
			a.left--
			return a.refusal, true
		}
	}
	return nil, false
}

func (f Faults) set(change func(*faultState)) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	change(&f.s.faults)
}

// DuplicateWebhooks posts every webhook again so many times, at once and
// concurrently.
func (f Faults) DuplicateWebhooks(copies int) {
	f.set(func(s *faultState) { s.duplicates = copies })
}

// ReorderWebhooks gathers so many webhooks and posts them one after the other in
// an order that differs from theirs. An incomplete group follows after half a
// second or at Flush. Less than 2 switches it off and releases what is held.
func (f Faults) ReorderWebhooks(group int) {
	f.set(func(s *faultState) {
		s.reorder = group
		f.s.releaseShuffled()
	})
}

// DelayWebhooks holds every webhook back for d on the Clock.
func (f Faults) DelayWebhooks(d time.Duration) {
	f.set(func(s *faultState) { s.delay = d })
}

// BatchWebhooks merges so many messages and statuses into one payload, 1,000 at
// most. An incomplete batch follows after half a second or at Flush. Less than 2
// switches it off and releases what is held.
func (f Faults) BatchWebhooks(items int) {
	f.set(func(s *faultState) {
		s.batch = items
		f.s.releaseBatch()
	})
}

// DropAnswers accepts the next n messages, emits their statuses and cuts the
// connection instead of answering.
func (f Faults) DropAnswers(n int) {
	f.set(func(s *faultState) { s.dropAnswers = n })
}

// DelayAnswers answers the next n accepted messages d later on the Clock.
func (f Faults) DelayAnswers(n int, d time.Duration) {
	f.set(func(s *faultState) { s.slowAnswers, s.slowness = n, d })
}

// DropRequests cuts the connection of the next n sends; nothing is accepted.
func (f Faults) DropRequests(n int) { f.DropRequestsOn(n, EndpointSend) }

// DropRequestsOn is DropRequests for other calls. Mind that HTTP clients may
// repeat a GET on their own when a connection is cut.
func (f Faults) DropRequestsOn(n int, on Endpoint) {
	f.set(func(s *faultState) { s.armed = append(s.armed, armed{left: n, on: on}) })
}

// RefuseNext answers the next n sends with an HTTP status and a Graph code; code
// 0 gives an HTML page, retryAfter 0 no such header. Refusals armed earlier come
// first.
func (f Faults) RefuseNext(n, status, code int, retryAfter time.Duration) {
	f.Refuse(n, Refusal{Status: status, Code: code, RetryAfter: retryAfter})
}

// Refuse answers the next n calls of r.On with an error.
func (f Faults) Refuse(n int, r Refusal) {
	f.set(func(s *faultState) {
		s.armed = append(s.armed, armed{left: n, refusal: &r, on: cmp.Or(r.On, EndpointSend)})
	})
}

// ExpireTokens lets all tokens end now, as ExpireToken does for one. AddNumber
// and GrantToken make tokens valid again; Clear does not.
func (f Faults) ExpireTokens() {
	f.set(func(*faultState) {
		for _, t := range f.s.tokens {
			t.Expires = f.s.clock.Now()
		}
	})
}

// Clear disarms everything and releases what is held back.
func (f Faults) Clear() {
	f.set(func(s *faultState) {
		*s = faultState{}
		f.s.releaseHeld()
	})
}

// interfere applies an armed refusal or cut to a call of this group, and reports
// whether it did.
func (c *call) interfere(on Endpoint) bool {
	s := c.s
	s.mu.Lock()
	refusal, hit := s.faults.next(on)
	s.mu.Unlock()
	switch {
	case !hit:
		return false
	case refusal == nil:
		s.log.Info("request cut by fault", "path", c.r.URL.Path)
		c.cut()
	default:
		c.refuse(*refusal)
	}
	return true
}

func (c *call) refuse(r Refusal) {
	if r.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(int((r.RetryAfter+time.Second-1)/time.Second)))
	}
	if r.Code == 0 {
		status := cmp.Or(r.Status, http.StatusBadGateway)
		c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		c.w.WriteHeader(status)
		_, _ = fmt.Fprintf(c.w, "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>%d %s</h1></body></html>",
			status, http.StatusText(status))
		return
	}
	e := errorOf(r.Code, r.Details)
	e.Status, e.Subcode = cmp.Or(r.Status, e.Status), r.Subcode
	if r.Code == 190 {
		e.Message = strings.TrimPrefix(e.Message, "(#190) ")
	}
	c.fail(e)
}

// cut closes the connection without an answer.
func (c *call) cut() {
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to cut a stream that cannot be hijacked (HTTP/2)
	}
	_ = conn.Close()
}

// held waits as DelayAnswers wants. It returns false if the client went away or
// the simulator was closed meanwhile.
func (c *call) held() bool {
	s := c.s
	s.mu.Lock()
	if !take(&s.faults.slowAnswers) {
		s.mu.Unlock()
		return true
	}
	due := make(chan struct{})
	s.after(s.faults.slowness, func() { close(due) })
	s.mu.Unlock()
	select {
	case <-due:
		return true
	case <-c.r.Context().Done():
	case <-s.life.Done():
	}
	return false
}

// awaitWebhooks waits until all webhooks that are due have been posted, at most
// the time one attempt may take.
func (c *call) awaitWebhooks() {
	ctx, cancel := context.WithTimeout(c.r.Context(), c.s.opts.WebhookTimeout)
	defer cancel()
	if err := c.s.Flush(ctx); err != nil {
		c.s.log.Info("the send is answered before its sent status was posted", "error", err)
	}
}
