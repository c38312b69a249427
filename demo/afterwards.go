package demo

import (
	"context"
	"sync"
	"time"
)

// goOn shows what happens in Ana's inbox, with customers who go on writing, until
// ctx ends.
func goOn(ctx context.Context, stage *stage, screen *screen, inbox *socket) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { liveOn(ctx, stage.meta) })
	for next := inbox.count(); ; {
		event, after, err := inbox.await(ctx, next, func(e liveEvent) bool {
			return e.Kind == messageAdded || e.Kind == messageStatusChanged && worthTelling(e.Message.Status)
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			screen.print("  " + screen.in(red, "This view of Ana's inbox has ended: ") + err.Error())
			<-ctx.Done()
			return
		}
		next = after
		show(screen, event)
	}
}

// worthTelling leaves out the steps between an answer and its arrival.
func worthTelling(status string) bool {
	return status == "DELIVERED" || status == "READ" || status == "FAILED" || status == "UNCONFIRMED"
}

// show writes an event as a line.
func show(screen *screen, e liveEvent) {
	customer, mark, text := e.Conversation.Contact.Name, screen.speaks(), screen.said(e.Message.line())
	who := customer
	switch {
	case e.Kind == messageAdded && e.Message.Direction == "OUTBOUND":
		who = "→ " + customer
		if e.Message.Sender != nil {
			who = e.Message.Sender.Name + " → " + customer
		}
	case e.Kind == messageAdded:
	case e.Message.Status == "READ":
		mark, text = screen.in(blue, "✓✓"), screen.in(faint, "read "+e.Message.line())
	case e.Message.Status == "DELIVERED":
		mark, text = "✓✓", screen.in(faint, "got "+e.Message.line())
	case e.Message.Status == "FAILED":
		mark, text = screen.failed(), "did not get it: "+failureOf(e.Message)
	default:
		mark, text = "? ", "may have got it: Meta's answer was lost, its status will tell"
	}
	screen.print("  " + screen.in(faint, e.at.Format(time.TimeOnly)) + "  " + screen.in(bold, pad(who, 18)) + " " + mark + " " + text)
}

// line is what can be told of a message in a line.
func (m message) line() string {
	switch {
	case m.Content.Body != "":
		return m.Content.Body
	case m.Content.Caption != "":
		return m.Content.Caption
	case m.Content.Text != "":
		return m.Content.Text
	default:
		return m.Content.Kind
	}
}
