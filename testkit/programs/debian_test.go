//go:build unix

package programs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/testkit/programs"
)

func TestIsLibrary(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"libpq5": true, "libicu72": true, "libssl3": true, "libcom-err2": true,
		"libc6": false, "libc-bin": false, "libllvm14": false, "libperl5.36": false, "libjson-perl": false,
		"postgresql-common": false, "ssl-cert": false,
	} {
		require.Equal(t, want, programs.IsLibrary(name), name)
	}
}
