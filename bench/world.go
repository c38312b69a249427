//go:build unix

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"recado/accounts"
	"recado/channels"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/whatsapp"
)

const (
	password      = "correct-horse-battery"
	administrator = "ada@example.com"
)

// world is an organization with numbers and people, in a database of its own.
type world struct {
	db           *store.Store
	url          string
	organization models.ID
	channels     []models.Channel
	agents       []models.ID // who reply on every channel; their addresses are agentEmail(i)
}

func agentEmail(i int) string { return fmt.Sprintf("agent%d@example.com", i) }

// newWorld makes one on PostgreSQL.
func (r *rig) newWorld(ctx context.Context, name string, numbers, agents int) (*world, error) {
	url, err := r.database(ctx, name)
	if err != nil {
		return nil, err
	}
	return r.worldIn(ctx, url, numbers, agents)
}

// worldIn makes one in an empty database.
func (r *rig) worldIn(ctx context.Context, url string, numbers, agents int) (*world, error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return nil, err
	}
	w := &world{db: db, url: url}
	if err := w.found(ctx, r, numbers, agents); err != nil {
		return nil, fmt.Errorf("make the world: %w", err)
	}
	return w, nil
}

func (w *world) found(ctx context.Context, r *rig, numbers, agents int) error {
	if err := w.db.Migrate(ctx); err != nil {
		return err
	}
	key, err := secrets.DecodeKey(r.secretKey)
	if err != nil {
		return err
	}
	box, err := secrets.NewBox(key)
	if err != nil {
		return err
	}
	people := accounts.New(w.db, accounts.Options{})
	organization, err := people.CreateOrganization(ctx, "Quayside Tea")
	if err != nil {
		return err
	}
	w.organization = organization.ID
	for i := range numbers {
		channel, err := channels.New(w.db, box, channels.Options{}).Connect(ctx, channels.NewChannel{
			OrganizationID: w.organization, Name: fmt.Sprintf("Number %d", i+1), PhoneNumberID: strconv.Itoa(331908274466120 + i),
			WABAID: "214705829341166", DisplayNumber: fmt.Sprintf("+4477009009%02d", i), AccessToken: "EAAbench-not-a-real-token",
		})
		if err != nil {
			return err
		}
		w.channels = append(w.channels, channel)
	}
	return w.staff(ctx, people, agents)
}

// staff makes an administrator, and agents who reply on every channel.
func (w *world) staff(ctx context.Context, people *accounts.Service, agents int) error {
	bosses, err := people.ProfileByName(ctx, w.organization, accounts.AdministratorProfile)
	if err != nil {
		return err
	}
	standard, err := people.ProfileByName(ctx, w.organization, accounts.StandardProfile)
	if err != nil {
		return err
	}
	if _, err := people.CreateUser(ctx, accounts.NewUser{
		OrganizationID: w.organization, ProfileID: bosses.ID, Email: administrator, Name: "Ada Admin", Password: password,
	}); err != nil {
		return err
	}
	for i := range agents {
		user, err := people.CreateUser(ctx, accounts.NewUser{
			OrganizationID: w.organization, ProfileID: standard.ID, Email: agentEmail(i), Name: personName(i * 7), Password: password,
		})
		if err != nil {
			return err
		}
		w.agents = append(w.agents, user.ID)
	}
	return w.db.Write(ctx, func(tx *store.Tx) error {
		var permissions []models.ChannelPermission
		for _, channel := range w.channels {
			permissions = append(permissions, models.ChannelPermission{
				OrganizationID: w.organization, ProfileID: standard.ID, ChannelID: channel.ID, Level: models.LevelReply,
			})
		}
		return store.InsertAll(tx, permissions)
	})
}

// shape completes the conversation of a person, and returns its messages if there
// are to be any.
type shape func(person int, conversation *models.Conversation) []models.Message

// populate makes people with a conversation each.
func (w *world) populate(ctx context.Context, people int, shape shape) error {
	const atATime = 2000
	for from := 0; from < people; from += atATime {
		err := w.db.Write(ctx, func(tx *store.Tx) error {
			return w.insertPeople(tx, from, min(from+atATime, people), shape)
		})
		if err != nil {
			return fmt.Errorf("make people: %w", err)
		}
	}
	return nil
}

func (w *world) insertPeople(tx *store.Tx, from, to int, shape shape) error {
	var contacts []models.Contact
	var identities []models.ContactIdentity
	var conversations []models.Conversation
	var messages []models.Message
	now := tx.Now()
	for person := from; person < to; person++ {
		contacts = append(contacts, models.Contact{
			OrganizationID: w.organization, ID: contactID(person), Name: personName(person), NameSeenAt: &now, CreatedAt: now, UpdatedAt: now,
		})
		conversation := models.Conversation{
			OrganizationID: w.organization, ID: conversationID(person), ChannelID: w.channels[0].ID, ContactID: contactID(person),
			Current: true, Status: models.ConversationOpen, Origin: models.OriginCustomer, LastMessageAt: now, CustomerWAID: waID(person), CustomerUserID: businessScopedID(person),
			Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		messages = append(messages, shape(person, &conversation)...)
		conversations = append(conversations, conversation)
		for _, identity := range []models.ContactIdentity{
			{Kind: models.IdentityWAID, Value: waID(person), MatchKey: whatsapp.MatchKey(waID(person))},
			{Kind: models.IdentityUser, Value: businessScopedID(person), MatchKey: businessScopedID(person)},
		} {
			identity.OrganizationID, identity.ChannelID, identity.ContactID = w.organization, conversation.ChannelID, contactID(person)
			identity.CreatedAt = now
			identities = append(identities, identity)
		}
	}
	for _, insert := range []func() error{
		func() error { return store.InsertAll(tx, contacts) },
		func() error { return store.InsertAll(tx, identities) },
		func() error { return store.InsertAll(tx, conversations) },
		func() error { return store.InsertAll(tx, messages) },
	} {
		if err := insert(); err != nil {
			return err
		}
	}
	return nil
}

// Who a person is, by number.

func waID(person int) string { return fmt.Sprintf("44770%07d", person) }

func businessScopedID(person int) string { return fmt.Sprintf("GB.%015d", 100_000_000_000_000+person) }

func contactID(person int) models.ID { return numberedID(1, person) }

func conversationID(person int) models.ID { return numberedID(2, person) }

// conversationIDPrefix is what conversationID begins with; twelve decimal digits of
// the person's number follow.
const conversationIDPrefix = "0192f000-0000-7000-8002-"

// numberedID has the form 0192f000-0000-7000-800K-NNNNNNNNNNNN, with the number in
// decimal digits, so that SQL can make it as well.
func numberedID(kind uint16, number int) models.ID {
	var id models.ID
	binary.BigEndian.PutUint64(id[:8], 0x0192f000_0000_7000)
	binary.BigEndian.PutUint16(id[8:], 0x8000|kind)
	for i := 15; i >= 10; i-- {
		id[i] = byte(number/10%10<<4 | number%10)
		number /= 100
	}
	return id
}

func personName(person int) string {
	return firstNames[person%len(firstNames)] + " " + lastNames[person/len(firstNames)%len(lastNames)]
}

var (
	firstNames = []string{"Iris", "Omar", "Lena", "Tomas", "Aiko", "Bruna", "Caio", "Dilma", "Emre", "Fatima", "Goran", "Hana", "Ines", "Jonas", "Kofi", "Luana"}
	lastNames  = []string{"Calder", "Souza", "Oliveira", "Yilmaz", "Novak", "Haddad", "Okafor", "Tanaka", "Lima", "Brandt", "Costa", "Moreau", "Silva"}
	sentences  = []string{
		text, "Good morning! Do you deliver to Vila Mariana?", "Thanks a lot", "How much is the large box?", "ok",
		"I would like to change my order from Tuesday to Thursday, is that still possible?", "The parcel arrived, everything is fine.",
		"Can I pay by card when I pick it up?", "Perfect, see you tomorrow", "Sorry, wrong number",
	}
)

// past spreads the conversations of a shop of some months over its numbers, agents
// and states, with so many messages each.
func (w *world) past(random *rand.Rand, messagesEach int) shape {
	now := models.SystemClock()
	return func(person int, c *models.Conversation) []models.Message {
		c.ChannelID = w.channels[min(int(random.ExpFloat64()*1.3), len(w.channels)-1)].ID
		last := now.Add(-time.Duration(random.ExpFloat64() * float64(30*24*time.Hour))).Truncate(models.Precision)
		open := random.Float64() < 0.3
		if !open {
			c.Status, c.ClosedAt, c.ClosedByID = models.ConversationClosed, &last, &w.agents[random.IntN(len(w.agents))]
		}
		if !open || random.Float64() < 0.8 {
			c.AssigneeID = &w.agents[random.IntN(len(w.agents))]
		}
		if open && random.Float64() < 0.4 {
			c.UnreadCount = 1 + random.IntN(4)
		}
		var messages []models.Message
		for i := range messagesEach {
			at := last.Add(-time.Duration(messagesEach-1-i) * 7 * time.Minute)
			m := models.Message{
				OrganizationID: w.organization, ID: models.NewID(), ChannelID: c.ChannelID, ConversationID: c.ID, Direction: models.Inbound,
				Kind: models.KindText, Body: sentences[random.IntN(len(sentences))], Status: models.StatusReceived, SentAt: at, CreatedAt: at, UpdatedAt: at,
			}
			wamid := wamidOf(waID(person), random.Uint64(), random.Uint64())
			m.WAMID = &wamid
			if i == 1 && c.AssigneeID != nil {
				m.Direction, m.Status, m.SenderID = models.Outbound, models.StatusRead, c.AssigneeID
				m.AcceptedAt, m.LeftAt, m.DeliveredAt, m.ReadAt, m.Attempts = &at, &at, &at, &at, 1
			}
			messages = append(messages, m)
		}
		unread := c.UnreadCount
		for _, m := range messages {
			c.SeeMessage(m)
		}
		c.UnreadCount = unread
		if !open {
			c.WaitingSince = nil
		}
		return messages
	}
}
