package accounts

import (
	"context"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
)

func TestPasswords(t *testing.T) {
	params := argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

	t.Run("comparing with nobody's hash costs what comparing with a user's does", func(t *testing.T) {
		p := newPasswords(params, 1)
		hash, err := p.hash(t.Context(), "pão de queijo")
		require.NoError(t, err)
		costs, salt, key, err := argon2id.DecodeHash(p.nobody)
		require.NoError(t, err)
		userCosts, userSalt, userKey, err := argon2id.DecodeHash(hash)
		require.NoError(t, err)
		require.Equal(t, userCosts, costs)
		require.Len(t, salt, len(userSalt))
		require.Len(t, key, len(userKey))
		match, err := p.matches(t.Context(), "", p.nobody)
		require.NoError(t, err)
		require.False(t, match)
	})

	t.Run("are hashed only so many at a time, and the others wait as long as they like", func(t *testing.T) {
		p := newPasswords(params, 2)
		require.NoError(t, p.wait(t.Context()))
		require.NoError(t, p.wait(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.hash(ctx, "pão de queijo")
		require.ErrorIs(t, err, context.Canceled)
		_, err = p.matches(ctx, "pão de queijo", p.nobody)
		require.ErrorIs(t, err, context.Canceled)
		p.done()
		_, err = p.hash(t.Context(), "pão de queijo")
		require.NoError(t, err)
	})
}
