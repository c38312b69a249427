package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// KeySize is the length of a Box's key in bytes.
const KeySize = 32

// version1 is AES-256-GCM: the version, a random nonce of 12 bytes, the
// ciphertext and its tag of 16 bytes.
const version1 = 1

// ErrNotOpened is what Open returns when the sealed bytes were changed, were
// sealed with another key or for another purpose, or are no sealed bytes at all.
// Which of these it was cannot be told.
var ErrNotOpened = errors.New("sealed with another key, for another purpose, or damaged")

// Box seals secrets and opens them again. Sealing the same bytes twice gives
// different results.
type Box struct{ aead cipher.AEAD }

// NewBox returns a Box with a key of KeySize random bytes.
func NewBox(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a sealing key has %d bytes, not %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("use sealing key: %w", err)
	}
	return &Box{aead: aead}, nil
}

// Seal encrypts plain and binds it to what it is associated with (the ids of the
// row that it belongs to): it opens only with the same text, so a sealed value
// copied to another row is worthless. The result is 29 bytes longer than plain.
func (b *Box) Seal(plain []byte, associated string) []byte {
	sealed := make([]byte, 1, 1+len(plain)+b.aead.Overhead())
	sealed[0] = version1
	return b.aead.Seal(sealed, nil, plain, bound(associated)) //nolint:gosec // the nonce is random: NewGCMWithRandomNonce takes none
}

// Open returns what Seal was given, or ErrNotOpened.
func (b *Box) Open(sealed []byte, associated string) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version1 {
		return nil, ErrNotOpened
	}
	plain, err := b.aead.Open(nil, nil, sealed[1:], bound(associated))
	if err != nil {
		return nil, ErrNotOpened
	}
	return plain, nil
}

// bound is the authenticated text: the version is part of it, so that a later one
// cannot be passed off as this one.
func bound(associated string) []byte {
	return append([]byte{version1}, associated...)
}
