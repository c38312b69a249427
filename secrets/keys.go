package secrets

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// SigningKey is an Ed25519 key with the id by which tokens name it. Printing or
// logging one shows only the id.
type SigningKey struct {
	ID  string
	Key ed25519.PrivateKey `json:"-"`
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// GenerateSigningKey makes a new key. Its id is derived from its public half.
func GenerateSigningKey() SigningKey {
	key := ed25519.NewKeyFromSeed(random(ed25519.SeedSize))
	fingerprint := sha256.Sum256(key.Public().(ed25519.PublicKey)) //nolint:errcheck,forcetypeassert // documented so
	return SigningKey{ID: hex.EncodeToString(fingerprint[:6]), Key: key}
}

// Text is the whole secret in the form that ParseSigningKeys reads: `id:seed`.
func (k SigningKey) Text() string {
	return k.ID + ":" + base64.StdEncoding.EncodeToString(k.Key.Seed())
}

// String is the key's id.
func (k SigningKey) String() string { return k.ID }

// GoString is the key's id too, so that %#v keeps the secret.
func (k SigningKey) GoString() string { return fmt.Sprintf("secrets.SigningKey{ID: %q}", k.ID) }

// LogValue is the key's id.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(k.ID) }

// ParseSigningKeys reads a comma-separated list of keys, each `id:seed`, where the
// id is 1 to 64 letters, digits, `-` or `_` and the seed is 32 bytes in base64. The
// order is kept. Ids must differ. Errors name a key by its place in the list.
func ParseSigningKeys(text string) ([]SigningKey, error) {
	var keys []SigningKey
	seen := make(map[string]int)
	for i, part := range strings.Split(text, ",") {
		id, encoded, found := strings.Cut(strings.TrimSpace(part), ":")
		if !found || !keyID.MatchString(id) {
			return nil, fmt.Errorf("key %d has no id before a colon", i+1)
		}
		seed, err := DecodeKey(encoded)
		if err != nil {
			return nil, fmt.Errorf("the seed of key %d is wrong: %w", i+1, err)
		}
		if other, taken := seen[id]; taken {
			return nil, fmt.Errorf("keys %d and %d have the same id", other, i+1)
		}
		seen[id] = i + 1
		keys = append(keys, SigningKey{ID: id, Key: ed25519.NewKeyFromSeed(seed)})
	}
	return keys, nil
}

// GenerateKey makes the text of a new key of 32 random bytes, as
// `openssl rand -base64 32` does.
func GenerateKey() string { return base64.StdEncoding.EncodeToString(random(KeySize)) }

// GenerateToken makes a new random text of 43 letters, digits, `-` and `_`, for
// secrets that are compared and not computed with.
func GenerateToken() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// DecodeKey reads 32 bytes from base64, in its standard or URL-safe alphabet, with
// or without padding.
func DecodeKey(text string) ([]byte, error) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawStdEncoding.Strict().DecodeString(plain)
	if err != nil {
		return nil, errors.New("it is not base64") // the error itself would show a byte of it
	}
	if len(key) != KeySize {
		return nil, fmt.Errorf("it holds %d bytes", len(key))
	}
	return key, nil
}

func random(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.Read(data) // never fails, see crypto/rand
	return data
}
