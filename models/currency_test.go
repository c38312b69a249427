package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestParseMoney(t *testing.T) {
	for _, c := range []struct {
		amount, currency string
		want             models.Money
		field            string // empty: it is taken
	}{
		{"1234.56", "BRL", models.Money{Currency: "BRL", Minor: 123456, Digits: 2}, ""},
		{"0", "BRL", models.Money{Currency: "BRL", Minor: 0, Digits: 2}, ""},
		{"7.5", "USD", models.Money{Currency: "USD", Minor: 750, Digits: 2}, ""},
		{"1500", "JPY", models.Money{Currency: "JPY", Minor: 1500}, ""},
		{"1.234", "KWD", models.Money{Currency: "KWD", Minor: 1234, Digits: 3}, ""},
		{"10000000000000.00", "BRL", models.Money{Currency: "BRL", Minor: models.MaxAmount, Digits: 2}, ""},
		{"10000000000000.01", "BRL", models.Money{}, "amount.amount"},
		{"99999999999999999999", "BRL", models.Money{}, "amount.amount"},
		{"1.5", "JPY", models.Money{}, "amount.amount"},
		{"1.234", "BRL", models.Money{}, "amount.amount"},
		{"-1", "BRL", models.Money{}, "amount.amount"},
		{"+1", "BRL", models.Money{}, "amount.amount"},
		{"1,5", "BRL", models.Money{}, "amount.amount"},
		{"1e3", "BRL", models.Money{}, "amount.amount"},
		{".5", "BRL", models.Money{}, "amount.amount"},
		{"5.", "BRL", models.Money{}, "amount.amount"},
		{"", "BRL", models.Money{}, "amount.amount"},
		{"1", "brl", models.Money{}, "amount.currency"},
		{"1", "XXX", models.Money{}, "amount.currency"},
		{"1", "REAL", models.Money{}, "amount.currency"},
		{"1", "", models.Money{}, "amount.currency"},
	} {
		money, err := models.ParseMoney(c.amount, c.currency)
		if c.field == "" {
			require.NoError(t, err, "%s %s", c.currency, c.amount)
			require.Equal(t, c.want, money)
			continue
		}
		var failure *models.Error
		require.ErrorAs(t, err, &failure, "%s %q", c.currency, c.amount)
		require.Equal(t, models.CodeInvalid, failure.Code)
		require.Equal(t, c.field, failure.Field, "%s %q", c.currency, c.amount)
	}

	t.Run("reads what Money writes", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			money := models.NewMoney(rapid.Int64Range(0, models.MaxAmount).Draw(t, "minor"), rapid.SampledFrom([]string{"BRL", "JPY", "KWD", "CLF"}).Draw(t, "currency"))
			again, err := models.ParseMoney(money.Amount(), money.Currency)
			require.NoError(t, err)
			require.Equal(t, money, again)
		})
	})
}

func TestRecordTexts(t *testing.T) {
	for _, c := range []struct {
		money               models.Money
		english, portuguese string
	}{
		{models.NewMoney(123456789, "BRL"), "R$1,234,567.89", "R$ 1.234.567,89"},
		{models.NewMoney(5, "USD"), "$0.05", "US$ 0,05"},
		{models.NewMoney(99900, "EUR"), "€999.00", "€ 999,00"},
		{models.NewMoney(150000, "JPY"), "JPY 150,000", "JPY 150.000"},
		{models.NewMoney(100, "ARS"), "ARS 1.00", "ARS 1,00"},
	} {
		require.Equal(t, c.english, c.money.In("en_US"))
		require.Equal(t, c.portuguese, c.money.In("pt_BR"))
	}
	require.Equal(t, "Dec 31, 2026", models.Date("2026-12-31").In("en"))
	require.Equal(t, "31/12/2026", models.Date("2026-12-31").In("pt-BR"))
	require.Equal(t, "Jan 2, 2026", models.Date("2026-01-02").In("es"), "all others are in English")

	for kind, c := range map[models.FieldKind]struct{ value, english, portuguese string }{
		models.FieldText:    {"1.5", "1.5", "1.5"},
		models.FieldNumber:  {"-2026.5", "-2026.5", "-2026,5"},
		models.FieldDate:    {"2026-03-01", "Mar 1, 2026", "01/03/2026"},
		models.FieldBoolean: {"false", "No", "Não"},
		models.FieldChoice:  {"Varejo", "Varejo", "Varejo"},
	} {
		field := models.CustomField{Kind: kind}
		require.Equal(t, c.english, field.In("en", c.value))
		require.Equal(t, c.portuguese, field.In("pt_PT", c.value))
	}
}
