package crm

import (
	"fmt"
	"slices"
	"time"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Change is that a person has another number or user id from a moment on
// (reference/whatsapp-cloud-api.md §13.3). The old one may later be somebody else's:
// what was written with it up to that moment is this person's, and the rest is not.
// What somebody else wrote with it before the change was told stays where it went.
type Change struct {
	Kind     models.IdentityKind
	From, To string // From may be empty: then only the new one is told
}

// Address is how a contact is called from a moment on; an empty value says nothing.
type Address struct {
	Kind  models.IdentityKind
	Value string
	At    time.Time
}

// Addresses lists how the contact is called after what the sender said.
func (s Sender) Addresses() []Address {
	if s.Change != nil {
		return []Address{{s.Change.Kind, s.Change.To, justAfter(s.SeenAt)}}
	}
	return []Address{{models.IdentityWAID, s.WAID, s.SeenAt}, {models.IdentityUser, s.UserID, s.SeenAt}}
}

// Releases are the changes that are known of some identities. Nil knows of none.
type Releases struct {
	of map[identityKey][]models.ReleasedIdentity // in the order of time
}

// Since lists how the person is called later on who was called so at a moment, in
// the order of time.
func (r *Releases) Since(organization models.ID, kind models.IdentityKind, value string, at time.Time) []Address {
	var later []Address
	for r != nil {
		release := r.next(keyOf(organization, kind, value), at)
		if release == nil {
			break
		}
		value, at = release.ReplacedBy, justAfter(release.ReleasedAt)
		later = append(later, Address{kind, value, at})
	}
	return later
}

// next is the release that ends the time in which an identity named the same person
// as at the given moment; nil if that lasts.
func (r *Releases) next(key identityKey, at time.Time) *models.ReleasedIdentity {
	known := r.of[key]
	for i := range known {
		if !known[i].ReleasedAt.Before(at) {
			return &known[i]
		}
	}
	return nil
}

// last is the newest release of an identity up to and with the given moment.
func (r *Releases) last(key identityKey, at time.Time) *models.ReleasedIdentity {
	known := r.of[key]
	for i := len(known) - 1; i >= 0; i-- {
		if !known[i].ReleasedAt.After(at) {
			return &known[i]
		}
	}
	return nil
}

func (r *Releases) add(release models.ReleasedIdentity) {
	key := identityKey{release.OrganizationID, release.Kind, release.MatchKey}
	r.of[key] = append(r.of[key], release)
	slices.SortFunc(r.of[key], func(a, b models.ReleasedIdentity) int { return a.ReleasedAt.Compare(b.ReleasedAt) })
}

// loadReleases reads the releases of identities, and of those that replaced them.
// Each of the identities has an entry, if only an empty one.
func loadReleases(tx *store.Tx, keys []identityKey) (*Releases, error) {
	r := &Releases{of: make(map[identityKey][]models.ReleasedIdentity, len(keys))}
	for len(keys) > 0 {
		wanted := make([][]any, 0, len(keys))
		for _, key := range keys {
			r.of[key] = nil
			wanted = append(wanted, key.row())
		}
		var rows []models.ReleasedIdentity
		if err := tx.Where(store.InKeys([]string{"organization_id", "kind", "match_key"}, wanted)).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("find identities that were given up: %w", err)
		}
		keys = nil
		for _, row := range rows {
			r.add(row)
		}
		for _, row := range rows {
			next := keyOf(row.OrganizationID, row.Kind, row.ReplacedBy)
			if _, known := r.of[next]; !known {
				keys = append(keys, next)
			}
		}
	}
	return r, nil
}

// loadReleasers reads the contacts that gave up an identity, as far as they are not
// known by another one.
func (r *resolver) loadReleasers() error {
	var missing [][]any
	for _, releases := range r.releases.of {
		for _, release := range releases {
			if r.contacts[release.ContactID] == nil {
				missing = append(missing, []any{release.OrganizationID, release.ContactID})
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	var rows []models.Contact
	if err := r.tx.Where(store.InKeys([]string{"organization_id", "id"}, missing)).Find(&rows).Error; err != nil {
		return fmt.Errorf("find contacts that gave up an identity: %w", err)
	}
	for _, row := range rows {
		r.contacts[row.ID] = &knownContact{Contact: row}
	}
	return nil
}

// place is an identity at a moment.
type place struct {
	key    identityKey
	value  string
	at     time.Time
	attach bool // it is to name the contact from here on
}

// placesOf lists where a sender's contact is to be found.
func (r *resolver) placesOf(sender Sender) []place {
	change := sender.Change
	var places []place
	for _, seen := range []Change{{models.IdentityWAID, "", sender.WAID}, {models.IdentityUser, "", sender.UserID}} {
		if seen.To != "" {
			places = append(places, place{keyOf(sender.OrganizationID, seen.Kind, seen.To), seen.To, sender.SeenAt, change == nil})
		}
	}
	if change == nil {
		return places
	}
	if change.From != "" {
		at := sender.SeenAt
		if told := r.toldBefore(sender); told != nil {
			at = told.ReleasedAt
		}
		places = append(places, place{keyOf(sender.OrganizationID, change.Kind, change.From), change.From, at, false})
	}
	return append(places, place{keyOf(sender.OrganizationID, change.Kind, change.To), change.To, justAfter(sender.SeenAt), true})
}

// owners lists the contacts that places lead to, those of the same person or not.
func (r *resolver) owners(places []place) []models.ID {
	var owners []models.ID
	add := func(key identityKey, at time.Time) {
		if release := r.releases.next(key, at); release != nil {
			owners = append(owners, r.current(release.ContactID))
		} else if owner, known := r.owner[key]; known {
			owners = append(owners, r.current(owner))
		}
	}
	for _, place := range places {
		add(place.key, place.at)
		for _, later := range r.releases.Since(place.key.organization, place.key.kind, place.value, place.at) {
			add(keyOf(place.key.organization, later.Kind, later.Value), later.At)
		}
	}
	return owners
}

// isNews reports whether a sender tells of a change of identity that is not known.
// Another way of writing the same number is none.
func (r *resolver) isNews(sender Sender) bool {
	change := sender.Change
	return change != nil && change.From != "" &&
		keyOf(sender.OrganizationID, change.Kind, change.From) != keyOf(sender.OrganizationID, change.Kind, change.To) &&
		r.toldBefore(sender) == nil
}

// toldBefore is the known release that a sender tells of. The same change is told on
// each channel, at slightly different times; only who went back in between can make
// it twice.
func (r *resolver) toldBefore(sender Sender) *models.ReleasedIdentity {
	to := keyOf(sender.OrganizationID, sender.Change.Kind, sender.Change.To)
	told := r.releases.last(keyOf(sender.OrganizationID, sender.Change.Kind, sender.Change.From), sender.SeenAt)
	if told == nil || keyOf(told.OrganizationID, told.Kind, told.ReplacedBy) != to {
		return nil
	}
	if back := r.releases.last(to, sender.SeenAt); back != nil && back.ReleasedAt.After(told.ReleasedAt) {
		return nil
	}
	return told
}

// release carries out that a contact gave up an identity. On the channels where it
// named the contact the new one does now.
func (r *resolver) release(sender Sender, contact models.ID) {
	change := sender.Change
	key := keyOf(sender.OrganizationID, change.Kind, change.From)
	isLast := r.releases.next(key, justAfter(sender.SeenAt)) == nil
	release := models.ReleasedIdentity{
		OrganizationID: key.organization, Kind: key.kind, MatchKey: key.match, ReleasedAt: sender.SeenAt,
		ReplacedBy: change.To, ContactID: contact, CreatedAt: r.tx.Now(),
	}
	r.releases.add(release)
	r.released = append(r.released, release)
	now := r.lastName(place{key: key, value: change.From, at: sender.SeenAt})
	if !isLast || keyOf(key.organization, key.kind, now) == key { // what it names now is of a later time
		return
	}
	delete(r.owner, key)
	for row := range r.identities {
		if keyOf(row.OrganizationID, row.Kind, row.Value) != key {
			continue
		}
		r.remove(row)
		row.Value, row.MatchKey = now, matchKey(row.Kind, now)
		r.attach(row, contact)
	}
}

// remove takes back that an identity names a contact.
func (r *resolver) remove(row models.ContactIdentity) {
	delete(r.identities, row)
	before := len(r.added)
	r.added = slices.DeleteFunc(r.added, func(added models.ContactIdentity) bool { return identityRow(added) == row })
	if len(r.added) == before {
		r.removed = append(r.removed, row)
	}
}

func (r *resolver) dropRemoved() error {
	if len(r.removed) == 0 {
		return nil
	}
	keys := make([][]any, len(r.removed))
	for i, row := range r.removed {
		keys[i] = []any{row.OrganizationID, row.ChannelID, string(row.Kind), row.Value}
	}
	err := r.tx.Where(store.InKeys([]string{"organization_id", "channel_id", "kind", "value"}, keys)).Delete(&models.ContactIdentity{}).Error
	if err != nil {
		return fmt.Errorf("drop identities that were given up: %w", err)
	}
	return nil
}

// renamed are the contacts that gave up an identity.
func (r *resolver) renamed() (renamed []models.Contact) {
	for _, release := range r.released {
		renamed = append(renamed, r.contacts[r.current(release.ContactID)].Contact)
	}
	return renamed
}

// lastName is what a place's identity became by now.
func (r *resolver) lastName(p place) string {
	later := r.releases.Since(p.key.organization, p.key.kind, p.value, p.at)
	if len(later) == 0 {
		return p.value
	}
	return later[len(later)-1].Value
}

// identityOf is the identity by which a sender seen at a place is known by now.
func (r *resolver) identityOf(sender Sender, p place) models.ContactIdentity {
	value := r.lastName(p)
	return models.ContactIdentity{
		OrganizationID: sender.OrganizationID, ChannelID: sender.ChannelID,
		Kind: p.key.kind, Value: value, MatchKey: matchKey(p.key.kind, value),
	}
}

// row is the key as store.InKeys takes it.
func (k identityKey) row() []any { return []any{k.organization, string(k.kind), k.match} }

// keysOf lists the identities that senders name.
func keysOf(senders []Sender) []identityKey {
	var keys []identityKey
	add := func(organization models.ID, kind models.IdentityKind, value string) {
		if value != "" {
			keys = append(keys, keyOf(organization, kind, value))
		}
	}
	for _, sender := range senders {
		add(sender.OrganizationID, models.IdentityWAID, sender.WAID)
		add(sender.OrganizationID, models.IdentityUser, sender.UserID)
		if change := sender.Change; change != nil {
			add(sender.OrganizationID, change.Kind, change.From)
			add(sender.OrganizationID, change.Kind, change.To)
		}
	}
	return keys
}

func keyOf(organization models.ID, kind models.IdentityKind, value string) identityKey {
	return identityKey{organization, kind, matchKey(kind, value)}
}

func matchKey(kind models.IdentityKind, value string) string {
	if kind == models.IdentityUser {
		return value
	}
	return whatsapp.MatchKey(value)
}

// byTime lists the places of senders in the order of when they were seen.
func byTime(senders []Sender) []int {
	order := make([]int, len(senders))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return senders[a].SeenAt.Compare(senders[b].SeenAt) })
	return order
}

// justAfter is the moment from which on a change counts.
func justAfter(at time.Time) time.Time { return at.Add(models.Precision) }
