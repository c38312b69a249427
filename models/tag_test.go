package models_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestCleanTagName(t *testing.T) {
	for name, c := range map[string]struct {
		given, want string
		code        models.Code
	}{
		"as it is":           {"Encomenda", "Encomenda", ""},
		"spaces":             {"  bolo \t de  festa ", "bolo de festa", ""},
		"a decomposed tilde": {"pa\u0303o", "pão", ""},
		"the longest":        {strings.Repeat("ã", 50), strings.Repeat("ã", 50), ""},
		"too long":           {strings.Repeat("ã", 51), "", models.CodeInvalid},
		"empty":              {" \n", "", models.CodeRequired},
		"a control":          {"a\x00b", "", models.CodeInvalid},
		"no text at all":     {"\xff", "", models.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			clean, err := models.CleanTagName(c.given)
			require.Equal(t, c.code, models.CodeOf(err))
			require.Equal(t, c.want, clean)
		})
	}
}

func TestNameKey_is_blind_to_case(t *testing.T) {
	require.Equal(t, models.NameKey("PÃO"), models.NameKey("pão"))
	require.Equal(t, models.NameKey("STRASSE"), models.NameKey("straße"))
	require.NotEqual(t, models.NameKey("pão"), models.NameKey("pao"))
}
