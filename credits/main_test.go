package credits_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// historiesByDefault is how many histories a property test plays on each database,
// unless -rapid.checks says otherwise: a history is some hundred transactions.
const historiesByDefault = "12"

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen {
		if err := flag.Set("rapid.checks", historiesByDefault); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
