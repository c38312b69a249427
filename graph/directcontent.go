package graph

import (
	"github.com/99designs/gqlgen/graphql"

	"recado/graph/gqlmodel"
)

// messageContent writes a union, whose types are selected on in their own ways. The
// kinds that are missing here are rare, or hold lists.
func messageContent(d *direct, field graphql.CollectedField) (writer[gqlmodel.Message], bool) {
	members := make([]memberWriter, 0, len(contentMembers))
	for _, member := range contentMembers {
		members = append(members, member(d, field))
	}
	return func(to []byte, message *gqlmodel.Message) ([]byte, bool) {
		content := message.Says()
		for _, write := range members {
			if written, is, ok := write(to, content); is {
				return written, ok
			}
		}
		return nil, false
	}, true
}

// A memberWriter writes content if it is of its type; is says whether it was, and ok
// whether it could be written.
type memberWriter func(to []byte, content gqlmodel.MessageContent) (written []byte, is, ok bool)

func member[T any](shape *shape[T]) func(d *direct, field graphql.CollectedField) memberWriter {
	return func(d *direct, field graphql.CollectedField) memberWriter {
		write, planned := compile(d, shape, field)
		return func(to []byte, content gqlmodel.MessageContent) ([]byte, bool, bool) {
			object, is := any(content).(T)
			if !is || !planned {
				return nil, is, false
			}
			written, ok := write(to, &object)
			return written, true, ok
		}
	}
}

// contentMembers are the types of the union, the most frequent first.
var contentMembers = []func(*direct, graphql.CollectedField) memberWriter{
	member(textContentShape),
	member(imageContentShape),
	member(audioContentShape),
	member(videoContentShape),
	member(documentContentShape),
	member(stickerContentShape),
	member(buttonReplyContentShape),
	member(listReplyContentShape),
	member(buttonContentShape),
	member(systemContentShape),
	member(unknownContentShape),
}

var textContentShape = &shape[gqlmodel.TextContent]{
	name: "TextContent",
	fields: map[string]planner[gqlmodel.TextContent]{
		"body": text(func(c *gqlmodel.TextContent) string { return c.Body }),
	},
}

var imageContentShape = &shape[gqlmodel.ImageContent]{
	name: "ImageContent",
	fields: map[string]planner[gqlmodel.ImageContent]{
		"mimeType": maybeText(func(c *gqlmodel.ImageContent) *string { return c.MimeType }),
		"caption":  maybeText(func(c *gqlmodel.ImageContent) *string { return c.Caption }),
		"error":    object(whatsAppErrorShape, func(_ *direct, c *gqlmodel.ImageContent) (*gqlmodel.WhatsAppError, bool) { return c.Error, true }),
	},
}

var audioContentShape = &shape[gqlmodel.AudioContent]{
	name: "AudioContent",
	fields: map[string]planner[gqlmodel.AudioContent]{
		"mimeType":    maybeText(func(c *gqlmodel.AudioContent) *string { return c.MimeType }),
		"isVoiceNote": boolean(func(c *gqlmodel.AudioContent) bool { return c.IsVoiceNote }),
		"error":       object(whatsAppErrorShape, func(_ *direct, c *gqlmodel.AudioContent) (*gqlmodel.WhatsAppError, bool) { return c.Error, true }),
	},
}

var videoContentShape = &shape[gqlmodel.VideoContent]{
	name: "VideoContent",
	fields: map[string]planner[gqlmodel.VideoContent]{
		"mimeType": maybeText(func(c *gqlmodel.VideoContent) *string { return c.MimeType }),
		"caption":  maybeText(func(c *gqlmodel.VideoContent) *string { return c.Caption }),
		"error":    object(whatsAppErrorShape, func(_ *direct, c *gqlmodel.VideoContent) (*gqlmodel.WhatsAppError, bool) { return c.Error, true }),
	},
}

var documentContentShape = &shape[gqlmodel.DocumentContent]{
	name: "DocumentContent",
	fields: map[string]planner[gqlmodel.DocumentContent]{
		"mimeType": maybeText(func(c *gqlmodel.DocumentContent) *string { return c.MimeType }),
		"caption":  maybeText(func(c *gqlmodel.DocumentContent) *string { return c.Caption }),
		"fileName": maybeText(func(c *gqlmodel.DocumentContent) *string { return c.FileName }),
		"error":    object(whatsAppErrorShape, func(_ *direct, c *gqlmodel.DocumentContent) (*gqlmodel.WhatsAppError, bool) { return c.Error, true }),
	},
}

var stickerContentShape = &shape[gqlmodel.StickerContent]{
	name: "StickerContent",
	fields: map[string]planner[gqlmodel.StickerContent]{
		"mimeType":   maybeText(func(c *gqlmodel.StickerContent) *string { return c.MimeType }),
		"isAnimated": boolean(func(c *gqlmodel.StickerContent) bool { return c.IsAnimated }),
		"error":      object(whatsAppErrorShape, func(_ *direct, c *gqlmodel.StickerContent) (*gqlmodel.WhatsAppError, bool) { return c.Error, true }),
	},
}

var buttonReplyContentShape = &shape[gqlmodel.ButtonReplyContent]{
	name: "ButtonReplyContent",
	fields: map[string]planner[gqlmodel.ButtonReplyContent]{
		"buttonId": maybeText(func(c *gqlmodel.ButtonReplyContent) *string { return c.ButtonID }),
		"title":    maybeText(func(c *gqlmodel.ButtonReplyContent) *string { return c.Title }),
	},
}

var listReplyContentShape = &shape[gqlmodel.ListReplyContent]{
	name: "ListReplyContent",
	fields: map[string]planner[gqlmodel.ListReplyContent]{
		"rowId":       maybeText(func(c *gqlmodel.ListReplyContent) *string { return c.RowID }),
		"title":       maybeText(func(c *gqlmodel.ListReplyContent) *string { return c.Title }),
		"description": maybeText(func(c *gqlmodel.ListReplyContent) *string { return c.Description }),
	},
}

var buttonContentShape = &shape[gqlmodel.ButtonContent]{
	name: "ButtonContent",
	fields: map[string]planner[gqlmodel.ButtonContent]{
		"text":    maybeText(func(c *gqlmodel.ButtonContent) *string { return c.Text }),
		"payload": maybeText(func(c *gqlmodel.ButtonContent) *string { return c.Payload }),
	},
}

var systemContentShape = &shape[gqlmodel.SystemContent]{
	name: "SystemContent",
	fields: map[string]planner[gqlmodel.SystemContent]{
		"type": text(func(c *gqlmodel.SystemContent) string { return c.Type }),
		"text": maybeText(func(c *gqlmodel.SystemContent) *string { return c.Text }),
		"waId": maybeText(func(c *gqlmodel.SystemContent) *string { return c.WaID }),
	},
}

var unknownContentShape = &shape[gqlmodel.UnknownContent]{
	name: "UnknownContent",
	fields: map[string]planner[gqlmodel.UnknownContent]{
		"kind":    text(func(c *gqlmodel.UnknownContent) string { return c.Kind }),
		"rawJson": maybeText(func(c *gqlmodel.UnknownContent) *string { return c.RawJSON }),
	},
}

var whatsAppErrorShape = &shape[gqlmodel.WhatsAppError]{
	name: "WhatsAppError",
	fields: map[string]planner[gqlmodel.WhatsAppError]{
		"code":    number(func(e *gqlmodel.WhatsAppError) int64 { return int64(e.Code) }),
		"title":   maybeText(func(e *gqlmodel.WhatsAppError) *string { return e.Title }),
		"details": maybeText(func(e *gqlmodel.WhatsAppError) *string { return e.Details }),
	},
}
