package graph

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"recado/crm"
	"recado/inbox"
	"recado/models"
)

// How long a loader waits for more keys, and how many it takes at once. Pages load
// what they show ahead (see prefetch.go), so few requests ever wait.
const (
	loaderWait     = time.Millisecond
	loaderCapacity = 500
)

// loaders load rows for one response of one viewer.
type loaders struct {
	viewer         func() (models.Viewer, error)
	users          loader[models.ID, models.User]
	profiles       loader[models.ID, models.Profile]
	channels       loader[models.ID, models.Channel]
	workloads      loader[models.ID, models.Workload] // of users
	assignees      loader[models.ID, []models.ID]     // of channels
	outreach       loader[models.ID, int]             // of channels, see inbox.LimitUse
	contacts       loader[models.ID, models.Contact]
	identities     loader[models.ID, []models.ContactIdentity] // of contacts
	blocks         loader[models.ID, []models.ContactBlock]    // of contacts
	ofContacts     loader[models.ID, []models.Conversation]
	conversations  loader[models.ID, models.Conversation]
	successors     loader[models.ID, models.Conversation] // of superseded conversations
	reads          loader[models.ID, int]                 // the viewer's, of conversations
	messages       loader[models.ID, models.Message]
	holds          loader[models.ID, models.CreditHold] // of messages
	wamids         loader[inbox.WAMID, models.Message]
	reactions      loader[inbox.WAMID, []models.MessageReaction]
	revisions      loader[inbox.WAMID, []models.MessageRevision]
	attachments    loader[models.ID, models.Attachment] // of messages that the viewer sees
	files          loader[models.ID, models.Attachment] // by themselves
	histories      loader[partKey, inbox.MessageResult]
	assignmentLogs loader[partKey, inbox.AssignmentLogResult]
	levels         loader[models.ID, []models.ChannelPermission] // of profiles
	setups         loader[models.ID, models.ChannelConnection]
	tags           loader[models.ID, models.Tag]
	tagsOf         loader[models.ID, []models.Tag] // of conversations
	quickReplies   loader[models.ID, models.QuickReply]
	notes          loader[models.ID, models.ConversationNote]
	noteLists      loader[partKey, inbox.NoteResult]
	notifications  loader[models.ID, models.Notification]
	templates      loader[models.ID, models.Template]
	ofAccounts     loader[string, []models.Channel] // channels of WhatsApp accounts
	companies      loader[models.ID, models.Company]
	contactRecords loader[models.ID, models.ContactRecord]
	pipelines      loader[models.ID, models.Pipeline]
	stages         loader[models.ID, models.PipelineStage]
	stagesOf       loader[models.ID, []models.PipelineStage] // of pipelines
	deals          loader[models.ID, models.Deal]
	dealLists      loader[dealPartKey, crm.DealResult]
	customFields   loader[models.ID, models.CustomField]
	fieldsOf       loader[models.RecordType, []models.CustomField]
}

func (e *Edge) withLoaders(ctx context.Context) context.Context {
	rooms := e.rooms
	l := &loaders{viewer: sync.OnceValues(func() (models.Viewer, error) { return e.refreshed(ctx) })}
	bind(&l.users, l, rooms.Accounts.UsersByID)
	bind(&l.profiles, l, rooms.Accounts.ProfilesByID)
	bind(&l.channels, l, rooms.Channels.ByID)
	bind(&l.workloads, l, rooms.Channels.WorkloadsByUser)
	bind(&l.assignees, l, rooms.Channels.AssigneesByChannel)
	bind(&l.outreach, l, rooms.Inbox.MessagingLimitUsed)
	bind(&l.contacts, l, rooms.CRM.ContactsByID)
	bind(&l.identities, l, rooms.CRM.IdentitiesByContact)
	bind(&l.blocks, l, rooms.Inbox.BlocksOfContacts)
	bind(&l.ofContacts, l, rooms.Inbox.ConversationsOfContacts)
	bind(&l.conversations, l, rooms.Inbox.ConversationsByID)
	bind(&l.successors, l, rooms.Inbox.Current)
	bind(&l.reads, l, rooms.Inbox.ReadCounts)
	bind(&l.messages, l, rooms.Inbox.MessagesByID)
	bind(&l.holds, l, rooms.Credits.HoldsByMessage)
	bind(&l.wamids, l, rooms.Inbox.MessagesByWAMID)
	bind(&l.reactions, l, rooms.Inbox.ReactionsByWAMID)
	bind(&l.revisions, l, rooms.Inbox.RevisionsByWAMID)
	bind(&l.attachments, l, func(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Attachment, error) {
		return rooms.Media.Load(ctx, viewer.OrganizationID, ids)
	})
	bind(&l.files, l, rooms.Media.Find)
	bind(&l.histories, l, byPart(rooms.Inbox.Messages))
	bind(&l.assignmentLogs, l, byPart(rooms.Inbox.AssignmentLogs))
	bind(&l.levels, l, rooms.Accounts.LevelsByProfile)
	bind(&l.setups, l, rooms.Channels.ConnectionsByID)
	bind(&l.tags, l, rooms.Inbox.TagsByID)
	bind(&l.quickReplies, l, rooms.Inbox.QuickRepliesByID)
	bind(&l.tagsOf, l, rooms.Inbox.TagsOfConversations)
	bind(&l.notes, l, rooms.Inbox.NotesByID)
	bind(&l.noteLists, l, byPart(rooms.Inbox.Notes))
	bind(&l.notifications, l, rooms.Inbox.NotificationsByID)
	bind(&l.templates, l, rooms.Templates.ByID)
	bind(&l.ofAccounts, l, rooms.Templates.ChannelsOf)
	bind(&l.companies, l, rooms.CRM.CompaniesByID)
	bind(&l.contactRecords, l, rooms.CRM.ContactRecords)
	bind(&l.pipelines, l, rooms.CRM.PipelinesByID)
	bind(&l.stages, l, rooms.CRM.StagesByID)
	bind(&l.stagesOf, l, rooms.CRM.StagesByPipeline)
	bind(&l.deals, l, rooms.CRM.DealsByID)
	bind(&l.dealLists, l, byDealPart(rooms.CRM.DealParts))
	bind(&l.customFields, l, rooms.CRM.CustomFieldsByID)
	bind(&l.fieldsOf, l, rooms.CRM.CustomFields)
	return context.WithValue(ctx, loadersKey, l)
}

// loadersFrom returns the loaders of the response. There always are some: see
// perResponse.
func loadersFrom(ctx context.Context) *loaders {
	return ctx.Value(loadersKey).(*loaders) //nolint:errcheck,forcetypeassert // a resolver runs inside of a response
}

// loader loads values by key. What does not exist for the viewer is nil.
type loader[K comparable, V any] struct {
	loaders *loaders
	fetch   func(context.Context, models.Viewer, []K) (map[K]V, error)
	batched func() dataloader.Interface[K, *V] // made when it is first asked for

	mu   sync.RWMutex
	here map[K]*V // what was loaded ahead
}

func bind[K comparable, V any](l *loader[K, V], all *loaders, fetch func(context.Context, models.Viewer, []K) (map[K]V, error)) {
	l.loaders, l.fetch = all, fetch
	l.batched = sync.OnceValue(func() dataloader.Interface[K, *V] {
		return dataloader.NewBatchedLoader(l.batch,
			dataloader.WithWait[K, *V](loaderWait), dataloader.WithBatchCapacity[K, *V](loaderCapacity))
	})
}

func (l *loader[K, V]) batch(ctx context.Context, keys []K) []*dataloader.Result[*V] {
	results := make([]*dataloader.Result[*V], len(keys))
	found, err := l.fetchAll(ctx, keys)
	for i, key := range keys {
		results[i] = &dataloader.Result[*V]{Data: found[key], Error: err}
	}
	return results
}

func (l *loader[K, V]) fetchAll(ctx context.Context, keys []K) (map[K]*V, error) {
	viewer, err := l.loaders.viewer()
	if err != nil {
		return nil, err
	}
	rows, err := l.fetch(ctx, viewer, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[K]*V, len(rows))
	for key, row := range rows {
		found[key] = &row
	}
	return found, nil
}

// known returns the value of a key if it was loaded ahead, without waiting.
func (l *loader[K, V]) known(key K) (*V, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	value, ok := l.here[key]
	return value, ok
}

// load returns the value of a key, nil if there is none for the viewer.
func (l *loader[K, V]) load(ctx context.Context, key K) (*V, error) {
	return l.later(ctx, key)()
}

// later asks for a value and returns a function that waits for it.
func (l *loader[K, V]) later(ctx context.Context, key K) func() (*V, error) {
	if value, ok := l.known(key); ok {
		return func() (*V, error) { return value, nil }
	}
	return l.batched().Load(ctx, key)
}

// ahead loads many values now, for those who will ask for them in this response.
func (l *loader[K, V]) ahead(ctx context.Context, keys []K) error {
	found, err := l.fetchAll(ctx, keys)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range keys {
		l.remember(key, found[key])
	}
	return nil
}

// prime remembers a value that came from elsewhere.
func (l *loader[K, V]) prime(key K, value *V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(key, value)
}

// remember keeps a value; l.mu is held.
func (l *loader[K, V]) remember(key K, value *V) {
	if l.here == nil {
		l.here = make(map[K]*V)
	}
	l.here[key] = value
}
