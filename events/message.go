package events

import (
	"encoding/json"
	"fmt"
	"strconv"

	"recado/models"
)

// message is what travels on the bus, as JSON: committed events of one
// organization in the order of their positions.
type message struct {
	// Position is the newest position the message speaks of. A message without
	// events only says that the log has come this far: the event was too big.
	Position int64          `json:"position"`
	Events   []models.Event `json:"events,omitempty"`
}

// subject is where the events of an organization are published.
func subject(organization models.ID) string {
	return "recado.feed." + organization.String()
}

// envelope is room for what encode puts around the events.
const envelope = len(`{"position":,"events":[]}`) + len("9223372036854775807")

// encode packs events of one organization into as few messages as fit into limit
// bytes each. An event that does not fit at all is replaced by its position.
func encode(events []models.Event, limit int) ([][]byte, error) {
	var (
		messages [][]byte
		batch    []byte // the events of the message being packed, comma-separated
		last     int64  // the position of the last of them
	)
	flush := func() {
		if len(batch) > 0 {
			messages = append(messages, pack(last, batch))
			batch = nil
		}
	}
	for i := range events {
		encoded, err := json.Marshal(&events[i])
		if err != nil {
			return nil, fmt.Errorf("encode event %s: %w", events[i].ID, err)
		}
		if envelope+len(encoded) > limit {
			flush()
			messages = append(messages, pack(events[i].Position, nil))
			continue
		}
		if envelope+len(batch)+len(",")+len(encoded) > limit {
			flush()
		}
		if len(batch) > 0 {
			batch = append(batch, ',')
		}
		batch, last = append(batch, encoded...), events[i].Position
	}
	flush()
	return messages, nil
}

func pack(position int64, events []byte) []byte {
	packed := make([]byte, 0, envelope+len(events))
	packed = append(packed, `{"position":`...)
	packed = strconv.AppendInt(packed, position, 10)
	if len(events) > 0 {
		packed = append(packed, `,"events":[`...)
		packed = append(packed, events...)
		packed = append(packed, ']')
	}
	return append(packed, '}')
}

// decode reads a message about one organization.
func decode(data []byte, organization models.ID) (message, error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return message{}, fmt.Errorf("decode message of %d bytes: %w", len(data), err)
	}
	for _, event := range m.Events {
		if event.OrganizationID != organization {
			return message{}, fmt.Errorf("event %s of organization %s does not belong on the subject of %s",
				event.ID, event.OrganizationID, organization)
		}
	}
	return m, nil
}
