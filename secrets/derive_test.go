package secrets_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/secrets"
)

func TestDerive(t *testing.T) {
	derive := func(secret, purpose string) []byte {
		key, err := secrets.Derive([]byte(secret), purpose)
		require.NoError(t, err)
		require.Len(t, key, secrets.KeySize)
		return key
	}
	first, second := derive("secret", "urls"), derive("secret", "urls")
	require.Equal(t, first, second)
	require.NotEqual(t, derive("secret", "urls"), derive("secret", "others"))
	require.NotEqual(t, derive("secret", "urls"), derive("other", "urls"))
}
