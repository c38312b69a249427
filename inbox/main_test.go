package inbox_test

import (
	"flag"
	"os"
	"testing"
)

// daysByDefault is how many days of traffic a property test plays on each
// database, unless -rapid.checks says otherwise: a day is a hundred transactions.
const daysByDefault = "15"

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen {
		if err := flag.Set("rapid.checks", daysByDefault); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
