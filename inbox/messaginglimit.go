package inbox

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// # How many people may be written to first
//
// Meta bounds how many people a business reaches in 24 hours with templates outside of
// their service windows (reference/whatsapp-cloud-api.md §10.3), over all numbers of
// its portfolio. Each conversation knows when it was last reached in this way
// (LastOutreachAt), so whoever counts is in an index in the order of time. Counting is
// exact while there are few; beyond that a count is kept for a moment, and those who
// were reached since are added to it: never too few, and no send counts 100,000.
//
// A message that would take a place when there is none is refused. That is decided
// under a lock at the end of the transaction that queues it, so of many at once no
// more get a place than there are. Meta counts who was delivered to; here a message
// counts from when it is queued until it fails. Numbers of the same portfolio in
// another organization, or used by other programs, are not seen: then Meta refuses.

const (
	// dearCount is from how many people on a count is kept.
	dearCount = 1000
	// countLifetime is how long.
	countLifetime = time.Minute
	// countOverlap is how much of the time before a kept count is counted again, for
	// transactions that were under way.
	countOverlap = 10 * time.Second
	// maxCounted is where counting ends when there is no limit.
	maxCounted = 100_000
)

// LimitUse is how much of a messaging limit is used.
type LimitUse struct {
	Used   int        // people who were written to first in the last 24 hours; never too low up to 100,000, where counting ends
	Limit  *int       // how many may be; nil: Meta has not said, or there is no limit
	FreeAt *time.Time // when the next place gets free; nil: there is one
}

// countsOfOutreach are counts that are kept for a moment, by channel.
type countsOfOutreach struct {
	dear   int // dearCount
	mu     sync.Mutex
	counts map[models.ID]keptCount
}

type keptCount struct {
	people int
	at     time.Time
}

func (c *countsOfOutreach) of(channel models.ID, now time.Time) (keptCount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, found := c.counts[channel]
	return kept, found && now.Before(kept.at.Add(countLifetime))
}

func (c *countsOfOutreach) keep(channel models.ID, count keptCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if count.people < c.dear {
		delete(c.counts, channel)
		return
	}
	if c.counts == nil {
		c.counts = make(map[models.ID]keptCount)
	}
	c.counts[channel] = count
}

// outreach is whom the channels that share a limit wrote to first.
type outreach struct {
	organization models.ID
	asked        models.ID   // the channel that is asked about
	sharing      []models.ID // with that one
	limit        int
	limited      bool
}

// outreachOf finds the channels that share a limit with a channel, and the limit.
func outreachOf(db *gorm.DB, channel models.Channel) (outreach, error) {
	var all []models.Channel
	err := db.Select("id", "waba_id", "facts").Where("organization_id = ?", channel.OrganizationID).Order("id").Find(&all).Error
	if err != nil {
		return outreach{}, fmt.Errorf("read channels that share a limit: %w", err)
	}
	o := outreach{organization: channel.OrganizationID, asked: channel.ID}
	var sharing []models.Channel
	for _, other := range all {
		if channel.SharesLimit(other) {
			sharing = append(sharing, other)
			o.sharing = append(o.sharing, other.ID)
		}
	}
	o.limit, o.limited = models.SharedLimit(sharing)
	return o, nil
}

// reached is a query for the conversations that were reached after a time.
func (o outreach) reached(db *gorm.DB, after time.Time) *gorm.DB {
	return db.Model(&models.Conversation{}).Where("current").
		Where("organization_id = ? AND channel_id IN ? AND last_outreach_at > ?", o.organization, o.sharing, after)
}

// count counts the people who were reached after a time, as far as is of interest.
func (o outreach) count(db *gorm.DB, after time.Time) (int, error) {
	most := maxCounted
	if o.limited {
		most = max(most, o.limit+1)
	}
	contacts := o.reached(db, after).Select("contact_id").Limit(most)
	if len(o.sharing) > 1 { // on one channel each has one current conversation
		contacts = contacts.Distinct()
	}
	var people int64
	err := db.Table("(?) AS people", contacts).Count(&people).Error
	if err != nil {
		return 0, fmt.Errorf("count people who were written to first: %w", err)
	}
	return int(people), nil
}

// used is LimitUse.Used.
func (s *Service) used(db *gorm.DB, o outreach, now time.Time) (int, error) {
	if kept, fresh := s.outreach.of(o.asked, now); fresh {
		since, err := o.count(db, kept.at.Add(-countOverlap))
		if err != nil {
			return 0, err
		}
		if people := kept.people + since; since < max(dearCount, kept.people/8) && (!o.limited || people < o.limit) {
			return people, nil
		}
	}
	people, err := o.count(db, now.Add(-models.OutreachPeriod))
	if err == nil {
		s.outreach.keep(o.asked, keptCount{people: people, at: now})
	}
	return people, err
}

// limitUse is how much is used of the limit that a channel shares.
func (s *Service) limitUse(db *gorm.DB, o outreach, now time.Time) (LimitUse, error) {
	var use LimitUse
	var err error
	if use.Used, err = s.used(db, o, now); err != nil || !o.limited {
		return use, err
	}
	use.Limit = &o.limit
	if use.Used < o.limit {
		return use, nil
	}
	var next []models.Conversation
	err = o.reached(db, now.Add(-models.OutreachPeriod)).Select("last_outreach_at").
		Order("last_outreach_at").Offset(use.Used - o.limit).Limit(1).Find(&next).Error
	if err != nil {
		return use, fmt.Errorf("look when a place gets free: %w", err)
	}
	if len(next) > 0 {
		use.FreeAt = new(next[0].LastOutreachAt.Add(models.OutreachPeriod))
	}
	return use, nil
}

// counts reports whether a person counts already, on whichever of the channels.
func (o outreach) counts(db *gorm.DB, contact models.ID, now time.Time) (bool, error) {
	var found []models.ID
	err := o.reached(db, now.Add(-models.OutreachPeriod)).Where("contact_id = ?", contact).Limit(1).Pluck("id", &found).Error
	if err != nil {
		return false, fmt.Errorf("look whether contact %s was written to: %w", contact, err)
	}
	return len(found) > 0, nil
}

// reach finds out whether a message would reach out to somebody for whom there is no
// place, and how many there are.
func (s *Service) reach(db *gorm.DB, now time.Time, conversation models.Conversation, channel models.Channel, p *proposal) error {
	if !conversation.ReachesOut(p.message, now) {
		return nil
	}
	o, err := outreachOf(db, channel)
	if err != nil {
		return err
	}
	use, err := s.limitUse(db, o, now)
	if err != nil {
		return err
	}
	p.limit = &use
	if use.Limit == nil || use.Used < *use.Limit || conversation.ReachedOut(now) {
		return nil
	}
	counts, err := o.counts(db, conversation.ContactID, now)
	if err == nil && !counts {
		p.stopAt(use.reachedError())
	}
	return err
}

func (u LimitUse) reachedError() *models.Error {
	full := models.NewError(models.CodeMessagingLimitReached, "conversationId").With("limit", strconv.Itoa(*u.Limit))
	if u.FreeAt != nil {
		full = full.With("freeAt", u.FreeAt.UTC().Format(time.RFC3339))
	}
	return full
}

// takePlace has the transaction fail in the end with MESSAGING_LIMIT_REACHED if others
// took the last place at the same time. It is called before the message is added.
func (s *Service) takePlace(tx *store.Tx, conversation models.Conversation, message models.Message) {
	if !conversation.ReachesOut(message, tx.Now()) || conversation.ReachedOut(tx.Now()) {
		return
	}
	tx.Last(func() error {
		channel, err := channelOf(tx.DB, conversation)
		if err != nil {
			return err
		}
		o, err := outreachOf(tx.DB, channel)
		if err != nil || !o.limited {
			return err
		}
		if err := tx.Flush(); err != nil { // so that the message counts
			return err
		}
		if err := tx.LockName("messaging limit of " + o.organization.String()); err != nil {
			return err
		}
		use, err := s.limitUse(tx.DB, o, tx.Now())
		if err == nil && use.Used > o.limit {
			full := use.reachedError()
			full.Field = ""
			return full
		}
		return err
	})
}

// MessagingLimitUsed is how many people the business wrote to first in the last 24
// hours, on each of those channels and the others that share its limit: see
// LimitUse.Used. Channels that the viewer may not see are left out.
func (s *Service) MessagingLimitUsed(ctx context.Context, viewer models.Viewer, channelIDs []models.ID) (map[models.ID]int, error) {
	db, now := s.db.Read(ctx), s.clock()
	var channels []models.Channel
	err := db.Select("id", "organization_id", "waba_id", "facts").
		Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", channelIDs)).Order("id").Find(&channels).Error
	if err != nil {
		return nil, fmt.Errorf("read %d channels: %w", len(channelIDs), err)
	}
	used := make(map[models.ID]int, len(channels))
	for _, channel := range channels {
		if _, known := used[channel.ID]; known || !viewer.Can(channel.ID, models.LevelView) {
			continue
		}
		o, err := outreachOf(db, channel)
		if err != nil {
			return nil, err
		}
		people, err := s.used(db, o, now)
		if err != nil {
			return nil, err
		}
		for _, other := range channels { // one count for all that share it
			if channel.SharesLimit(other) && viewer.Can(other.ID, models.LevelView) {
				used[other.ID] = people
			}
		}
	}
	return used, nil
}
