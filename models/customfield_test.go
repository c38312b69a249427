package models_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestCustomField_clean(t *testing.T) {
	for _, c := range []struct {
		kind        models.FieldKind
		value, want string // empty: not allowed
	}{
		{models.FieldText, "  Rua Aurora, 7  ", "Rua Aurora, 7"},
		{models.FieldText, "two\nlines", "two\nlines"},
		{models.FieldText, "   ", ""},
		{models.FieldText, strings.Repeat("ã", models.MaxFieldText), strings.Repeat("ã", models.MaxFieldText)},
		{models.FieldText, strings.Repeat("ã", models.MaxFieldText+1), ""},
		{models.FieldText, "nul\x00", ""},
		{models.FieldText, "\xff", ""},
		{models.FieldNumber, "0", "0"},
		{models.FieldNumber, "-0.00", "0"},
		{models.FieldNumber, "007.50", "7.5"},
		{models.FieldNumber, "-12.5", "-12.5"},
		{models.FieldNumber, "123456789012345.0123456789", "123456789012345.0123456789"},
		{models.FieldNumber, "1234567890123456", ""},
		{models.FieldNumber, "1.01234567891", ""},
		{models.FieldNumber, "1,5", ""},
		{models.FieldNumber, "1e3", ""},
		{models.FieldNumber, "+1", ""},
		{models.FieldNumber, ".5", ""},
		{models.FieldNumber, "5.", ""},
		{models.FieldNumber, "NaN", ""},
		{models.FieldNumber, "٣", ""},
		{models.FieldDate, "2026-02-28", "2026-02-28"},
		{models.FieldDate, "2026-02-29", ""},
		{models.FieldDate, "28/02/2026", ""},
		{models.FieldDate, "2026-02-28T00:00:00Z", ""},
		{models.FieldDate, "0000-01-01", ""},
		{models.FieldBoolean, "true", "true"},
		{models.FieldBoolean, "false", "false"},
		{models.FieldBoolean, "True", ""},
		{models.FieldBoolean, "1", ""},
		{models.FieldChoice, "Atacado", "Atacado"},
		{models.FieldChoice, "atacado", ""},
		{models.FieldChoice, "Outro", ""},
		{"UNKNOWN", "x", ""},
	} {
		field := models.CustomField{Kind: c.kind, Options: []string{"Varejo", "Atacado"}}
		got, ok := field.Clean(c.value)
		require.Equal(t, c.want != "", ok, "%s %q", c.kind, c.value)
		if ok {
			require.Equal(t, c.want, got, "%s %q", c.kind, c.value)
		}
	}

	t.Run("takes what it made", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			field := models.CustomField{Kind: rapid.SampledFrom(models.FieldKinds).Draw(t, "kind"), Options: []string{"a"}}
			value := rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,12})?`), rapid.SampledFrom([]string{"a", "true", "2026-02-28"})).Draw(t, "value")
			if clean, ok := field.Clean(value); ok {
				again, ok := field.Clean(clean)
				require.True(t, ok)
				require.Equal(t, clean, again)
			}
		})
	})
}

func TestCheckFieldKey(t *testing.T) {
	for key, want := range map[string]models.Code{
		"birthday": "", "orderNumber_2": "", strings.Repeat("k", models.MaxFieldKey): "",
		"": models.CodeRequired, "Birthday": models.CodeInvalid, "2nd": models.CodeInvalid, "_x": models.CodeInvalid, "a b": models.CodeInvalid,
		"a.b": models.CodeInvalid, "ação": models.CodeInvalid, "a\n": models.CodeInvalid, strings.Repeat("k", models.MaxFieldKey+1): models.CodeInvalid,
	} {
		require.Equal(t, want, models.CodeOf(models.CheckFieldKey(key)), "%q", key)
	}
	longest := models.CustomFieldVariable(models.RecordCompany, strings.Repeat("k", models.MaxFieldKey))
	require.True(t, models.ValidTemplateField(longest), "a merge field with the longest key is one")
}

func TestCleanOptions(t *testing.T) {
	options, err := models.CleanOptions(models.FieldChoice, []string{" Varejo ", "Atacado"})
	require.NoError(t, err)
	require.Equal(t, []string{"Varejo", "Atacado"}, options)
	for _, c := range []struct {
		kind    models.FieldKind
		options []string
		want    models.Error
	}{
		{models.FieldChoice, nil, models.Error{Code: models.CodeRequired, Field: "options"}},
		{models.FieldText, []string{"a"}, models.Error{Code: models.CodeInvalid, Field: "options"}},
		{models.FieldChoice, []string{"a", " "}, models.Error{Code: models.CodeRequired, Field: "options.1"}},
		{models.FieldChoice, []string{"São", "SÃO"}, models.Error{Code: models.CodeInvalid, Field: "options.1", Params: map[string]string{"duplicate": "true"}}},
		{models.FieldChoice, make([]string, models.MaxFieldOptions+1), models.Error{Code: models.CodeInvalid, Field: "options", Params: map[string]string{"maxItems": "100"}}},
	} {
		_, err := models.CleanOptions(c.kind, c.options)
		require.Equal(t, &c.want, err)
	}
}

func TestCustomValues(t *testing.T) {
	text := models.CustomField{ID: models.NewID(), Key: "size", Kind: models.FieldText}
	number := models.CustomField{ID: models.NewID(), Key: "weight", Kind: models.FieldNumber}
	fields := []models.CustomField{text, number}
	deleted := models.NewID()
	values := models.CustomValues{{FieldID: text.ID, Value: "M"}, {FieldID: deleted, Value: "old"}}

	t.Run("change what is named, keep the rest, and drop what no field has", func(t *testing.T) {
		changed, err := values.Change(fields, []models.CustomValueChange{{Key: "weight", Value: "01.50"}})
		require.NoError(t, err)
		require.Equal(t, models.CustomValues{{FieldID: text.ID, Value: "M"}, {FieldID: number.ID, Value: "1.5"}}, changed)
	})
	t.Run("lose what is made empty", func(t *testing.T) {
		changed, err := values.Change(fields, []models.CustomValueChange{{Key: "size", Value: " "}})
		require.NoError(t, err)
		require.Empty(t, changed)
	})
	t.Run("name what is wrong by its place", func(t *testing.T) {
		for _, c := range []struct {
			changes []models.CustomValueChange
			want    models.Error
		}{
			{[]models.CustomValueChange{{Key: "size", Value: "L"}, {Key: "weight", Value: "heavy"}}, models.Error{Code: models.CodeInvalid, Field: "customValues.1.value", Params: map[string]string{"kind": "NUMBER"}}},
			{[]models.CustomValueChange{{Key: "Size", Value: "L"}}, models.Error{Code: models.CodeNotFound, Field: "customValues.0.key"}},
			{[]models.CustomValueChange{{Key: "size", Value: "L"}, {Key: "size", Value: "M"}}, models.Error{Code: models.CodeInvalid, Field: "customValues.1.key", Params: map[string]string{"duplicate": "true"}}},
		} {
			_, err := values.Change(fields, c.changes)
			require.Equal(t, &c.want, err)
		}
	})
	t.Run("win over those beneath them", func(t *testing.T) {
		other := models.CustomValues{{FieldID: text.ID, Value: "S"}, {FieldID: number.ID, Value: "7"}}
		united := values.Under(other)
		size, _ := united.Get(text.ID)
		weight, _ := united.Get(number.ID)
		require.Equal(t, []string{"M", "7"}, []string{size, weight})
	})
}
