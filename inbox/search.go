package inbox

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"recado/crm"
	"recado/fulltext"
	"recado/models"
	"recado/store"
)

// MessageSearch says which messages are looked for. All conditions must hold.
type MessageSearch struct {
	Text           string      // see fulltext.Parse
	ChannelIDs     []models.ID // on any of these; nil: on any; those that the viewer may not see match nothing
	ConversationID *models.ID
	Direction      *models.Direction
	From, Until    *time.Time // SentAt from a moment on, and before one
	Page           PageRequest
}

// FoundMessage is a message, with the part of its text that was looked for.
type FoundMessage struct {
	models.Message
	Snippet []fulltext.Segment
}

// SearchMessages returns a page of the messages on channels that the viewer may see
// whose texts have all the words; the newest first. INVALID for a text that
// fulltext.Parse refuses, a request out of bounds, or a cursor of another search.
func (s *Service) SearchMessages(ctx context.Context, viewer models.Viewer, search MessageSearch) (Page[FoundMessage], error) {
	query, err := fulltext.Parse(search.Text)
	if err != nil {
		return Page[FoundMessage]{}, err
	}
	wanted, err := store.SearchKeyset(search.scope(viewer)).Range(search.Page)
	if err != nil {
		return Page[FoundMessage]{}, err
	}
	channels, all := viewer.Visible(search.ChannelIDs)
	if !all && len(channels) == 0 {
		return Page[FoundMessage]{}, nil
	}
	places, err := s.db.Search(ctx, store.Search{
		OrganizationID: viewer.OrganizationID, Kind: store.SearchMessages, ChannelIDs: channels, Label: labelOf(search.Direction),
		ConversationID: search.ConversationID, From: search.From, Until: search.Until, Query: query,
	}, wanted)
	if err != nil {
		return Page[FoundMessage]{}, err
	}
	ids := make([]models.ID, len(places))
	for i, place := range places {
		ids[i] = place.ID
	}
	messages, err := s.MessagesByID(ctx, viewer, ids)
	if err != nil {
		return Page[FoundMessage]{}, err
	}
	page := store.PageOf(wanted, places, func(p *store.Place) store.Place { return *p })
	return store.Convert(page, func(place *store.Place) (FoundMessage, bool) {
		message, exists := messages[place.ID]
		return FoundMessage{message, query.Snippet(message.Body)}, exists
	}, func(m *FoundMessage) store.Place { return messagePlace(&m.Message) }), nil
}

// scope names the search, for cursors.
func (search MessageSearch) scope(viewer models.Viewer) string {
	var scope strings.Builder
	fmt.Fprintf(&scope, "messages of %s %q channels %v %s", viewer.OrganizationID, search.Text, search.ChannelIDs, labelOf(search.Direction))
	if search.ConversationID != nil {
		scope.WriteString(" conversation " + search.ConversationID.String())
	}
	if search.From != nil {
		scope.WriteString(" from " + search.From.UTC().Format(time.RFC3339Nano))
	}
	if search.Until != nil {
		scope.WriteString(" until " + search.Until.UTC().Format(time.RFC3339Nano))
	}
	return scope.String()
}

// labelOf is what messages of a direction have in the index.
func labelOf(direction *models.Direction) string {
	if direction == nil {
		return ""
	}
	return strings.ToLower(string(*direction))
}

// index has the texts of messages that are new or were altered, and changed
// contacts, be found.
func (c *changes) index() error {
	entries := make([]store.SearchEntry, 0, len(c.added)+len(c.altered))
	for _, message := range c.added {
		if message.Body != "" {
			entries = append(entries, searchEntry(message))
		}
	}
	for _, id := range sorted(maps.Keys(c.altered)) {
		entries = append(entries, searchEntry(*c.altered[id]))
	}
	if err := store.Index(c.tx, entries); err != nil {
		return err
	}
	return crm.Index(c.tx, c.renamed)
}

func searchEntry(message models.Message) store.SearchEntry {
	return store.SearchEntry{
		OrganizationID: message.OrganizationID, Kind: store.SearchMessages, At: message.SentAt, ID: message.ID,
		ChannelID: message.ChannelID, Label: labelOf(&message.Direction), Text: message.Body,
	}
}
