package whatsapp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCountry(t *testing.T) {
	for number, want := range map[string]string{
		"5511987654321": "BR", "+44 7700 900456": "GB", "16505551234": "US", "14165550123": "CA", "5215512345678": "MX",
		"80012345678": "", "": "", "99": "", "not a number": "",
	} {
		require.Equal(t, want, Country(number), number)
	}
}
