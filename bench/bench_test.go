//go:build unix

package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		p    float64
		want time.Duration
	}{{0, 1}, {1, 1}, {50, 50}, {99, 99}, {99.5, 100}, {100, 100}} {
		require.Equal(t, c.want, percentile(hundred, c.p), "p%v", c.p)
	}
	require.Zero(t, percentile(nil, 50))
}

func TestMedian(t *testing.T) {
	require.InDelta(t, 2, median([]float64{3, 1, 2}), 0)
	require.InDelta(t, 2, median([]float64{4, 1, 2, 3}), 0)
	require.Zero(t, median([]float64(nil)))
}

func TestReadPgbench(t *testing.T) {
	const output = `pgbench (15.18)
number of transactions actually processed: 13014
number of failed transactions: 0 (0.000%)
latency average = 4.150 ms
tps = 3852.125710 (without initial connection time)
`
	result, err := readPgbench(output)
	require.NoError(t, err)
	require.Equal(t, 13014, result.transactions)
	require.InDelta(t, 3852.12571, result.perSecond, 0.0001)

	_, err = readPgbench(strings.Replace(output, "transactions: 0 (", "transactions: 7 (", 1))
	require.ErrorContains(t, err, "7 failed")
	_, err = readPgbench("pgbench: nothing")
	require.ErrorContains(t, err, "unknown form")
}

func TestStatements(t *testing.T) {
	statements, err := readStatements([]string{
		`2026-11-23 06:00:00.000 -03 [77] LOG:  execute stmtcache_1: SELECT * FROM "users" WHERE name = $1 AND id IN ($2,$10)`,
		`2026-11-23 06:00:00.000 -03 [77] DETAIL:  parameters: $1 = 'it''s, $2 = ', $2 = NULL, $3 = '3', $4 = '4', $5 = '5', $6 = '6', $7 = '7', $8 = '8', $9 = '9', $10 = ''`,
		`2026-11-23 06:00:00.000 -03 [77] LOG:  statement: begin`,
		`2026-11-23 06:00:00.000 -03 [78] LOG:  checkpoint starting`,
	})
	require.NoError(t, err)
	require.Len(t, statements, 2)
	require.Equal(t, "users", tableOf(statements[0].text))
	require.Empty(t, tableOf(statements[1].text))

	script, variables, err := scriptOf(statements)
	require.NoError(t, err)
	require.Equal(t, "SELECT * FROM \"users\" WHERE name = :s0p1 AND id IN (NULL,:s0p10);\nbegin;\n", script)
	require.Equal(t, map[string]string{"s0p1": "it's, $2 = ", "s0p10": ""}, variables)

	_, _, err = scriptOf([]statement{{text: "SELECT $1"}})
	require.ErrorContains(t, err, "no parameter $1")
	_, _, err = readParameters("$1 = 'open")
	require.ErrorContains(t, err, "does not end")
}

// The program under test must be able to tell nothing from Meta's own deliveries.
func TestDelivery(t *testing.T) {
	m := &mint{appSecret: "s3cret", phoneNumberID: "331908274466120", random: rand.New(rand.NewPCG(1, 1))}
	first, second := m.from(7, text), m.from(7, text)
	require.NotEqual(t, first.wamid, second.wamid)

	head, body, found := bytes.Cut(first.request, []byte("\r\n\r\n"))
	require.True(t, found)
	_, signature, found := strings.Cut(string(head), whatsapp.SignatureHeader+": ")
	require.True(t, found)
	signature, _, _ = strings.Cut(signature, "\r\n")
	require.True(t, whatsapp.VerifySignature([]string{"s3cret"}, signature, body))

	webhook, err := whatsapp.DecodeWebhook(body)
	require.NoError(t, err)
	require.Empty(t, webhook.Malformed)
	require.Len(t, webhook.Changes, 1)
	value := webhook.Changes[0].Messages
	require.Equal(t, "331908274466120", value.PhoneNumberID)
	require.Len(t, value.Messages, 1)
	require.Equal(t, first.wamid, value.Messages[0].ID)
	require.Equal(t, waID(7), value.Messages[0].From)
	contact, found := value.ContactOf(value.Messages[0])
	require.True(t, found)
	require.Equal(t, businessScopedID(7), contact.UserID)
}

// pgbench makes the same ids in SQL.
func TestNumberedID(t *testing.T) {
	require.Equal(t, conversationIDPrefix+"000000000042", conversationID(42).String())
	require.Equal(t, conversationIDPrefix+"000000099999", conversationID(99_999).String())
}

func TestLoad(t *testing.T) {
	long := strings.Repeat("long ", 2000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch string(body) {
		case "long":
			_, _ = io.WriteString(w, long) // chunked
		case "none":
			w.WriteHeader(http.StatusNoContent)
		case "gone":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		default:
			_, _ = io.WriteString(w, "short")
		}
	}))
	defer server.Close()
	address := server.Listener.Addr().String()
	post := func(body string) []byte {
		return []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" + body)
	}

	t.Run("answers_of_every_framing_follow_each_other", func(t *testing.T) {
		w, err := dial(t.Context(), address)
		require.NoError(t, err)
		defer w.close()
		for _, c := range []struct {
			send, want string
			status     int
		}{{"long", long, 200}, {"none", "", 204}, {"well", "short", 200}, {"long", long, 200}} {
			status, body, err := w.exchange(post(c.send))
			require.NoError(t, err)
			require.Equal(t, c.status, status)
			require.Equal(t, c.want, string(body))
		}
	})
	t.Run("every_request_is_sent_once", func(t *testing.T) {
		o, err := load{
			address: address, connections: 4, lasting: time.Minute, most: 500, request: func(int) []byte { return post("well") },
		}.run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 500, o.answered(200))
		require.Len(t, o.latencies(), 500)
	})
	t.Run("a_broken_connection_is_an_error_unless_expected", func(t *testing.T) {
		l := load{address: address, connections: 1, lasting: time.Minute, most: 3, request: func(i int) []byte { return post([]string{"well", "gone", "well"}[i]) }}
		_, err := l.run(t.Context())
		require.ErrorContains(t, err, "request 1")
		l.broken = true
		o, err := l.run(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int16{200, 0, 0}, o.status)
	})
	t.Run("nobody_there", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		_, err = load{address: listener.Addr().String(), connections: 1, lasting: time.Second, most: 1, request: func(int) []byte { return nil }}.run(t.Context())
		require.Error(t, err)
	})
}

func TestReport(t *testing.T) {
	r := report{Benchmark: "ingest", At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Short: true}
	figures := r.table("Figures", "connections", "p99")
	figures.row(16, 1500*time.Microsecond)
	figures.row(64, 123456*time.Microsecond)
	r.goal("p99", false, "under 1 ms", 1500*time.Microsecond)
	var out strings.Builder
	require.NoError(t, r.write(&out, false))
	require.Contains(t, out.String(), "| connections |     p99 |\n| ----------- | ------: |\n| 16          | 1.50 ms |\n| 64          |  123 ms |\n")
	require.Contains(t, out.String(), "**no**")
	require.Contains(t, out.String(), "Short run")

	out.Reset()
	require.NoError(t, r.write(&out, true))
	require.Contains(t, out.String(), `"met": false`)
}

func TestRun(t *testing.T) {
	var out, progress strings.Builder
	require.Zero(t, run(t.Context(), nil, &out, &progress))
	for _, b := range benchmarks {
		require.Contains(t, out.String(), b.name)
	}
	require.Equal(t, exitUsage, run(t.Context(), []string{"nonsense"}, &out, &progress))
	require.Equal(t, exitUsage, run(t.Context(), []string{"ingest", "-nonsense"}, &out, &progress))
}

func TestSentOf(t *testing.T) {
	statuses := make([]int16, 1000)
	require.Equal(t, 32, sentOf(statuses, 1, 1000))
	statuses[499] = 200
	require.Equal(t, 532, sentOf(statuses, 1, 1000))
	require.Equal(t, 266, sentOf(statuses, 2, 500))
	statuses[999] = 200
	require.Equal(t, 1000, sentOf(statuses, 1, 1000))
}
