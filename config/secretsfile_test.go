package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/config"
)

func TestSecretsFile(t *testing.T) {
	// embedded is the environment of a process on SQLite in a folder of its own.
	embedded := func(t *testing.T, changes ...string) (environ map[string]string, path string) {
		t.Helper()
		database := filepath.Join(t.TempDir(), "data", "recado.db")
		environ = map[string]string{"RECADO_DATABASE_URL": "sqlite:" + database + "?synchronous=normal"}
		for i := 0; i < len(changes); i += 2 {
			environ[changes[i]] = changes[i+1]
		}
		return environ, database + ".secrets"
	}

	t.Run("is made once, for its owner alone, and read from then on", func(t *testing.T) {
		environ, path := embedded(t)
		first, err := config.Load(environ)
		require.NoError(t, err)
		require.Equal(t, path, first.SecretsFile)
		require.True(t, first.SecretsMade)
		require.Len(t, first.SecretKey, 32)
		require.Len(t, first.JWTKeys, 1)
		require.Len(t, string(first.MetaVerifyToken), 43)
		require.Empty(t, first.MetaAppSecrets, "it comes from Meta and cannot be made")
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())

		second, err := config.Load(environ)
		require.NoError(t, err)
		require.False(t, second.SecretsMade)
		second.SecretsMade = true
		require.Equal(t, first, second)
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1, "no draft stays behind")
	})

	t.Run("is the same for all processes that start at once", func(t *testing.T) {
		environ, _ := embedded(t)
		loaded := make([]config.Config, 8)
		errs := make([]error, len(loaded))
		var wg sync.WaitGroup
		for i := range loaded {
			wg.Go(func() { loaded[i], errs[i] = config.Load(environ) })
		}
		wg.Wait()
		made := 0
		for i := range loaded {
			require.NoError(t, errs[i])
			require.Equal(t, loaded[0].SecretKey, loaded[i].SecretKey)
			if loaded[i].SecretsMade {
				made++
			}
		}
		require.Equal(t, 1, made)
	})

	t.Run("is not needed when all is given, nor by commands without secrets", func(t *testing.T) {
		environ, path := embedded(t, "RECADO_SECRET_KEY", secretKey, "RECADO_JWT_KEYS", jwtKeys, "RECADO_META_VERIFY_TOKEN", verifyToken)
		c, err := config.Load(environ)
		require.NoError(t, err)
		require.Empty(t, c.SecretsFile)
		require.NoFileExists(t, path)
		environ, path = embedded(t)
		_, err = config.LoadWithoutSecrets(environ)
		require.NoError(t, err)
		require.NoFileExists(t, path)
	})

	t.Run("gives way to what is given", func(t *testing.T) {
		environ, _ := embedded(t)
		made, err := config.Load(environ)
		require.NoError(t, err)
		environ["RECADO_JWT_KEYS"] = jwtKeys
		c, err := config.Load(environ)
		require.NoError(t, err)
		require.Equal(t, jwtKeys, c.JWTKeys[0].Text())
		require.Equal(t, made.SecretKey, c.SecretKey)
	})

	t.Run("never holds a new key in place of one that was given before", func(t *testing.T) {
		environ, path := embedded(t, "RECADO_SECRET_KEY", secretKey)
		_, err := config.Load(environ)
		require.NoError(t, err)
		delete(environ, "RECADO_SECRET_KEY")
		_, err = config.Load(environ)
		require.ErrorContains(t, err, "RECADO_SECRET_KEY is not set, and "+path+", which was made while it was, does not hold it: expected 32 bytes")
	})

	t.Run("is refused when others can read or write it", func(t *testing.T) {
		for _, mode := range []os.FileMode{0o644, 0o640, 0o602, 0o601} {
			environ, path := embedded(t)
			_, err := config.Load(environ)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(path, mode))
			_, err = config.Load(environ)
			require.ErrorContains(t, err, "expected 0600; run: chmod 600 "+path)
			require.True(t, strings.HasPrefix(err.Error(), "RECADO_META_VERIFY_TOKEN is not set"), err.Error())
		}
	})

	t.Run("is refused with one clear line that shows no secret", func(t *testing.T) {
		for name, c := range map[string]struct{ content, says string }{
			"a line that is none":   {"hunter22\n", "line 1 of "},
			"another name":          {"# comment\n\nRECADO_HTTP_ADDR=hunter22\n", "line 3 of "},
			"a key that is wrong":   {"RECADO_SECRET_KEY=hunter22\nRECADO_JWT_KEYS=" + jwtKeys + "\nRECADO_META_VERIFY_TOKEN=" + verifyToken, "RECADO_SECRET_KEY in "},
			"a token that is wrong": {"RECADO_SECRET_KEY=" + secretKey + "\nRECADO_JWT_KEYS=" + jwtKeys + "\nRECADO_META_VERIFY_TOKEN=hunter2", "RECADO_META_VERIFY_TOKEN in "},
			"nothing":               {"", "does not hold it"},
		} {
			t.Run(name, func(t *testing.T) {
				environ, path := embedded(t)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
				require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
				_, err := config.Load(environ)
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, path)
				require.NotContains(t, err.Error(), "\n")
				require.NotContains(t, err.Error(), "hunter2")
			})
		}
	})

	t.Run("that is a folder is refused", func(t *testing.T) {
		environ, path := embedded(t)
		require.NoError(t, os.MkdirAll(path, 0o700))
		_, err := config.Load(environ)
		require.ErrorContains(t, err, "the file that keeps it cannot be used")
	})
}
