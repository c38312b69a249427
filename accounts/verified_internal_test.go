package accounts

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVerified(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hash := func(i int) [sha256.Size]byte {
		return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}

	t.Run("knows a token until it ends and two seconds more", func(t *testing.T) {
		v := newVerified(func() time.Time { return now })
		v.keep(hash(1), bearer{expiresAt: now.Add(time.Minute)})
		now = now.Add(time.Minute + leeway - time.Nanosecond)
		_, known := v.bearer(hash(1))
		require.True(t, known)
		_, known = v.bearer(hash(2))
		require.False(t, known)
		now = now.Add(time.Nanosecond)
		_, known = v.bearer(hash(1))
		require.False(t, known)
		require.Empty(t, v.bearers)
	})

	t.Run("is bounded", func(t *testing.T) {
		v := newVerified(func() time.Time { return now })
		for i := range 3 * maxVerified {
			v.keep(hash(i), bearer{expiresAt: now.Add(time.Minute)})
			require.LessOrEqual(t, len(v.bearers), maxVerified)
			_, known := v.bearer(hash(i))
			require.True(t, known)
		}
		require.Greater(t, len(v.bearers), maxVerified/2)
	})
}
