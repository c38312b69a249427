package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	// maxUpdates is how many updates one payload may hold (§2.4).
	maxUpdates = 1000
	// holdingTime is how long a batch or reorder fault waits for more webhooks.
	holdingTime = 500 * time.Millisecond
	// rememberedDeliveries bounds what Deliveries returns.
	rememberedDeliveries = 1000
)

// Delivery is one attempt to post a webhook.
type Delivery struct {
	URL     string    `json:"url"`
	Body    []byte    `json:"body"`    // as sent; base64 in the control API
	Attempt int       `json:"attempt"` // 1 for the first
	Status  int       `json:"status"`  // of the answer; 0: none came
	Error   string    `json:"error,omitempty"`
	At      time.Time `json:"at"`   // when the attempt ended
	Lost    bool      `json:"lost"` // it failed and no retry follows
}

// attempt is a webhook on its way.
type attempt struct {
	url   string
	body  []byte
	tries int
}

// outbox holds webhooks between their making and their answer.
type outbox struct {
	batch    []item       // held until enough are together
	shuffle  []*attempt   // held until enough are together
	queue    [][]*attempt // each element is posted by one goroutine, in order
	inFlight int
	dropped  int // made while no callback was set, or for an account not subscribed
	lost     int // failed for the last time
}

func (o *outbox) idle() bool { return len(o.queue) == 0 && o.inFlight == 0 }

func (o *outbox) held() int { return len(o.batch) + len(o.shuffle) }

// emit is the start of every webhook of a number. s.mu must be held.
func (s *Simulator) emit(it item) {
	if s.closed {
		return
	}
	if s.callbackOf(it.number) == "" {
		s.out.dropped++
		s.log.Info("webhook dropped: no callback for this number", "number", it.number.ID)
		return
	}
	size := min(s.faults.batch, maxUpdates)
	if size < 2 {
		s.post([]item{it})
		return
	}
	s.out.batch = append(s.out.batch, it)
	switch len(s.out.batch) {
	case 1:
		s.after(holdingTime, s.releaseBatch)
	case size:
		s.releaseBatch()
	}
}

// releaseBatch merges the held items, one payload per callback address.
func (s *Simulator) releaseBatch() {
	items := s.out.batch
	s.out.batch = nil
	for len(items) > 0 {
		url := s.callbackOf(items[0].number)
		var now, later []item
		for _, it := range items {
			if s.callbackOf(it.number) == url {
				now = append(now, it)
			} else {
				later = append(later, it)
			}
		}
		s.post(now)
		items = later
	}
}

// post turns items of one callback address into one webhook.
func (s *Simulator) post(items []item) {
	url := s.callbackOf(items[0].number)
	if url == "" {
		s.out.dropped += len(items)
		return
	}
	body, err := encode(payloadOf(items))
	if err != nil {
		s.log.Error("webhook not encoded", "error", err)
		return
	}
	s.dispatch(&attempt{url: url, body: body})
}

// dispatch applies the delay, duplicate and reorder faults.
func (s *Simulator) dispatch(a *attempt) {
	if d := s.faults.delay; d > 0 {
		s.after(d, func() { s.arrange(a) })
		return
	}
	s.arrange(a)
}

func (s *Simulator) arrange(a *attempt) {
	copies := []*attempt{a}
	for range s.faults.duplicates {
		again := *a
		copies = append(copies, &again)
	}
	if s.faults.reorder < 2 {
		for _, c := range copies {
			s.enqueue(c)
		}
		return
	}
	if len(s.out.shuffle) == 0 {
		s.after(holdingTime, s.releaseShuffled)
	}
	s.out.shuffle = append(s.out.shuffle, copies...)
	if len(s.out.shuffle) >= s.faults.reorder {
		s.releaseShuffled()
	}
}

// releaseShuffled posts the held webhooks one after the other, in an order that
// is never the original one.
func (s *Simulator) releaseShuffled() {
	group := s.out.shuffle
	s.out.shuffle = nil
	if len(group) == 0 {
		return
	}
	original := slices.Clone(group)
	s.random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
	if slices.Equal(group, original) {
		slices.Reverse(group)
	}
	s.enqueue(group...)
}

// releaseHeld lets go of everything a fault holds back.
func (s *Simulator) releaseHeld() {
	s.releaseBatch()
	s.releaseShuffled()
}

// enqueue hands webhooks to one goroutine, which posts them in this order.
func (s *Simulator) enqueue(group ...*attempt) {
	if s.closed {
		return
	}
	s.out.queue = append(s.out.queue, group)
	s.pump()
}

func (s *Simulator) pump() {
	for s.out.inFlight < s.opts.MaxInFlightWebhooks && len(s.out.queue) > 0 {
		group := s.out.queue[0]
		s.out.queue = s.out.queue[1:]
		s.out.inFlight++
		s.running.Go(func() { s.deliver(group) })
	}
}

// deliver runs without s.mu.
func (s *Simulator) deliver(group []*attempt) {
	for _, a := range group {
		status, err := s.postOnce(a)
		s.mu.Lock()
		s.settle(a, status, err)
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.inFlight--
	s.pump()
	s.notify()
}

func (s *Simulator) postOnce(a *attempt) (int, error) {
	req, err := http.NewRequestWithContext(s.life, http.MethodPost, a.url, bytes.NewReader(a.body))
	if err != nil {
		return 0, fmt.Errorf("making the webhook request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facebookexternalua")
	req.Header.Set("X-Hub-Signature", legacySignature(s.opts.AppSecret, a.body))
	req.Header.Set("X-Hub-Signature-256", Signature(s.opts.AppSecret, a.body))
	res, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("posting the webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // lets the connection be used again
	return res.StatusCode, nil
}

// settle notes the result of an attempt and plans the next one if it failed:
// only 200 is success (§2.4). s.mu must be held.
func (s *Simulator) settle(a *attempt, status int, err error) {
	a.tries++
	d := Delivery{URL: a.url, Body: a.body, Attempt: a.tries, Status: status, At: s.clock.Now()}
	if err != nil {
		if errors.Is(err, context.Canceled) && s.closed {
			return
		}
		d.Error = err.Error()
	}
	if status != http.StatusOK {
		if a.tries <= len(s.opts.RetryPauses) {
			s.after(s.opts.RetryPauses[a.tries-1], func() { s.enqueue(a) })
		} else {
			d.Lost = true
			s.out.lost++
		}
		s.log.Info("webhook failed", "attempt", a.tries, "status", status, "error", err, "lost", d.Lost)
	}
	if len(s.deliveries) >= rememberedDeliveries {
		s.deliveries = slices.Delete(s.deliveries, 0, 1)
	}
	s.deliveries = append(s.deliveries, d)
}

// Deliveries are the last 1,000 attempts to post a webhook, oldest first.
func (s *Simulator) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// Undelivered is the number of webhooks that never got through: lost after the
// last retry, and dropped because no callback was set or the account was not
// subscribed.
func (s *Simulator) Undelivered() (lost, dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.lost, s.out.dropped
}
