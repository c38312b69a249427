// Command recado is a shared WhatsApp inbox for teams: `recado serve` runs it,
// `recado --help` lists the rest.
package main

import (
	"os"

	"recado/cli"
)

// version is set when the program is built.
var version = ""

func main() { os.Exit(cli.Main(version)) }
