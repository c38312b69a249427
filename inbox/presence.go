package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"recado/models"
)

const (
	// presenceTopic is where processes tell each other who is where.
	presenceTopic = "presence"
	// maxPlaces is how many conversations a user can be in; the one renewed longest ago
	// is left for another.
	maxPlaces = 8
	// maxPresent is how many places all users of this process's organizations can take
	// up; beyond it newcomers are not shown.
	maxPresent = 100_000
)

// presenceNote is what travels on the bus.
type presenceNote struct {
	Process        models.ID            `json:"process"`
	OrganizationID models.ID            `json:"organizationId"`
	ConversationID models.ID            `json:"conversationId"`
	UserID         models.ID            `json:"userId"`
	State          models.PresenceState `json:"state"`
}

// place is a conversation of an organization.
type place struct{ organization, conversation models.ID }

// whereabouts is who is in which conversation, as far as this process has heard. It
// hears of itself at once and of others over the bus. Nothing of it is stored: it is
// true again half a PresenceLifetime after a start.
type whereabouts struct {
	clock models.Clock

	mu       sync.Mutex
	present  map[place]map[models.ID]*presence
	places   map[models.ID][]place // of users, the one renewed longest ago first
	count    int
	watchers map[place]map[*PresenceStream]struct{}
}

type presence struct {
	models.Presence
	expires time.Time
}

func newWhereabouts(clock models.Clock) *whereabouts {
	return &whereabouts{
		clock: clock, present: make(map[place]map[models.ID]*presence),
		places: make(map[models.ID][]place), watchers: make(map[place]map[*PresenceStream]struct{}),
	}
}

// see takes in what a user does in a place.
func (w *whereabouts) see(at place, user models.ID, state models.PresenceState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	if state == models.PresenceNone {
		w.leave(at, user)
		return
	}
	known := w.present[at][user]
	if known == nil {
		if w.count >= maxPresent {
			return
		}
		if taken := w.places[user]; len(taken) >= maxPlaces {
			w.leave(taken[0], user)
		}
		known = &presence{}
		if w.present[at] == nil {
			w.present[at] = make(map[models.ID]*presence)
		}
		w.present[at][user] = known
		w.count++
	}
	w.places[user] = append(slices.DeleteFunc(w.places[user], func(p place) bool { return p == at }), at)
	changed := known.State != state || !now.Before(known.expires)
	known.expires = now.Add(models.PresenceLifetime)
	if changed {
		known.Presence = models.Presence{UserID: user, State: state, Since: now}
		w.tell(at)
	}
}

// leave forgets that a user is in a place; w.mu is held.
func (w *whereabouts) leave(at place, user models.ID) {
	if w.present[at][user] == nil {
		return
	}
	delete(w.present[at], user)
	w.count--
	if len(w.present[at]) == 0 {
		delete(w.present, at)
	}
	w.places[user] = slices.DeleteFunc(w.places[user], func(p place) bool { return p == at })
	if len(w.places[user]) == 0 {
		delete(w.places, user)
	}
	w.tell(at)
}

// expire forgets those who were not heard of for too long.
func (w *whereabouts) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	for at, users := range w.present {
		for user, present := range users {
			if !now.Before(present.expires) {
				w.leave(at, user)
			}
		}
	}
}

// in returns who is in a place, in the order in which they began.
func (w *whereabouts) in(at place) []models.Presence {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock()
	found := make([]models.Presence, 0, len(w.present[at]))
	for _, present := range w.present[at] {
		if now.Before(present.expires) {
			found = append(found, present.Presence)
		}
	}
	slices.SortFunc(found, func(a, b models.Presence) int {
		if order := a.Since.Compare(b.Since); order != 0 {
			return order
		}
		return bytes.Compare(a.UserID[:], b.UserID[:])
	})
	return found
}

// tell wakes those who watch a place; w.mu is held.
func (w *whereabouts) tell(at place) {
	for stream := range w.watchers[at] {
		select {
		case stream.changed <- struct{}{}:
		default: // it has not looked since the last change
		}
	}
}

// keepPresence listens to other processes and forgets who was not heard of, until
// the inbox is closed.
func (s *Service) keepPresence() {
	stop, err := s.bus.Listen(presenceTopic, s.hearPresence)
	if err != nil {
		s.log.Error("presence in other processes is not heard of", "error", err)
		stop = func() {}
	}
	defer stop()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.whereabouts.expire()
		case <-s.gate.closing:
			return
		}
	}
}

func (s *Service) hearPresence(data []byte) {
	var note presenceNote
	if err := json.Unmarshal(data, &note); err != nil || !note.State.Valid() {
		s.log.Warn("a note about presence is not understood", "error", err)
		return
	}
	if note.Process != s.process { // our own were taken in when they were made
		s.whereabouts.see(place{note.OrganizationID, note.ConversationID}, note.UserID, note.State)
	}
}

func (s *Service) bePresent(at place, user models.ID, state models.PresenceState) error {
	s.whereabouts.see(at, user, state)
	if s.bus == nil {
		return nil
	}
	note, err := json.Marshal(presenceNote{
		Process: s.process, OrganizationID: at.organization, ConversationID: at.conversation, UserID: user, State: state,
	})
	if err != nil {
		return fmt.Errorf("write note about presence: %w", err)
	}
	return s.bus.Send(presenceTopic, note)
}

// SetPresence says what the viewer does in a conversation, for models.PresenceLifetime
// or until said otherwise. It is told to other processes, but kept nowhere. Failures:
// NOT_FOUND, INVALID.
func (s *Service) SetPresence(ctx context.Context, viewer models.Viewer, id models.ID, state models.PresenceState) (models.Conversation, error) {
	if !state.Valid() {
		return models.Conversation{}, models.NewError(models.CodeInvalid, "state")
	}
	conversation, err := s.visible(ctx, viewer, id)
	if err != nil {
		return models.Conversation{}, err
	}
	if err := s.bePresent(place{viewer.OrganizationID, id}, viewer.UserID, state); err != nil {
		s.log.WarnContext(ctx, "presence is not told to other processes", "error", err)
	}
	return conversation, nil
}

// Presence returns who is in a conversation now, in the order in which they began;
// nobody if the viewer may not see it.
func (s *Service) Presence(viewer models.Viewer, conversation models.Conversation) []models.Presence {
	if conversation.OrganizationID != viewer.OrganizationID || !viewer.Can(conversation.ChannelID, models.LevelView) {
		return nil
	}
	return s.whereabouts.in(place{viewer.OrganizationID, conversation.ID})
}

// visible reads a conversation that the viewer may see, or returns NOT_FOUND.
func (s *Service) visible(ctx context.Context, viewer models.Viewer, id models.ID) (models.Conversation, error) {
	found, err := s.ConversationsByID(ctx, viewer, []models.ID{id})
	if err != nil {
		return models.Conversation{}, err
	}
	conversation, ok := found[id]
	if !ok {
		return models.Conversation{}, models.ErrNotFound
	}
	return conversation, nil
}

// PresenceStream tells who is in a conversation, again and again. It is used by one
// goroutine, and Close must be called.
type PresenceStream struct {
	inbox        *Service
	viewer       models.Viewer
	conversation models.Conversation
	changed      chan struct{} // holds one: something changed since Next last looked
}

// WatchPresence starts a stream for a conversation. NOT_FOUND if it does not exist
// for the viewer.
func (s *Service) WatchPresence(ctx context.Context, viewer models.Viewer, id models.ID) (*PresenceStream, error) {
	conversation, err := s.visible(ctx, viewer, id)
	if err != nil {
		return nil, err
	}
	stream := &PresenceStream{inbox: s, viewer: viewer, conversation: conversation, changed: make(chan struct{}, 1)}
	stream.changed <- struct{}{} // the first look is at what there is
	w, at := s.whereabouts, stream.place()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watchers[at] == nil {
		w.watchers[at] = make(map[*PresenceStream]struct{})
	}
	w.watchers[at][stream] = struct{}{}
	return stream, nil
}

func (p *PresenceStream) place() place {
	return place{p.conversation.OrganizationID, p.conversation.ID}
}

// Next returns who is there, at first and after each change; changes in between that
// nobody looked at are left out. Rights are those of the moment: NOT_FOUND when the
// viewer may no longer see the conversation, UNAUTHENTICATED when the session ended.
func (p *PresenceStream) Next(ctx context.Context) ([]models.Presence, error) {
	select {
	case <-p.changed:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	viewer, err := p.inbox.accounts.Refreshed(ctx, p.viewer)
	if err != nil {
		return nil, err
	}
	if !viewer.Can(p.conversation.ChannelID, models.LevelView) {
		return nil, models.ErrNotFound
	}
	return p.inbox.Presence(viewer, p.conversation), nil
}

// Close ends the stream. Who watched a conversation, and does so nowhere else in this
// process, is taken to have left it.
func (p *PresenceStream) Close() {
	w, at := p.inbox.whereabouts, p.place()
	w.mu.Lock()
	delete(w.watchers[at], p)
	elsewhere := false
	for other := range w.watchers[at] {
		elsewhere = elsewhere || other.viewer.UserID == p.viewer.UserID
	}
	if len(w.watchers[at]) == 0 {
		delete(w.watchers, at)
	}
	present := w.present[at][p.viewer.UserID] != nil
	w.mu.Unlock()
	if elsewhere || !present {
		return
	}
	if err := p.inbox.bePresent(at, p.viewer.UserID, models.PresenceNone); err != nil {
		p.inbox.log.Warn("the end of presence is not told to other processes", "error", err)
	}
}
