package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrganization(t *testing.T) {
	x := newTerminal(t)
	x.works("correct horse battery\n", "user", "create", "--organization=Aurora", "--create-organization", "--email=ana@aurora.example",
		"--name=Ana", "--password-stdin")
	require.Regexp(t, `(?m)^ID +NAME +EDITION\n\S{36}  Aurora  EXPRESS\n$`, x.works("", "organization", "list"))

	t.Run("books an edition, which counts at once", func(t *testing.T) {
		connect := []string{
			"channel", "connect", "--organization=Aurora", "--name=Balcão", "--phone-number-id=331908274466120", "--waba-id=102290129340398",
			"--number=+55 11 4002-8922",
		}
		book := []string{"organization", "edition", "--organization=Aurora"}
		require.Equal(t, "Aurora is on the edition FREE.\n", x.works("", append(book, "--edition=FREE")...))
		require.Regexp(t, `Aurora  FREE\n$`, x.works("", "organization", "list"))
		refused := x.enter("EAAG-token-of-the-number\n", connect...)
		require.Equal(t, exitFailure, refused.code)
		require.Contains(t, refused.stderr, "EDITION_NOT_ALLOWED")
		require.Equal(t, "Aurora is on the edition PREMIER.\n", x.works("", append(book, "--edition=PREMIER")...))
		x.works("EAAG-token-of-the-number\n", connect...)
	})
	t.Run("names what there is not", func(t *testing.T) {
		require.Contains(t, x.fails(exitFailure, "organization", "edition", "--organization=Nobody", "--edition=FREE"), `no organization "Nobody"`)
		require.Contains(t, x.fails(exitFailure, "organization", "edition", "--organization=Aurora", "--edition=GOLD"), `no edition "GOLD"`)
		x.fails(exitUsage, "organization", "edition", "--organization=Aurora")
	})
}
