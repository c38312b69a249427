package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func mark(id any) map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "status": "read", "message_id": id}
}

func TestReadMarks(t *testing.T) {
	w := newWorld(t)
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
	first := c.SendText(numberID, "one")
	second := c.SendText(numberID, "two")
	third := c.SendText(numberID, "three")
	w.flush()
	w.hook.take()
	w.clock.Advance(time.Minute)

	require.JSONEq(t, `{"success":true}`, w.send(mark(second)).raw)
	written := c.Written(numberID)
	require.Equal(t, []string{first, second, third}, []string{written[0].ID, written[1].ID, written[2].ID})
	require.Equal(t, start.Add(time.Minute), written[0].ReadAt, "earlier messages are read too")
	require.Equal(t, start.Add(time.Minute), written[1].ReadAt)
	require.Zero(t, written[2].ReadAt)
	require.Equal(t, []simulator.ReadMark{{
		NumberID: numberID, MessageID: second, WAID: irisWAID, UserID: c.UserID(), At: start.Add(time.Minute),
	}}, w.meta.ReadMarks())
	require.Empty(t, w.meta.Typing())
	w.pass(time.Hour)
	require.Empty(t, w.hook.take(), "no webhook follows")

	ours := w.send(text(irisWAID, "hi")).id(t)
	require.NoError(t, w.meta.AddNumber(simulator.Number{ID: "222", WABAID: waba, DisplayNumber: "15550102031"}))
	elsewhere := c.SendText("222", "hi")
	for name, body := range map[string]map[string]any{
		"unknown_id":        mark("wamid.unknown"),
		"own_message":       mark(ours),
		"of_another_number": mark(elsewhere),
		"id_missing":        with(mark(nil), "message_id", nil),
		"other_status":      with(mark(third), "status", "delivered"),
		"product_missing":   with(mark(third), "messaging_product", nil),
		"typing_of_no_type": with(mark(third), "typing_indicator", map[string]any{"type": "dance"}),
	} {
		a := w.send(body)
		require.Equal(t, 400, a.status, name)
		require.Equal(t, 100, a.code(), name)
	}
	require.Len(t, w.meta.ReadMarks(), 1)
}

func TestTypingIndicator(t *testing.T) {
	w := newWorld(t)
	c := w.meta.Customer(simulator.Customer{WAID: irisWAID})
	id := c.SendText(numberID, "one")
	typing := with(mark(id), "typing_indicator", map[string]any{"type": "text"})
	require.Equal(t, 200, w.send(typing).status)
	require.Equal(t, start.Add(25*time.Second), w.meta.Typing()[0].Until)
	require.True(t, c.SeesTyping(numberID))
	require.False(t, c.SeesTyping("222"))
	w.clock.Advance(10 * time.Second)
	w.send(text(irisWAID, "hi"))
	require.Equal(t, start.Add(10*time.Second), w.meta.Typing()[0].Until, "the next message ends it")
	require.False(t, c.SeesTyping(numberID))
	w.clock.Advance(time.Minute)
	w.send(typing)
	w.clock.Advance(time.Minute)
	w.send(text(irisWAID, "hi"))
	require.Equal(t, start.Add(95*time.Second), w.meta.Typing()[1].Until)
}
