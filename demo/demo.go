package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"recado/whatsapp/simulator"
)

// Options say how the demo runs. The zero value tells the story to nobody, on the
// usual addresses, and stays up until the context ends.
type Options struct {
	Once bool      // end after the story
	Out  io.Writer // where the story is told; nil: nowhere

	// HTTPAddr and OpsAddr are where Recado listens, as host:port; port 0 picks a
	// free one. Empty: the defaults of the settings, or free ports if they are taken.
	HTTPAddr, OpsAddr string
	// Dir is an existing folder for the database and its secrets, without a database
	// in it; it is left as it is at the end. Empty: a temporary one, removed at the end.
	Dir    string
	Color  bool         // tell it in colours, and slowly enough to follow; see Colorful
	Logger *slog.Logger // Recado's own log; nil: discard

	patience time.Duration                // for each step; 20 s
	arrange  func(m *simulator.Simulator) // makes Meta misbehave before the story begins
	declines bool                         // Stripe refuses the card the second time
}

// StepError is the step of the story that did not happen.
type StepError struct {
	Step string // such as "Ana sees it live"
	Err  error  // what happened instead
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: did not happen: %v", e.Step, e.Err) }

// Unwrap returns what happened instead.
func (e *StepError) Unwrap() error { return e.Err }

// Colorful tells whether colours are welcome: out is a terminal that knows them,
// and NO_COLOR is not set.
func Colorful(out io.Writer, environ map[string]string) bool {
	file, ok := out.(*os.File)
	if !ok || environ["NO_COLOR"] != "" || environ["TERM"] == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Run tells the story and, unless it is for once, stays up until ctx ends, which is
// then no error. It returns a *StepError if a step did not happen, and other errors
// if the stage could not be set or not be taken down in order.
func Run(ctx context.Context, o Options) (err error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.patience == 0 {
		o.patience = 20 * time.Second
	}
	screen := &screen{out: o.Out, color: o.Color}
	screen.print("", "  "+screen.in(bold, "Recado")+screen.in(faint, " · ")+bakeryName+", "+bakeryCity+
		screen.in(faint, " · "+displayNumber+" · one process, SQLite, simulated Meta and Stripe"), "")
	began := time.Now()
	stage, err := setStage(ctx, o)
	if err != nil {
		return fmt.Errorf("set the stage: %w", err)
	}
	defer func() { err = errors.Join(err, stage.takeDown()) }()

	story := newStory(stage, screen, o, began)
	defer story.close()
	if err := story.tell(ctx); err != nil {
		return err
	}
	story.sum(time.Since(began))
	if o.Once {
		return nil
	}
	story.explain()
	goOn(ctx, stage, screen, story.anasSocket)
	screen.print("", "  Stopping: requests under way are finished, sockets are sent away.")
	return nil
}
