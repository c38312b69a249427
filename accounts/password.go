package accounts

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"recado/models"
)

// The length of a password in characters.
const (
	MinPasswordLength = 10
	MaxPasswordLength = 256
)

// passwords hashes and compares, a few at a time: each hash needs much memory on
// purpose, and a burst of sign-ins must not need it all.
type passwords struct {
	params argon2id.Params
	turns  chan struct{}
	nobody string // a hash that no password has, with the usual cost
}

func newPasswords(params argon2id.Params, concurrent int) *passwords {
	salt, key := make([]byte, params.SaltLength), make([]byte, params.KeyLength)
	_, _ = rand.Read(salt) // never fails, see crypto/rand
	_, _ = rand.Read(key)
	nobody := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, params.Memory, params.Iterations,
		params.Parallelism, base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
	return &passwords{params: params, turns: make(chan struct{}, max(1, concurrent)), nobody: nobody}
}

// hash returns the argon2id hash in PHC form.
func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	if err := p.wait(ctx); err != nil {
		return "", err
	}
	defer p.done()
	hash, err = argon2id.CreateHash(normalized(password), &p.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// matches compares a password with a hash, in a time that depends on neither.
func (p *passwords) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := p.wait(ctx); err != nil {
		return false, err
	}
	defer p.done()
	match, err := argon2id.ComparePasswordAndHash(normalized(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match, nil
}

func (p *passwords) wait(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn to hash a password: %w", ctx.Err())
	}
}

func (p *passwords) done() { <-p.turns }

// normalized makes é the same whichever way a keyboard composes it.
func normalized(password string) string { return norm.NFC.String(password) }

func validatePassword(password string) error {
	switch length := utf8.RuneCountInString(password); {
	case password == "":
		return models.NewError(models.CodeRequired, "password")
	case length < MinPasswordLength || length > MaxPasswordLength || !utf8.ValidString(password):
		return models.NewError(models.CodeInvalid, "password").
			With("min", strconv.Itoa(MinPasswordLength)).With("max", strconv.Itoa(MaxPasswordLength))
	}
	return nil
}
