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
