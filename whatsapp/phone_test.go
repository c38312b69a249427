package whatsapp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchKey(t *testing.T) {
	cases := []struct{ name, waID, key string }{
		{"brazil_with_ninth_digit", "5511987654321", "551187654321"},
		{"brazil_without_ninth_digit", "551187654321", "551187654321"},
		{"brazil_other_area", "5548996543210", "554896543210"},
		{"brazil_written_for_humans", "+55 (11) 98765-4321", "551187654321"},
		{"brazil_landline", "551131234567", "551131234567"},
		{"brazil_mobile_that_never_had_eight_digits", "5511931234567", "5511931234567"},
		{"brazil_thirteen_digits_without_nine", "5511887654321", "5511887654321"},
		{"brazil_no_area_code", "5501987654321", "5501987654321"},
		{"mexico_with_one", "5215512345678", "525512345678"},
		{"mexico_without_one", "525512345678", "525512345678"},
		{"argentina_with_nine", "5491123456789", "541123456789"},
		{"argentina_without_nine", "541123456789", "541123456789"},
		{"united_kingdom", "447700900456", "447700900456"},
		{"united_states_area_549", "15491123456", "15491123456"},
		{"germany_starts_like_nothing", "4915212345678", "4915212345678"},
		{"too_short_for_brazil", "55119876", "55119876"},
		{"empty", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.key, MatchKey(c.waID))
			require.Equal(t, c.key, MatchKey(c.key), "a key is its own key")
		})
	}
	t.Run("brazilian_landline_and_mobile_stay_apart", func(t *testing.T) {
		require.NotEqual(t, MatchKey("551131234567"), MatchKey("5511931234567"))
	})
}

func TestDigits(t *testing.T) {
	for in, out := range map[string]string{
		"+1 555-010-2030": "15550102030", "447700900456": "447700900456",
		"٤٤": "", "": "", "+": "", "a1b2": "12",
	} {
		require.Equal(t, out, Digits(in), in)
	}
}

func TestRecipientAddress(t *testing.T) {
	cases := []struct{ name, waID, userID, to, recipient string }{
		{"number_wins", "447700900456", "GB.77", "+447700900456", ""},
		{"number_is_never_rewritten", "551187654321", "", "+551187654321", ""},
		{"user_id_where_no_number_is_known", "", "GB.77", "", "GB.77"},
		{"neither", "", "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			to, recipient := RecipientAddress(c.waID, c.userID)
			require.Equal(t, c.to, to)
			require.Equal(t, c.recipient, recipient)
		})
	}
}
