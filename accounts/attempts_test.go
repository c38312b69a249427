package accounts

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestAttempts(t *testing.T) {
	now := time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }

	t.Run("remember a bounded number, and those under attack longest", func(t *testing.T) {
		a := newAttempts(SignInLimits{Remembered: 100}, clock)
		for range 10 {
			require.NoError(t, a.begin("ana@example.com", ""))
		}
		for i := range 1000 {
			require.NoError(t, a.begin(fmt.Sprintf("made-up-%d@example.com", i), fmt.Sprintf("10.0.%d.%d", i/256, i%256)))
		}
		require.Len(t, a.limits[byAccount].counts, 100)
		require.Len(t, a.limits[byAddress].counts, 100)
		require.Equal(t, models.CodeTooManyAttempts, models.CodeOf(a.begin("ana@example.com", "")))
	})

	t.Run("make room by forgetting what is over", func(t *testing.T) {
		a := newAttempts(SignInLimits{Remembered: 100}, clock)
		for i := range 100 {
			require.NoError(t, a.begin(fmt.Sprintf("made-up-%d@example.com", i), ""))
		}
		now = now.Add(15 * time.Minute)
		require.NoError(t, a.begin("ana@example.com", ""))
		require.Len(t, a.limits[byAccount].counts, 1)
	})

	t.Run("take a network of IPv6 addresses for one", func(t *testing.T) {
		a := newAttempts(SignInLimits{PerAddress: 2}, clock)
		require.NoError(t, a.begin("a@example.com", "2001:db8:1:2::1"))
		require.NoError(t, a.begin("b@example.com", "2001:db8:1:2:ffff::9%eth0"))
		require.Error(t, a.begin("c@example.com", "2001:db8:1:2::3"))
		require.NoError(t, a.begin("c@example.com", "2001:db8:1:3::3"))
	})

	t.Run("do not count a refused attempt for the other limit", func(t *testing.T) {
		a := newAttempts(SignInLimits{PerAccount: 1, PerAddress: 2}, clock)
		require.NoError(t, a.begin("a@example.com", "10.0.0.1"))
		for range 5 {
			require.Error(t, a.begin("a@example.com", "10.0.0.1"))
		}
		require.NoError(t, a.begin("b@example.com", "10.0.0.1"))
	})
}
