package accounts

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"recado/secrets"
)

// KeySet holds the keys of access tokens. The first key signs; every key verifies.
//
// To rotate without throwing anyone off: add the new key at the end on all
// processes, then move it to the front, and remove the old one when the tokens
// that it signed have expired.
type KeySet struct {
	signing secrets.SigningKey
	public  map[string]ed25519.PublicKey // by key id
}

// NewKeySet returns the set of the keys, of which there must be at least one, with
// ids that differ.
func NewKeySet(keys ...secrets.SigningKey) (KeySet, error) {
	if len(keys) == 0 {
		return KeySet{}, errors.New("a key set needs at least one signing key")
	}
	set := KeySet{signing: keys[0], public: make(map[string]ed25519.PublicKey, len(keys))}
	for _, key := range keys {
		if _, taken := set.public[key.ID]; taken || key.ID == "" || len(key.Key) != ed25519.PrivateKeySize {
			return KeySet{}, fmt.Errorf("signing key %q is incomplete or there twice", key.ID)
		}
		set.public[key.ID] = key.Key.Public().(ed25519.PublicKey) //nolint:errcheck,forcetypeassert // documented so
	}
	return set, nil
}
