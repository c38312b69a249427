//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"recado/models"
)

// liveDocument asks for what a row of a list and a bubble of a chat need.
const liveDocument = `subscription { inboxEvents { __typename
  ... on MessageAddedEvent {
    id cursor occurredAt
    conversation { id status unreadCount lastMessageAt contact { id name } assignee { id name } }
    message { id direction status sentAt content { ... on TextContent { body } } }
  } } }`

// liveRound is one measurement.
type liveRound struct {
	toEvent, toAnswer []time.Duration // sorted
}

func runLive(ctx context.Context, r *rig) error {
	const perSecond = 100
	w, err := r.newWorld(ctx, "live", 1, 0)
	if err != nil {
		return err
	}
	defer func() { _ = w.db.Close() }()
	if err := w.populate(ctx, people, func(int, *models.Conversation) []models.Message { return nil }); err != nil {
		return err
	}
	p, err := r.serve(ctx, w.url)
	if err != nil {
		return err
	}
	defer p.kill()
	user, err := signIn(ctx, p.address, administrator)
	if err != nil {
		return err
	}
	l := &live{rig: r, address: p.address, user: user, mint: r.newMint(w), connections: 8}

	lasting := r.lasting(20*time.Second, 3*time.Second)
	figures := r.report.table(fmt.Sprintf("Open loop, %d messages/s for %s, medians of the rounds; from the moment a message was due", perSecond, lasting),
		"sockets", "events", "POST to event p50", "p99", "largest", "POST to answer p50", "p99")
	r.sayf("warming up")
	if _, err := l.round(ctx, 1, 2*perSecond, perSecond); err != nil {
		return err
	}
	for _, sockets := range []int{1, 50} {
		var rounds []liveRound
		for round := range r.roundsOr(5, 1) {
			if err := settle(ctx, w.url); err != nil {
				return err
			}
			measured, err := l.round(ctx, sockets, int(lasting.Seconds()*perSecond), perSecond)
			if err != nil {
				return fmt.Errorf("%w\n%s", err, p.log)
			}
			r.sayf("round %d, %d sockets: event p50 %s, p99 %s", round+1, sockets, cellText(percentile(measured.toEvent, 50)), cellText(percentile(measured.toEvent, 99)))
			rounds = append(rounds, measured)
		}
		figure := func(of func(liveRound) []time.Duration, p float64) time.Duration {
			return medianOf(rounds, func(m liveRound) time.Duration { return percentile(of(m), p) })
		}
		toEvent := func(m liveRound) []time.Duration { return m.toEvent }
		toAnswer := func(m liveRound) []time.Duration { return m.toAnswer }
		figures.row(sockets, len(rounds[0].toEvent), figure(toEvent, 50), figure(toEvent, 99), figure(toEvent, 100), figure(toAnswer, 50), figure(toAnswer, 99))
		if sockets == 1 {
			p50, p99 := figure(toEvent, 50), figure(toEvent, 99)
			r.report.goal("POST to event, p50", p50 < 10*time.Millisecond, "under 10 ms", p50)
			r.report.goal("POST to event, p99", p99 < 50*time.Millisecond, "under 50 ms", p99)
		}
	}
	return nil
}

type live struct {
	*rig
	address     string
	user        *client
	mint        *mint
	connections int
	sent        int // messages, over all rounds
}

// round sends messages at a steady rate and waits until every socket has got all
// of them, each once and in the order of its cursor.
func (l *live) round(ctx context.Context, sockets, messages, perSecond int) (liveRound, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first := l.sent
	l.sent += messages
	arrived := make([][]time.Time, sockets)
	errs := make([]error, sockets+l.connections)
	var readers, senders sync.WaitGroup
	for i := range sockets {
		s, err := l.user.subscribe(ctx, liveDocument)
		if err != nil {
			return liveRound{}, err
		}
		defer s.close()
		arrived[i] = make([]time.Time, messages)
		readers.Go(func() { errs[i] = gatherEvents(ctx, s, first, arrived[i]) })
	}
	requests := make([][]byte, messages)
	for i := range requests {
		requests[i] = l.mint.from(l.mint.random.IntN(people), "message "+strconv.Itoa(first+i)).request
	}

	begun := time.Now().Add(500 * time.Millisecond) // subscriptions have begun by then; if not, events are found missing
	due := func(i int) time.Time { return begun.Add(time.Duration(i) * time.Second / time.Duration(perSecond)) }
	answered := make([]time.Time, messages)
	for c := range l.connections {
		w, err := dial(ctx, l.address)
		if err != nil {
			return liveRound{}, err
		}
		defer w.close()
		senders.Go(func() {
			for i := c; i < messages; i += l.connections {
				time.Sleep(time.Until(due(i)))
				status, _, err := w.exchange(requests[i])
				if err == nil && status != http.StatusOK {
					err = fmt.Errorf("the program answers %d", status)
				}
				if err != nil {
					errs[sockets+c] = err
					cancel()
					return
				}
				answered[i] = time.Now()
			}
		})
	}
	senders.Wait()
	patience := time.AfterFunc(10*time.Second, cancel)
	defer patience.Stop()
	readers.Wait()
	if err := errors.Join(errs...); err != nil {
		return liveRound{}, err
	}
	var m liveRound
	for i := range messages {
		m.toAnswer = append(m.toAnswer, answered[i].Sub(due(i)))
		for s := range sockets {
			m.toEvent = append(m.toEvent, arrived[s][i].Sub(due(i)))
		}
	}
	slices.Sort(m.toEvent)
	slices.Sort(m.toAnswer)
	return m, nil
}

// gatherEvents notes when the event of each message arrived, and returns when all
// have. The messages say their numbers, which begin with first.
func gatherEvents(ctx context.Context, s *socket, first int, arrived []time.Time) error {
	for missing := len(arrived); missing > 0; {
		f, err := s.receive(ctx)
		at := time.Now()
		if err != nil {
			return fmt.Errorf("%d of %d events are missing: %w", missing, len(arrived), err)
		}
		switch f.Type {
		case "next":
		case "ping":
			if err := s.send(ctx, frame{Type: "pong"}); err != nil {
				return err
			}
			continue
		default:
			return fmt.Errorf("a socket says %s: %s", f.Type, f.Payload)
		}
		number, err := messageNumber(f.Payload)
		if err != nil {
			return err
		}
		i := number - first
		switch {
		case number < 0 || i < 0: // another event, or of the round before
			continue
		case i >= len(arrived) || !arrived[i].IsZero():
			return fmt.Errorf("an event of message %d is one too many", number)
		}
		arrived[i] = at
		missing--
	}
	return nil
}

// messageNumber reads the number in the text of an added message; -1 for another
// event.
func messageNumber(payload []byte) (int, error) {
	var next struct {
		Errors json.RawMessage `json:"errors"`
		Data   struct {
			InboxEvents struct {
				Message *struct {
					Content struct {
						Body string `json:"body"`
					} `json:"content"`
				} `json:"message"`
			} `json:"inboxEvents"`
		} `json:"data"`
	}
	if err := json.Unmarshal(payload, &next); err != nil {
		return 0, fmt.Errorf("read an event: %w", err)
	}
	if len(next.Errors) > 0 {
		return 0, fmt.Errorf("an event has errors: %s", next.Errors)
	}
	if next.Data.InboxEvents.Message == nil {
		return -1, nil
	}
	number, err := strconv.Atoi(strings.TrimPrefix(next.Data.InboxEvents.Message.Content.Body, "message "))
	if err != nil {
		return 0, fmt.Errorf("an event of a strange message: %w", err)
	}
	return number, nil
}
