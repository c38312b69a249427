package whatsapp

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

// newMeta is a client before a simulated Meta with an account of one number that
// is not registered.
func newMeta(t *testing.T) (*Client, *simulator.Simulator) {
	t.Helper()
	clock := simulator.NewManualClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	meta := simulator.New(simulator.Options{Clock: clock, Seed: 3})
	server := httptest.NewServer(meta)
	client := NewClient(Options{BaseURL: server.URL, LoginURL: server.URL, AppID: simulator.DefaultAppID, AppSecret: simulator.DefaultAppSecret})
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
		require.NoError(t, meta.Close())
	})
	require.NoError(t, meta.AddBusiness(simulator.Business{ID: "880", Name: "Quayside Ltd", Accounts: []simulator.BusinessAccount{{ID: "2147", Name: "Quayside Tea"}}}))
	require.NoError(t, meta.AddNumber(simulator.Number{ID: "3319", DisplayNumber: "15550102030", WABAID: "2147", VerifiedName: "Quayside Tea", Status: "PENDING"}))
	return client, meta
}

func TestConnecting(t *testing.T) {
	client, meta := newMeta(t)

	dialog, err := url.Parse(client.LoginURL(LoginDialog{RedirectURI: "https://a.example/cb?x=1&y", State: "s&t", ConfigID: "9"}))
	require.NoError(t, err)
	require.Equal(t, "/v26.0/dialog/oauth", dialog.Path)
	require.Equal(t, "https://a.example/cb?x=1&y", dialog.Query().Get("redirect_uri"))
	require.Equal(t, "s&t", dialog.Query().Get("state"))

	code := meta.AuthorizeScopes("https://a.example/cb", []string{ScopeManagement, ScopeMessaging, simulator.ScopeBusiness}, "2147")
	_, err = client.ExchangeCode(t.Context(), code, "https://b.example/cb")
	require.Equal(t, 36008, failure(t, err).Meta.Subcode)
	require.NotContains(t, err.Error(), simulator.DefaultAppSecret)
	grant, err := client.ExchangeCode(t.Context(), code, "https://a.example/cb")
	require.NoError(t, err)
	require.Equal(t, 60*24*time.Hour, grant.ExpiresIn)

	info, err := client.DebugToken(t.Context(), grant.AccessToken)
	require.NoError(t, err)
	require.True(t, info.Valid)
	require.Equal(t, simulator.DefaultAppID, info.AppID)
	require.Equal(t, []string{"2147"}, info.Accounts)
	require.Empty(t, info.MissingScopes())
	require.Equal(t, time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC), info.ExpiresAt)

	businesses, err := client.Businesses(t.Context(), grant.AccessToken)
	require.NoError(t, err)
	require.Equal(t, []Business{{ID: "880", Name: "Quayside Ltd"}}, businesses)
	want := Account{ID: "2147", Name: "Quayside Tea", Currency: "USD", ReviewStatus: "APPROVED", BusinessID: "880", BusinessName: "Quayside Ltd"}
	accounts, err := client.AccountsOf(t.Context(), grant.AccessToken, "880")
	require.NoError(t, err)
	require.Equal(t, []Account{want}, accounts)
	account, err := client.Account(t.Context(), grant.AccessToken, "2147")
	require.NoError(t, err)
	require.Equal(t, want, account)
	_, err = client.Account(t.Context(), grant.AccessToken, "2148")
	require.Equal(t, CodeObjectNotFound, failure(t, err).Code)
	_, err = client.Account(t.Context(), grant.AccessToken, "2147/phone_numbers?x")
	require.Equal(t, CodeInvalidRequest, failure(t, err).Code)

	numbers, err := client.PhoneNumbers(t.Context(), grant.AccessToken, "2147")
	require.NoError(t, err)
	require.Len(t, numbers, 1)
	require.Equal(t, "PENDING", numbers[0].Status)
	require.Equal(t, "15550102030", Digits(numbers[0].DisplayPhoneNumber))

	for _, want := range []bool{false, true} {
		subscribed, err := client.Subscribed(t.Context(), grant.AccessToken, "2147")
		require.NoError(t, err)
		require.Equal(t, want, subscribed)
		require.NoError(t, client.Subscribe(t.Context(), grant.AccessToken, "2147"))
	}

	creds := Credentials{PhoneNumberID: "3319", AccessToken: grant.AccessToken}
	require.NoError(t, client.Register(t.Context(), creds, "123456"))
	require.Equal(t, CodePINRefused, failure(t, client.Register(t.Context(), creds, "654321")).Code)
	number, err := client.PhoneNumber(t.Context(), creds)
	require.NoError(t, err)
	require.Equal(t, "CONNECTED", number.Status)

	require.NoError(t, client.Unsubscribe(t.Context(), grant.AccessToken, "2147"))
	require.NoError(t, client.Deregister(t.Context(), creds))
	require.NoError(t, client.RevokePermissions(t.Context(), grant.AccessToken, info.UserID))
	info, err = client.DebugToken(t.Context(), grant.AccessToken)
	require.NoError(t, err)
	require.False(t, info.Valid)
	require.Equal(t, 190, info.Problem.Code)
	require.Equal(t, CodeTokenInvalid, failure(t, client.Unsubscribe(t.Context(), grant.AccessToken, "2147")).Code)
}

func TestConnectingWithoutAnApp(t *testing.T) {
	client := NewClient(Options{BaseURL: "http://127.0.0.1:1"})
	_, err := client.ExchangeCode(t.Context(), "code", "")
	require.ErrorIs(t, err, ErrNoApp)
	_, err = client.DebugToken(t.Context(), "EAA")
	require.ErrorIs(t, err, ErrNoApp)
}

func TestAccountUpdate(t *testing.T) {
	decode := func(field, value string) *AccountUpdate {
		webhook, err := DecodeWebhook([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"2147","time":1795012345,"changes":[{"field":"` + field + `","value":` + value + `}]}]}`))
		require.NoError(t, err)
		require.Empty(t, webhook.Malformed)
		return webhook.Changes[0].Account
	}
	for _, test := range []struct {
		name, field, value string
		want               AccountUpdate
	}{
		{
			"throughput", FieldNumberQuality, `{"display_phone_number":"15550102030","event":"THROUGHPUT_UPGRADE","current_limit":"TIER_10K","max_daily_conversations_per_business":"TIER_UNLIMITED"}`,
			AccountUpdate{PhoneNumber: "15550102030", Event: "THROUGHPUT_UPGRADE", Throughput: "HIGH", MessagingLimit: "TIER_UNLIMITED"},
		},
		{
			"limit of old", FieldNumberQuality, `{"display_phone_number":"15550102030","event":"UPGRADE","current_limit":"TIER_10K","old_limit":"TIER_1K"}`,
			AccountUpdate{PhoneNumber: "15550102030", Event: "UPGRADE", MessagingLimit: "TIER_10K"},
		},
		{"limit not set", FieldNumberQuality, `{"event":"ONBOARDING","current_limit":"TIER_NOT_SET"}`, AccountUpdate{Event: "ONBOARDING"}},
		{
			"name", FieldNumberName, `{"display_phone_number":"15550102030","decision":"REJECTED","requested_verified_name":"Quayside","rejection_reason":"NAME_EMPLOYEE_ISSUE"}`,
			AccountUpdate{PhoneNumber: "15550102030", Decision: "REJECTED", RequestedName: "Quayside", RejectionReason: "NAME_EMPLOYEE_ISSUE"},
		},
		{"name without reason", FieldNumberName, `{"decision":"approved","rejection_reason":null}`, AccountUpdate{Decision: "APPROVED"}},
		{
			"violation", FieldAccountUpdate, `{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"SPAM"}}`,
			AccountUpdate{Event: EventAccountViolation, Violation: "SPAM"},
		},
		{
			"restriction", FieldAccountUpdate, `{"event":"ACCOUNT_RESTRICTION","phone_number":"+1 555-010-2030","restriction_info":[{"restriction_type":"A","expiration":1795012345},{"restriction_type":"B"}]}`,
			AccountUpdate{Event: EventAccountRestriction, PhoneNumber: "15550102030", Restrictions: []AccountRestriction{{Type: "A", ExpiresAt: time.Unix(1795012345, 0).UTC()}, {Type: "B"}}},
		},
		{
			"ban", FieldAccountUpdate, `{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":["DISABLE","REINSTATE"],"waba_ban_date":"June 3, 2026"}}`,
			AccountUpdate{Event: EventAccountDisabled, BanState: "REINSTATE", BanDate: "June 3, 2026"},
		},
		{"event in lower case", FieldAccountUpdate, `{"event":"account_offboarded"}`, AccountUpdate{Event: EventAccountOffboarded}},
		{"review", FieldAccountReview, `{"decision":"APPROVED"}`, AccountUpdate{Decision: "APPROVED"}},
		{"capability", FieldCapability, `{"max_daily_conversations_per_business":-1,"max_phone_numbers_per_business":20}`, AccountUpdate{MessagingLimit: "-1"}},
		{
			"security", FieldSecurity, `{"display_phone_number":"15550102030","event":"PIN_CHANGED","requester":"610"}`,
			AccountUpdate{PhoneNumber: "15550102030", Event: "PIN_CHANGED"},
		},
		{
			"alert of the business", FieldAlerts,
			`{"entity_type":"BUSINESS","entity_id":"7","alert_info":{"alert_severity":"WARNING","alert_status":"ACTIVE","alert_type":"OBA_REJECTED","alert_description":"Not notable."}}`,
			AccountUpdate{Alert: &AccountAlert{Type: "OBA_REJECTED", Severity: "WARNING", Status: "ACTIVE", Description: "Not notable."}},
		},
		{
			"alert of a number", FieldAlerts, `{"entity_type":"PHONE_NUMBER","entity_id":331908274466120,"alert_info":{"alert_severity":"critical","alert_type":"PROFILE_PICTURE_LOST"}}`,
			AccountUpdate{NumberID: "331908274466120", Alert: &AccountAlert{Type: "PROFILE_PICTURE_LOST", Severity: "CRITICAL"}},
		},
		{"alert of no type", FieldAlerts, `{"entity_type":"WABA","alert_info":{"alert_severity":"WARNING"}}`, AccountUpdate{}},
		{"oddities cost only themselves", FieldAccountUpdate, `{"event":"ACCOUNT_DELETED","ban_info":"soon","waba_info":7,"violation_info":[]}`, AccountUpdate{Event: EventAccountDeleted}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Field, test.want.WABAID = test.field, "2147"
			require.Equal(t, &test.want, decode(test.field, test.value))
		})
	}
	t.Run("about partners names the account inside", func(t *testing.T) {
		removed := decode(FieldAccountUpdate, `{"event":"PARTNER_APP_UNINSTALLED","waba_info":{"waba_id":99,"owner_business_id":"7","partner_app_id":"990011223344556"}}`)
		require.Equal(t, "99", removed.WABAID)
		require.Equal(t, "990011223344556", removed.PartnerAppID)
	})
	t.Run("that is no object is reported", func(t *testing.T) {
		webhook, err := DecodeWebhook([]byte(`{"entry":[{"id":"1","changes":[{"field":"security","value":3}]}]}`))
		require.NoError(t, err)
		require.Len(t, webhook.Malformed, 1)
		require.Nil(t, webhook.Changes[0].Account)
	})
}
