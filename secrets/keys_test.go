package secrets_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/secrets"
)

func TestParseSigningKeys(t *testing.T) {
	t.Run("reads what was generated, in order", func(t *testing.T) {
		first, second := secrets.GenerateSigningKey(), secrets.GenerateSigningKey()
		require.NotEqual(t, first.ID, second.ID)
		keys, err := secrets.ParseSigningKeys(first.Text() + " , " + second.Text())
		require.NoError(t, err)
		require.Equal(t, []secrets.SigningKey{first, second}, keys)
	})

	seed := secrets.GenerateKey()
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                   {"", "key 1 has no id"},
		"a seed alone":              {seed, "key 1 has no id"},
		"an empty id":               {":" + seed, "key 1 has no id"},
		"an id with a space":        {"my key:" + seed, "key 1 has no id"},
		"a trailing comma":          {"a:" + seed + ",", "key 2 has no id"},
		"a short seed":              {"a:" + base64.StdEncoding.EncodeToString(make([]byte, 16)), "key 1 is wrong: it holds 16 bytes"},
		"a seed that is not base64": {"a:" + strings.Repeat("%", 44), "key 1 is wrong: it is not base64"},
		"the same id twice":         {"a:" + seed + ",a:" + secrets.GenerateKey(), "keys 1 and 2 have the same id"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := secrets.ParseSigningKeys(c.text)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), seed)
		})
	}
}

func TestSigningKey(t *testing.T) {
	t.Run("shows only its id when printed, logged or encoded", func(t *testing.T) {
		key := secrets.GenerateSigningKey()
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", key, "keys", []secrets.SigningKey{key})
		encoded, err := json.Marshal(key)
		require.NoError(t, err)
		secretBytes := fmt.Sprintf("%d", []byte(key.Key))
		secretText := base64.StdEncoding.EncodeToString(key.Key)
		for _, shown := range []string{
			fmt.Sprint(key), fmt.Sprintf("%+v %#v %s", key, key, []secrets.SigningKey{key}), log.String(), string(encoded),
		} {
			require.Contains(t, shown, key.ID)
			require.NotContains(t, shown, secretBytes[1:20])
			require.NotContains(t, shown, secretText[:20])
		}
	})
}

func TestDecodeKey(t *testing.T) {
	key := bytes.Repeat([]byte{0xfb, 0xff}, 16) // its text has all the letters that alphabets differ in
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		decoded, err := secrets.DecodeKey(encoding.EncodeToString(key))
		require.NoError(t, err)
		require.Equal(t, key, decoded)
	}
	for _, text := range []string{"", "short", strings.Repeat("A", 44), strings.Repeat("A", 42) + "B", "not base64!"} {
		_, err := secrets.DecodeKey(text)
		require.Error(t, err, text)
	}
}

func FuzzParseSigningKeys(f *testing.F) {
	f.Add("a:" + secrets.GenerateKey())
	f.Add("a:,b:")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := secrets.ParseSigningKeys(text)
		if err != nil {
			return
		}
		texts := make([]string, len(keys))
		for i, key := range keys {
			texts[i] = key.Text()
		}
		again, err := secrets.ParseSigningKeys(strings.Join(texts, ","))
		require.NoError(t, err)
		require.Equal(t, keys, again)
	})
}
