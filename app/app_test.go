package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/app"
	"recado/channels"
	"recado/config"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp"
)

const appSecret = "demo-app-secret-0001"

// settings are for a database, with free ports.
func settings(t *testing.T, databaseURL string) config.Config {
	t.Helper()
	c, err := config.Load(map[string]string{
		"RECADO_DATABASE_URL":      databaseURL,
		"RECADO_BLOB_URL":          "file:" + t.TempDir(),
		"RECADO_HTTP_ADDR":         "127.0.0.1:0",
		"RECADO_OPS_ADDR":          "127.0.0.1:0",
		"RECADO_META_APP_SECRET":   appSecret,
		"RECADO_META_GRAPH_URL":    "http://127.0.0.1:1",
		"RECADO_META_VERIFY_TOKEN": "my-chosen-token",
		"RECADO_SECRET_KEY":        secrets.GenerateKey(),
		"RECADO_JWT_KEYS":          secrets.GenerateSigningKey().Text(),
	})
	require.NoError(t, err)
	return c
}

func onEach(t *testing.T, test func(t *testing.T, c config.Config)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) { test(t, settings(t, testkit.URL(t, dialect))) })
	}
}

func open(t *testing.T, c config.Config) *app.App {
	t.Helper()
	opened, err := app.Open(t.Context(), c, app.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

func TestApp(t *testing.T) {
	onEach(t, func(t *testing.T, c config.Config) {
		a := open(t, c)
		organization, err := a.Accounts.CreateOrganization(t.Context(), "Padaria Aurora")
		require.NoError(t, err)
		administrator, err := a.Accounts.ProfileByName(t.Context(), organization.ID, accounts.AdministratorProfile)
		require.NoError(t, err)
		_, err = a.Accounts.CreateUser(t.Context(), accounts.NewUser{
			OrganizationID: organization.ID, ProfileID: administrator.ID, Email: "ana@example.com", Name: "Ana", Password: "correct horse battery",
		})
		require.NoError(t, err)
		_, err = a.Channels.Connect(t.Context(), channels.NewChannel{
			OrganizationID: organization.ID, Name: "Balcão", PhoneNumberID: "331908274466120", WABAID: "102290129340398",
			DisplayNumber: "+55 11 4002-8922", AccessToken: "EAAG-token-of-the-number",
		})
		require.NoError(t, err)

		ctx, stop := context.WithCancel(t.Context())
		require.NoError(t, a.Start(ctx))
		post := func(path, body string, headers ...string) (int, string) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Address()+path, strings.NewReader(body))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				request.Header.Set(headers[i], headers[i+1])
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()
			return response.StatusCode, bodyOf(t, response)
		}

		t.Run("what Meta delivers is there when it is acknowledged", func(t *testing.T) {
			body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"field":"messages","value":{
				"messaging_product":"whatsapp","metadata":{"display_phone_number":"551140028922","phone_number_id":"331908274466120"},
				"contacts":[{"profile":{"name":"Dona Lurdes"},"wa_id":"5511987654321"}],
				"messages":[{"from":"5511987654321","id":"wamid.1","timestamp":"%d","type":"text","text":{"body":"Tem sonho hoje?"}}]}}]}]}`, time.Now().Unix())
			status, _ := post("/webhooks/whatsapp", body, whatsapp.SignatureHeader, whatsapp.Sign(appSecret, []byte(body)))
			require.Equal(t, http.StatusOK, status)
			deliveries, err := a.Inbox.Deliveries(t.Context(), "", 10)
			require.NoError(t, err)
			require.Len(t, deliveries, 1)
			require.Equal(t, models.DeliveryProcessed, deliveries[0].Outcome, deliveries[0].Reason)
		})

		t.Run("the API shows it to who may see it", func(t *testing.T) {
			query := `{"query":"{ conversations(first: 1) { nodes { contact { name } lastMessage { content { ... on TextContent { body } } } } } }"}`
			_, answer := post("/graphql", query)
			require.Contains(t, answer, "UNAUTHENTICATED")
			tokens, err := a.Accounts.SignIn(t.Context(), accounts.SignIn{Email: "ana@example.com", Password: "correct horse battery"})
			require.NoError(t, err)
			_, answer = post("/graphql", query, "Authorization", "Bearer "+tokens.AccessToken)
			require.JSONEq(t, `{"data":{"conversations":{"nodes":[{"contact":{"name":"Dona Lurdes"},"lastMessage":{"content":{"body":"Tem sonho hoje?"}}}]}}}`, answer)
		})

		t.Run("a file goes up and comes down in parts", func(t *testing.T) {
			tokens, err := a.Accounts.SignIn(t.Context(), accounts.SignIn{Email: "ana@example.com", Password: "correct horse battery"})
			require.NoError(t, err)
			pdf := "%PDF-1.7\n1 0 obj\n"
			ask := func(query string) string {
				body, err := json.Marshal(map[string]string{"query": query})
				require.NoError(t, err)
				_, answer := post("/graphql", string(body), "Authorization", "Bearer "+tokens.AccessToken)
				return answer
			}
			begun := ask(fmt.Sprintf(`mutation { attachmentUploadCreate(input: {fileName: "menu.pdf", contentType: "application/pdf", byteSize: %d, sha256: "%x"}) {
				attachment { id } upload { url } userErrors { code } } }`, len(pdf), sha256.Sum256([]byte(pdf))))
			address, id := valueIn(t, begun, "url"), valueIn(t, begun, "id")
			transfer := func(method, path, content string, headers ...string) (int, string, http.Header) {
				request, err := http.NewRequestWithContext(t.Context(), method, "http://"+a.Address()+path, strings.NewReader(content))
				require.NoError(t, err)
				for i := 0; i < len(headers); i += 2 {
					request.Header.Set(headers[i], headers[i+1])
				}
				response, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				defer response.Body.Close()
				return response.StatusCode, bodyOf(t, response), response.Header
			}
			status, text, _ := transfer(http.MethodPut, address, pdf, "Content-Type", "application/pdf")
			require.Equal(t, http.StatusNoContent, status, text)
			status, _, _ = transfer(http.MethodPut, address, pdf, "Content-Type", "application/pdf")
			require.Equal(t, http.StatusConflict, status)
			done := ask(`mutation { attachmentUploadComplete(input: {attachmentId: "` + id + `"}) { attachment { status url } userErrors { code } } }`)
			require.Equal(t, "AVAILABLE", valueIn(t, done, "status"))
			status, text, header := transfer(http.MethodGet, valueIn(t, done, "url"), "", "Range", "bytes=1-3")
			require.Equal(t, http.StatusPartialContent, status)
			require.Equal(t, "PDF", text)
			require.Equal(t, `attachment; filename="menu.pdf"; filename*=UTF-8''menu.pdf`, header.Get("Content-Disposition"))
			status, _, _ = transfer(http.MethodGet, valueIn(t, done, "url")+"x", "")
			require.Equal(t, http.StatusNotFound, status)
		})

		t.Run("operations see it", func(t *testing.T) {
			response, err := http.Get("http://" + a.OpsAddress() + "/metrics")
			require.NoError(t, err)
			defer response.Body.Close()
			metrics := bodyOf(t, response)
			for _, wanted := range []string{
				`recado_webhook_deliveries_total{result="accepted"} 1`, "recado_webhook_batch_size_count 1", "recado_events_published_total", "process_open_fds",
			} {
				require.Contains(t, metrics, wanted)
			}
		})

		t.Run("it drains and closes, and closing twice is harmless", func(t *testing.T) {
			stop()
			last, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, a.Drain(last))
			require.NoError(t, a.Close())
			require.NoError(t, a.Close())
		})
	})
}

// valueIn is the text of a property, wherever in a JSON answer it is.
func valueIn(t *testing.T, answer, name string) string {
	t.Helper()
	match := regexp.MustCompile(`"` + name + `":"([^"]*)"`).FindStringSubmatch(answer)
	require.NotNil(t, match, answer)
	return match[1]
}

func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

func TestOpen(t *testing.T) {
	t.Run("does not migrate when it must not", func(t *testing.T) {
		c := settings(t, "sqlite:"+t.TempDir()+"/empty.db")
		c.Migrate = config.MigrateOff
		_, err := app.Open(t.Context(), c, app.Options{})
		require.ErrorIs(t, err, app.ErrMigrationsPending)
		c.Migrate = config.MigrateAuto
		migrated := open(t, c)
		require.Equal(t, store.SQLite, migrated.Store.Dialect())
	})

	t.Run("tells what it cannot reach", func(t *testing.T) {
		c := settings(t, "sqlite:/dev/null/recado.db")
		_, err := app.Open(t.Context(), c, app.Options{})
		require.Error(t, err)
	})

	t.Run("run ends with its context", func(t *testing.T) {
		a := open(t, settings(t, "sqlite:"+t.TempDir()+"/recado.db"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		cancel()
		require.NoError(t, <-ended)
	})
}
