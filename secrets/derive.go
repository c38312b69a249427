package secrets

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Derive makes a key of KeySize bytes for one purpose from a secret, the same every
// time. Keys for different purposes say nothing of each other nor of the secret
// (HKDF, RFC 5869).
func Derive(secret []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return key, nil
}
