package inbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/channels"
	"recado/credits"
	"recado/events"
	"recado/inbox"
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
	// quiet is how long the offices wait for a webhook after a lost answer.
	quiet = 10 * time.Minute
	// patience bounds a wait for something that must happen.
	patience = time.Minute
	// wabaID is the account of the offices' numbers.
	wabaID = "214705829341166"
	// token is what the offices' channels are connected with.
	token = "EAAoffice-token-of-the-padaria"
)

// office is an organization at work: all rooms on a real database, with a
// simulated Meta on HTTP. One clock serves both sides; it stands still until a
// test moves it. Jobs run only after work was called, or by hand.
type office struct {
	t         *testing.T
	url       string // of the database
	db        *store.Store
	clock     *simulator.ManualClock
	meta      *simulator.Simulator
	client    *whatsapp.Client
	accounts  *accounts.Service
	channels  *channels.Service
	credits   *credits.Service
	bus       *events.Bus
	queue     *jobs.Queue
	media     *media.Service     // nil until keepsFiles
	templates *templates.Service // nil until keepsTemplates
	inbox     *inbox.Service

	organization models.ID
	channel      models.Channel
	standard     models.Profile
	admin        models.Viewer
	answers      models.Viewer // may REPLY on the channel
	watches      models.Viewer // may VIEW it
	stranger     models.Viewer // of another organization, administrator there

	customers atomic.Int64
	firstly   atomic.Pointer[func(*http.Request)] // runs before Meta gets a call; nil: nothing
}

// onEachOffice runs the test in an office on each database, on both at the same time.
func onEachOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel() // they wait more than they work
			test(t, newOffice(t, testkit.URL(t, dialect)))
		})
	}
}

func newOffice(t *testing.T, url string) *office {
	t.Helper()
	o := &office{t: t, url: url, clock: simulator.NewManualClock(noon)}
	o.db = testkit.Open(t, url, o.clock.Now)
	o.meta = simulator.New(simulator.Options{Clock: o.clock})
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if first := o.firstly.Load(); first != nil {
			(*first)(r)
		}
		o.meta.ServeHTTP(w, r)
	}))
	t.Cleanup(graph.Close)
	o.client = whatsapp.NewClient(whatsapp.Options{BaseURL: graph.URL})
	t.Cleanup(o.client.CloseIdleConnections)

	key, err := accounts.NewKeySet(secrets.GenerateSigningKey())
	require.NoError(t, err)
	o.accounts = accounts.New(o.db, accounts.Options{
		Clock: o.clock.Now, Keys: key,
		PasswordParams: &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32},
	})
	box, err := secrets.NewBox(make([]byte, secrets.KeySize))
	require.NoError(t, err)
	o.queue = jobs.New(o.db, jobs.Options{})
	o.channels = channels.New(o.db, box, channels.Options{Queue: o.queue})
	o.bus, err = events.Start(t.Context(), o.db, events.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.bus.Close()) })
	o.credits = credits.New(
		credits.Rooms{DB: o.db, Queue: o.queue, Bus: o.bus, AccessToken: o.channels.AccessToken, Rights: o.accounts.Refreshed},
		credits.Options{Clock: o.clock.Now},
	)
	o.inbox = o.open(inbox.Options{})

	receiver := httptest.NewServer(http.HandlerFunc(o.webhook))
	t.Cleanup(receiver.Close)
	t.Cleanup(func() { require.NoError(t, o.meta.Close()) })
	o.settle()
	require.NoError(t, o.meta.SetCallback(t.Context(), receiver.URL, "verify-me"))
	return o
}

// process starts another inbox on the office's database, as another process has.
func (o *office) process(options inbox.Options) *inbox.Service {
	o.queue = jobs.New(o.db, jobs.Options{})
	return o.open(options)
}

func (o *office) open(options inbox.Options) *inbox.Service {
	options.Clock, options.QuietPeriod = o.clock.Now, quiet
	service := inbox.New(inbox.Rooms{
		DB: o.db, Accounts: o.accounts, Channels: o.channels, Bus: o.bus, Queue: o.queue, Client: o.client, Media: o.media,
		Credits: o.credits, Templates: o.templates,
	}, options)
	o.t.Cleanup(service.Close)
	return service
}

// keepsFiles has the office fetch the files of messages from now on.
func (o *office) keepsFiles() {
	o.t.Helper()
	bucket, err := media.OpenBucket(o.t.Context(), "file:"+o.t.TempDir())
	require.NoError(o.t, err)
	o.t.Cleanup(func() { require.NoError(o.t, bucket.Close()) })
	o.queue = jobs.New(o.db, jobs.Options{})
	o.media = media.New(media.Rooms{DB: o.db, Channels: o.channels, Queue: o.queue, Client: o.client, Bucket: bucket},
		media.Options{Clock: o.clock.Now, Key: []byte("key")})
	o.inbox = o.open(inbox.Options{})
}

// work starts the job queue.
func (o *office) work() {
	o.t.Helper()
	require.NoError(o.t, o.queue.Start(o.t.Context()))
	o.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(o.t, o.queue.Stop(ctx))
	})
}

// webhook is what the server does with a delivery, without its signature.
func (o *office) webhook(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge")) // the simulator notices
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = o.inbox.Accept(r.Context(), inbox.RawDelivery{Body: body, ReceivedAt: o.clock.Now()})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// settle makes the organization, its people and its number.
func (o *office) settle() {
	o.t.Helper()
	ctx := o.t.Context()
	organization, err := o.accounts.CreateOrganization(ctx, "Padaria Aurora")
	require.NoError(o.t, err)
	o.organization = organization.ID
	o.channel = o.connect("Balcão", "331908274466120", token)
	o.standard, err = o.accounts.ProfileByName(ctx, o.organization, accounts.StandardProfile)
	require.NoError(o.t, err)
	admins, err := o.accounts.ProfileByName(ctx, o.organization, accounts.AdministratorProfile)
	require.NoError(o.t, err)
	o.admin = o.signUp(admins)
	o.answers = o.member(models.LevelReply)
	o.watches = o.member(models.LevelView)
	require.NoError(o.t, o.channels.SetAssignees(ctx, o.channel.ID, []models.ID{o.answers.UserID}))

	other, err := o.accounts.CreateOrganization(ctx, "Padaria Estrela")
	require.NoError(o.t, err)
	theirs, err := o.accounts.ProfileByName(ctx, other.ID, accounts.AdministratorProfile)
	require.NoError(o.t, err)
	o.stranger = o.signUp(theirs)
}

// connect adds a number on Meta's side and on ours.
func (o *office) connect(name, phoneNumberID, token string) models.Channel {
	o.t.Helper()
	require.NoError(o.t, o.meta.AddNumber(simulator.Number{
		ID: phoneNumberID, DisplayNumber: "5511" + phoneNumberID[:8], WABAID: wabaID, VerifiedName: "Padaria Aurora", Token: token,
	}))
	channel, err := o.channels.Connect(o.t.Context(), channels.NewChannel{
		OrganizationID: o.organization, Name: name, PhoneNumberID: phoneNumberID, WABAID: wabaID,
		DisplayNumber: "+5511" + phoneNumberID[:8], AccessToken: token,
	})
	require.NoError(o.t, err)
	return channel
}

// member makes a user with a profile of their own that has the level on the
// office's channel, and signs them in.
func (o *office) member(level models.MessagingLevel) models.Viewer {
	o.t.Helper()
	profile, err := o.accounts.CreateProfile(o.t.Context(), o.organization, "Profile "+models.NewID().String())
	require.NoError(o.t, err)
	o.permit(profile.ID, level)
	return o.signUp(profile)
}

func (o *office) permit(profile models.ID, level models.MessagingLevel) {
	o.t.Helper()
	_, err := o.accounts.SetMessagingLevel(o.t.Context(),
		models.Viewer{OrganizationID: o.organization, Administrator: true}, profile, o.channel.ID, level)
	require.NoError(o.t, err)
}

func (o *office) signUp(profile models.Profile) models.Viewer {
	o.t.Helper()
	const password = "pão de queijo"
	email := models.NewID().String() + "@aurora.example"
	_, err := o.accounts.CreateUser(o.t.Context(), accounts.NewUser{
		OrganizationID: profile.OrganizationID, ProfileID: profile.ID, Email: email, Name: "Someone", Password: password,
	})
	require.NoError(o.t, err)
	tokens, err := o.accounts.SignIn(o.t.Context(), accounts.SignIn{Email: email, Password: password})
	require.NoError(o.t, err)
	identity, err := o.accounts.Authenticate(o.t.Context(), tokens.AccessToken)
	require.NoError(o.t, err)
	return identity.Viewer
}

// customer is somebody new, who reads only when told to.
func (o *office) customer() *simulator.CustomerHandle {
	return o.meta.Customer(simulator.Customer{
		WAID: fmt.Sprintf("44770%03d5555", o.customers.Add(1)), Name: "Iris Calder", ReadsManually: true,
	})
}

// greeted is a new conversation, begun by a new customer.
func (o *office) greeted() (models.Conversation, *simulator.CustomerHandle) {
	o.t.Helper()
	iris := o.customer()
	return o.written(iris, "Is the shop open today?"), iris
}

// written has the customer write and returns the conversation after that.
func (o *office) written(iris *simulator.CustomerHandle, text string) models.Conversation {
	o.t.Helper()
	wamid := iris.SendText(o.channel.PhoneNumberID, text)
	o.flush()
	var message models.Message
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&message, "wamid = ?", wamid).Error)
	return o.conversation(message.ConversationID)
}

// flush waits until every webhook that is due was answered.
func (o *office) flush() {
	o.t.Helper()
	require.NoError(o.t, o.meta.Flush(o.t.Context()))
}

// pass lets time go by, on both sides, and waits for the webhooks that brings.
func (o *office) pass(d time.Duration) {
	o.t.Helper()
	o.clock.Advance(d)
	o.flush()
}

// reply queues an answer.
func (o *office) reply(conversation models.ID, text string) models.Message {
	o.t.Helper()
	message, err := o.inbox.Reply(o.t.Context(), o.answers, inbox.Reply{
		ConversationID: conversation, IdempotencyKey: models.NewID().String(), Content: says(text),
	})
	require.NoError(o.t, err)
	return message
}

func (o *office) conversation(id models.ID) models.Conversation {
	o.t.Helper()
	var row models.Conversation
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&row, "organization_id = ? AND id = ?", o.organization, id).Error)
	return row
}

func (o *office) message(id models.ID) models.Message {
	o.t.Helper()
	var row models.Message
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&row, "organization_id = ? AND id = ?", o.organization, id).Error)
	return row
}

func (o *office) channelNow() models.Channel {
	o.t.Helper()
	var row models.Channel
	require.NoError(o.t, o.db.Read(o.t.Context()).Take(&row, "id = ?", o.channel.ID).Error)
	return row
}

// becomes waits until a message has a status; a started queue gives no signal.
func (o *office) becomes(message models.Message, status models.MessageStatus) models.Message {
	o.t.Helper()
	require.Eventually(o.t, func() bool { return o.message(message.ID).Status == status }, patience, 5*time.Millisecond,
		"message should become %s, is %s", status, o.message(message.ID).Status)
	return o.message(message.ID)
}

// sendNow runs the job of a message once and returns after what time it wants to
// run again.
func (o *office) sendNow(message models.Message) time.Duration {
	o.t.Helper()
	again, err := o.inbox.SendNow(o.t.Context(), message)
	require.NoError(o.t, err)
	return again
}

// bodies are the texts on a customer's phone, in the order of their arrival.
func (o *office) bodies(iris *simulator.CustomerHandle) []string {
	var bodies []string
	for _, received := range iris.Inbox(o.channel.PhoneNumberID) {
		bodies = append(bodies, received.Body)
	}
	return bodies
}

// events returns the recorded events about a conversation that are for everybody,
// as kinds.
func (o *office) events(conversation models.ID) []models.EventKind {
	o.t.Helper()
	var kinds []models.EventKind
	require.NoError(o.t, o.db.Read(o.t.Context()).Model(&models.Event{}).
		Where("organization_id = ? AND conversation_id = ? AND user_id IS NULL", o.organization, conversation).
		Order("position").Pluck("kind", &kinds).Error)
	return kinds
}

func requireCode(t testing.TB, code models.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.CodeOf(err), err.Error())
}

func (o *office) setChannelStatus(status models.ChannelStatus) {
	o.t.Helper()
	require.NoError(o.t, o.db.Write(o.t.Context(), func(tx *store.Tx) error {
		return tx.Model(&models.Channel{}).Where("id = ?", o.channel.ID).Update("status", status).Error
	}))
}

// says is a draft of a plain text.
func says(text string) models.Draft { return models.Draft{Text: &models.TextDraft{Body: text}} }
