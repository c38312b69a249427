package simulator

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Meta still sends the old header beside the SHA-256 one (§2.2)
	"crypto/sha256"
	"encoding/hex"
)

// Signature is the value of X-Hub-Signature-256 for a body: "sha256=" and the
// lower-case hex HMAC-SHA256 of exactly these bytes under the app secret (§2.3).
func Signature(appSecret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// legacySignature is the value of the old X-Hub-Signature header (§2.2).
func legacySignature(appSecret string, body []byte) string {
	mac := hmac.New(sha1.New, []byte(appSecret))
	mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

// validProof reports whether proof is the appsecret_proof of a token (§1.3).
func validProof(appSecret, token, proof string) bool {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(token))
	return hmac.Equal([]byte(proof), []byte(hex.EncodeToString(mac.Sum(nil))))
}
