package accounts_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
)

func TestAccessToken(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("carries who and what may be done, in public ids", func(t *testing.T) {
			w := newWorld(t, db)
			admin := w.viewer(w.admin)
			hidden := w.newChannel()
			_, err := w.SetMessagingLevel(t.Context(), admin, w.standard.ID, w.channel, models.LevelReply)
			require.NoError(t, err)

			tokens := w.signIn(w.agent)
			claims := claimsOf(t, tokens.AccessToken)
			require.Equal(t, "recado", claims["iss"])
			require.Equal(t, []any{"recado"}, claims["aud"])
			require.Equal(t, models.PublicID("user", w.agent.ID), claims["sub"])
			require.Equal(t, models.PublicID("org", w.organization.ID), claims["org"])
			require.Equal(t, models.PublicID("prof", w.standard.ID), claims["profile"])
			require.Equal(t, models.PublicID("ses", tokens.Viewer.SessionID), claims["sid"])
			require.Equal(t, false, claims["admin"])
			require.Equal(t, map[string]any{models.PublicID("chan", w.channel): "REPLY"}, claims["channels"])
			require.NotContains(t, claims["channels"], models.PublicID("chan", hidden))
			require.NotEmpty(t, claims["jti"])
			require.InDelta(t, w.clock.Now().Unix(), claims["iat"], 0)
			require.InDelta(t, w.clock.Now().Add(10*time.Minute).Unix(), claims["exp"], 0)

			claims = claimsOf(t, w.signIn(w.admin).AccessToken)
			require.Equal(t, true, claims["admin"])
			require.Equal(t, map[string]any{}, claims["channels"])
		})

		t.Run("stays short with very many channels, which still count", func(t *testing.T) {
			w := newWorld(t, db)
			require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
				for range 101 {
					channel := models.NewID()
					err := tx.Create(&models.Channel{
						ID: channel, OrganizationID: w.organization.ID, Name: "Balcão", PhoneNumberID: channel.String(),
						Status: models.ChannelConnected, AccessToken: []byte{1},
					}).Error
					if err != nil {
						return err
					}
					err = tx.Create(&models.ChannelPermission{
						OrganizationID: w.organization.ID, ProfileID: w.standard.ID, ChannelID: channel, Level: models.LevelView,
					}).Error
					if err != nil {
						return err
					}
				}
				return nil
			}))
			tokens := w.signIn(w.agent)
			claims := claimsOf(t, tokens.AccessToken)
			require.Equal(t, true, claims["channelsOmitted"])
			require.Empty(t, claims["channels"])
			require.Len(t, tokens.Viewer.Levels, 101)
			require.Len(t, w.viewer(w.agent).Levels, 101)
		})

		t.Run("keys rotate without throwing anyone off", func(t *testing.T) {
			w := newWorld(t, db)
			old, fresh := secrets.GenerateSigningKey(), secrets.GenerateSigningKey()
			with := func(keys ...secrets.SigningKey) *accounts.Service {
				return w.process(func(o *accounts.Options) { o.Keys = keySet(t, keys...) })
			}
			signIn := func(s *accounts.Service) string {
				tokens, err := s.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password})
				require.NoError(t, err)
				return tokens.AccessToken
			}
			before, during, after := with(old), with(fresh, old), with(fresh)
			oldToken, freshToken := signIn(before), signIn(during)
			require.Equal(t, old.ID, headerOf(t, oldToken)["kid"])
			require.Equal(t, fresh.ID, headerOf(t, freshToken)["kid"])

			_, err := during.Authenticate(t.Context(), oldToken)
			require.NoError(t, err)
			_, err = after.Authenticate(t.Context(), freshToken)
			require.NoError(t, err)
			_, err = after.Authenticate(t.Context(), oldToken)
			requireCode(t, models.CodeUnauthenticated, err)
		})

		t.Run("is accepted until it expires and two seconds more", func(t *testing.T) {
			w := newWorld(t, db)
			tokens := w.signIn(w.agent)
			w.clock.Advance(10*time.Minute + time.Second)
			_, err := w.Authenticate(t.Context(), tokens.AccessToken)
			require.NoError(t, err)
			w.clock.Advance(time.Second)
			_, err = w.Authenticate(t.Context(), tokens.AccessToken)
			requireCode(t, models.CodeUnauthenticated, err)
		})

		t.Run("forged or foreign tokens are refused", func(t *testing.T) {
			w := newWorld(t, db)
			key := secrets.GenerateSigningKey()
			service := w.process(func(o *accounts.Options) { o.Keys = keySet(t, key) })
			tokens, err := service.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password})
			require.NoError(t, err)
			good := claimsOf(t, tokens.AccessToken)
			public, ok := key.Key.Public().(ed25519.PublicKey)
			require.True(t, ok)

			forge := func(method jwt.SigningMethod, signWith any, kid any, change map[string]any) string {
				claims := jwt.MapClaims(maps.Clone(good))
				for name, value := range change {
					if claims[name] = value; value == nil {
						delete(claims, name)
					}
				}
				token := jwt.NewWithClaims(method, claims)
				if kid != nil {
					token.Header["kid"] = kid
				}
				text, err := token.SignedString(signWith)
				require.NoError(t, err)
				return text
			}
			_, err = service.Authenticate(t.Context(), forge(jwt.SigningMethodEdDSA, key.Key, key.ID, nil))
			require.NoError(t, err, "the tokens below are wrong in one thing each")

			parts := strings.Split(tokens.AccessToken, ".")
			other := w.another()
			for name, token := range map[string]string{
				"nothing":                  "",
				"no token":                 "a.b.c",
				"a huge text":              strings.Repeat("a", 1<<20),
				"alg none":                 forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, key.ID, nil),
				"the public key as secret": forge(jwt.SigningMethodHS256, []byte(public), key.ID, nil),
				"no signature":             parts[0] + "." + parts[1] + ".",
				"another key, same id":     forge(jwt.SigningMethodEdDSA, secrets.GenerateSigningKey().Key, key.ID, nil),
				"an unknown key id":        forge(jwt.SigningMethodEdDSA, key.Key, "x", nil),
				"no key id":                forge(jwt.SigningMethodEdDSA, key.Key, nil, nil),
				"a key id of another type": forge(jwt.SigningMethodEdDSA, key.Key, 7, nil),
				"expired":                  forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"exp": w.clock.Now().Unix() - 10}),
				"without expiry":           forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"exp": nil}),
				"another audience":         forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"aud": "elsewhere"}),
				"without audience":         forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"aud": nil}),
				"another issuer":           forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"iss": "elsewhere"}),
				"without issuer":           forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"iss": nil}),
				"without session":          forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"sid": nil}),
				"a session unknown":        forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"sid": models.PublicID("ses", models.NewID())}),
				"a session that is a user": forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"sid": good["sub"]}),
				"another user":             forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"sub": models.PublicID("user", w.admin.ID)}),
				"another organization":     forge(jwt.SigningMethodEdDSA, key.Key, key.ID, map[string]any{"org": models.PublicID("org", other.organization.ID)}),
			} {
				t.Run(name, func(t *testing.T) {
					_, err := service.Authenticate(t.Context(), token)
					requireCode(t, models.CodeUnauthenticated, err)
				})
			}
		})

		t.Run("rights it claims do not count", func(t *testing.T) {
			w := newWorld(t, db)
			key := secrets.GenerateSigningKey()
			service := w.process(func(o *accounts.Options) { o.Keys = keySet(t, key) })
			tokens, err := service.SignIn(t.Context(), accounts.SignIn{Email: w.agent.Email, Password: password})
			require.NoError(t, err)
			claims := jwt.MapClaims(claimsOf(t, tokens.AccessToken))
			claims["admin"] = true
			claims["channels"] = map[string]string{models.PublicID("chan", w.channel): "REPLY"}
			token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
			token.Header["kid"] = key.ID
			text, err := token.SignedString(key.Key)
			require.NoError(t, err)
			identity, err := service.Authenticate(t.Context(), text)
			require.NoError(t, err)
			require.False(t, identity.Viewer.Administrator)
			require.Equal(t, models.LevelNone, identity.Viewer.Level(w.channel))
		})
	})
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return part(t, token, 1)
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return part(t, token, 0)
}

func part(t *testing.T, token string, index int) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	data, err := base64.RawURLEncoding.DecodeString(parts[index])
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, json.Unmarshal(data, &values))
	return values
}
