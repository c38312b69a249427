package models_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestBalances_Book(t *testing.T) {
	const credit = models.Credit
	balances := models.Balances{models.AccountAvailable: 3 * credit, models.AccountGranted: -3 * credit}
	book := func(movement models.Movement) models.Movement {
		t.Helper()
		booked, err := balances.Book(movement)
		require.NoError(t, err)
		return booked
	}
	book(models.HoldCredits(2 * credit))
	require.Equal(t, credit, balances[models.AccountAvailable])
	require.Equal(t, 2*credit, balances[models.AccountHeld])
	book(models.SettleHold(2*credit, credit/2))
	require.Equal(t, 5*credit/2, balances[models.AccountAvailable])
	require.Equal(t, credit/2, balances[models.AccountSpent])

	book(models.ChargeLate(3*credit, balances[models.AccountAvailable]))
	require.Zero(t, balances[models.AccountAvailable])
	require.Equal(t, -credit/2, balances[models.AccountOwed])
	require.Equal(t, models.Movement{models.AccountPurchased: -credit, models.AccountOwed: credit / 2, models.AccountAvailable: credit / 2},
		book(models.TakeIn(models.AccountPurchased, credit)), "what is owed is paid first")

	t.Run("refuses what may not be, and leaves the balances alone", func(t *testing.T) {
		before := maps.Clone(balances)
		for name, movement := range map[string]models.Movement{
			"credits out of nothing": {models.AccountAvailable: credit},
			"more than there is":     models.HoldCredits(100 * credit),
			"more than is held":      models.SettleHold(credit, 0),
		} {
			_, err := balances.Book(movement)
			require.Error(t, err, name)
			require.Equal(t, before, balances)
		}
	})

	t.Run("any order of movements keeps the sum at zero and nothing below it", rapid.MakeCheck(func(t *rapid.T) {
		balances := make(models.Balances)
		for range rapid.IntRange(1, 30).Draw(t, "movements") {
			amount := models.Credits(rapid.Int64Range(0, 100).Draw(t, "amount"))
			_, _ = balances.Book(rapid.SampledFrom([]models.Movement{ // refused ones change nothing
				models.HoldCredits(amount), models.SettleHold(amount, amount/2), models.SettleHold(amount, 0),
				models.ChargeLate(amount, balances[models.AccountAvailable]), models.TakeIn(models.AccountPurchased, amount),
			}).Draw(t, "movement"))
			var sum models.Credits
			for _, balance := range balances {
				sum += balance
			}
			require.Zero(t, sum)
			require.GreaterOrEqual(t, balances[models.AccountAvailable], models.Credits(0))
			require.GreaterOrEqual(t, balances[models.AccountHeld], models.Credits(0))
			require.LessOrEqual(t, balances[models.AccountOwed], models.Credits(0))
			require.True(t, balances[models.AccountOwed] == 0 || balances[models.AccountAvailable] == 0, "who owes has nothing")
		}
	}))
}
