package simulator

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// The vectors of §2.3.
func TestSignature(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"empty_entry": {
			`{"object":"whatsapp_business_account","entry":[]}`,
			"sha256=8d178cb07bb0104e2691447f48842a9b02b65591e41e00d8a2d38dbfe3eda84f",
		},
		"escaped": {
			`{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{"messages":[{"text":{"body":"ol\u00e1 \ud83d\udc4b a\/b"}}]}}]}]}`,
			"sha256=da56cac20e73e7fc15ecad88c456fecd5d629444710c5fd83a3c3ba3d3f61427",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, Signature(DefaultAppSecret, []byte(c.body)))
		})
	}
	require.Equal(t, "sha1=53f338062e4bbf43764e6f165442337a1d882c42",
		legacySignature(DefaultAppSecret, []byte(`{"object":"whatsapp_business_account","entry":[]}`)))
}

func TestEncode(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"olá 👋 a/b", `"ol\u00e1 \ud83d\udc4b a\/b"`},
		{`back\slash "quote" \/`, `"back\\slash \"quote\" \\\/"`},
		{"tab\tline\n<&>@%", `"tab\tline\n<&>@%"`},
		{"\u2028 \ufeff \U0010ffff", `"\u2028 \ufeff \udbff\udfff"`},
	} {
		got, err := encode(c.text)
		require.NoError(t, err)
		require.Equal(t, c.want, string(got))
	}
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "olá 👋 a/b", `\/`, "\\u00e1", "\x00\x1f\x7f", "ÿ\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("Meta sends valid text only")
		}
		got, err := encode(map[string]string{"body": text})
		require.NoError(t, err)
		for i, b := range got {
			require.Less(t, b, byte(0x80), "byte %d is not ASCII", i)
			if b == '/' {
				require.Equal(t, byte('\\'), got[i-1])
			}
		}
		var back map[string]string
		require.NoError(t, json.Unmarshal(got, &back))
		require.Equal(t, text, back["body"])
	})
}
