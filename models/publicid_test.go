package models_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func anyID() *rapid.Generator[models.ID] {
	return rapid.Custom(func(t *rapid.T) models.ID {
		return models.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
	})
}

func TestPublicID(t *testing.T) {
	t.Run("has a text that never changes", func(t *testing.T) {
		id := models.ID{0x01, 0x8f, 0x5f, 0xc8, 0x0a, 0x4b, 0x7c, 0xde, 0x80, 0x00, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}
		require.Equal(t, "conv_01hxfwg2jbfkf8000j6hb7h6nw", models.PublicID(models.PrefixConversation, id))
		require.Equal(t, "msg_00000000000000000000000000", models.PublicID(models.PrefixMessage, models.NoID))
		require.Equal(t, "org_7"+strings.Repeat("z", 25), models.PublicID(models.PrefixOrganization, models.ID(bytes.Repeat([]byte{255}, 16))))
	})

	t.Run("comes back as it went", rapid.MakeCheck(func(t *rapid.T) {
		id := anyID().Draw(t, "id")
		back, ok := models.ParsePublicID(models.PrefixUser, models.PublicID(models.PrefixUser, id))
		require.True(t, ok)
		require.Equal(t, id, back)
	}))

	t.Run("sorts as the ids do", rapid.MakeCheck(func(t *rapid.T) {
		a, b := anyID().Draw(t, "a"), anyID().Draw(t, "b")
		require.Equal(t, bytes.Compare(a[:], b[:]), strings.Compare(models.PublicID("msg", a), models.PublicID("msg", b)))
	}))
}

func TestParsePublicID(t *testing.T) {
	const good = "conv_01hxfwg2jbfkf8000j6hb7h6nw"
	_, ok := models.ParsePublicID(models.PrefixConversation, good)
	require.True(t, ok)

	for name, text := range map[string]string{
		"nothing":             "",
		"only the prefix":     "conv_",
		"another kind":        "msg_01hxfwg2jbfkf8000j6hb7h6nw",
		"no underscore":       "conv01hxfwg2jbfkf8000j6hb7h6nw",
		"a digit missing":     good[:len(good)-1],
		"a digit too many":    good + "0",
		"upper case":          "conv_01HXFWG2JBFKF8000J6HB7H6NW",
		"letter o for zero":   "conv_o1hxfwg2jbfkf8000j6hb7h6nw",
		"letter l for one":    "conv_0lhxfwg2jbfkf8000j6hb7h6nw",
		"more than 128 bits":  "conv_81hxfwg2jbfkf8000j6hb7h6nw",
		"a plain UUID":        "018f5fc8-0a4b-7cde-8000-123456789abc",
		"a space at the end":  good + " ",
		"a letter beyond A-Z": "conv_01hxfwg2jbfkf8000j6hb7h6né",
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := models.ParsePublicID(models.PrefixConversation, text)
			require.False(t, ok)
		})
	}
}

func FuzzParsePublicID(f *testing.F) {
	f.Add("conv_01hxfwg2jbfkf8000j6hb7h6nw")
	f.Add("conv_81hxfwg2jbfkf8000j6hb7h6nw")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := models.ParsePublicID(models.PrefixConversation, text); ok {
			require.Equal(t, text, models.PublicID(models.PrefixConversation, id), "an id has one text")
		}
	})
}
