package channels_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

func TestConnectByLogin(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		begun := d.start(models.ConnectByLogin)
		require.Equal(t, models.ConnectionStarted, begun.Status)
		login := d.service.LoginOf(d.admin, begun)
		dialog, err := url.Parse(login.URL)
		require.NoError(t, err)
		require.Equal(t, redirect, dialog.Query().Get("redirect_uri"))
		require.Equal(t, "4711", dialog.Query().Get("config_id"))
		require.Equal(t, login.State, dialog.Query().Get("state"))
		require.Nil(t, d.service.LoginOf(d.colleague, begun), "only who started signs in")

		connection, err := d.service.AnswerLogin(t.Context(), channels.LoginAnswer{State: login.State, Code: d.meta.Authorize(redirect, waba)})
		require.NoError(t, err)
		require.Equal(t, models.ConnectionAuthorized, connection.Status)
		require.Equal(t, noon.Add(60*24*time.Hour), connection.TokenExpiresAt.UTC())
		require.Len(t, connection.Accounts, 1)
		require.Equal(t, "Padaria Aurora", connection.Accounts[0].Name)
		require.Equal(t, "Aurora Ltda", connection.Accounts[0].BusinessName)
		require.Equal(t, []string{"+5511912345678", "+5511912345679"},
			[]string{connection.Accounts[0].Numbers[0].DisplayNumber, connection.Accounts[0].Numbers[1].DisplayNumber})
		require.False(t, d.meta.Subscribed(waba), "nothing is done at Meta before a number is chosen")

		chosen := d.choose(connection, pending, "")
		require.Equal(t, models.ConnectionRegistered, chosen.Status, "%+v", chosen.Failure)
		require.True(t, d.meta.Subscribed(waba))
		require.Equal(t, "CONNECTED", d.meta.Numbers()[0].Status)
		require.Equal(t, chosen.Status, d.choose(connection, pending, "").Status, "choosing it again changes nothing")

		replier := d.user(t, d.standard)
		policy := models.NewConversation
		stage := d.stage()
		details := channels.ChannelDetails{
			Name: " Vendas ", AssigneeIDs: []models.ID{replier}, ReopenPolicy: &policy,
			Permissions:    []channels.ProfileLevel{{ProfileID: d.standard, Level: models.LevelReply}},
			RecordCreation: &models.RecordCreation{Deal: &models.DealCreation{StageID: models.NewID()}},
		}
		_, _, err = d.service.FinishConnection(t.Context(), d.admin, chosen.ID, details)
		require.Equal(t, error(models.NewError(models.CodeNotFound, "recordCreation.deal.stageId")), err)
		details.RecordCreation.Deal.StageID = stage
		finished, channel, err := d.service.FinishConnection(t.Context(), d.admin, chosen.ID, details)
		require.NoError(t, err)
		require.Equal(t, models.ConnectionConnected, finished.Status)
		require.Nil(t, finished.AccessToken)
		stored := d.stored(channel.ID)
		require.Equal(t, models.ChannelConnected, stored.Status)
		require.Equal(t, "Vendas", stored.Name)
		require.Equal(t, "+5511912345678", stored.DisplayNumber)
		require.Equal(t, models.NewConversation, stored.ReopenPolicy)
		require.Equal(t, details.RecordCreation, stored.RecordCreation)
		require.Equal(t, "Padaria Aurora", stored.Facts.VerifiedName.Value)
		require.NotEmpty(t, stored.PIN)
		require.NotEmpty(t, stored.TokenUserID)
		token, err := d.service.AccessToken(stored)
		require.NoError(t, err)
		require.False(t, d.meta.Revoked(token))
		require.Equal(t, token[len(token)-4:], stored.AccessTokenHint)
		require.Equal(t, []models.ID{replier}, d.turns(t, stored, 1))
		require.Equal(t, 1, d.events(channel.ID))

		t.Run("each step is told, without secrets", func(t *testing.T) {
			var steps []models.Event
			require.NoError(t, d.db.Read(t.Context()).Where("organization_id = ? AND kind = ?", d.id, models.EventChannelSetupChanged).Order("position").Find(&steps).Error)
			var statuses []models.ConnectionStatus
			for _, step := range steps {
				var payload models.EventPayload
				require.NoError(t, json.Unmarshal(step.Payload, &payload))
				require.Equal(t, begun.ID, payload.Setup.ID)
				statuses = append(statuses, payload.Setup.Status)
				for _, secret := range [][]byte{begun.Nonce, chosen.AccessToken, chosen.PIN, []byte(token)} {
					require.NotEmpty(t, secret)
					require.NotContains(t, string(step.Payload), string(secret))
					require.NotContains(t, string(step.Payload), base64.StdEncoding.EncodeToString(secret))
				}
			}
			require.Equal(t, []models.ConnectionStatus{
				models.ConnectionStarted, models.ConnectionAuthorized, models.ConnectionNumberChosen, models.ConnectionSubscribed,
				models.ConnectionRegistered, models.ConnectionConnected,
			}, slices.Compact(statuses))
		})

		_, again, err := d.service.FinishConnection(t.Context(), d.admin, chosen.ID, channels.ChannelDetails{Name: "Outro"})
		require.NoError(t, err)
		require.Equal(t, channel.ID, again.ID)
		require.Equal(t, "Vendas", d.stored(channel.ID).Name)
	})
}

func TestConnectByPopupAndToken(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		t.Run("the window's ids are only proposals", func(t *testing.T) {
			begun := d.start(models.ConnectByPopup)
			login := d.service.LoginOf(d.admin, begun)
			require.Empty(t, login.URL)
			require.Equal(t, []string{simulator.DefaultAppID, "4711", "v26.0"}, []string{login.AppID, login.ConfigID, login.Version})
			_, err := d.service.CompleteConnection(t.Context(), d.colleague, begun.ID, channels.LoginAnswer{Code: "x"}, channels.SignupHints{})
			require.Equal(t, models.CodeForbidden, models.CodeOf(err))
			done, err := d.service.CompleteConnection(t.Context(), d.admin, begun.ID,
				channels.LoginAnswer{Code: d.meta.Authorize("", waba)}, channels.SignupHints{WABAID: waba, PhoneNumberID: pending})
			require.NoError(t, err)
			require.Equal(t, models.ConnectionAuthorized, done.Status, "%+v", done.Failure)
			require.Equal(t, []string{waba, pending}, []string{done.WABAID, done.PhoneNumberID})

			lied, err := d.service.CompleteConnection(t.Context(), d.admin, d.start(models.ConnectByPopup).ID,
				channels.LoginAnswer{Code: d.meta.Authorize("", waba)}, channels.SignupHints{WABAID: "999", PhoneNumberID: "998"})
			require.NoError(t, err)
			require.Equal(t, models.ConnectionAuthorized, lied.Status, "%+v", lied.Failure)
			require.Len(t, lied.Accounts, 1)
			require.Empty(t, lied.PhoneNumberID)
			_, err = d.service.ChooseNumber(t.Context(), d.admin, lied.ID, channels.NumberChoice{WABAID: "999", PhoneNumberID: "998"})
			require.Equal(t, models.NewError(models.CodeNotFound, "phoneNumberId"), err)
		})
		t.Run("a permanent token needs no login", func(t *testing.T) {
			d.meta.GrantToken(simulator.Token{Value: "EAAsystem-user-token", WABAIDs: []string{waba}})
			connection, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: " EAAsystem-user-token\n"})
			require.NoError(t, err)
			require.Equal(t, models.ConnectionAuthorized, connection.Status, "%+v", connection.Failure)
			require.Nil(t, connection.TokenExpiresAt)
			require.Equal(t, "oken", connection.AccessTokenHint)
			require.Equal(t, models.ConnectionRegistered, d.choose(connection, ready, "").Status)
		})
		t.Run("a token without named accounts is asked for its portfolios", func(t *testing.T) {
			d.meta.GrantToken(simulator.Token{
				Value: "EAAnot-granular-token", WABAIDs: []string{waba}, NotGranular: true,
				Scopes: []string{simulator.ScopeManagement, simulator.ScopeMessaging, simulator.ScopeBusiness},
			})
			connection, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "EAAnot-granular-token"})
			require.NoError(t, err)
			require.Equal(t, waba, connection.Accounts[0].WABAID, "%+v", connection.Failure)
		})
		t.Run("tokens are shown nowhere", func(t *testing.T) {
			wish := channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "EAAsystem-user-token"}
			connection, err := d.service.StartConnection(t.Context(), d.admin, wish)
			require.NoError(t, err)
			encoded, err := json.Marshal([]any{connection, wish, channels.LoginAnswer{Code: "EAAsystem-user"}})
			require.NoError(t, err)
			for _, text := range []string{string(encoded), fmt.Sprintf("%v %+v %#v", wish, wish, wish), string(connection.AccessToken)} {
				require.NotContains(t, text, "EAAsystem-user")
			}
		})
	})
}

func TestConnectionFailures(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		answer := func(begun models.ChannelConnection, code, denied string) models.ChannelConnection {
			t.Helper()
			done, err := d.service.AnswerLogin(t.Context(), channels.LoginAnswer{State: d.service.LoginOf(d.admin, begun).State, Code: code, Denied: denied})
			require.NoError(t, err)
			return done
		}
		retry := func(connection models.ChannelConnection, pin string) models.ChannelConnection {
			t.Helper()
			again, err := d.service.RetryConnection(t.Context(), d.admin, connection.ID, pin)
			require.NoError(t, err)
			return again
		}
		failsWith := func(connection models.ChannelConnection, step models.ConnectionStep, code models.ConnectionFailureCode) {
			t.Helper()
			require.Equal(t, models.ConnectionFailed, connection.Status)
			require.Equal(t, step, connection.Failure.Step, "%+v", connection.Failure)
			require.Equal(t, code, connection.Failure.Code, "%+v", connection.Failure)
		}

		t.Run("before there is a token a new login is offered", func(t *testing.T) {
			old := func() string {
				code := d.meta.Authorize(redirect, waba)
				d.clock.Advance(31 * time.Second)
				return code
			}
			for _, test := range []struct {
				name string
				code func() string
				want models.ConnectionFailureCode
			}{
				{"denied", func() string { return "" }, models.FailureDenied},
				{"too late", old, models.FailureCodeRefused},
				{"invented", func() string { return "AQBinvented" }, models.FailureCodeRefused},
				{"another address", func() string { return d.meta.Authorize("https://elsewhere.example", waba) }, models.FailureAddressMismatch},
				{"without a permission", func() string { return d.meta.AuthorizeScopes(redirect, []string{simulator.ScopeMessaging}, waba) }, models.FailurePermissionMissing},
			} {
				begun := d.start(models.ConnectByLogin)
				state := d.service.LoginOf(d.admin, begun).State
				failed := answer(begun, test.code(), "Permissions error")
				failsWith(failed, models.StepAuthorize, test.want)
				require.Nil(t, d.service.LoginOf(d.admin, failed), test.name)
				again := retry(failed, "")
				require.Equal(t, models.ConnectionStarted, again.Status, test.name)
				require.NotEqual(t, state, d.service.LoginOf(d.admin, again).State)
				require.Equal(t, models.ConnectionAuthorized, answer(again, d.meta.Authorize(redirect, waba), "").Status, test.name)
			}
		})
		t.Run("with a token only the failed step is repeated", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			code := d.meta.Authorize(redirect, waba)
			d.meta.Faults().Refuse(1, simulator.Refusal{Status: 403, Code: 368, On: simulator.EndpointManagement, Details: "Blocked for a day"})
			failed := answer(begun, code, "")
			failsWith(failed, models.StepListAccounts, models.FailureMetaRefused)
			require.Equal(t, models.ConnectionAuthorized, retry(failed, "").Status)
		})
		t.Run("a token of another app is refused", func(t *testing.T) {
			d.meta.GrantToken(simulator.Token{Value: "EAAother-app-token", WABAIDs: []string{waba}, AppID: "1"})
			connection, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "EAAother-app-token"})
			require.NoError(t, err)
			failsWith(connection, models.StepAuthorize, models.FailureOtherApp)
			connection, err = d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "EAAunknown-token"})
			require.NoError(t, err)
			failsWith(connection, models.StepAuthorize, models.FailureTokenInvalid)
			require.Equal(t, models.ConnectionFailed, retry(connection, "").Status)
		})
		t.Run("a token that opens nothing is told", func(t *testing.T) {
			d.meta.GrantToken(simulator.Token{Value: "EAAempty-token-of-nobody"})
			connection, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "EAAempty-token-of-nobody"})
			require.NoError(t, err)
			failsWith(connection, models.StepListAccounts, models.FailureNoAccounts)
		})
		t.Run("subscribing is repeated", func(t *testing.T) {
			connection := d.authorized()
			d.meta.Faults().Refuse(1, simulator.Refusal{Status: 403, Code: 10, On: simulator.EndpointManagement})
			failed := d.choose(connection, pending, "")
			failsWith(failed, models.StepSubscribe, models.FailurePermissionMissing)
			require.Equal(t, models.ConnectionRegistered, retry(failed, "").Status)
		})
		t.Run("a PIN that is not ours is asked for", func(t *testing.T) {
			require.NoError(t, d.meta.AddNumber(simulator.Number{ID: "500", DisplayNumber: "5511912345600", WABAID: waba, VerifiedName: "x", Status: "PENDING", PIN: "135790"}))
			connection := d.authorized()
			failed := d.choose(connection, "500", "")
			failsWith(failed, models.StepRegister, models.FailurePINRefused)
			failed = retry(failed, "111111")
			failsWith(failed, models.StepRegister, models.FailurePINRefused)
			require.True(t, failed.Subscribed || d.meta.Subscribed(waba), "what was done stays done")
			require.Equal(t, models.ConnectionRegistered, retry(failed, "135790").Status)
		})
		t.Run("a number that Meta has not verified is told", func(t *testing.T) {
			require.NoError(t, d.meta.AddNumber(simulator.Number{ID: "501", DisplayNumber: "5511912345601", WABAID: waba, VerifiedName: "x", Status: "PENDING", Unverified: true}))
			failsWith(d.choose(d.authorized(), "501", ""), models.StepRegister, models.FailureNumberNotVerified)
		})
		t.Run("too many registrations say when to come back", func(t *testing.T) {
			number := simulator.Number{ID: "502", DisplayNumber: "5511912345602", WABAID: waba, VerifiedName: "x", Status: "PENDING", Token: "EAAtries-too-often"}
			require.NoError(t, d.meta.AddNumber(number))
			for range 10 {
				require.NoError(t, d.client.Register(t.Context(), whatsapp.Credentials{PhoneNumberID: "502", AccessToken: number.Token}, "123456"))
			}
			require.NoError(t, d.meta.AddNumber(number))
			failed := d.choose(d.authorized(), "502", "123456")
			failsWith(failed, models.StepRegister, models.FailureTooManyTries)
			require.Equal(t, d.clock.Now().Add(72*time.Hour), failed.Failure.RetryAt.UTC())
		})
	})
}

func TestConnectionState(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		invalid := models.NewError(models.CodeStateInvalid, "state")
		refused := func(state string) {
			t.Helper()
			_, err := d.service.AnswerLogin(t.Context(), channels.LoginAnswer{State: state, Code: "AQB"})
			require.Equal(t, invalid, err)
		}
		t.Run("works once", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			state := d.service.LoginOf(d.admin, begun).State
			_, err := d.service.AnswerLogin(t.Context(), channels.LoginAnswer{State: state, Code: d.meta.Authorize(redirect, waba)})
			require.NoError(t, err)
			refused(state)
			require.Equal(t, models.ConnectionAuthorized, d.connection(begun.ID).Status)
		})
		t.Run("works once even at the same time", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			answer := channels.LoginAnswer{State: d.service.LoginOf(d.admin, begun).State, Code: d.meta.Authorize(redirect, waba)}
			var mu sync.Mutex
			taken := 0
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					if _, err := d.service.AnswerLogin(t.Context(), answer); err == nil {
						mu.Lock()
						defer mu.Unlock()
						taken++
					}
				})
			}
			wg.Wait()
			require.Equal(t, 1, taken)
			require.Equal(t, models.ConnectionAuthorized, d.connection(begun.ID).Status)
		})
		t.Run("is refused when altered, invented, of another key or too old", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			state := d.service.LoginOf(d.admin, begun).State
			refused("")
			refused("x")
			refused(strings.Repeat("A", len(state)))
			for _, at := range []int{0, 30, 50, len(state) - 2} {
				flipped := []byte(state)
				flipped[at] = map[bool]byte{true: 'B', false: 'A'}[flipped[at] == 'A']
				refused(string(flipped))
			}
			d.clock.Advance(time.Hour)
			refused(state)
			require.Equal(t, models.ConnectionStarted, d.connection(begun.ID).Status)
		})
		t.Run("is refused when who began may not any more", func(t *testing.T) {
			begun := d.start(models.ConnectByLogin)
			state := d.service.LoginOf(d.admin, begun).State
			d.setActive(t, d.admin.UserID, false)
			refused(state)
			d.setActive(t, d.admin.UserID, true)
			require.Equal(t, models.ConnectionStarted, d.connection(begun.ID).Status)
		})
		t.Run("of one connection does not serve another", func(t *testing.T) {
			first, second := d.start(models.ConnectByLogin), d.start(models.ConnectByLogin)
			_, err := d.service.CompleteConnection(t.Context(), d.admin, second.ID,
				channels.LoginAnswer{State: d.service.LoginOf(d.admin, first).State, Code: "AQB"}, channels.SignupHints{})
			require.Equal(t, invalid, err)
		})
	})
}

func TestConnectionRights(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		connection := d.authorized()
		stranger := newWorld(t, d.db)
		calls := map[string]func(models.Viewer) error{
			"see": func(v models.Viewer) error { _, err := d.service.Connection(t.Context(), v, connection.ID); return err },
			"cancel": func(v models.Viewer) error {
				_, err := d.service.CancelConnection(t.Context(), v, connection.ID)
				return err
			},
			"retry": func(v models.Viewer) error {
				_, err := d.service.RetryConnection(t.Context(), v, connection.ID, "")
				return err
			},
			"choose": func(v models.Viewer) error {
				_, err := d.service.ChooseNumber(t.Context(), v, connection.ID, channels.NumberChoice{WABAID: waba, PhoneNumberID: pending})
				return err
			},
			"finish": func(v models.Viewer) error {
				_, _, err := d.service.FinishConnection(t.Context(), v, connection.ID, channels.ChannelDetails{Name: "x"})
				return err
			},
			"complete": func(v models.Viewer) error {
				_, err := d.service.CompleteConnection(t.Context(), v, connection.ID, channels.LoginAnswer{Code: "x"}, channels.SignupHints{})
				return err
			},
		}
		for name, call := range calls {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, models.CodeNotFound, models.CodeOf(call(stranger.administrator())), "another organization's does not exist")
				require.Equal(t, models.CodeForbidden, models.CodeOf(call(d.viewer(nil))))
			})
		}
		open, err := d.service.OpenConnections(t.Context(), stranger.administrator())
		require.NoError(t, err)
		require.Empty(t, open)
		open, err = d.service.OpenConnections(t.Context(), d.colleague)
		require.NoError(t, err)
		require.Equal(t, connection.ID, open[0].ID, "a colleague may go on with it")
		require.Equal(t, models.ConnectionAuthorized, d.connection(connection.ID).Status)
		_, err = d.service.StartConnection(t.Context(), d.viewer(nil), channels.ConnectionWish{Method: models.ConnectByLogin})
		require.Equal(t, models.CodeForbidden, models.CodeOf(err))
	})
}

func TestConnectionInput(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		wishes := map[string]struct {
			wish  channels.ConnectionWish
			code  models.Code
			field string
		}{
			"no method":        {channels.ConnectionWish{}, models.CodeInvalid, "method"},
			"no token":         {channels.ConnectionWish{Method: models.ConnectByToken}, models.CodeRequired, "accessToken"},
			"token with break": {channels.ConnectionWish{Method: models.ConnectByToken, AccessToken: "a\nb"}, models.CodeInvalid, "accessToken"},
			"elsewhere":        {channels.ConnectionWish{Method: models.ConnectByLogin, ReturnURL: "https://evil.example/x"}, models.CodeInvalid, "returnUrl"},
			"almost ours":      {channels.ConnectionWish{Method: models.ConnectByLogin, ReturnURL: "https://app.example.com.evil.example/"}, models.CodeInvalid, "returnUrl"},
			"with a user":      {channels.ConnectionWish{Method: models.ConnectByLogin, ReturnURL: "https://app.example.com@evil.example/"}, models.CodeInvalid, "returnUrl"},
			"no address":       {channels.ConnectionWish{Method: models.ConnectByLogin, ReturnURL: "javascript:alert(1)"}, models.CodeInvalid, "returnUrl"},
		}
		for name, test := range wishes {
			t.Run(name, func(t *testing.T) {
				_, err := d.service.StartConnection(t.Context(), d.admin, test.wish)
				require.Equal(t, models.NewError(test.code, test.field), err)
			})
		}
		for _, address := range []string{"https://app.example.com/numbers?tab=1", publicURL + "/x"} {
			_, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByLogin, ReturnURL: address})
			require.NoError(t, err)
		}
		_, err := channels.New(d.db, newBox(t, 1), channels.Options{}).StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByLogin})
		require.Equal(t, models.CodeNotConfigured, models.CodeOf(err))
	})
}

func TestConnectOnce(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		first := d.connected(ready)
		other := d.choose(d.authorized(), pending, "")
		taken := models.NewError(models.CodeAlreadyExists, "phoneNumberId")

		t.Run("in the same organization", func(t *testing.T) {
			_, err := d.service.ChooseNumber(t.Context(), d.admin, d.authorized().ID, channels.NumberChoice{WABAID: waba, PhoneNumberID: ready})
			require.Equal(t, taken, err)
		})
		t.Run("in another organization, also when both were on their way", func(t *testing.T) {
			rival := newWorld(t, d.db)
			n := rival.newChannel("Rival")
			n.PhoneNumberID = pending
			_, err := rival.service.Connect(t.Context(), n)
			require.NoError(t, err)
			_, _, err = d.service.FinishConnection(t.Context(), d.admin, other.ID, channels.ChannelDetails{Name: "x"})
			require.Equal(t, taken, err)
			_, err = d.service.ChooseNumber(t.Context(), d.admin, d.authorized().ID, channels.NumberChoice{WABAID: waba, PhoneNumberID: pending})
			require.Equal(t, taken, err)
		})
		require.Equal(t, models.ChannelConnected, d.stored(first.ID).Status)
	})
}

func TestEditions(t *testing.T) {
	onEachDesk(t, func(t *testing.T, d *desk) {
		book := func(edition models.EditionName) {
			d.write(t, func(tx *store.Tx) error {
				return tx.Model(&models.Organization{}).Where("id = ?", d.id).Update("edition", edition).Error
			})
		}
		for _, edition := range []models.EditionName{models.EditionExpress, models.EditionPremier, models.EditionBigin360} {
			book(edition)
			d.start(models.ConnectByLogin)
		}
		connection := d.choose(d.authorized(), ready, "")
		book(models.EditionFree)
		notAllowed := models.NewError(models.CodeEditionNotAllowed, "").With("edition", "FREE")
		_, err := d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByLogin})
		require.Equal(t, notAllowed, err)
		_, _, err = d.service.FinishConnection(t.Context(), d.admin, connection.ID, channels.ChannelDetails{Name: "x"})
		require.Equal(t, notAllowed, err)
		_, err = d.service.Connect(t.Context(), d.newChannel("x"))
		require.Equal(t, notAllowed, err)

		t.Run("are data", func(t *testing.T) {
			d.write(t, func(tx *store.Tx) error { return tx.Create(&models.Edition{Name: "SOLO", ChannelLimit: new(1)}).Error })
			book("SOLO")
			_, _, err := d.service.FinishConnection(t.Context(), d.admin, connection.ID, channels.ChannelDetails{Name: "x"})
			require.NoError(t, err)
			_, err = d.service.StartConnection(t.Context(), d.admin, channels.ConnectionWish{Method: models.ConnectByLogin})
			require.Equal(t, models.NewError(models.CodeLimitReached, "").With("max", "1"), err)
		})
	})
}
