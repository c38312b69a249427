package demo_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"recado/demo"
	"recado/whatsapp/simulator"
)

// gorm never ends the goroutine of its cache of prepared statements.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

// anywhere is a demo on free ports.
func anywhere(out io.Writer) demo.Options {
	return demo.Options{Once: true, Out: out, HTTPAddr: "127.0.0.1:0", OpsAddr: "127.0.0.1:0"}
}

func TestOnce(t *testing.T) {
	t.Run("tells the main job, step by step, and leaves nothing behind", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		var out strings.Builder
		require.NoError(t, demo.Run(t.Context(), anywhere(&out)), out.String())
		rest := out.String()
		for _, expected := range []string{
			"Padaria Aurora, São Paulo",
			"Recado   ✓  is ready",
			"Meta     ✓  verifies the webhook",
			"Ana      ✓  signs in, may reply",
			"Bruno    ✓  signs in, may only view",
			"Ana      ✓  listens to the inbox",
			"Marina   ›  “Oi! Vocês têm pão de queijo hoje?”",
			"Ana      ✓  sees it live, ",
			" ms from webhook to socket",
			"Recado   ✓  assigns it to Ana, round-robin; the window closes in 24 h",
			"Bruno    ✓  sees it too; his answer is refused, he may only view",
			"FORBIDDEN",
			"Ana      ›  “Temos sim, Marina!",
			"Ana      ✓  sends it again with the same key: still one message",
			"Marina   ✓  sent",
			"Marina   ✓✓ delivered",
			"Marina   ✓✓ read",
			"Ana      ✓  marks it as read: 1 unread → 0; Marina sees blue ticks",
			"Marina   ›  “Olha como a mesa ficou linda!” and a photo",
			"Ana      ✓  sees it, 640 × 480, and its thumbnail, 320 × 240",
			"Marina   ›  records a voice note",
			"Ana      ✓  can play it, 0:03",
			"Ana      ›  “Que lindo, Marina! Um abraço da Ana.”",
			"Marina   ✓✓ read, with her name and Ana's filled in",
			"Marina   ›  ❤️  to Ana's answer",
			"Ana      ✓  sees it on her message",
			"Ana      ✓  finds by “PAO quei”: …Vocês têm pão de queijo hoje?",
			"Clara    ✓  signs in, administrator",
			"Clara    ✓  listens to templates and credits",
			"Clara    ✓  buys 3 credits for BRL 33.00",
			"Clara    ✓  pays on Stripe's page; a signed webhook brings 3 credits",
			"Clara    ✓  has 5 bought whenever fewer than 3 are left",
			"Clara    ›  “Olá, #{contact.name|cliente}! Sua encomenda #{pedido} está pronta. Aproveite: hoje\n",
			"                      os bolos têm 20% de desconto!”",
			"Recado   ✓  warns her: “These words belong to Marketing rather than to Utility: desconto",
			"Clara    ✓  submits it all the same",
			"Meta     ✗  rejects it: “The text does not belong to the category.”     INCORRECT_CATEGORY",
			"Clara    ✓  is told what to do: “Choose the other category, or take out what does not belong to",
			"Clara    ›  “Olá, #{contact.name|cliente}! Sua encomenda #{pedido} está pronta e espera por",
			"Clara    ✓  has taken out the offer, and submits it again",
			"Meta     ✓  approves it",
			"Joaquim  ›  “Boa tarde! Quero encomendar um bolo de fubá pra amanhã.”   26 hours ago",
			"Ana      ✓  cannot answer freely after 24 h: it takes a template        SERVICE_WINDOW_CLOSED",
			"Ana      ›  “Olá, Seu Joaquim! Sua encomenda 8841 está pronta e espera por você no balcão.”",
			"Recado   ✓  holds 1 credit for this chat, from his contact: 3 → 2",
			"Recado   ✓  buys 5 credits by itself, for BRL 55.00 by the card: → 7",
			"Joaquim  ✓✓ has it on his phone, with a button: Já estou indo!",
			"Recado   ✓  charges 1 credit on delivery; nothing is held any more",
			"Joaquim  ›  reads it, and taps “Já estou indo!”",
			"Ana      ✓  sees it: the window is open, she may write freely for 24 h",
			"Clara    ✓  reads the ledger: 8 bought − 1 spent = 7 left; all of 4 entries sum to 0",
			"All 47 steps happened",
			"17 sent, 17 stored and answered with 200",
			"Ana's answer on Marina's phone                1 time, though",
		} {
			_, after, found := strings.Cut(rest, expected)
			require.True(t, found, "%q is missing, or in the wrong place, in:\n%s", expected, out.String())
			rest = after
		}
		require.NotContains(t, out.String(), "\x1b", "no colours unless asked for")
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, len([]rune(line)), 110, line)
		}
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left)
	})

	t.Run("keeps a folder that was given, and refuses one in use", func(t *testing.T) {
		options := anywhere(nil)
		options.Dir = t.TempDir()
		require.NoError(t, demo.Run(t.Context(), options))
		require.FileExists(t, filepath.Join(options.Dir, "recado.db"))
		require.ErrorContains(t, demo.Run(t.Context(), options), "recado.db is there already")
		require.FileExists(t, filepath.Join(options.Dir, "recado.db"))
	})

	t.Run("an interruption is an error, as the story was not told", func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		out := newTranscript()
		go func() {
			if out.await(t, "Marina   ›") {
				interrupt()
			}
		}()
		require.ErrorIs(t, demo.Run(ctx, anywhere(out)), context.Canceled)
	})
}

func TestBrokenStep(t *testing.T) {
	for name, broken := range map[string]struct {
		arrange func(*simulator.Simulator) // nil: it is the card that is refused
		step    string
		told    string // what happened instead
		steps   string
	}{
		"webhooks do not come": {
			func(m *simulator.Simulator) { m.Faults().DelayWebhooks(time.Hour) },
			"Ana sees it live", "no event of her message on Ana's socket", "6",
		},
		"the number's token is revoked": {
			func(m *simulator.Simulator) { m.Faults().ExpireTokens() },
			"Marina is sent the answer", "not SENT", "11",
		},
		"Meta cannot be reached": {
			func(m *simulator.Simulator) { m.Faults().DropRequests(1000) },
			"Marina is sent the answer", "not SENT", "11",
		},
		"Meta refuses the recipient": {
			func(m *simulator.Simulator) {
				m.Faults().Refuse(1000, simulator.Refusal{Status: 400, Code: 131026})
			},
			"Marina is sent the answer", "RECIPIENT_UNREACHABLE (Meta's 131026", "11",
		},
		"files cannot be fetched": {
			func(m *simulator.Simulator) {
				m.Faults().Refuse(1000, simulator.Refusal{Status: 500, Code: 1, On: simulator.EndpointMedia})
			},
			"Ana sees the photo", "the file is PENDING", "16",
		},
		"nobody reviews the template": {
			func(m *simulator.Simulator) { m.PlanReview(simulator.Review{Name: "encomenda_pronta", Never: true}) },
			"Meta rejects the template", "it is PENDING, not REJECTED", "32",
		},
		"the template is rejected again": {
			func(m *simulator.Simulator) {
				m.PlanReview(simulator.Review{Name: "encomenda_pronta", Event: "REJECTED", Reason: "INVALID_FORMAT"})
			},
			"Meta approves the template", "it is REJECTED instead of APPROVED", "36",
		},
		"the card is refused the second time": {
			nil, "Recado buys credits", "the payment was refused: insufficient_funds", "41",
		},
		"read marks are refused": {
			func(m *simulator.Simulator) {
				m.Faults().Refuse(1000, simulator.Refusal{Status: 400, Code: 131009, On: simulator.EndpointReadMark})
			},
			"Ana marks it as read", "no blue ticks", "14",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := demo.WithRefusedCard(anywhere(nil), 15*time.Second)
			if broken.arrange != nil {
				options = demo.WithMeta(anywhere(nil), 15*time.Second, broken.arrange)
			}
			var out strings.Builder
			options.Out = &out
			err := demo.Run(t.Context(), options)
			var failed *demo.StepError
			require.ErrorAs(t, err, &failed)
			require.Equal(t, broken.step, failed.Step)
			require.ErrorContains(t, err, broken.told)
			require.Contains(t, out.String(), "did not happen")
			require.Contains(t, out.String(), broken.steps+" of 47 steps happened.")
			require.NotContains(t, out.String(), "All 47 steps")
		})
	}
}

func TestStayingUp(t *testing.T) {
	ctx, ctrlC := context.WithCancel(t.Context())
	out := newTranscript()
	options := anywhere(out)
	options.Once = false
	ended := make(chan error, 1)
	go func() { ended <- demo.Run(ctx, options) }()
	require.True(t, out.await(t, "Ctrl-C ends the demo"))
	text := out.String()

	explorer := regexp.MustCompile(`http://\S+/graphiql`).FindString(text)
	require.Equal(t, http.StatusOK, status(t, explorer))
	for _, page := range []string{`http://\S+/_simulator/state`} {
		require.Equal(t, http.StatusOK, status(t, regexp.MustCompile(page).FindString(text)))
	}

	// What can be tried, in this order, as a shell would send it.
	endpoint := regexp.MustCompile(`API=(\S+)`).FindStringSubmatch(text)[1]
	bodies := regexp.MustCompile(`(?s)-d '(\{.*?\})'(?: |\)|\n)`).FindAllStringSubmatch(
		strings.ReplaceAll(text, `'$(date +%s)'`, "1"), -1)
	require.Len(t, bodies, 6, "sign-in, query, customer, answer, search, template")
	var session struct {
		Data struct {
			SessionCreate struct{ Session struct{ AccessToken string } }
		}
	}
	require.NoError(t, json.Unmarshal(post(t, endpoint, "", bodies[0][1]), &session))
	token := session.Data.SessionCreate.Session.AccessToken
	require.Contains(t, string(post(t, endpoint, token, bodies[1][1])), `"contact":{"name":"Marina Lopes"}`)
	customer := regexp.MustCompile(`http://\S+/messages`).FindString(text)
	require.Contains(t, string(post(t, customer, "", bodies[2][1])), "wamid.")
	require.True(t, out.await(t, "“Bom dia! Tem sonho de creme?”"), "the customer's message shows")
	require.Contains(t, string(post(t, endpoint, token, bodies[3][1])), `"userErrors":[]`)
	require.True(t, out.await(t, "Ana → Marina Lopes"), "the answer shows")
	require.True(t, out.await(t, "✓✓ read Temos!"), "the ticks show")
	require.Contains(t, string(post(t, endpoint, token, bodies[4][1])), `{"text":"pão","isMatch":true}`)
	require.Contains(t, string(post(t, endpoint, token, bodies[5][1])), `{"session":"AWAITING_REPLY"}`)
	require.True(t, out.await(t, "✓✓ read Olá, Teresa! Sua encomenda 8842"), "the template shows")

	ctrlC()
	require.NoError(t, <-ended)
	require.Contains(t, out.String(), "Stopping")
}

func TestAnswerTo(t *testing.T) {
	for text, expected := range map[string]string{
		"Custa R$ 9,50 o quilo":       "Ótimo, pode separar pra mim?",
		"Obrigada pela preferência":   "Eu que agradeço! 🥐",
		"Quantos você quer?":          "Hum, deixa eu pensar… pode ser sim!",
		"Infelizmente acabou":         "Ah, que pena! Amanhã eu passo então.",
		"Temos, sim":                  "Oba! Já estou indo aí.",
		"Vou verificar com a cozinha": "Combinado, obrigado!",
		"":                            "Combinado, obrigado!",
	} {
		require.Equal(t, expected, demo.AnswerTo(text, 0), text)
		require.NotEqual(t, demo.AnswerTo(text, 0), demo.AnswerTo(text, 1), "not the same twice in a row")
	}
}

func TestWrap(t *testing.T) {
	for text, expected := range map[string][]string{
		"":                                  {""},
		"pão de queijo":                     {"pão de queijo"},
		"pão de queijo quentinho":           {"pão de queijo", "quentinho"},
		"\x1b[36mpão de queijo\x1b[0m e só": {"\x1b[36mpão de queijo\x1b[0m", "e só"},
		"pneumoultramicroscópico não":       {"pneumoultramicroscópico", "não"},
		"a  b":                              {"a  b"},
	} {
		require.Equal(t, expected, demo.Wrap(text, 13), "%q", text)
	}
}

func TestColorful(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	require.False(t, demo.Colorful(file, nil), "a file")
	require.False(t, demo.Colorful(&strings.Builder{}, nil), "no file at all")
	terminal, err := os.Open(os.DevNull) // a character device, as terminals are
	require.NoError(t, err)
	defer terminal.Close()
	require.True(t, demo.Colorful(terminal, nil))
	require.False(t, demo.Colorful(terminal, map[string]string{"NO_COLOR": "1"}))
	require.False(t, demo.Colorful(terminal, map[string]string{"TERM": "dumb"}))
}

func status(t *testing.T, address string) int {
	t.Helper()
	response, err := http.Get(address)
	require.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}

func post(t *testing.T, address, token, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, response.StatusCode, 300, string(answer))
	http.DefaultClient.CloseIdleConnections()
	return answer
}

// transcript is what was told, for a test that waits for something in it.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

func (w *transcript) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
	return w.text.Write(p)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await reports whether the text was told within two minutes, which are meant for a
// machine that is busy with other tests.
func (w *transcript) await(t *testing.T, text string) bool {
	limit := time.NewTimer(2 * time.Minute)
	defer limit.Stop()
	for {
		w.mu.Lock()
		told, changed := strings.Contains(w.text.String(), text), w.changed
		w.mu.Unlock()
		if told {
			return true
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Errorf("%q was not told in:\n%s", text, w.String())
			return false
		}
	}
}
