package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// SignatureHeader is the HTTP header that carries the signature of a webhook
// delivery (reference/whatsapp-cloud-api.md §2.2).
const SignatureHeader = "X-Hub-Signature-256"

const signaturePrefix = "sha256="

// Sign returns the value of [SignatureHeader] for a body signed with an app
// secret: "sha256=" and the lowercase hex HMAC-SHA256 of the raw bytes
// (reference/whatsapp-cloud-api.md §2.3).
func Sign(secret string, body []byte) string {
	return signaturePrefix + hex.EncodeToString(digest(secret, body))
}

// VerifySignature reports whether header is the signature of body under one of
// the secrets. The body must be the bytes as received, before any decoding.
//
// Several secrets allow for the rotation of an app's secret; each one is tried,
// whatever the outcome of those before it, and compared in constant time. An
// empty secret never matches, nor does a missing or odd header.
func VerifySignature(secrets []string, header string, body []byte) bool {
	given, found := strings.CutPrefix(header, signaturePrefix)
	if !found || len(given) != hex.EncodedLen(sha256.Size) {
		return false
	}
	sum, err := hex.DecodeString(given)
	if err != nil {
		return false
	}
	valid := false
	for _, secret := range secrets {
		if secret != "" && hmac.Equal(sum, digest(secret, body)) {
			valid = true
		}
	}
	return valid
}

func digest(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}
