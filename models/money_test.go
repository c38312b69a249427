package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestCredits_text(t *testing.T) {
	for text, want := range map[string]models.Credits{
		"0": 0, "1": models.Credit, "12.5": 12_500_000, "-0.000001": -1, "0.000001": 1, "10000000": models.MaxCredits, "-3": -3 * models.Credit,
	} {
		require.Equal(t, text, want.String())
		amount, ok := models.ParseCredits(text)
		require.True(t, ok, text)
		require.Equal(t, want, amount)
	}
	amount, ok := models.ParseCredits("007.50")
	require.True(t, ok)
	require.Equal(t, models.Credits(7_500_000), amount)
	for _, wrong := range []string{"", "-", ".", "1.", ".5", "1e3", "1,5", "+1", " 1", "1.0000001", "10000000.000001", "99999999999999999999", "--1", "0x1", "١"} {
		_, ok := models.ParseCredits(wrong)
		require.False(t, ok, wrong)
	}
	t.Run("comes back as it went", rapid.MakeCheck(func(t *rapid.T) {
		amount := models.Credits(rapid.Int64Range(-int64(models.MaxCredits), int64(models.MaxCredits)).Draw(t, "amount"))
		back, ok := models.ParseCredits(amount.String())
		require.True(t, ok)
		require.Equal(t, amount, back)
	}))
}

func TestMoney(t *testing.T) {
	usd := models.CreditPrice{Currency: "USD", Minor: 200, Digits: 2}
	require.Equal(t, "50.00", usd.Of(25*models.Credit).Amount())
	require.Equal(t, "0.05", models.Money{Minor: 5, Digits: 2}.Amount())
	require.Equal(t, "-1.50", models.Money{Minor: -150, Digits: 2}.Amount())
	require.Equal(t, "1900", models.Money{Minor: 1900}.Amount())
}
