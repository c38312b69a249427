package templates_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/jobs"
	"recado/media"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/templates"
	"recado/testkit"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

const (
	number  = "331908274466120"
	wabaID  = "780012345670009"
	token   = "EAAoffice-token-of-the-padaria"
	patient = 20 * time.Second
)

// shop is an organization with a number and a simulated Meta, whose clock stands still
// until a test moves it. Jobs run only after work was called.
type shop struct {
	*testkit.World

	t         *testing.T
	db        *store.Store
	clock     *simulator.ManualClock
	meta      *simulator.Simulator
	queue     *jobs.Queue
	media     *media.Service
	channels  *channels.Service
	templates *templates.Service
	graph     string // Meta's address
	channel   models.Channel
	admin     models.Viewer
	replier   models.Viewer // REPLY on the channel
	looker    models.Viewer // VIEW
	outsider  models.Viewer // NONE
	stranger  models.Viewer // administrator of another organization
}

func onEachShop(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) { test(t, newShop(t, testkit.URL(t, dialect))) })
	}
}

func newShop(t *testing.T, url string) *shop {
	t.Helper()
	s := &shop{t: t, clock: simulator.NewManualClock(time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC))}
	s.db = testkit.Open(t, url, s.clock.Now)
	s.World = testkit.NewWorld(t, s.db)
	s.meta = simulator.New(simulator.Options{Clock: s.clock, MaxInFlightWebhooks: 1})
	graph := httptest.NewServer(s.meta)
	t.Cleanup(graph.Close)
	s.graph = graph.URL
	client := whatsapp.NewClient(whatsapp.Options{BaseURL: graph.URL, AppID: simulator.DefaultAppID, AppSecret: simulator.DefaultAppSecret})
	t.Cleanup(client.CloseIdleConnections)
	require.NoError(t, s.meta.AddNumber(simulator.Number{
		ID: number, DisplayNumber: "551133190827", WABAID: wabaID, VerifiedName: "Padaria Aurora", Token: token,
	}))
	box, err := secrets.NewBox(make([]byte, secrets.KeySize))
	require.NoError(t, err)
	s.channels = channels.New(s.db, box, channels.Options{})
	s.channel, err = s.channels.Connect(t.Context(), channels.NewChannel{
		OrganizationID: s.Organization.ID, Name: "Loja", PhoneNumberID: number, WABAID: wabaID,
		DisplayNumber: "+551133190827", AccessToken: token,
	})
	require.NoError(t, err)
	for user, level := range map[models.ID]models.MessagingLevel{s.Replier.ProfileID: models.LevelReply, s.Looker.ProfileID: models.LevelView} {
		s.Save(&models.ChannelPermission{OrganizationID: s.Organization.ID, ProfileID: user, ChannelID: s.channel.ID, Level: level})
	}
	bucket, err := media.OpenBucket(t.Context(), "file:"+t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	s.queue = jobs.New(s.db, jobs.Options{})
	s.media = media.New(media.Rooms{DB: s.db, Channels: s.channels, Queue: s.queue, Client: client, Bucket: bucket}, media.Options{Clock: s.clock.Now, Key: []byte("key")})
	s.templates = templates.New(templates.Rooms{DB: s.db, Channels: s.channels, Queue: s.queue, Client: client, Media: s.media}, templates.Options{Clock: s.clock.Now})

	hook := httptest.NewServer(http.HandlerFunc(s.webhook))
	t.Cleanup(hook.Close)
	t.Cleanup(func() { require.NoError(t, s.meta.Close()) })
	require.NoError(t, s.meta.SetCallback(t.Context(), hook.URL, "verify-me"))
	s.admin, s.replier, s.looker, s.outsider = s.Viewer(s.Administrator), s.Viewer(s.Replier), s.Viewer(s.Looker), s.Viewer(s.Outsider)
	other := testkit.NewWorld(t, s.db)
	s.stranger = other.Viewer(other.Administrator)
	return s
}

// webhook has the room hear what Meta tells, as the inbox does.
func (s *shop) webhook(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = s.hears(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (s *shop) hears(body []byte) error {
	webhook, err := whatsapp.DecodeWebhook(body)
	if err != nil {
		return err
	}
	var told []templates.Told
	for _, change := range webhook.Changes {
		if change.Template != nil {
			told = append(told, templates.Told{WABAID: change.WABAID, At: change.Time, Update: *change.Template})
		}
	}
	return s.db.Write(s.t.Context(), func(tx *store.Tx) error {
		_, err := s.templates.Apply(tx, told)
		return err
	})
}

// work starts the jobs.
func (s *shop) work() {
	s.t.Helper()
	require.NoError(s.t, s.queue.Start(s.t.Context()))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		require.NoError(s.t, s.queue.Stop(ctx))
	})
}

// pass lets time go by on both sides and waits for the webhooks that brings.
func (s *shop) pass(d time.Duration) {
	s.t.Helper()
	s.clock.Advance(d)
	require.NoError(s.t, s.meta.Flush(s.t.Context()))
}

func (s *shop) now(id models.ID) models.Template {
	s.t.Helper()
	var row models.Template
	require.NoError(s.t, s.db.Read(s.t.Context()).Take(&row, "id = ?", id).Error)
	return row
}

// becomes waits until a template is as wanted.
func (s *shop) becomes(id models.ID, what string, wanted func(models.Template) bool) models.Template {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return wanted(s.now(id)) }, patient, 5*time.Millisecond, what)
	return s.now(id)
}

// taken waits until Meta has answered a request.
func (s *shop) taken(id models.ID) models.Template {
	s.t.Helper()
	return s.becomes(id, "Meta answered", func(t models.Template) bool { return t.Request == models.TemplateNoRequest })
}

// ready is a content that can be reviewed.
func ready() models.TemplateContent {
	return models.TemplateContent{
		Body:    "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada.",
		Buttons: []models.TemplateButton{{Kind: models.TemplateQuickReply, Text: "Já vou"}},
		Samples: map[string]string{"order": "8841"},
	}
}

// wish is a template to be made.
func (s *shop) wish(name string) templates.NewTemplate {
	return templates.NewTemplate{ChannelID: s.channel.ID, Name: name, Language: "pt_BR", Category: models.TemplateUtility, Content: ready()}
}

// draft makes a template.
func (s *shop) draft(name string) models.Template {
	s.t.Helper()
	made, err := s.templates.Create(s.t.Context(), s.admin, s.wish(name))
	require.NoError(s.t, err)
	return made
}

// submitted makes a template and waits until Meta has it. Jobs must run.
func (s *shop) submitted(name string) models.Template {
	s.t.Helper()
	made := s.draft(name)
	_, err := s.templates.Submit(s.t.Context(), s.admin, made.ID, nil)
	require.NoError(s.t, err)
	return s.taken(made.ID)
}

// approved makes a template that Meta approves. Jobs must run.
func (s *shop) approved(name string) models.Template {
	s.t.Helper()
	made := s.submitted(name)
	s.pass(3 * time.Second)
	return s.becomes(made.ID, "approved", func(t models.Template) bool { return t.Status == models.TemplateApproved })
}

// picture uploads an image.
func (s *shop) picture(viewer models.Viewer) models.ID {
	s.t.Helper()
	var b bytes.Buffer
	require.NoError(s.t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 4, 4))))
	sum := sha256.Sum256(b.Bytes())
	attachment, target, err := s.media.Announce(s.t.Context(), viewer, models.Upload{
		FileName: "menu.png", ContentType: "image/png", ByteSize: int64(b.Len()), SHA256: sum[:],
	}, nil)
	require.NoError(s.t, err)
	address, _ := strings.CutPrefix(target.URL, media.UploadsPath)
	require.NoError(s.t, s.media.Receive(s.t.Context(), address, media.Received{ContentType: "image/png", ByteSize: int64(b.Len())}, &b))
	_, err = s.media.Complete(s.t.Context(), viewer, attachment.ID)
	require.NoError(s.t, err)
	return attachment.ID
}

// history returns the steps of a template's life, the oldest first.
func (s *shop) history(id models.ID) []string {
	s.t.Helper()
	page, err := s.templates.History(s.t.Context(), s.admin, id, store.PageRequest{})
	require.NoError(s.t, err)
	var steps []string
	for _, row := range slices.Backward(page.Rows) {
		step := string(row.Kind)
		if row.Value != "" {
			step += " " + row.Value
		}
		steps = append(steps, step)
	}
	return steps
}

// events counts what readers were told of a template.
func (s *shop) events(id models.ID) int {
	s.t.Helper()
	var rows []models.Event
	require.NoError(s.t, s.db.Read(s.t.Context()).Where("organization_id = ? AND kind = ?", s.Organization.ID, models.EventTemplateChanged).Find(&rows).Error)
	count := 0
	for _, row := range rows {
		if bytes.Contains(row.Payload, []byte(id.String())) {
			count++
		}
	}
	return count
}

func requireCode(t testing.TB, code models.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.CodeOf(err), err.Error())
}

// elsewhere makes a template at Meta that nobody made here.
func (s *shop) elsewhere(name, components string) {
	s.t.Helper()
	s.elsewhereIn(models.TemplateUtility, name, components)
}

func (s *shop) elsewhereIn(category models.TemplateCategory, name, components string) {
	s.t.Helper()
	body := `{"name":"` + name + `","language":"pt_BR","category":"` + string(category) + `","components":` + components + `}`
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.graph+"/v26.0/"+wabaID+"/message_templates", strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	require.Equal(s.t, http.StatusOK, response.StatusCode)
}

// eventCount counts all that readers were told of templates.
func (s *shop) eventCount() (count int64) {
	s.t.Helper()
	require.NoError(s.t, s.db.Read(s.t.Context()).Model(&models.Event{}).Where("kind = ?", models.EventTemplateChanged).Count(&count).Error)
	return count
}
