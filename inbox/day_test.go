package inbox_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/inbox"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// act is one thing that happens in a day of traffic. It names channels and our
// own messages by their place, so that the same day can be played in two shops.
type act struct {
	what     string // message, reaction, edit, deletion, change, status or answer
	channel  int
	at       time.Time
	wamid    string
	wa, user string // message: the sender's ids, at least one
	name     string
	body     string
	replyTo  string
	outgoing int    // status, answer: which of our messages
	step     string // status
	callback bool   // status: carries our id
	onPhone  bool   // message, reaction, edit, deletion: the business did it on its phone; wa and user are the customer's
	target   string // reaction, edit, deletion: the message it is about
	emoji    string // reaction; empty takes it back
	newWA    string // change: the customer's number from then on
	newUser  string // change: their user id from then on
	fromAd   bool   // message
}

// ids are how the act names the customer.
func (a act) ids(from act) act {
	a.channel, a.wa, a.user, a.onPhone = from.channel, from.wa, from.user, from.onPhone
	return a
}

// outgoing is a message of ours whose call to Meta is under way as the day begins.
type outgoing struct {
	wamid string
	at    time.Time
}

type day struct {
	opening  act // a customer's message of the day before, which the outgoing ones answer
	outgoing []outgoing
	acts     []act
}

// person is a customer and the ways Meta names them.
type person struct {
	waIDs []string
	user  string
	names []string
}

var people = []person{
	{waIDs: []string{"5511987650001"}, user: "BR.1001", names: []string{"João", "João da Padaria"}},
	{waIDs: []string{"556198765432", "5561998765432"}, user: "BR.1002", names: []string{"Zélia"}}, // with and without the ninth digit
	{waIDs: []string{"5215512345678", "525512345678"}, user: "MX.1003", names: []string{"Lupita", ""}},
	{user: "GB.1004", names: []string{"iris.calder"}},                                         // hides the number
	{waIDs: []string{"447700900456", ""}, user: "GB.1005", names: []string{"Iris", "Íris 🌷"}}, // hides it since today
	{waIDs: []string{"5493515550001", "543515550001"}, names: []string{"Martín"}},
}

func drawDay(r *rapid.T) day {
	second := 0
	next := func() time.Time { // no two acts in the same second: that order is the arrival's
		second += rapid.IntRange(1, 600).Draw(r, "pause")
		return noon.Add(-20*time.Hour + time.Duration(second)*time.Second)
	}
	d := day{opening: act{
		what: "message", wa: people[0].waIDs[0], user: people[0].user, name: "João", wamid: "wamid.open", body: "Oi", at: next(),
	}}
	said := []string{"wamid.open"}
	written := []act{d.opening}
	for i := range rapid.IntRange(0, 4).Draw(r, "outgoing") {
		message := outgoing{wamid: fmt.Sprint("wamid.out", i), at: next()}
		d.outgoing = append(d.outgoing, message)
		said = append(said, message.wamid)
		written = append(written, act{wamid: message.wamid, onPhone: true}.ids(d.opening))
		written[len(written)-1].onPhone = true
		if rapid.IntRange(0, 2).Draw(r, "answered") > 0 { // else the answer is lost, and only a status can claim the message
			d.acts = append(d.acts, act{what: "answer", outgoing: i, wamid: message.wamid, at: next()})
		}
		for _, step := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"sent", "delivered", "read", "failed"}), 0, 4,
			rapid.ID[string]).Draw(r, "steps") {
			d.acts = append(d.acts, act{
				what: "status", outgoing: i, wamid: message.wamid, step: step, at: next(),
				callback: rapid.Bool().Draw(r, "callback"),
			})
		}
	}
	for i := range rapid.IntRange(1, 12).Draw(r, "messages") {
		who := rapid.SampledFrom(people).Draw(r, "person")
		message := act{
			what: "message", channel: rapid.IntRange(0, 1).Draw(r, "channel"), at: next(),
			wamid: fmt.Sprint("wamid.in", i), body: fmt.Sprint("mensagem ", i), name: rapid.SampledFrom(who.names).Draw(r, "name"),
		}
		message.user = who.user
		if len(who.waIDs) > 0 {
			message.wa = rapid.SampledFrom(who.waIDs).Draw(r, "wa")
		}
		if message.wa != "" && rapid.Bool().Draw(r, "only wa") { // as payloads did before April 2026
			message.user = ""
		}
		if rapid.Bool().Draw(r, "reply") {
			message.replyTo = rapid.SampledFrom(append(said, "wamid.unknown")).Draw(r, "to")
		}
		if message.onPhone = rapid.IntRange(0, 3).Draw(r, "on the phone") == 0; message.onPhone {
			message.name = ""
			for _, step := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"sent", "delivered", "read"}), 0, 2, rapid.ID[string]).Draw(r, "phone steps") {
				d.acts = append(d.acts, act{what: "status", channel: message.channel, outgoing: -1, wamid: message.wamid, step: step, at: next()})
			}
		}
		said = append(said, message.wamid)
		written = append(written, message)
		d.acts = append(d.acts, message)
		if rapid.IntRange(0, 4).Draw(r, "ad") == 0 && !message.onPhone {
			d.acts[len(d.acts)-1].fromAd = true
		}
	}
	d.acts = append(d.acts, drawMove(r, next)...)
	for i := range rapid.IntRange(0, 8).Draw(r, "about others") {
		about := rapid.SampledFrom(written).Draw(r, "about")
		made := act{
			what: rapid.SampledFrom([]string{"reaction", "reaction", "edit", "deletion"}).Draw(r, "what"), at: next(),
			wamid: fmt.Sprint("wamid.act", i), body: fmt.Sprint("corrigida ", i), target: about.wamid,
		}.ids(about)
		if made.what == "reaction" {
			made.emoji = rapid.SampledFrom([]string{"👍", "❤️", ""}).Draw(r, "emoji")
			made.onPhone = rapid.Bool().Draw(r, "reacts on the phone")
		}
		if rapid.IntRange(0, 5).Draw(r, "lost") == 0 {
			made.target = "wamid.unknown"
		}
		d.acts = append(d.acts, made)
	}
	return d
}

// scramble shuffles the acts, delivers some of them again, and groups them into
// payloads and payloads into batches.
func (d day) scramble(r *rapid.T) [][][]act {
	acts := slices.Clone(d.acts)
	for _, again := range d.acts {
		if again.what != "answer" && rapid.IntRange(0, 2).Draw(r, "again") == 0 {
			acts = append(acts, again)
		}
	}
	acts = rapid.Permutation(acts).Draw(r, "order")
	var batches [][][]act
	for len(acts) > 0 {
		var batch [][]act
		for range rapid.IntRange(1, 3).Draw(r, "payloads") {
			size := min(rapid.IntRange(1, 4).Draw(r, "items"), len(acts))
			batch = append(batch, acts[:size])
			acts = acts[size:]
		}
		batches = append(batches, batch)
	}
	return batches
}

// begin brings a shop to the start of the day and returns the ids of its outgoing
// messages.
func (s *shop) begin(d day) []models.ID {
	s.receive(payload(s.item(d.opening, nil)))
	var conversation models.Conversation
	require.NoError(s.t, s.db.Read(s.t.Context()).Take(&conversation, "organization_id = ?", s.organization).Error)
	ids := make([]models.ID, len(d.outgoing))
	require.NoError(s.t, s.db.Write(s.t.Context(), func(tx *store.Tx) error {
		for i, message := range d.outgoing {
			ids[i] = models.NewID()
			row := models.Message{
				OrganizationID: s.organization, ID: ids[i], ChannelID: conversation.ChannelID, ConversationID: conversation.ID,
				Direction: models.Outbound, Kind: models.KindText, Body: message.wamid, Status: models.StatusSending,
				SentAt: message.at, Attempts: 1, AttemptedAt: &message.at,
			}
			if err := tx.Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// play lets the acts happen: payloads of a batch together, answers by themselves.
func (s *shop) play(ids []models.ID, batches [][][]act) {
	for _, batch := range batches {
		var payloads [][]byte
		for _, acts := range batch {
			var items []item
			for _, act := range acts {
				if act.what == "answer" {
					args := inbox.SendArgs{OrganizationID: s.organization, MessageID: ids[act.outgoing]}
					require.NoError(s.t, s.inbox.EndAttempt(s.t.Context(), args, inbox.Attempt{}, whatsapp.SendResult{MessageID: act.wamid}, nil))
					continue
				}
				items = append(items, s.item(act, ids))
			}
			if len(items) > 0 {
				payloads = append(payloads, payload(items...))
			}
		}
		if len(payloads) > 0 {
			s.receive(payloads...)
		}
	}
}

func (s *shop) item(a act, ids []models.ID) item {
	channel := s.channels[a.channel]
	if a.what == "status" {
		callback := ""
		if a.callback {
			callback = ids[a.outgoing].String()
		}
		return status(channel, a.wamid, a.step, callback, a.at)
	}
	if a.what == "change" {
		return changeOfNumber(channel, a)
	}
	made := text(channel, a.wa, a.name, a.wamid, a.body, a.at)
	if a.user != "" {
		made.contact["user_id"], made.message["from_user_id"] = a.user, a.user
	}
	if a.wa == "" {
		delete(made.contact, "wa_id")
		delete(made.message, "from")
	}
	if a.replyTo != "" {
		made.message["context"] = map[string]any{"id": a.replyTo}
	}
	is := func(kind string, part map[string]any) {
		delete(made.message, "text")
		made.message["type"], made.message[kind] = kind, part
	}
	if a.fromAd {
		made.message["referral"] = map[string]any{"source_type": "ad", "source_id": "120210000000000001"}
	}
	switch a.what {
	case "reaction":
		is("reaction", map[string]any{"message_id": a.target, "emoji": a.emoji})
	case "edit":
		is("edit", map[string]any{
			"original_message_id": a.target, "message": map[string]any{"type": "text", "text": map[string]any{"body": a.body}},
		})
	case "deletion":
		is("revoke", map[string]any{"original_message_id": a.target})
	}
	if a.onPhone {
		made.contact, made.echo = nil, true
		made.message["to"], made.message["to_user_id"] = a.wa, a.user
		made.message["from"] = channel.DisplayNumber
		delete(made.message, "from_user_id")
	}
	return made
}

// state is everything that the traffic left in a shop's tables, in words that do
// not depend on ids, on who got what, or on when we heard of it.
func (s *shop) state() []string {
	names := make(map[models.ID]string)
	for i, channel := range s.channels {
		names[channel.ID] = fmt.Sprint("channel", i)
	}
	known := make(map[models.ID][]string)
	for _, identity := range rows[models.ContactIdentity](s, "kind, value, channel_id") {
		known[identity.ContactID] = append(known[identity.ContactID],
			fmt.Sprint(names[identity.ChannelID], "/", identity.Kind, "/", identity.Value))
	}
	var lines []string
	for _, contact := range rows[models.Contact](s, "id") {
		slices.Sort(known[contact.ID])
		names[contact.ID] = strings.Join(known[contact.ID], " ")
		lines = append(lines, fmt.Sprint("contact ", names[contact.ID], ": ", contact.Name, " ", clock(contact.NameSeenAt)))
	}
	wamids := make(map[models.ID]string)
	messages := rows[models.Message](s, "id")
	for _, m := range messages {
		wamids[m.ID] = m.Body
		if m.WAMID != nil {
			wamids[m.ID] = *m.WAMID
		}
	}
	for _, c := range rows[models.Conversation](s, "id") {
		names[c.ID] = names[c.ChannelID] + " with " + names[c.ContactID]
		last := ""
		if c.LastMessageID != nil {
			last = wamids[*c.LastMessageID]
		}
		lines = append(lines, fmt.Sprintln("conversation", names[c.ID], c.Status, "unread", c.UnreadCount, "last", last, clock(&c.LastMessageAt),
			"customer", clock(c.LastCustomerMessageAt), c.CustomerWAID, clock(c.CustomerWAIDSeenAt), c.CustomerUserID, clock(c.CustomerUserIDSeenAt), "from an ad", clock(c.LastReferralAt), clock(c.FreeEntryExpiresAt),
			"assigned", c.AssigneeID != nil))
	}
	for _, m := range messages {
		replyTo := ""
		if m.ReplyToWAMID != nil {
			replyTo = *m.ReplyToWAMID
		}
		lines = append(lines, fmt.Sprintln("message", wamids[m.ID], "in", names[m.ConversationID], m.Direction, m.Source, m.Kind, m.Body, "to", replyTo, m.Status,
			"edited", clock(m.EditedAt), "deleted", clock(m.DeletedAt),
			clock(&m.SentAt), "accepted", m.AcceptedAt != nil, clock(m.LeftAt), clock(m.DeliveredAt), clock(m.ReadAt), clock(m.FailedAt), m.Failure))
	}
	for _, m := range rows[models.MessageReaction](s, "wamid, direction") {
		lines = append(lines, fmt.Sprintln("reaction", m.WAMID, names[m.ChannelID], m.Direction, m.Emoji, clock(&m.ReactedAt)))
	}
	for _, m := range rows[models.MessageRevision](s, "wamid, id") {
		lines = append(lines, fmt.Sprintln("revision", m.WAMID, m.ID, m.Direction, m.Deletion, m.Body, clock(&m.RevisedAt)))
	}
	for _, p := range rows[models.ParkedStatus](s, "wamid, status") {
		lines = append(lines, fmt.Sprintln("parked", p.WAMID, p.Status, clock(&p.OccurredAt)))
	}
	slices.Sort(lines)
	return lines
}

func clock(at *time.Time) string {
	if at == nil {
		return "never"
	}
	return at.UTC().Format(time.DateTime)
}
