package whatsapp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const testSecret = "demo-app-secret-0001"

// The vectors of reference/whatsapp-cloud-api.md §2.3.
var signatureVectors = []struct{ name, body, header string }{
	{
		"plain", `{"object":"whatsapp_business_account","entry":[]}`,
		"sha256=8d178cb07bb0104e2691447f48842a9b02b65591e41e00d8a2d38dbfe3eda84f",
	},
	{
		"escaped", `{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{"messages":[{"text":{"body":"ol\u00e1 \ud83d\udc4b a\/b"}}]}}]}]}`,
		"sha256=da56cac20e73e7fc15ecad88c456fecd5d629444710c5fd83a3c3ba3d3f61427",
	},
	{
		"re-encoded", `{"object":"whatsapp_business_account","entry":[{"id":"200000000000001","changes":[{"field":"messages","value":{"messages":[{"text":{"body":"olá 👋 a/b"}}]}}]}]}`,
		"sha256=7ead66d1463dce73c7a52762314fd842025d05bf0ebc76d0ec5a83c6ea18af35",
	},
}

func TestSignature(t *testing.T) {
	for _, v := range signatureVectors {
		t.Run("matches_reference_vector_"+v.name, func(t *testing.T) {
			require.Equal(t, v.header, Sign(testSecret, []byte(v.body)))
			require.True(t, VerifySignature([]string{testSecret}, v.header, []byte(v.body)))
		})
	}
	body, header := []byte(signatureVectors[0].body), signatureVectors[0].header

	t.Run("any_of_several_secrets_verifies", func(t *testing.T) {
		require.True(t, VerifySignature([]string{"old", testSecret}, header, body))
		require.True(t, VerifySignature([]string{testSecret, "new"}, header, body))
	})
	refused := []struct {
		name    string
		secrets []string
		header  string
		body    string
	}{
		{"missing_header", []string{testSecret}, "", string(body)},
		{"prefix_only", []string{testSecret}, "sha256=", string(body)},
		{"no_prefix", []string{testSecret}, strings.TrimPrefix(header, "sha256="), string(body)},
		{"sha1_prefix", []string{testSecret}, strings.Replace(header, "sha256", "sha1", 1), string(body)},
		{"cut_short", []string{testSecret}, header[:len(header)-2], string(body)},
		{"too_long", []string{testSecret}, header + "00", string(body)},
		{"not_hex", []string{testSecret}, header[:len(header)-1] + "g", string(body)},
		{"other_body", []string{testSecret}, header, string(body) + "\n"},
		{"other_secret", []string{"other"}, header, string(body)},
		{"no_secrets", nil, header, string(body)},
		{"empty_secret", []string{""}, Sign("", body), string(body)},
	}
	for _, c := range refused {
		t.Run("refuses_"+c.name, func(t *testing.T) {
			require.False(t, VerifySignature(c.secrets, c.header, []byte(c.body)))
		})
	}
}

func FuzzVerifySignature(f *testing.F) {
	for _, v := range signatureVectors {
		f.Add(v.header, []byte(v.body))
	}
	f.Add("sha256=", []byte{})
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		verified := VerifySignature([]string{"other", testSecret}, header, body)
		expected := strings.EqualFold(header, Sign(testSecret, body)) && strings.HasPrefix(header, "sha256=") ||
			strings.EqualFold(header, Sign("other", body)) && strings.HasPrefix(header, "sha256=")
		require.Equal(t, expected, verified)
		require.True(t, VerifySignature([]string{testSecret}, Sign(testSecret, body), body))
	})
}
