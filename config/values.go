package config

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"

	"recado/secrets"
)

// Secret is a text that is not shown when it is printed or logged. string(s) has
// it.
type Secret string

// String tells only whether there is a secret.
func (s Secret) String() string { return redacted(len(s)) }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Key is a key of 32 bytes, shown like a Secret.
type Key []byte

// UnmarshalText reads base64 of any kind.
func (k *Key) UnmarshalText(text []byte) (err error) {
	*k, err = secrets.DecodeKey(string(text))
	return err
}

// String tells only whether there is a key.
func (k Key) String() string { return redacted(len(k)) }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// LogValue is String.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText is String, for JSON.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// SigningKeys are keys of access tokens, the one that signs first.
type SigningKeys []secrets.SigningKey

// UnmarshalText reads the form of secrets.ParseSigningKeys.
func (k *SigningKeys) UnmarshalText(text []byte) (err error) {
	*k, err = secrets.ParseSigningKeys(string(text))
	return err
}

// LogLevel is a slog.Level that is read from a word.
type LogLevel slog.Level

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// UnmarshalText reads the level's word in any case.
func (l *LogLevel) UnmarshalText(text []byte) error {
	level, known := logLevels[strings.ToLower(string(text))]
	if !known {
		return errors.New("unknown level")
	}
	*l = LogLevel(level)
	return nil
}

// Level makes a LogLevel serve as slog.Leveler.
func (l LogLevel) Level() slog.Level { return slog.Level(l) }

// MarshalText is String, for JSON.
func (l LogLevel) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// String is the level's word.
func (l LogLevel) String() string { return strings.ToLower(l.Level().String()) }

func redacted(length int) string {
	if length == 0 {
		return "not set"
	}
	return "set, not shown"
}

// parsers read the types that caarlos0/env would read less strictly.
var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[[]string](): func(text string) (any, error) { return list[string](text) },
	reflect.TypeFor[[]Secret](): func(text string) (any, error) { return list[Secret](text) },
}

// list reads values separated by commas, none of them empty.
func list[T ~string](text string) ([]T, error) {
	var values []T
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("entry %d is empty", i+1)
		}
		values = append(values, T(part))
	}
	return values, nil
}
