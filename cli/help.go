package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"recado/config"
)

// helpWithSettings prints kong's help, and below that of the whole program and of
// serve all settings.
func helpWithSettings(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	selected := ctx.Selected()
	if selected != nil && selected.Name != "serve" {
		return nil
	}
	return printSettings(ctx.Stdout)
}

func printSettings(to io.Writer) error {
	var text strings.Builder
	text.WriteString("\nSettings (environment variables):\n")
	for _, variable := range config.Variables() {
		text.WriteString("  " + variable.Name)
		if variable.Default != "" {
			text.WriteString("=" + variable.Default)
		}
		text.WriteString("\n      " + variable.Description + "\n      Expected: " + variable.Expected + ".\n")
	}
	_, err := fmt.Fprint(to, text.String())
	return err
}
