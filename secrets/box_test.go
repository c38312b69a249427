package secrets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/secrets"
)

func newBox(t testing.TB, fill byte) *secrets.Box {
	t.Helper()
	box, err := secrets.NewBox(bytes.Repeat([]byte{fill}, secrets.KeySize))
	require.NoError(t, err)
	return box
}

func TestBox(t *testing.T) {
	const purpose = "channel 1 of organization 1"
	box := newBox(t, 1)

	t.Run("opens what it sealed", func(t *testing.T) {
		for _, plain := range [][]byte{nil, {0}, []byte("EAAJB…"), bytes.Repeat([]byte("x"), 10_000)} {
			sealed := box.Seal(plain, purpose)
			require.Len(t, sealed, len(plain)+29)
			opened, err := box.Open(sealed, purpose)
			require.NoError(t, err)
			require.True(t, bytes.Equal(plain, opened))
		}
	})

	t.Run("never seals twice alike, nor shows what is inside", func(t *testing.T) {
		plain := []byte("a token of some length")
		first, second := box.Seal(plain, purpose), box.Seal(plain, purpose)
		require.NotEqual(t, first, second)
		require.NotContains(t, string(first), string(plain))
	})

	t.Run("notices every changed, missing or added bit", func(t *testing.T) {
		sealed := box.Seal([]byte("token"), purpose)
		for i := range sealed {
			for bit := range 8 {
				changed := bytes.Clone(sealed)
				changed[i] ^= 1 << bit
				_, err := box.Open(changed, purpose)
				require.ErrorIs(t, err, secrets.ErrNotOpened, "byte %d bit %d", i, bit)
			}
			_, err := box.Open(sealed[:i], purpose)
			require.ErrorIs(t, err, secrets.ErrNotOpened, "cut at %d", i)
		}
		_, err := box.Open(append(sealed, 0), purpose)
		require.ErrorIs(t, err, secrets.ErrNotOpened)
	})

	t.Run("does not open for another purpose or with another key", func(t *testing.T) {
		sealed := box.Seal([]byte("token"), purpose)
		_, err := box.Open(sealed, "channel 2 of organization 1")
		require.ErrorIs(t, err, secrets.ErrNotOpened)
		_, err = newBox(t, 2).Open(sealed, purpose)
		require.ErrorIs(t, err, secrets.ErrNotOpened)
	})

	t.Run("refuses a key of the wrong length", func(t *testing.T) {
		for _, size := range []int{0, 16, 31, 33} {
			_, err := secrets.NewBox(make([]byte, size))
			require.Error(t, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	box := newBox(f, 1)
	f.Add([]byte{}, "a")
	f.Add([]byte{1}, "")
	f.Add(newBox(f, 2).Seal([]byte("token"), "a"), "a")
	f.Fuzz(func(t *testing.T, sealed []byte, associated string) {
		_, err := box.Open(sealed, associated)
		require.ErrorIs(t, err, secrets.ErrNotOpened, "nothing opens that was not sealed with the key")
	})
}
