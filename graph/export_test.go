package graph

import (
	"maps"
	"slices"
)

// FeedCursor is how clients see a place in an organization's feed.
var FeedCursor = feedCursor

// WriteIndirectly has gqlgen write everything.
func WriteIndirectly(e *Edge) { e.indirect = true }

// DirectFields are the names of the fields that are written directly, by type.
func DirectFields() map[string][]string {
	fields := make(map[string][]string)
	add(fields, conversationConnectionShape)
	add(fields, conversationEdgeShape)
	add(fields, conversationShape)
	add(fields, serviceWindowShape)
	add(fields, permissionsShape)
	add(fields, contactShape)
	add(fields, channelShape)
	add(fields, userShape)
	add(fields, messageConnectionShape)
	add(fields, messageEdgeShape)
	add(fields, messageShape)
	add(fields, textContentShape)
	add(fields, imageContentShape)
	add(fields, videoContentShape)
	add(fields, audioContentShape)
	add(fields, documentContentShape)
	add(fields, stickerContentShape)
	add(fields, buttonContentShape)
	add(fields, buttonReplyContentShape)
	add(fields, listReplyContentShape)
	add(fields, systemContentShape)
	add(fields, unknownContentShape)
	add(fields, whatsAppErrorShape)
	add(fields, statusTimesShape)
	add(fields, pageInfoShape)
	return fields
}

func add[T any](to map[string][]string, shape *shape[T]) {
	to[shape.name] = slices.Sorted(maps.Keys(shape.fields))
}
