package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCredit(t *testing.T) {
	x := newTerminal(t)
	x.works("correct horse battery\n", "user", "create", "--organization=Aurora", "--create-organization", "--email=ana@aurora.example",
		"--name=Ana", "--password-stdin")
	grant := []string{"credit", "grant", "--organization=Aurora", "--credits=12.5", "--reference=welcome"}
	require.Equal(t, "Aurora has 12.5 credits available.\n", x.works("", grant...))
	require.Equal(t, "Aurora has 12.5 credits available.\n", x.works("", grant...), "the same words give once")
	require.Equal(t, "Checked 1 ledgers, found 0 mistakes.\n", x.works("", "credit", "check"))

	require.Contains(t, x.works("", "credit", "card", "--organization=Aurora", "--name=Meta per message", "--from=2099-01-01T00:00:00Z"),
		"Aurora is on the card Meta per message from 2099-01-01T00:00:00Z on.")
	require.Equal(t, exitFailure, x.enter("", "credit", "card", "--organization=Aurora", "--name=Recado", "--from=2020-01-01T00:00:00Z").code)
	require.Equal(t, exitFailure, x.enter("", "credit", "card", "--organization=Aurora", "--name=None", "--from=2099-01-01T00:00:00Z").code)
	require.Equal(t, exitUsage, x.enter("", "credit", "grant", "--organization=Aurora", "--credits=many", "--reference=x").code)
	require.Equal(t, exitFailure, x.enter("", "credit", "check", "--organization=Nobody").code)
}

func TestCreditRates(t *testing.T) {
	x := newTerminal(t)
	list := []string{"credit", "rates", "list", "--card=Meta per message"}
	set := []string{"credit", "rates", "set", "--card=Meta per message"}
	shipped := x.works("", list...)
	require.Contains(t, shipped, "category,country,effective_from,price\nAUTHENTICATION,*,2026-10-01T00:00:00Z,0.00385\n")

	planned := "MARKETING,BR,2099-01-01T00:00:00Z,0.04\n"
	require.Equal(t, "The card Meta per message has these 1 prices.\n", x.works(planned, set...))
	require.Contains(t, x.works("", list...), planned)
	corrected := "category,country,effective_from,price\nMARKETING,BR,2099-01-01T00:00:00Z,0.05\nUTILITY,*,2099-01-01T00:00:00Z,0.01\n"
	x.works(corrected, set...)
	require.NotContains(t, x.works("", list...), planned, "what is planned can be corrected")
	require.Contains(t, x.works(x.works("", list...), set...), "has these", "what was listed can be given back as it is")

	before := x.works("", list...)
	for name, refused := range map[string]struct{ text, why string }{
		"the past":           {corrected + "MARKETING,BR,2026-10-01T00:00:00Z,0\n", "line 4: effective_from must be in the future"},
		"no such category":   {"ADVICE,BR,2099-01-01T00:00:00Z,1\n", "line 1: there is no such category"},
		"no such country":    {"MARKETING,Brasil,2099-01-01T00:00:00Z,1\n", "line 1: the country must be two capital letters"},
		"a price below zero": {"MARKETING,BR,2099-01-01T00:00:00Z,-1\n", "line 1: the price is below zero"},
		"no price":           {"MARKETING,BR,2099-01-01T00:00:00Z,much\n", "line 1: \"much\" is no number"},
		"no time":            {"MARKETING,BR,tomorrow,1\n", "line 1: \"tomorrow\" is no time"},
		"a column less":      {"MARKETING,BR,1\n", "wrong number of fields"},
	} {
		answer := x.enter(refused.text, set...)
		require.Equal(t, exitFailure, answer.code, name)
		require.Contains(t, answer.stderr, refused.why, name)
	}
	require.Equal(t, before, x.works("", list...), "all or nothing")
	require.Equal(t, exitFailure, x.enter("", "credit", "rates", "list", "--card=None").code)
	require.Equal(t, exitFailure, x.enter("", "credit", "rates", "set", "--card=None").code)
}
