package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"recado/whatsapp/simulator"
)

// What is said in the story.
const (
	question = "Oi! Vocês têm pão de queijo hoje?"
	answer   = "Temos sim, Marina! Acabou de sair do forno."
	attempt  = "Oi Marina, aqui é o Bruno!"

	searched  = "PAO quei"      // without accents, and not to the end
	answerKey = "demo-answer-1" // the idempotency key of Ana's answer
)

// tellPause lets a reader keep up.
const tellPause = 180 * time.Millisecond

// marina is the customer of the story.
var marina = simulator.Customer{WAID: "5511955550123", Name: "Marina Lopes"}

// step is one thing that has to happen.
type step struct {
	who  string
	name string // what it is, after who, if it does not happen
	run  func(context.Context) (outcome, error)
}

// outcome is how a step is told.
type outcome struct{ mark, text, detail string }

// story is the demo's main part and what it learns on the way.
type story struct {
	stage    *stage
	screen   *screen
	patience time.Duration
	pause    time.Duration
	began    time.Time

	ana, bruno, clara                      api
	anasSocket, brunosSocket, clarasSocket *socket

	channelID string // of the bakery's number

	wroteAt      time.Time // when Marina's message left her phone
	received     liveEvent
	conversation conversation
	answer       message
	answeredAt   time.Time
	photo        []byte // as Marina took it
	quickReply   message

	bought, recharged purchase
	balance           creditAccount // before the chat is started
	held              credits
	template          template
	order             conversation // with Seu Joaquim
	preview           string
	start             message

	toSocket, toAnswer, toAccepted time.Duration
	told                           int // steps that happened
}

func newStory(stage *stage, screen *screen, o Options, began time.Time) *story {
	s := &story{stage: stage, screen: screen, patience: o.patience, began: began}
	if o.Color {
		s.pause = tellPause
	}
	return s
}

// close ends the sockets.
func (s *story) close() {
	for _, socket := range []*socket{s.anasSocket, s.brunosSocket, s.clarasSocket} {
		if socket != nil {
			socket.close()
		}
	}
}

func (s *story) steps() []step {
	return []step{
		{"Recado", "is ready", s.recadoIsReady},
		{"Meta", "verifies the webhook", s.metaVerifies},
		{"Ana", "signs in", s.anaSignsIn},
		{"Bruno", "signs in", s.brunoSignsIn},
		{"Ana", "listens to the inbox", s.bothListen},
		{"Marina", "writes", s.marinaWrites},
		{"Ana", "sees it live", s.anaSeesIt},
		{"Recado", "assigns it to Ana", s.itIsAnas},
		{"Bruno", "is refused", s.brunoIsRefused},
		{"Ana", "answers", s.anaAnswers},
		{"Ana", "repeats the call", s.anaRepeats},
		{"Marina", "is sent the answer", s.ticks("SENT", "✓ ", "sent", plain)},
		{"Marina", "gets the answer", s.ticks("DELIVERED", "✓✓", "delivered", plain)},
		{"Marina", "reads the answer", s.ticks("READ", "✓✓", "read", blue)},
		{"Ana", "marks it as read", s.anaMarksRead},
		{"Marina", "sends a photo", s.marinaSendsPhoto},
		{"Ana", "sees the photo", s.anaSeesPhoto},
		{"Marina", "records a voice note", s.marinaSpeaks},
		{"Ana", "can play it", s.anaSeesVoiceNote},
		{"Ana", "answers with a quick reply", s.anaSendsQuickReply},
		{"Marina", "reads the quick reply", s.marinaReadsQuickReply},
		{"Marina", "reacts", s.marinaReacts},
		{"Ana", "sees the reaction", s.anaSeesReaction},
		{"Ana", "finds what was said", s.anaFinds},
		{"Clara", "signs in", s.claraSignsIn},
		{"Clara", "listens to templates and credits", s.claraListens},
		{"Clara", "buys credits", s.claraBuys},
		{"Clara", "pays", s.claraPays},
		{"Clara", "switches auto-recharge on", s.claraSetsRecharge},
		{"Clara", "writes a template", s.claraWritesTemplate},
		{"Recado", "warns her", s.claraIsWarned},
		{"Clara", "submits the template", s.claraSubmits},
		{"Meta", "rejects the template", s.templateRejected},
		{"Clara", "is told what to do", s.claraReadsAdvice},
		{"Clara", "corrects the template", s.claraCorrects},
		{"Clara", "submits the template again", s.claraSubmitsAgain},
		{"Meta", "approves the template", s.templateApproved},
		{"Joaquim", "wrote yesterday", s.joaquimWroteYesterday},
		{"Ana", "is too late to answer", s.anaIsTooLate},
		{"Ana", "starts a chat", s.anaStartsChat},
		{"Recado", "holds credits", s.creditIsHeld},
		{"Recado", "buys credits", s.rechargeFires},
		{"Joaquim", "gets the template", s.joaquimGetsTemplate},
		{"Recado", "charges credits", s.creditIsCharged},
		{"Joaquim", "answers", s.joaquimTaps},
		{"Ana", "may write freely", s.windowOpens},
		{"Clara", "reads the ledger", s.ledgerAddsUp},
	}
}

// tell makes the steps happen, one after the other, and tells each.
func (s *story) tell(ctx context.Context) error {
	steps := s.steps()
	for _, step := range steps {
		within, cancel := context.WithTimeout(ctx, s.patience)
		told, err := step.run(within)
		cancel()
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted before the end of the story: %w", ctx.Err())
		}
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				err = fmt.Errorf("waited %s: %w", s.patience, err)
			}
			failed := &StepError{Step: step.who + " " + step.name, Err: err}
			s.screen.beat(time.Since(s.began), step.who, s.screen.failed(), step.name+": "+s.screen.in(red, "did not happen"), "")
			s.screen.print("", "  "+err.Error(),
				fmt.Sprintf("  The story ends here: %d of %d steps happened.", s.told, len(steps)), "")
			return failed
		}
		s.told++
		s.screen.beat(time.Since(s.began), step.who, told.mark, told.text, told.detail)
		pause(ctx, s.pause)
	}
	return nil
}

// sum tells what was measured.
func (s *story) sum(took time.Duration) {
	attempts, accepted := s.stage.meta.Deliveries(), 0
	for _, delivery := range attempts {
		if delivery.Status == 200 {
			accepted++
		}
	}
	row := func(name, value string) string { return "    " + pad(name, 46) + s.screen.in(bold, value) }
	s.screen.print("",
		fmt.Sprintf("  %s in %.1f s. Measured on the way, once each (for benchmarks see bench/):",
			s.screen.in(green, fmt.Sprintf("All %d steps happened", s.told)), took.Seconds()),
		row("start of Recado, database and all", milliseconds(s.stage.startedIn)),
		row("Marina's message, from Meta to Ana's socket", milliseconds(s.toSocket)),
		row("Ana's messageSend, to the answer", milliseconds(s.toAnswer)),
		row("Ana's messageSend, until Meta had accepted it", milliseconds(s.toAccepted)),
		row("signed webhooks", fmt.Sprintf("%d sent, %d stored and answered with 200", len(attempts), accepted)),
		row("Ana's answer on Marina's phone", fmt.Sprintf("%d time, though Ana's program sent it twice", s.arrivals())),
		"")
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// arrivals is how often Ana's answer came to Marina's phone.
func (s *story) arrivals() (times int) {
	for _, received := range s.stage.meta.CustomerByWAID(marina.WAID).Inbox(number.ID) {
		if received.Body == answer {
			times++
		}
	}
	return times
}
