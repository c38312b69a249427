package crm

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"recado/models"
	"recado/store"
)

// Sender is who an inbound message is from, in Meta's words. At least one of
// WAID, UserID and Change is set.
type Sender struct {
	OrganizationID models.ID
	ChannelID      models.ID
	WAID           string // digits
	UserID         string // business-scoped user id
	Name           string // may be empty
	SeenAt         time.Time
	Change         *Change // told by the message; WAID and UserID then only help to find the contact: they may be from before or from after it
}

// Merge says that two contacts turned out to be one: From is to disappear, and
// what it had belongs to Into.
type Merge struct {
	OrganizationID models.ID
	From, Into     models.ID
}

// Resolution is what Resolve found out.
type Resolution struct {
	Contacts []models.Contact // one per sender, in their order; as they are after all of them were seen
	Merges   []Merge          // to be carried out in this order, see Bury
	Changed  []models.Contact // those that are new, or have another name or identity; to be given to Index
	Renamed  []models.Contact // those that gave up an identity: who knows them by it has to look at Releases
	Releases *Releases
}

// identityKey is what two sightings of the same person have in common.
type identityKey struct {
	organization models.ID
	kind         models.IdentityKind
	match        string
}

// Resolve finds the contacts of senders, makes those that are new, remembers new
// identities, and takes over newer names. It is commutative: any order and any
// grouping of the same senders ends with the same people.
//
// The rows of the senders' channels must be locked by the transaction.
func Resolve(tx *store.Tx, senders []Sender) (Resolution, error) {
	r := resolver{tx: tx}
	if err := r.load(senders); err != nil {
		return Resolution{}, err
	}
	if r.unsettled(senders) {
		// Somebody may be writing to two channels for the first time, at once.
		if err := lockContacts(tx, senders); err != nil {
			return Resolution{}, err
		}
		if err := r.load(senders); err != nil {
			return Resolution{}, err
		}
	}
	ids := make([]models.ID, len(senders))
	for _, i := range byTime(senders) {
		ids[i] = r.see(senders[i])
	}
	if err := r.save(); err != nil {
		return Resolution{}, err
	}
	resolution := Resolution{
		Contacts: make([]models.Contact, len(senders)), Merges: r.merges, Changed: r.changed(),
		Renamed: r.renamed(), Releases: r.releases,
	}
	for i, id := range ids {
		resolution.Contacts[i] = r.contacts[r.current(id)].Contact
	}
	return resolution, nil
}

type resolver struct {
	tx         *store.Tx
	contacts   map[models.ID]*knownContact
	owner      map[identityKey]models.ID
	identities map[models.ContactIdentity]bool // by key columns only
	added      []models.ContactIdentity
	removed    []models.ContactIdentity // of those that are stored; by key columns only
	releases   *Releases
	released   []models.ReleasedIdentity // those that are new
	replaced   map[models.ID]models.ID   // merged contact → the one that took its place
	merges     []Merge
}

type knownContact struct {
	models.Contact
	isNew   bool
	changed bool
}

// load reads the contacts that have an identity of any of the senders.
func (r *resolver) load(senders []Sender) error {
	r.contacts = make(map[models.ID]*knownContact)
	r.owner = make(map[identityKey]models.ID)
	r.identities = make(map[models.ContactIdentity]bool)
	r.replaced = make(map[models.ID]models.ID)

	var err error
	if r.releases, err = loadReleases(r.tx, keysOf(senders)); err != nil {
		return err
	}
	keys := make([][]any, 0, len(r.releases.of))
	for key := range r.releases.of {
		keys = append(keys, key.row())
	}
	var rows []struct {
		models.ContactIdentity
		Name         string
		NameSeenAt   *time.Time
		ContactBorn  time.Time
		ContactMoved time.Time
	}
	err = r.tx.Table("contact_identities AS i").
		Select("i.*, c.name, c.name_seen_at, c.created_at AS contact_born, c.updated_at AS contact_moved").
		Joins("JOIN contacts AS c ON c.organization_id = i.organization_id AND c.id = i.contact_id").
		Where(store.InKeys([]string{"i.organization_id", "i.kind", "i.match_key"}, keys)).
		Find(&rows).Error
	if err != nil {
		return fmt.Errorf("find contacts: %w", err)
	}
	for _, row := range rows {
		r.owner[identityKey{row.OrganizationID, row.Kind, row.MatchKey}] = row.ContactID
		r.identities[identityRow(row.ContactIdentity)] = true
		r.contacts[row.ContactID] = &knownContact{Contact: models.Contact{
			OrganizationID: row.OrganizationID, ID: row.ContactID, Name: row.Name, NameSeenAt: row.NameSeenAt,
			CreatedAt: row.ContactBorn, UpdatedAt: row.ContactMoved,
		}}
	}
	return r.loadReleasers()
}

// unsettled reports whether any sender has an identity that was not loaded, or
// identities of two contacts, or a change that is new: whether contacts are to be
// made, merged or renamed.
func (r *resolver) unsettled(senders []Sender) bool {
	for _, sender := range senders {
		if r.isNews(sender) {
			return true
		}
		places := r.placesOf(sender)
		owners := r.owners(places)
		for _, owner := range owners {
			if owner != owners[0] {
				return true
			}
		}
		for _, place := range places {
			if place.attach && !r.identities[identityRow(r.identityOf(sender, place))] {
				return true
			}
		}
	}
	return false
}

// see works one sender into the picture and returns the contact.
func (r *resolver) see(sender Sender) models.ID {
	places := r.placesOf(sender)
	var contact *knownContact
	for _, id := range r.owners(places) {
		other := r.contacts[r.current(id)]
		switch {
		case contact == nil:
			contact = other
		case contact.ID != other.ID:
			contact = r.merge(contact, other)
		}
	}
	if contact == nil {
		contact = &knownContact{isNew: true, Contact: models.Contact{
			OrganizationID: sender.OrganizationID, ID: models.NewID(),
			CreatedAt: r.tx.Now(), UpdatedAt: r.tx.Now(),
		}}
		r.contacts[contact.ID] = contact
	}
	if r.isNews(sender) {
		r.release(sender, contact.ID)
	}
	for _, place := range places {
		if place.attach {
			r.attach(r.identityOf(sender, place), contact.ID)
		}
	}
	if contact.SeeName(sender.Name, sender.SeenAt) {
		contact.changed = true
	}
	return contact.ID
}

// attach has an identity name a contact.
func (r *resolver) attach(identity models.ContactIdentity, contact models.ID) {
	r.owner[identityKey{identity.OrganizationID, identity.Kind, identity.MatchKey}] = contact
	if row := identityRow(identity); !r.identities[row] {
		r.identities[row] = true
		identity.ContactID, identity.CreatedAt = contact, r.tx.Now()
		r.added = append(r.added, identity)
	}
}

// merge makes one contact of two. One that is stored outlives one that is not;
// of two stored ones the older.
func (r *resolver) merge(a, b *knownContact) *knownContact {
	if a.isNew && !b.isNew || a.isNew == b.isNew && bytes.Compare(b.ID[:], a.ID[:]) < 0 {
		a, b = b, a
	}
	if b.NameSeenAt != nil && a.SeeName(b.Name, *b.NameSeenAt) {
		a.changed = true
	}
	r.replaced[b.ID] = a.ID
	if !b.isNew {
		r.merges = append(r.merges, Merge{OrganizationID: a.OrganizationID, From: b.ID, Into: a.ID})
	}
	return a
}

// current follows merges to the contact that is left.
func (r *resolver) current(id models.ID) models.ID {
	for {
		next, merged := r.replaced[id]
		if !merged {
			return id
		}
		id = next
	}
}

// changed are the contacts that are to be found under other words than before.
func (r *resolver) changed() (changed []models.Contact) {
	gained := make(map[models.ID]bool)
	for _, identity := range r.added {
		gained[identity.ContactID] = true
	}
	for _, release := range r.released {
		gained[r.current(release.ContactID)] = true
	}
	for _, merge := range r.merges {
		gained[r.current(merge.Into)] = true
	}
	for id, contact := range r.contacts {
		if _, gone := r.replaced[id]; !gone && (contact.isNew || contact.changed || gained[id]) {
			changed = append(changed, contact.Contact)
		}
	}
	return changed
}

func (r *resolver) save() error {
	var made []models.Contact
	renamed := make(map[models.ID]models.Contact)
	for id, contact := range r.contacts {
		if _, gone := r.replaced[id]; gone {
			continue
		}
		switch {
		case contact.isNew:
			made = append(made, contact.Contact)
		case contact.changed:
			renamed[id] = contact.Contact
		}
	}
	if err := store.InsertAll(r.tx, made); err != nil {
		return err
	}
	if err := r.dropRemoved(); err != nil {
		return err
	}
	for i := range r.added {
		r.added[i].ContactID = r.current(r.added[i].ContactID)
	}
	if err := store.InsertAll(r.tx, r.added); err != nil {
		return err
	}
	for i := range r.released {
		r.released[i].ContactID = r.current(r.released[i].ContactID)
	}
	if err := store.InsertAll(r.tx, r.released); err != nil {
		return err
	}
	return Rename(r.tx, renamed)
}

// Rename stores the newer names of contacts that were seen, by id. A row may have
// got a still newer name through another channel meanwhile, so the comparison of
// SeeName is made again when it is written.
func Rename(tx *store.Tx, seen map[models.ID]models.Contact) error {
	rows := make([]models.Contact, 0, len(seen))
	for _, contact := range seen {
		contact.UpdatedAt = tx.Now()
		rows = append(rows, contact)
	}
	slices.SortFunc(rows, func(a, b models.Contact) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return store.UpdateIf(tx, rows,
		"t.name_seen_at IS NULL OR t.name_seen_at < v.name_seen_at OR t.name_seen_at = v.name_seen_at AND t.name < v.name")
}

// Bury moves the identities, the deals and the record of a merged contact to the one that
// took its place and deletes it. Rows of other rooms must no longer point at it. The other one is
// to be given to Index.
func Bury(tx *store.Tx, merge Merge) error {
	if err := unindex(tx, merge.OrganizationID, merge.From); err != nil {
		return err
	}
	if err := uniteRecords(tx, merge); err != nil {
		return err
	}
	err := tx.Model(&models.ContactIdentity{}).
		Where("organization_id = ? AND contact_id = ?", merge.OrganizationID, merge.From).
		Update("contact_id", merge.Into).Error
	if err != nil {
		return fmt.Errorf("move identities of contact %s: %w", merge.From, err)
	}
	err = tx.Model(&models.ReleasedIdentity{}).
		Where("organization_id = ? AND contact_id = ?", merge.OrganizationID, merge.From).
		Update("contact_id", merge.Into).Error
	if err != nil {
		return fmt.Errorf("move identities that contact %s gave up: %w", merge.From, err)
	}
	err = tx.Where("organization_id = ? AND id = ?", merge.OrganizationID, merge.From).Delete(&models.Contact{}).Error
	if err != nil {
		return fmt.Errorf("delete merged contact %s: %w", merge.From, err)
	}
	return nil
}

// lockContacts has the making of contacts wait for each other, per organization.
func lockContacts(tx *store.Tx, senders []Sender) error {
	var names []string
	for _, sender := range senders {
		names = append(names, "contacts of "+sender.OrganizationID.String())
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := tx.LockName(name); err != nil {
			return err
		}
	}
	return nil
}

// identityRow reduces an identity to its primary key.
func identityRow(identity models.ContactIdentity) models.ContactIdentity {
	identity.MatchKey, identity.ContactID, identity.CreatedAt = "", models.NoID, time.Time{}
	return identity
}
