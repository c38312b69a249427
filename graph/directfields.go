package graph

import (
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"recado/graph/gqlmodel"
	"recado/models"
)

// The fields that are written directly, each with what gqlgen.yml binds it to; a
// test holds that both write the same. A field that is missing here is one that
// asks for more than its object, or that pages are rarely asked for.

var conversationConnectionShape = &shape[gqlmodel.ConversationConnection]{
	name: "ConversationConnection",
	fields: map[string]planner[gqlmodel.ConversationConnection]{
		"edges": list(conversationEdgeShape, countConversations, (*gqlmodel.ConversationConnection).Edge),
		"nodes": list(conversationShape, countConversations, (*gqlmodel.ConversationConnection).Node),
		"pageInfo": object(pageInfoShape, func(_ *direct, c *gqlmodel.ConversationConnection) (*gqlmodel.PageInfo, bool) {
			return &c.PageInfo, true
		}),
	},
}

func countConversations(c *gqlmodel.ConversationConnection) int { return len(c.Rows) }

var conversationEdgeShape = &shape[gqlmodel.ConversationEdge]{
	name: "ConversationEdge",
	fields: map[string]planner[gqlmodel.ConversationEdge]{
		"cursor": text((*gqlmodel.ConversationEdge).Cursor),
		"node":   object(conversationShape, func(_ *direct, e *gqlmodel.ConversationEdge) (*gqlmodel.Conversation, bool) { return e.Node, true }),
	},
}

var conversationShape = &shape[gqlmodel.Conversation]{
	name: "Conversation",
	fields: map[string]planner[gqlmodel.Conversation]{
		"id":              text((*gqlmodel.Conversation).PublicID),
		"status":          text(func(c *gqlmodel.Conversation) string { return string(c.Status) }),
		"unreadCount":     number(func(c *gqlmodel.Conversation) int64 { return int64(c.UnreadCount) }),
		"origin":          text(func(c *gqlmodel.Conversation) string { return string(c.Origin) }),
		"isCurrent":       boolean(func(c *gqlmodel.Conversation) bool { return c.Current }),
		"waitingSince":    maybeTime((*gqlmodel.Conversation).Waiting),
		"lastMessageBy":   maybeText(func(c *gqlmodel.Conversation) *string { return (*string)(c.LastMessageBy) }),
		"unreadByMeCount": writeUnreadByMe,
		"lastMessageAt":   moment(func(c *gqlmodel.Conversation) time.Time { return c.LastMessageAt }),
		"snoozedUntil":    maybeTime(func(c *gqlmodel.Conversation) *time.Time { return c.SnoozedUntil }),
		"queuedAt":        maybeTime(func(c *gqlmodel.Conversation) *time.Time { return c.QueuedAt }),
		"version":         number(func(c *gqlmodel.Conversation) int64 { return c.Version }),
		"closedAt":        maybeTime(func(c *gqlmodel.Conversation) *time.Time { return c.ClosedAt }),
		"createdAt":       moment(func(c *gqlmodel.Conversation) time.Time { return c.CreatedAt }),
		"contact": object(contactShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.Contact, bool) {
			contact, ok := d.loaders.contacts.known(c.ContactID)
			return (*gqlmodel.Contact)(contact), ok
		}),
		"channel": object(channelShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.Channel, bool) {
			channel, ok := d.loaders.channels.known(c.ChannelID)
			return (*gqlmodel.Channel)(channel), ok
		}),
		"assignee": object(userShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.User, bool) { return d.knownUser(c.AssigneeID) }),
		"closedBy": object(userShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.User, bool) { return d.knownUser(c.ClosedByID) }),
		"lastMessage": object(messageShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.Message, bool) {
			if c.LastMessageID == nil {
				return nil, true
			}
			message, ok := d.loaders.messages.known(*c.LastMessageID)
			return (*gqlmodel.Message)(message), ok
		}),
		"serviceWindow": object(serviceWindowShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.ServiceWindow, bool) {
			window, err := conversationResolver{d.Edge}.ServiceWindow(d.ctx, c)
			return window, err == nil
		}),
		"viewerCan": object(permissionsShape, func(d *direct, c *gqlmodel.Conversation) (*gqlmodel.ConversationPermissions, bool) {
			allowed, err := conversationResolver{d.Edge}.ViewerCan(d.ctx, c)
			return allowed, err == nil
		}),
	},
}

func writeUnreadByMe(d *direct, _ graphql.CollectedField) (writer[gqlmodel.Conversation], bool) {
	return func(to []byte, conversation *gqlmodel.Conversation) ([]byte, bool) {
		read, ok := d.loaders.reads.known(conversation.ID)
		return strconv.AppendInt(to, int64(unreadByMe(conversation, read)), 10), ok
	}, true
}

func (d *direct) knownUser(id *models.ID) (*gqlmodel.User, bool) {
	if id == nil {
		return nil, true
	}
	user, ok := d.loaders.users.known(*id)
	return (*gqlmodel.User)(user), ok
}

var serviceWindowShape = &shape[gqlmodel.ServiceWindow]{
	name: "ServiceWindow",
	fields: map[string]planner[gqlmodel.ServiceWindow]{
		"isOpen":             boolean(func(w *gqlmodel.ServiceWindow) bool { return w.IsOpen }),
		"expiresAt":          maybeTime(func(w *gqlmodel.ServiceWindow) *time.Time { return w.ExpiresAt }),
		"kind":               maybeText(func(w *gqlmodel.ServiceWindow) *string { return (*string)(w.Kind) }),
		"freeEntryExpiresAt": maybeTime(func(w *gqlmodel.ServiceWindow) *time.Time { return w.FreeEntryExpiresAt }),
		"closedSince":        maybeTime(func(w *gqlmodel.ServiceWindow) *time.Time { return w.ClosedSince }),
	},
}

var permissionsShape = &shape[gqlmodel.ConversationPermissions]{
	name: "ConversationPermissions",
	fields: map[string]planner[gqlmodel.ConversationPermissions]{
		"reply":    boolean(func(p *gqlmodel.ConversationPermissions) bool { return p.Reply }),
		"assign":   boolean(func(p *gqlmodel.ConversationPermissions) bool { return p.Assign }),
		"close":    boolean(func(p *gqlmodel.ConversationPermissions) bool { return p.Close }),
		"markRead": boolean(func(p *gqlmodel.ConversationPermissions) bool { return p.MarkRead }),
	},
}

var contactShape = &shape[gqlmodel.Contact]{
	name: "Contact",
	fields: map[string]planner[gqlmodel.Contact]{
		"id":        text((*gqlmodel.Contact).PublicID),
		"name":      text(func(c *gqlmodel.Contact) string { return c.Name }),
		"createdAt": moment(func(c *gqlmodel.Contact) time.Time { return c.CreatedAt }),
	},
}

var channelShape = &shape[gqlmodel.Channel]{
	name: "Channel",
	fields: map[string]planner[gqlmodel.Channel]{
		"id":            text((*gqlmodel.Channel).PublicID),
		"name":          text(func(c *gqlmodel.Channel) string { return c.Name }),
		"reopenPolicy":  text(func(c *gqlmodel.Channel) string { return string(c.ReopenPolicy) }),
		"displayNumber": text(func(c *gqlmodel.Channel) string { return c.DisplayNumber }),
		"status":        text(func(c *gqlmodel.Channel) string { return string(c.Status) }),
		"createdAt":     moment(func(c *gqlmodel.Channel) time.Time { return c.CreatedAt }),
	},
}

var userShape = &shape[gqlmodel.User]{
	name: "User",
	fields: map[string]planner[gqlmodel.User]{
		"id":        text((*gqlmodel.User).PublicID),
		"name":      text(func(u *gqlmodel.User) string { return u.Name }),
		"email":     text(func(u *gqlmodel.User) string { return u.Email }),
		"isActive":  boolean(func(u *gqlmodel.User) bool { return u.Active }),
		"createdAt": moment(func(u *gqlmodel.User) time.Time { return u.CreatedAt }),
	},
}

var messageConnectionShape = &shape[gqlmodel.MessageConnection]{
	name: "MessageConnection",
	fields: map[string]planner[gqlmodel.MessageConnection]{
		"edges":    list(messageEdgeShape, countMessages, (*gqlmodel.MessageConnection).Edge),
		"nodes":    list(messageShape, countMessages, (*gqlmodel.MessageConnection).Node),
		"pageInfo": object(pageInfoShape, func(_ *direct, c *gqlmodel.MessageConnection) (*gqlmodel.PageInfo, bool) { return &c.PageInfo, true }),
	},
}

func countMessages(c *gqlmodel.MessageConnection) int { return len(c.Rows) }

var messageEdgeShape = &shape[gqlmodel.MessageEdge]{
	name: "MessageEdge",
	fields: map[string]planner[gqlmodel.MessageEdge]{
		"cursor": text((*gqlmodel.MessageEdge).Cursor),
		"node":   object(messageShape, func(_ *direct, e *gqlmodel.MessageEdge) (*gqlmodel.Message, bool) { return e.Node, true }),
	},
}

var messageShape = &shape[gqlmodel.Message]{
	name: "Message",
	fields: map[string]planner[gqlmodel.Message]{
		"id":        text((*gqlmodel.Message).PublicID),
		"direction": text(func(m *gqlmodel.Message) string { return string(m.Direction) }),
		"status":    text(func(m *gqlmodel.Message) string { return string(m.Status) }),
		"sentAt":    moment(func(m *gqlmodel.Message) time.Time { return m.SentAt }),
		"createdAt": moment(func(m *gqlmodel.Message) time.Time { return m.CreatedAt }),
		"attempts":  number(func(m *gqlmodel.Message) int64 { return int64(m.Attempts) }),
		"content":   messageContent,
		"source":    text(func(m *gqlmodel.Message) string { return string(m.WrittenBy()) }),
		"text":      text(func(m *gqlmodel.Message) string { return m.Body }),
		"isReply":   boolean((*gqlmodel.Message).IsReply),
		"editedAt":  maybeTime(func(m *gqlmodel.Message) *time.Time { return m.EditedAt }),
		"deletedAt": maybeTime(func(m *gqlmodel.Message) *time.Time { return m.DeletedAt }),

		"isForwarded":           boolean(func(m *gqlmodel.Message) bool { return m.Forwarded }),
		"isFrequentlyForwarded": boolean(func(m *gqlmodel.Message) bool { return m.FrequentlyForwarded }),
		"isFromHistory":         boolean(func(m *gqlmodel.Message) bool { return m.FromHistory }),
		"statusTimes": object(statusTimesShape, func(_ *direct, m *gqlmodel.Message) (*gqlmodel.MessageStatusTimes, bool) {
			return m.StatusTimes(), true
		}),
		"sender": object(userShape, func(d *direct, m *gqlmodel.Message) (*gqlmodel.User, bool) { return d.knownUser(m.SenderID) }),
	},
}

var statusTimesShape = &shape[gqlmodel.MessageStatusTimes]{
	name: "MessageStatusTimes",
	fields: map[string]planner[gqlmodel.MessageStatusTimes]{
		"acceptedAt":  maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.AcceptedAt }),
		"sentAt":      maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.SentAt }),
		"deliveredAt": maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.DeliveredAt }),
		"readAt":      maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.ReadAt }),
		"playedAt":    maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.PlayedAt }),
		"failedAt":    maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.FailedAt }),
		"canceledAt":  maybeTime(func(t *gqlmodel.MessageStatusTimes) *time.Time { return t.CanceledAt }),
	},
}

var pageInfoShape = &shape[gqlmodel.PageInfo]{
	name: "PageInfo",
	fields: map[string]planner[gqlmodel.PageInfo]{
		"hasNextPage":     boolean(func(p *gqlmodel.PageInfo) bool { return p.HasNextPage }),
		"hasPreviousPage": boolean(func(p *gqlmodel.PageInfo) bool { return p.HasPreviousPage }),
		"startCursor":     maybeText(func(p *gqlmodel.PageInfo) *string { return p.StartCursor }),
		"endCursor":       maybeText(func(p *gqlmodel.PageInfo) *string { return p.EndCursor }),
	},
}
