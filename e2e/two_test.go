package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

// pair is a world that two processes serve, with a real NATS between them and a
// simulated Meta that both reach by its address.
type pair struct {
	*world
	meta *simulator.Simulator
	a, b *process
	next int // number of the next text
}

func newPair(t *testing.T) *pair {
	t.Helper()
	meta := simulator.New(simulator.Options{AppSecret: appSecret, Timing: simulator.Timing{
		Sent: 20 * time.Millisecond, Delivered: 40 * time.Millisecond, Read: 40 * time.Millisecond, Review: 100 * time.Millisecond,
	}})
	graph := httptest.NewServer(meta)
	t.Cleanup(func() {
		require.NoError(t, meta.Close())
		graph.Close()
	})
	for id, number := range map[string]string{counter: "551140040000", orders: "551140040001"} {
		require.NoError(t, meta.AddNumber(simulator.Number{
			ID: id, DisplayNumber: number, WABAID: wabaID, VerifiedName: "Padaria Aurora", Token: accessToken,
		}))
	}
	w := newWorld(t, store.Postgres)
	w.settings = w.settings.with("RECADO_NATS_URL", startNATS(t), "RECADO_META_GRAPH_URL", graph.URL)
	p := &pair{world: w, meta: meta}
	p.a, p.b = w.serve(), w.serve()
	return p
}

// startNATS runs a nats-server on a free port and returns its address.
func startNATS(t *testing.T) string {
	t.Helper()
	server := exec.Command(natsServer, "--addr", "127.0.0.1", "--port", "-1")
	output, err := server.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	listening, closed := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(closed)
		address := regexp.MustCompile(`Listening for client connections on (\S+)`)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if match := address.FindStringSubmatch(lines.Text()); match != nil {
				listening <- match[1]
			}
		}
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-closed
		_ = server.Wait() // killed
	})
	select {
	case address := <-listening:
		return "nats://" + address
	case <-time.After(patience):
		require.FailNow(t, "nats-server does not listen")
		return ""
	}
}

// write has a customer write to a number, through one process.
func (p *pair) write(process *process, number, customer string) text {
	p.t.Helper()
	text := textNumber(p.next, customer)
	p.next++
	deliver(p.t, process.address, payload(p.t, number, time.Now(), text))
	return text
}

// holdsFeed makes sure that the events are exactly those of the feed from the
// first of them on, in the feed's order, but for what is for one user's
// notifications alone, and what becomes of channels.
func (p *pair) holdsFeed(events []event) {
	p.t.Helper()
	var committed []string
	for _, event := range p.feed() {
		if event.UserID == nil && event.Kind != models.EventChannelChanged {
			committed = append(committed, models.PublicID(models.PrefixEvent, event.ID))
		}
	}
	require.NotEmpty(p.t, events)
	first := slices.Index(committed, events[0].ID)
	require.GreaterOrEqual(p.t, first, 0)
	require.Equal(p.t, committed[first:first+len(events)], ids(events))
}

func TestTwoProcesses(t *testing.T) {
	p := newPair(t)
	ana := signIn(t, p.b, p.ana)

	t.Run("what one receives the other tells, in order and without gaps", func(t *testing.T) {
		socket := ana.listenNow(p)
		var texts []text
		var posting sync.WaitGroup
		for i := range 8 {
			var bodies [][]byte
			for range 25 {
				text := textNumber(p.next, customerNumber(i))
				p.next++
				texts, bodies = append(texts, text), append(bodies, payload(t, counter, time.Now(), text))
			}
			posting.Go(func() {
				for _, body := range bodies {
					deliver(t, p.a.address, body)
				}
			})
		}
		posting.Wait()
		p.holdsFeed(socket.awaitTexts(texts...))
		added := make(map[string]int)
		for _, event := range socket.soFar() {
			if event.Type == "MessageAddedEvent" {
				added[event.Message.Content.Body]++
			}
		}
		for _, text := range texts {
			require.Equal(t, 1, added[text.body], text.body)
		}
	})

	t.Run("ten messages of a new customer at once make one conversation", func(t *testing.T) {
		for round := range 5 {
			customer := customerNumber(1000 + round)
			processes := []*process{p.a, p.b}
			start := make(chan struct{})
			var posting sync.WaitGroup
			for i := range 10 {
				body := payload(t, counter, time.Now(), textNumber(p.next, customer))
				p.next++
				posting.Go(func() {
					<-start
					deliver(t, processes[i%2].address, body)
				})
			}
			close(start)
			posting.Wait()
			var found []conversation
			for _, conversation := range ana.conversations() {
				if conversation.Contact.Name == nameOf(customer) {
					found = append(found, conversation)
				}
			}
			require.Len(t, found, 1)
			require.Equal(t, 10, found[0].UnreadCount)
			require.Len(t, found[0].bodies, 10)
			require.NotNil(t, found[0].Assignee)
			var contacts int64
			require.NoError(t, p.db.Read(t.Context()).Model(&models.Contact{}).Where("name = ?", nameOf(customer)).Count(&contacts).Error)
			require.EqualValues(t, 1, contacts)
			assignees := make(map[string]bool)
			for _, event := range p.feed() {
				if event.UserID == nil && models.PublicID(models.PrefixConversation, event.ConversationID) == found[0].ID {
					var payload models.EventPayload
					require.NoError(t, json.Unmarshal(event.Payload, &payload))
					require.NotNil(t, payload.Conversation.AssigneeID)
					assignees[models.PublicID(models.PrefixUser, *payload.Conversation.AssigneeID)] = true
				}
			}
			require.Equal(t, map[string]bool{found[0].Assignee.ID: true}, assignees, "it was never anybody else's")
		}
	})

	t.Run("what is answered at one goes out once, whoever sends it", func(t *testing.T) {
		require.NoError(t, p.meta.SetCallback(t.Context(), "http://"+p.a.address+"/webhooks/whatsapp", verifyToken))
		socket := ana.listenNow(p)
		iris := p.meta.Customer(simulator.Customer{WAID: "447700911111", Name: "Iris Calder"})
		iris.SendText(counter, "Está aberto?")
		heard := socket.awaitTexts(text{body: "Está aberto?"})
		conversation := heard[len(heard)-1].Conversation.ID
		var answers []string
		for i := range 20 {
			answers = append(answers, fmt.Sprintf("Resposta %d", i))
			ana.at([]*process{p.a, p.b}[i%2]).send(conversation, answers[i])
		}
		socket.await("the last tick of every answer", func(events []event, _ error) bool {
			read := make(map[string]bool)
			for _, event := range events {
				if event.Message != nil && event.Message.Status == "READ" {
					read[event.Message.Content.Body] = true
				}
			}
			return len(read) == len(answers)
		})
		var received, sent []string
		for _, message := range iris.Inbox(counter) {
			received = append(received, message.Body)
		}
		require.ElementsMatch(t, answers, received)
		for _, message := range p.meta.Sent() {
			sent = append(sent, message.Body)
		}
		require.Equal(t, answers, sent, "in the order they were written")
		p.holdsFeed(socket.soFar())
	})

	var bruno *agent
	t.Run("who looks or types at one is seen at the other", func(t *testing.T) {
		p.write(p.a, orders, customerNumber(4000))
		conversation := ana.conversationOf(customerNumber(4000))
		bruno = &agent{client: signIn(p.t, p.a, p.bruno), conversation: conversation, seen: ana.watchPresence(conversation)}
		bruno.watchPresence(conversation) // as those do who look at it: it would end their presence in order
		bruno.does("VIEWING")
		bruno.does("TYPING")
	})

	// This is what ends the process at which Bruno is typing.
	t.Run("what one acknowledged before it was killed, the other tells", func(t *testing.T) {
		socket := ana.listenNow(p)
		for round := range 5 {
			text := p.write(p.a, counter, customerNumber(2000+round))
			p.a.kill()
			p.holdsFeed(socket.awaitTexts(text))
			p.a = p.serve()
		}
	})

	for name, end := range map[string]struct {
		do   func(*process)
		code websocket.StatusCode // -1: the connection just broke
	}{
		"was killed":       {func(p *process) { p.kill() }, -1},
		"was asked to end": {func(p *process) { require.Zero(t, p.terminate()) }, websocket.StatusServiceRestart},
	} {
		t.Run("who was at one that "+name+" goes on at the other from their cursor", func(t *testing.T) {
			before := ana.at(p.a).listenNow(p)
			var texts []text
			for i := range 5 {
				texts = append(texts, p.write(p.b, counter, customerNumber(i)))
			}
			seen := before.awaitTexts(texts...)
			end.do(p.a)
			before.await("the end of the socket", func(_ []event, end error) bool { return end != nil })
			require.Equal(t, end.code, websocket.CloseStatus(before.ended()))
			for i := range 5 { // while nobody listens
				texts = append(texts, p.write(p.b, counter, customerNumber(i)))
			}
			after := ana.listen(seen[len(seen)-1].Cursor)
			texts = append(texts, p.write(p.b, counter, customerNumber(0)))
			rest := after.awaitTexts(texts[5:]...)
			p.holdsFeed(append(slices.Clone(seen), rest...))
			p.a = p.serve()
		})
	}

	t.Run("credits for 50 begin 50 of 200 conversations, at whichever they are asked for", p.begins200With50)

	t.Run("rights that are taken away at one end at the other's sockets", func(t *testing.T) {
		began := time.Now()
		bruno, carla := signIn(t, p.b, p.bruno).listenNow(p), signIn(t, p.b, p.carla).listenNow(p)
		boss := ana.at(p.a)
		boss.setLevel(p.brunosProfile, p.counter, "NONE")
		boss.setActive(p.carla, false)

		// A text to the channel that was taken away, then one to the other: once the
		// second comes without the first, the first will not come.
		eventually(t, "hides the channel", func() bool {
			hidden, shown := p.write(p.a, counter, customerNumber(3000)), p.write(p.a, orders, customerNumber(3001))
			return !tells(bruno.awaitTexts(shown), hidden)
		})
		t.Logf("the channel was hidden after %s", time.Since(began).Round(10*time.Millisecond))
		for range 3 {
			hidden, shown := p.write(p.a, counter, customerNumber(3000)), p.write(p.b, orders, customerNumber(3001))
			require.False(t, tells(bruno.awaitTexts(shown), hidden))
		}
		carla.await("the end of the socket", func(_ []event, end error) bool { return end != nil })
		require.EqualValues(t, 4403, websocket.CloseStatus(carla.ended()))
		require.Less(t, time.Since(began), patience)
	})

	t.Run("who was typing at one that was killed is gone from the other after half a minute", bruno.isGone)
}

// listenNow subscribes from now on and makes sure that the stream runs.
func (c *client) listenNow(p *pair) *socket {
	c.t.Helper()
	// A stream without a cursor starts somewhere after the subscription was sent. What
	// is written until it is seen to run tells where.
	s := c.listen("")
	eventually(c.t, "tells the first event", func() bool {
		p.write(p.b, orders, customerNumber(9000))
		ctx, cancel := context.WithTimeout(c.t.Context(), 200*time.Millisecond)
		defer cancel()
		return s.begins(ctx)
	})
	return s
}

func tells(events []event, text text) bool {
	return slices.ContainsFunc(events, func(e event) bool {
		return e.Message != nil && e.Message.Content.Body == text.body
	})
}

// send answers in a conversation.
func (c *client) send(conversation, body string) {
	c.t.Helper()
	var answer struct {
		MessageSend struct {
			Message    *struct{ ID string }
			UserErrors []struct{ Code string }
		}
	}
	c.ask(`mutation ($input: MessageSendInput!) { messageSend(input: $input) { message { id } userErrors { code } } }`,
		map[string]any{"input": map[string]any{
			"conversationId": conversation, "idempotencyKey": body, "content": map[string]any{"text": map[string]string{"body": body}},
		}}, &answer)
	require.Empty(c.t, answer.MessageSend.UserErrors)
	require.NotNil(c.t, answer.MessageSend.Message)
}

func (c *client) setLevel(profile models.Profile, channel models.Channel, level string) {
	c.t.Helper()
	var answer struct {
		ChannelPermissionSet struct{ UserErrors []struct{ Code string } }
	}
	c.ask(`mutation ($input: ChannelPermissionSetInput!) { channelPermissionSet(input: $input) { userErrors { code } } }`,
		map[string]any{"input": map[string]string{
			"profileId": models.PublicID(models.PrefixProfile, profile.ID), "channelId": models.PublicID(models.PrefixChannel, channel.ID), "level": level,
		}}, &answer)
	require.Empty(c.t, answer.ChannelPermissionSet.UserErrors)
}

func (c *client) setActive(user models.User, active bool) {
	c.t.Helper()
	var answer struct {
		UserSetActive struct{ UserErrors []struct{ Code string } }
	}
	c.ask(`mutation ($input: UserSetActiveInput!) { userSetActive(input: $input) { userErrors { code } } }`,
		map[string]any{"input": map[string]any{"userId": models.PublicID(models.PrefixUser, user.ID), "isActive": active}}, &answer)
	require.Empty(c.t, answer.UserSetActive.UserErrors)
}
