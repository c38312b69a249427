package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func testCard(model models.PricingModel) models.CardInForce {
	rate := func(category models.PricingCategory, country string, from time.Time, price models.Credits) models.Rate {
		return models.Rate{Category: category, Country: country, EffectiveFrom: from, Price: price}
	}
	earlier, later := noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, 1)
	return models.CardInForce{
		RateCard: models.RateCard{Model: model},
		Rates: []models.Rate{
			rate(models.CategoryMarketing, "", earlier, 60), rate(models.CategoryMarketing, "BR", earlier, 30), rate(models.CategoryMarketing, "BR", later, 40),
			rate(models.CategoryMarketing, "", later, 70), rate(models.CategoryUtility, "", earlier, 8), rate(models.CategoryService, "", earlier, 5),
		},
		Allowances: []models.RateAllowance{{Category: models.CategoryService, EffectiveFrom: earlier, Monthly: 1000}},
	}
}

func TestCardInForce_PriceAt(t *testing.T) {
	card := testCard(models.PerMessage)
	for _, test := range []struct {
		country string
		at      time.Time
		want    models.Credits
	}{
		{"BR", noon, 30},
		{"PT", noon, 60},
		{"", noon, 60},
		{"BR", noon.AddDate(0, 0, 1), 40},
		{"PT", noon.AddDate(0, 0, 1), 70},
		{"BR", noon.AddDate(0, 0, 1).Add(-time.Millisecond), 30},
	} {
		price, known := card.PriceAt(models.CategoryMarketing, test.country, test.at)
		require.True(t, known)
		require.Equal(t, test.want, price, "%s at %s", test.country, test.at)
	}
	_, known := card.PriceAt(models.CategoryMarketing, "BR", noon.AddDate(-2, 0, 0))
	require.False(t, known, "before the first rate")
	require.Nil(t, card.AllowanceAt(models.CategoryMarketing, noon))
	require.EqualValues(t, 1000, card.AllowanceAt(models.CategoryService, noon).Monthly)
}

func TestCardInForce_Quote(t *testing.T) {
	for name, test := range map[string]struct {
		model models.PricingModel
		send  models.Sending
		want  models.Quote
	}{
		"a message": {models.PerMessage, models.Sending{Category: models.CategoryMarketing}, models.Quote{Price: 30, Dearest: 30, Basis: models.BasisRate}},
		"a utility message that Meta may take for marketing": {
			models.PerMessage, models.Sending{Category: models.CategoryUtility}, models.Quote{Price: 8, Dearest: 30, Basis: models.BasisRate},
		},
		"in a free entry point, which may end before it arrives": {
			models.PerMessage,
			models.Sending{Category: models.CategoryMarketing, FreeEntryPoint: true},
			models.Quote{Price: 0, Dearest: 30, Basis: models.BasisFreeEntryPoint},
		},
		"an answer inside the free allowance":  {models.PerMessage, models.Sending{Category: models.CategoryService, AllowanceLeft: 1}, models.Quote{Basis: models.BasisAllowance}},
		"an answer beyond the free allowance":  {models.PerMessage, models.Sending{Category: models.CategoryService}, models.Quote{Price: 5, Dearest: 5, Basis: models.BasisRate}},
		"the first of a session":               {models.PerConversation, models.Sending{Category: models.CategoryMarketing}, models.Quote{Price: 30, Dearest: 30, Basis: models.BasisRate}},
		"in a session that nobody paid so far": {models.PerConversation, models.Sending{Category: models.CategoryMarketing, SessionOpen: true}, models.Quote{Price: 0, Dearest: 30, Basis: models.BasisSession}},
		"in a paid session":                    {models.PerConversation, models.Sending{Category: models.CategoryMarketing, SessionOpen: true, SessionPaid: true}, models.Quote{Basis: models.BasisSession}},
		"sessions mean nothing per message":    {models.PerMessage, models.Sending{Category: models.CategoryMarketing, SessionOpen: true, SessionPaid: true}, models.Quote{Price: 30, Dearest: 30, Basis: models.BasisRate}},
	} {
		t.Run(name, func(t *testing.T) {
			test.send.At, test.send.Country = noon, "BR"
			quote, known := testCard(test.model).Quote(test.send)
			require.True(t, known)
			require.Equal(t, test.want, quote)
			require.LessOrEqual(t, quote.Price, quote.Dearest)
		})
	}
	_, known := testCard(models.PerMessage).Quote(models.Sending{At: noon, Category: models.CategoryAuthentication})
	require.False(t, known)
}

func TestCategoryOf(t *testing.T) {
	for word, want := range map[string]models.PricingCategory{
		"marketing": models.CategoryMarketing, "MARKETING_LITE": models.CategoryMarketing, "utility": models.CategoryUtility,
		"authentication-international": models.CategoryAuthenticationInternational, "authentication_international": models.CategoryAuthenticationInternational,
		"AUTHENTICATION": models.CategoryAuthentication, "service": models.CategoryService,
	} {
		category, known := models.CategoryOf(word)
		require.True(t, known, word)
		require.Equal(t, want, category)
	}
	_, known := models.CategoryOf("general_purpose_ai")
	require.False(t, known)
}

func TestCreditSettings_Recharge(t *testing.T) {
	settings := models.CreditSettings{RechargeEnabled: true, RechargeThreshold: 10, RechargeAmount: 20, RechargeCeiling: 50}
	require.Equal(t, models.RechargeBuy, settings.Recharge(9, false, 0))
	require.Equal(t, models.RechargeNothing, settings.Recharge(10, false, 0), "not below")
	require.Equal(t, models.RechargeNothing, settings.Recharge(9, true, 0), "one is under way")
	require.Equal(t, models.RechargeBuy, settings.Recharge(9, false, 30))
	require.Equal(t, models.RechargeCeiling, settings.Recharge(9, false, 31))
	settings.RechargeEnabled = false
	require.Equal(t, models.RechargeNothing, settings.Recharge(0, false, 0))
}

func TestDaysLeft(t *testing.T) {
	days, known := models.DaysLeft(100, 50, 10)
	require.True(t, known)
	require.EqualValues(t, 20, days)
	_, known = models.DaysLeft(100, 0, 10)
	require.False(t, known, "nothing was spent")
	days, _ = models.DaysLeft(-5, 50, 10)
	require.Zero(t, days)
}
