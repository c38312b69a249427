package channels_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
)

func TestConnect(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := newWorld(t, db)

		t.Run("makes a connected channel", func(t *testing.T) {
			n := w.newChannel("  Vendas ")
			channel, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			found, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{channel.ID})
			require.NoError(t, err)
			stored := found[channel.ID]
			require.Equal(t, "Vendas", stored.Name)
			require.Equal(t, n.PhoneNumberID, stored.PhoneNumberID)
			require.Equal(t, "+5511912345678", stored.DisplayNumber)
			require.Equal(t, models.ChannelConnected, stored.Status)
			require.Equal(t, "ZD9q", stored.AccessTokenHint)
			opened, err := w.service.AccessToken(stored)
			require.NoError(t, err)
			require.Equal(t, token, opened)
		})

		t.Run("again takes over the token and mends the connection", func(t *testing.T) {
			n := w.newChannel("Suporte")
			first, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			w.write(t, func(tx *store.Tx) error {
				return w.service.RequireReauthorization(tx, first.ID, "Error validating access token")
			})
			broken, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{first.ID})
			require.NoError(t, err)
			require.Equal(t, models.ChannelReauthorizationRequired, broken[first.ID].Status)
			require.Equal(t, "Error validating access token", broken[first.ID].StatusReason)

			n.AccessToken = "another-token-of-some-length"
			second, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, first.ID, second.ID)
			stored, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{first.ID})
			require.NoError(t, err)
			require.Equal(t, models.ChannelConnected, stored[first.ID].Status)
			require.Empty(t, stored[first.ID].StatusReason)
			require.Equal(t, "ngth", stored[first.ID].AccessTokenHint)
			require.True(t, first.CreatedAt.Equal(stored[first.ID].CreatedAt))
			opened, err := w.service.AccessToken(stored[first.ID])
			require.NoError(t, err)
			require.Equal(t, n.AccessToken, opened)
		})

		t.Run("a number of another organization is refused", func(t *testing.T) {
			n := w.newChannel("Vendas")
			channel, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			n.OrganizationID = newWorld(t, db).id
			n.AccessToken = "theirs-theirs-theirs"
			_, err = w.service.Connect(t.Context(), n)
			require.Equal(t, models.NewError(models.CodeAlreadyExists, "phoneNumberId"), err)
			stored, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{channel.ID})
			require.NoError(t, err)
			require.Equal(t, channel.AccessToken, stored[channel.ID].AccessToken)
		})

		t.Run("an unknown organization is refused", func(t *testing.T) {
			n := w.newChannel("Vendas")
			n.OrganizationID = models.NewID()
			_, err := w.service.Connect(t.Context(), n)
			require.Equal(t, models.NewError(models.CodeNotFound, "organizationId"), err)
		})

		t.Run("at the same time makes one channel", func(t *testing.T) {
			n := w.newChannel("Vendas")
			ids := make([]models.ID, 8)
			var wg sync.WaitGroup
			for i := range ids {
				wg.Go(func() {
					channel, err := w.service.Connect(t.Context(), n)
					if err != nil {
						t.Error(err)
					}
					ids[i] = channel.ID
				})
			}
			wg.Wait()
			for _, id := range ids {
				require.Equal(t, ids[0], id)
			}
		})

		t.Run("a disconnected channel is not marked for a new token", func(t *testing.T) {
			channel := w.connect(t, "Antigo")
			w.write(t, func(tx *store.Tx) error {
				if err := tx.Model(&models.Channel{}).Where("id = ?", channel.ID).Update("status", models.ChannelDisconnected).Error; err != nil {
					return err
				}
				return w.service.RequireReauthorization(tx, channel.ID, "no")
			})
			stored, err := w.service.ByID(t.Context(), w.administrator(), []models.ID{channel.ID})
			require.NoError(t, err)
			require.Equal(t, models.ChannelDisconnected, stored[channel.ID].Status)
			require.ErrorIs(t, db.Write(t.Context(), func(tx *store.Tx) error {
				return w.service.RequireReauthorization(tx, models.NewID(), "no")
			}), models.ErrNotFound)
		})
	})
}

func TestConnectInput(t *testing.T) {
	db := testkit.Open(t, testkit.URL(t, store.SQLite), nil)
	w := newWorld(t, db)
	for _, test := range []struct {
		name  string
		spoil func(*channels.NewChannel)
		code  models.Code
		field string
	}{
		{"no name", func(n *channels.NewChannel) { n.Name = " " }, models.CodeRequired, "name"},
		{"long name", func(n *channels.NewChannel) { n.Name = strings.Repeat("ã", 101) }, models.CodeInvalid, "name"},
		{"no phone number id", func(n *channels.NewChannel) { n.PhoneNumberID = "" }, models.CodeRequired, "phoneNumberId"},
		{"phone number instead of its id", func(n *channels.NewChannel) { n.PhoneNumberID = "+5511912345678" }, models.CodeInvalid, "phoneNumberId"},
		{"endless phone number id", func(n *channels.NewChannel) { n.PhoneNumberID = strings.Repeat("1", 33) }, models.CodeInvalid, "phoneNumberId"},
		{"no WABA id", func(n *channels.NewChannel) { n.WABAID = "" }, models.CodeRequired, "wabaId"},
		{"WABA id with other digits", func(n *channels.NewChannel) { n.WABAID = "١٢٣" }, models.CodeInvalid, "wabaId"},
		{"no number", func(n *channels.NewChannel) { n.DisplayNumber = "" }, models.CodeRequired, "displayNumber"},
		{"words for a number", func(n *channels.NewChannel) { n.DisplayNumber = "our shop" }, models.CodeInvalid, "displayNumber"},
		{"national number", func(n *channels.NewChannel) { n.DisplayNumber = "011 91234-5678" }, models.CodeInvalid, "displayNumber"},
		{"no token", func(n *channels.NewChannel) { n.AccessToken = "\n" }, models.CodeRequired, "accessToken"},
		{"token with a line break", func(n *channels.NewChannel) { n.AccessToken = "sesame\r\nX: y" }, models.CodeInvalid, "accessToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := w.newChannel("Vendas")
			test.spoil(&n)
			_, err := w.service.Connect(t.Context(), n)
			require.Equal(t, models.NewError(test.code, test.field), err)
		})
	}

	for given, kept := range map[string]string{
		"5511912345678":       "+5511912345678",
		"+55 (11) 91234-5678": "+5511912345678",
		"+1 555-010-2030":     "+15550102030",
		"+44 7700 900456":     "+447700900456",
		"+4407700900456":      "+447700900456", // a trunk zero that does not belong there
		"+999 1234567":        "+9991234567",   // no such country: kept by its digits
	} {
		t.Run("number "+given, func(t *testing.T) {
			n := w.newChannel("Vendas")
			n.DisplayNumber = given
			channel, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, kept, channel.DisplayNumber)
		})
	}
}

func TestAccessToken(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		var log bytes.Buffer
		w := newWorld(t, db)
		w.service = channels.New(db, newBox(t, 1), channels.Options{
			Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		channel, other := w.connect(t, "Vendas"), w.connect(t, "Suporte")
		stranger := newWorld(t, db).connect(t, "Vendas")

		t.Run("opens only in its own row", func(t *testing.T) {
			moved := other
			moved.AccessToken = channel.AccessToken
			_, err := w.service.AccessToken(moved)
			require.ErrorIs(t, err, secrets.ErrNotOpened)
			stolen := channel
			stolen.OrganizationID = stranger.OrganizationID
			_, err = w.service.AccessToken(stolen)
			require.ErrorIs(t, err, secrets.ErrNotOpened)
			stranger.AccessToken = channel.AccessToken
			_, err = w.service.AccessToken(stranger)
			require.ErrorIs(t, err, secrets.ErrNotOpened)
		})

		t.Run("opens only with its key", func(t *testing.T) {
			_, err := channels.New(db, newBox(t, 2), channels.Options{}).AccessToken(channel)
			require.ErrorIs(t, err, secrets.ErrNotOpened)
			require.NotContains(t, err.Error(), token)
		})

		t.Run("is shown nowhere", func(t *testing.T) {
			n := w.newChannel("Terceiro")
			encoded, err := json.Marshal([]any{channel, n})
			require.NoError(t, err)
			n.PhoneNumberID = "x"
			_, refused := w.service.Connect(t.Context(), n)
			slog.New(slog.NewTextHandler(&log, nil)).Info("connecting", "channel", n, "pointer", &n)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("connecting", "channel", n, "pointer", &n)
			w.write(t, func(tx *store.Tx) error { return w.service.RequireReauthorization(tx, channel.ID, "expired") })
			for what, text := range map[string]string{
				"stored": string(channel.AccessToken), "JSON": string(encoded), "log": log.String(), "error": refused.Error(),
				"%v": fmt.Sprintf("%v %v", n, channel), "%+v": fmt.Sprintf("%+v %+v", n, channel),
				"%#v": fmt.Sprintf("%#v %#v", n, channel), "%s": fmt.Sprintf("%s %s", &n, n),
			} {
				require.NotContains(t, text, "secretsecret", what)
			}
			require.Contains(t, log.String(), "channel needs a new access token")
		})

		t.Run("a short one gives no hint", func(t *testing.T) {
			n := w.newChannel("Curto")
			n.AccessToken = "sesame"
			short, err := w.service.Connect(t.Context(), n)
			require.NoError(t, err)
			require.Empty(t, short.AccessTokenHint)
		})
	})
}

func TestVisible(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, foreign := newWorld(t, db), newWorld(t, db)
		zebra, abelha, macaco := w.connect(t, "zebra"), w.connect(t, "Abelha"), w.connect(t, "macaco")
		theirs := foreign.connect(t, "Aaa")
		all := []models.ID{zebra.ID, abelha.ID, macaco.ID, theirs.ID, models.NewID()}

		for _, test := range []struct {
			name   string
			viewer models.Viewer
			want   []models.ID
		}{
			{"administrators see all of their organization", w.administrator(), []models.ID{abelha.ID, macaco.ID, zebra.ID}},
			{"others see what they may VIEW", w.viewer(map[models.ID]models.MessagingLevel{
				zebra.ID: models.LevelView, macaco.ID: models.LevelReply, abelha.ID: models.LevelNone, theirs.ID: models.LevelReply,
			}), []models.ID{macaco.ID, zebra.ID}},
			{"without rights nothing", w.viewer(nil), nil},
		} {
			t.Run(test.name, func(t *testing.T) {
				visible, err := w.service.Visible(t.Context(), test.viewer)
				require.NoError(t, err)
				var ids []models.ID
				for _, channel := range visible {
					ids = append(ids, channel.ID)
				}
				require.Equal(t, test.want, ids)

				found, err := w.service.ByID(t.Context(), test.viewer, all)
				require.NoError(t, err)
				require.Len(t, found, len(test.want))
				for _, id := range test.want {
					require.Equal(t, id, found[id].ID)
				}
				for _, id := range all {
					_, err := w.service.Assignees(t.Context(), test.viewer, id)
					if _, ok := found[id]; ok {
						require.NoError(t, err)
					} else {
						require.ErrorIs(t, err, models.ErrNotFound)
					}
				}
			})
		}
	})
}
