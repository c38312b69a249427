package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/whatsapp/simulator"
)

// statusRank orders the steps on a message's way.
var statusRank = map[string]int{"QUEUED": 0, "SENDING": 1, "ACCEPTED": 2, "SENT": 3, "DELIVERED": 4, "READ": 5}

func (s *story) marinaWrites(context.Context) (outcome, error) {
	customer := s.stage.meta.Customer(marina)
	s.wroteAt = time.Now()
	if customer.SendText(number.ID, question) == "" {
		return outcome{}, errors.New("the simulated Meta does not know the bakery's number")
	}
	return outcome{s.screen.speaks(), s.screen.said(question), ""}, nil
}

func (s *story) anaSeesIt(ctx context.Context) (outcome, error) {
	event, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		return e.Kind == messageAdded && e.Message.Direction == "INBOUND" && e.Message.Content.Body == question
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no event of her message on Ana's socket: %w", err)
	}
	s.received, s.conversation, s.toSocket = event, event.Conversation, event.at.Sub(s.wroteAt)
	if name := event.Conversation.Contact.Name; name != marina.Name {
		return outcome{}, fmt.Errorf("it is said to be from %q", name)
	}
	return outcome{
		s.screen.done(), "sees it live, " + s.screen.in(bold, milliseconds(s.toSocket)) + " from webhook to socket",
		"MessageAddedEvent",
	}, nil
}

// itIsAnas holds that the event itself told of the assignment and of the window.
func (s *story) itIsAnas(context.Context) (outcome, error) {
	if s.conversation.Assignee == nil || s.conversation.Assignee.Name != ana.name {
		return outcome{}, errors.New("the conversation is nobody's, or somebody else's")
	}
	window := s.conversation.ServiceWindow
	if !window.IsOpen || window.ExpiresAt == nil {
		return outcome{}, errors.New("the service window is not open")
	}
	left := time.Until(*window.ExpiresAt)
	if left < 24*time.Hour-time.Minute || left > 24*time.Hour+time.Minute {
		return outcome{}, fmt.Errorf("the service window closes in %s instead of 24 h", left.Round(time.Second))
	}
	return outcome{
		s.screen.done(), "assigns it to Ana, round-robin; the window closes in 24 h",
		"on " + window.ExpiresAt.Local().Format("Mon 15:04"),
	}, nil
}

// brunoIsRefused holds that Bruno sees the message live, may not answer it, and that
// his attempt never came to Meta.
func (s *story) brunoIsRefused(ctx context.Context) (outcome, error) {
	_, _, err := s.brunosSocket.await(ctx, 0, func(e liveEvent) bool { return e.ID == s.received.ID })
	if err != nil {
		return outcome{}, fmt.Errorf("the event did not come to Bruno's socket, though he may view: %w", err)
	}
	sent, err := s.bruno.send(ctx, s.conversation.ID, attempt, "demo-attempt-1")
	switch {
	case err == nil:
		return outcome{}, fmt.Errorf("he may only view, and yet sent %s", sent.ID)
	case codeOf(err) != "FORBIDDEN":
		return outcome{}, err
	case len(s.stage.meta.Sent()) > 0:
		return outcome{}, errors.New("he was refused, and yet Meta got a message")
	}
	return outcome{s.screen.done(), "sees it too; his answer is refused, he may only view", "FORBIDDEN"}, nil
}

func (s *story) anaAnswers(ctx context.Context) (_ outcome, err error) {
	s.answeredAt = time.Now()
	s.answer, err = s.ana.send(ctx, s.conversation.ID, answer, answerKey)
	s.toAnswer = time.Since(s.answeredAt)
	if err == nil && s.answer.ID == "" {
		err = errors.New("no message in the answer")
	}
	return outcome{s.screen.speaks(), s.screen.said(answer), ""}, err
}

func (s *story) anaRepeats(ctx context.Context) (outcome, error) {
	again, err := s.ana.send(ctx, s.conversation.ID, answer, answerKey)
	if err == nil && again.ID != s.answer.ID {
		err = fmt.Errorf("it made a second message, %s beside %s", again.ID, s.answer.ID)
	}
	return outcome{s.screen.done(), "sends it again with the same key: still one message", "messageSend"}, err
}

// ticks waits until Ana's socket tells that her answer came as far as the status.
func (s *story) ticks(status, mark, text string, style ink) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		event, err := s.reaches(ctx, s.answer, status)
		if err != nil {
			return outcome{}, err
		}
		switch status {
		case "SENT":
			accepted, err := s.reaches(ctx, s.answer, "ACCEPTED")
			if err != nil {
				return outcome{}, err
			}
			s.toAccepted = accepted.at.Sub(s.answeredAt)
		case "DELIVERED":
			phone := s.stage.meta.CustomerByWAID(marina.WAID).Inbox(number.ID)
			if len(phone) != 1 || phone[0].Body != answer {
				return outcome{}, fmt.Errorf("%d messages on Marina's phone instead of the one answer", len(phone))
			}
		}
		return outcome{
			s.screen.in(style, mark), s.screen.in(style, text),
			fmt.Sprintf("%.1f s after the answer", event.at.Sub(s.answeredAt).Seconds()),
		}, nil
	}
}

// reaches waits for the first event by which a message of Ana's came at least as far as
// the status.
func (s *story) reaches(ctx context.Context, sent message, status string) (liveEvent, error) {
	last := sent.Status
	event, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		if e.Kind != messageStatusChanged || e.Message.ID != sent.ID {
			return false
		}
		last = e.Message.Status
		return last == "FAILED" || statusRank[last] >= statusRank[status]
	})
	switch {
	case err != nil:
		return event, fmt.Errorf("her message is %s, not %s: %w", last, status, err)
	case last == "FAILED":
		return event, fmt.Errorf("her message failed: %s", failureOf(event.Message))
	}
	return event, nil
}

// failureOf tells why a message failed.
func failureOf(m message) string {
	switch {
	case m.Failure == nil:
		return "for a reason that is not told"
	case m.Failure.MetaCode == nil:
		return m.Failure.Code
	default:
		return fmt.Sprintf("%s (Meta's %d: %s)", m.Failure.Code, *m.Failure.MetaCode, m.Failure.MetaTitle)
	}
}

// anaMarksRead holds that marking is seen by Bruno live, and by Marina on her phone.
func (s *story) anaMarksRead(ctx context.Context) (outcome, error) {
	left, err := s.ana.markRead(ctx, s.conversation.ID)
	if err == nil && left != 0 {
		err = fmt.Errorf("%d messages stay unread", left)
	}
	if err != nil {
		return outcome{}, err
	}
	_, _, err = s.brunosSocket.await(ctx, 0, func(e liveEvent) bool {
		return e.Kind == conversationChanged && e.Conversation.ID == s.conversation.ID && e.Conversation.UnreadCount == 0
	})
	if err != nil {
		return outcome{}, fmt.Errorf("Bruno's socket was not told: %w", err)
	}
	phone := s.stage.meta.CustomerByWAID(marina.WAID)
	err = s.stage.meta.Await(ctx, func() bool {
		written := phone.Written(number.ID)
		return !slices.ContainsFunc(written, func(m simulator.WrittenMessage) bool { return m.ReadAt.IsZero() })
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no blue ticks on Marina's phone: %w", err)
	}
	return outcome{
		s.screen.done(), fmt.Sprintf("marks it as read: %d unread → 0; Marina sees blue ticks", s.received.Conversation.UnreadCount),
		"conversationMarkRead",
	}, nil
}

// anaFinds holds that Marina's message is found by its words, and nothing else.
func (s *story) anaFinds(ctx context.Context) (outcome, error) {
	found, err := s.ana.search(ctx, searched)
	if err != nil {
		return outcome{}, err
	}
	snippet, ok := found[s.received.Message.ID]
	if !ok || len(found) != 1 {
		return outcome{}, fmt.Errorf("her search for %q found %d messages instead of Marina's one", searched, len(found))
	}
	var text strings.Builder
	for _, piece := range snippet {
		if piece.IsMatch {
			text.WriteString(s.screen.in(bold, piece.Text))
		} else {
			text.WriteString(piece.Text)
		}
	}
	return outcome{s.screen.done(), "finds by " + s.screen.said(searched) + ": …" + strings.TrimPrefix(text.String(), "Oi! "), "messageSearch"}, nil
}
