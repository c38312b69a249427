package inbox_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/inbox"
	"recado/jobs"
	"recado/models"
	"recado/store"
)

// noon is when the tests' day is at its middle; all traffic lies before it.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// shop is an organization with two numbers and a pool of agents on each.
type shop struct {
	t            testing.TB
	db           *store.Store
	inbox        *inbox.Service
	organization models.ID
	channels     []models.Channel
	agents       []models.User
}

func newShop(t testing.TB, db *store.Store, service *inbox.Service) *shop {
	t.Helper()
	s := &shop{t: t, db: db, inbox: service, organization: models.NewID()}
	profile := models.Profile{ID: models.NewID(), OrganizationID: s.organization, Name: "Administrator", Administrator: true}
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
		rows := []any{
			&models.Organization{ID: s.organization, Name: "Padaria Aurora"},
			&models.FeedHead{OrganizationID: s.organization},
			&profile,
		}
		s.agents, s.channels = nil, nil
		for _, name := range []string{"Ana", "Bruno", "Carla"} {
			s.agents = append(s.agents, models.User{
				ID: models.NewID(), OrganizationID: s.organization, ProfileID: profile.ID,
				Email: strings.ToLower(name) + "@" + s.organization.String(), Name: name, Active: true,
			})
			rows = append(rows, new(s.agents[len(s.agents)-1]))
		}
		for i := range 2 {
			channel := models.Channel{
				ID: models.NewID(), OrganizationID: s.organization, Name: fmt.Sprint("Loja ", i+1),
				PhoneNumberID: digits(models.NewID()), WABAID: "214705829341166", DisplayNumber: "+5511400400" + strconv.Itoa(i),
				Status: models.ChannelConnected, AccessToken: []byte("sealed"), LastAssigneePosition: -1,
			}
			s.channels = append(s.channels, channel)
			rows = append(rows, new(channel))
			for position, agent := range s.agents {
				rows = append(rows, &models.ChannelAssignee{
					OrganizationID: s.organization, ChannelID: channel.ID, UserID: agent.ID, Position: position,
				})
			}
		}
		for _, row := range rows {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	}))
	return s
}

// digits makes an id such as Meta's of a random one of ours.
func digits(id models.ID) string {
	var b strings.Builder
	for _, x := range id[8:] {
		fmt.Fprintf(&b, "%03d", x)
	}
	return b.String()
}

// newReceiver returns an inbox that can receive, on a clock that stands at noon.
func newReceiver(t testing.TB, db *store.Store) *inbox.Service {
	t.Helper()
	service := inbox.New(inbox.Rooms{DB: db, Queue: jobs.New(db, jobs.Options{})}, inbox.Options{Clock: atNoon})
	t.Cleanup(service.Close)
	return service
}

func atNoon() time.Time { return noon }

// receive delivers payloads, all in one batch, and wants them stored.
func (s *shop) receive(payloads ...[]byte) {
	s.t.Helper()
	deliveries := make([]inbox.RawDelivery, len(payloads))
	for i, payload := range payloads {
		deliveries[i] = inbox.RawDelivery{Body: payload, ReceivedAt: noon}
	}
	for _, err := range s.inbox.Receive(s.t.Context(), deliveries) {
		require.NoError(s.t, err)
	}
}

// item is one message or status in Meta's JSON, with the number it is about.
type item struct {
	channel models.Channel
	contact map[string]any // the entry of contacts[]; nil: none
	message map[string]any
	status  map[string]any
	echo    bool // the message is one that the business wrote on its phone
}

// text is a customer's text message.
func text(channel models.Channel, from, name, wamid, body string, at time.Time) item {
	return item{
		channel: channel,
		contact: map[string]any{"wa_id": from, "profile": map[string]any{"name": name}},
		message: map[string]any{
			"from": from, "id": wamid, "timestamp": strconv.FormatInt(at.Unix(), 10), "type": "text", "text": map[string]any{"body": body},
		},
	}
}

// status is a step of a message of ours.
func status(channel models.Channel, wamid, step, callback string, at time.Time) item {
	value := map[string]any{"id": wamid, "status": step, "timestamp": strconv.FormatInt(at.Unix(), 10), "recipient_id": "5511987650001"}
	if callback != "" {
		value["biz_opaque_callback_data"] = callback
	}
	if step == "failed" {
		value["errors"] = []any{map[string]any{"code": 131026, "title": "Message undeliverable"}}
	}
	return item{channel: channel, status: value}
}

// payload is the body of a webhook with the items, each in a change of its own.
func payload(items ...item) []byte {
	changes := make([]any, len(items))
	for i, item := range items {
		value := map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]any{"display_phone_number": "551140040000", "phone_number_id": item.channel.PhoneNumberID},
		}
		if item.contact != nil {
			value["contacts"] = []any{item.contact}
		}
		field := "messages"
		switch {
		case item.echo:
			field = "smb_message_echoes"
			value["message_echoes"] = []any{item.message}
		case item.message != nil:
			value["messages"] = []any{item.message}
		}
		if item.status != nil {
			value["statuses"] = []any{item.status}
		}
		changes[i] = map[string]any{"field": field, "value": value}
	}
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry":  []any{map[string]any{"id": "214705829341166", "changes": changes}},
	})
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return body
}

// rows reads all rows of the shop's organization, ordered.
func rows[T any](s *shop, order string) []T {
	s.t.Helper()
	var found []T
	require.NoError(s.t, s.db.Read(s.t.Context()).Where("organization_id = ?", s.organization).Order(order).Find(&found).Error)
	return found
}
