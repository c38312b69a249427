package channels_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"recado/accounts"
	"recado/channels"
	"recado/jobs"
	"recado/models"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

const (
	publicURL = "https://recado.example.com"
	redirect  = publicURL + channels.CallbackPath
	waba      = "214705829341166"
	pending   = "331908274466120" // a number of the account that is not registered yet
	ready     = "331908274466121" // one that is
)

// noon is when the tests of connecting begin.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// desk is an organization that connects numbers, before a simulated Meta with one
// account of two numbers. Jobs are taken but not run.
type desk struct {
	*world

	t         *testing.T
	clock     *simulator.ManualClock
	client    *whatsapp.Client
	meta      *simulator.Simulator
	admin     models.Viewer
	colleague models.Viewer // another administrator
}

func onEachDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		t.Run(string(dialect), func(t *testing.T) {
			clock := simulator.NewManualClock(noon)
			db := testkit.Open(t, testkit.URL(t, dialect), clock.Now)
			meta := simulator.New(simulator.Options{Clock: clock})
			graph := httptest.NewServer(meta)
			d := newDesk(t, db, clock, meta, graph.URL)
			t.Cleanup(func() {
				graph.Close()
				require.NoError(t, meta.Close())
			})
			require.NoError(t, meta.AddBusiness(simulator.Business{ID: "880", Name: "Aurora Ltda", Accounts: []simulator.BusinessAccount{{ID: waba, Name: "Padaria Aurora"}}}))
			require.NoError(t, meta.AddNumber(simulator.Number{ID: pending, DisplayNumber: "5511912345678", WABAID: waba, VerifiedName: "Padaria Aurora", Status: "PENDING"}))
			require.NoError(t, meta.AddNumber(simulator.Number{ID: ready, DisplayNumber: "5511912345679", WABAID: waba, VerifiedName: "Padaria Aurora"}))
			test(t, d)
		})
	}
}

// drainWorker stands for the inbox's, so that its jobs are taken.
type drainWorker struct {
	river.WorkerDefaults[channels.DrainArgs]
}

func (*drainWorker) Work(context.Context, *river.Job[channels.DrainArgs]) error { return nil }

// newDesk is another organization at the same Meta.
func newDesk(t *testing.T, db *store.Store, clock *simulator.ManualClock, meta *simulator.Simulator, url string) *desk {
	t.Helper()
	client := whatsapp.NewClient(whatsapp.Options{
		BaseURL: url, LoginURL: url, AppID: simulator.DefaultAppID, AppSecret: simulator.DefaultAppSecret, Now: clock.Now,
	})
	t.Cleanup(client.CloseIdleConnections)
	w := newWorld(t, db)
	queue := jobs.New(db, jobs.Options{})
	jobs.Register(queue, &drainWorker{})
	w.service = channels.New(db, newBox(t, 1), channels.Options{
		Queue: queue, Client: client, Accounts: accounts.New(db, accounts.Options{Clock: clock.Now}),
		Meta: channels.MetaApp{
			AppID: simulator.DefaultAppID, AppSecretSet: true, LoginConfigID: "4711", PublicURL: publicURL,
			AllowedOrigins: []string{"https://app.example.com"}, Key: []byte("signs states"),
		},
	})
	d := &desk{world: w, t: t, clock: clock, client: client, meta: meta}
	d.admin, d.colleague = d.administrator(), d.administrator()
	d.admin.UserID, d.colleague.UserID = w.user(t, w.admins), w.user(t, w.admins)
	return d
}

// start begins a connection.
func (d *desk) start(method models.ConnectionMethod) models.ChannelConnection {
	d.t.Helper()
	connection, err := d.service.StartConnection(d.t.Context(), d.admin, channels.ConnectionWish{Method: method})
	require.NoError(d.t, err)
	return connection
}

// authorized is a connection whose user agreed at Meta.
func (d *desk) authorized() models.ChannelConnection {
	d.t.Helper()
	begun := d.start(models.ConnectByLogin)
	connection, err := d.service.AnswerLogin(d.t.Context(), channels.LoginAnswer{
		State: d.service.LoginOf(d.admin, begun).State, Code: d.meta.Authorize(redirect, waba),
	})
	require.NoError(d.t, err)
	require.Equal(d.t, models.ConnectionAuthorized, connection.Status, "%+v", connection.Failure)
	return connection
}

// choose chooses a number.
func (d *desk) choose(connection models.ChannelConnection, number, pin string) models.ChannelConnection {
	d.t.Helper()
	chosen, err := d.service.ChooseNumber(d.t.Context(), d.admin, connection.ID, channels.NumberChoice{WABAID: waba, PhoneNumberID: number, PIN: pin})
	require.NoError(d.t, err)
	return chosen
}

// connected is a channel that came all the way.
func (d *desk) connected(number string) models.Channel {
	d.t.Helper()
	chosen := d.choose(d.authorized(), number, "")
	require.Equal(d.t, models.ConnectionRegistered, chosen.Status, "%+v", chosen.Failure)
	_, channel, err := d.service.FinishConnection(d.t.Context(), d.admin, chosen.ID, channels.ChannelDetails{Name: "Vendas"})
	require.NoError(d.t, err)
	return channel
}

// stored reads a channel.
func (d *desk) stored(id models.ID) models.Channel {
	d.t.Helper()
	found, err := d.service.ByID(d.t.Context(), d.admin, []models.ID{id})
	require.NoError(d.t, err)
	require.Contains(d.t, found, id)
	return found[id]
}

// connection reads a connection.
func (d *desk) connection(id models.ID) models.ChannelConnection {
	d.t.Helper()
	found, err := d.service.Connection(d.t.Context(), d.admin, id)
	require.NoError(d.t, err)
	return found
}

// events counts the events about a channel.
func (d *desk) events(channel models.ID) int {
	d.t.Helper()
	var count int64
	require.NoError(d.t, d.db.Read(d.t.Context()).Model(&models.Event{}).
		Where("organization_id = ? AND kind = ? AND channel_id = ?", d.id, models.EventChannelChanged, channel).Count(&count).Error)
	return int(count)
}
