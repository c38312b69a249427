// Package cli is the command line: a file per command. The commands translate
// flags and settings into calls of the rooms, and failures into one line and an
// exit code.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"recado/models"
	"recado/whatsapp/simulator"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailure = 1
	exitUsage   = 2
)

// program is what a command may touch of the world around it.
type program struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ map[string]string
	version string
}

// Main runs the command line of the process and returns its exit code: 0, 1 after
// a failure, 2 for a command line that is wrong. An empty version means that of
// the build's own information. A first SIGINT or SIGTERM ends the command in
// order, a second one at once.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	p := &program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: environment(os.Environ()), version: version,
	}
	return p.run(ctx, os.Args[1:])
}

func environment(assignments []string) map[string]string {
	environ := make(map[string]string, len(assignments))
	for _, assignment := range assignments {
		name, value, _ := strings.Cut(assignment, "=")
		environ[name] = value
	}
	return environ
}

// commands is the command line.
type commands struct {
	Serve        serveCommand        `cmd:"" help:"Serve GraphQL and Meta's webhooks."`
	Demo         demoCommand         `cmd:"" help:"Run the whole product here, with a simulated Meta, and tell its story."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database's schema up to date, or see whether it is."`
	Organization organizationCommand `cmd:"" help:"See organizations, and say what they have booked."`
	User         userCommand         `cmd:"" help:"Make users, switch them on and off."`
	Channel      channelCommand      `cmd:"" help:"Connect WhatsApp numbers and say who works on them."`
	Search       searchCommand       `cmd:"" help:"Keep the index that people search by."`
	Delivery     deliveryCommand     `cmd:"" help:"Look at Meta's webhook deliveries as they came, and replay them."`
	Credit       creditCommand       `cmd:"" help:"Give credits, plan prices, and check the ledgers."`
	Key          keyCommand          `cmd:"" help:"Make secrets for the settings."`
	Simulate     simulateCommand     `cmd:"" help:"Run a simulated Meta alone, to test integrations against."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
}

// exited carries an exit code out of the parser, which wants to end the program
// after it has printed help.
type exited int

// run runs a command line and returns the exit code. Failures are told in one line.
func (p *program) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			ended, ok := fault.(exited)
			if !ok {
				panic(fault)
			}
			code = int(ended)
		}
	}()
	parser, err := kong.New(&commands{},
		kong.Name("recado"),
		kong.Description("A shared WhatsApp inbox for teams.\n\nSettings come from RECADO_* environment variables."),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Help(helpWithSettings),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 120}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
		kong.Vars{"app_id": simulator.DefaultAppID, "app_secret": simulator.DefaultAppSecret},
	)
	if err != nil {
		return p.fail(err, exitFailure)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return p.fail(fmt.Errorf("%w (see recado --help)", err), exitUsage)
	}
	if err := command.Run(); err != nil {
		if _, misused := errors.AsType[usageError](err); misused {
			return p.fail(err, exitUsage)
		}
		return p.fail(err, exitFailure)
	}
	return exitDone
}

func (p *program) fail(err error, code int) int {
	line := strings.Join(strings.Fields(explain(err)), " ")
	fmt.Fprintln(p.stderr, "recado: "+line)
	return code
}

// usageError is a mistake in the command line that the parser cannot see.
type usageError string

func (e usageError) Error() string { return string(e) }

// explain says in words what the rooms say in codes.
func explain(err error) string {
	failure, ok := errors.AsType[*models.Error](err)
	if !ok {
		return err.Error()
	}
	what := failure.Field
	if what == "" {
		what = "it"
	}
	switch failure.Code {
	case models.CodeRequired:
		return what + " is missing"
	case models.CodeInvalid:
		return what + " is not valid" + limits(failure.Params)
	case models.CodeAlreadyExists:
		return what + " is taken already"
	case models.CodeNotFound:
		return what + " was not found"
	default:
		return err.Error()
	}
}

func limits(params map[string]string) string {
	var text strings.Builder
	for _, name := range []string{"min", "max"} {
		if value, ok := params[name]; ok {
			text.WriteString(" (" + name + " " + value + ")")
		}
	}
	return text.String()
}
