//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"recado/models"
	"recado/store"
)

// archive is what lists are measured over: some years of a company's conversations,
// of which few are still open, on numbers and with agents of very different weight.
type archive struct {
	Organization models.ID
	Channels     []models.ID // the busiest first; the last one is hardly used
	Agents       []models.ID // the last one left long ago
	Frequent     models.ID   // a tag of one conversation in ten
	Medium       models.ID   // of one in 200
	Rare         models.ID   // of one in 10,000
	Unused       models.ID   // of none
	Newest       time.Time
}

const (
	archiveChannels = 20
	archiveAgents   = 50
	messagesEach    = 5
	// archiveAge is how old conversations are on average.
	archiveAge = 120 * 24 * time.Hour
)

// fill makes the archive in an empty database.
func (a *archive) fill(ctx context.Context, r *rig, url string, conversations int) (err error) {
	w, err := r.worldIn(ctx, url, archiveChannels, archiveAgents)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	a.Organization, a.Agents, a.Newest = w.organization, w.agents, models.SystemClock()
	for _, channel := range w.channels {
		a.Channels = append(a.Channels, channel.ID)
	}
	r.sayf("making %d conversations with %d messages each", conversations, messagesEach)
	if err := w.populate(ctx, conversations, a.past(rand.New(rand.NewPCG(3, 4)))); err != nil {
		return err
	}
	if err := a.tag(ctx, w.db); err != nil {
		return err
	}
	return settle(ctx, url)
}

// past gives each conversation its place in the company's history.
func (a *archive) past(random *rand.Rand) shape {
	chance := func(of float64) bool { return random.Float64() < of }
	skewed := func(count int) int { return min(int(random.ExpFloat64()*float64(count-1)/5), count-2) }
	return func(person int, c *models.Conversation) []models.Message {
		c.ChannelID = a.Channels[skewed(len(a.Channels))]
		last := a.Newest.Add(-time.Duration(random.ExpFloat64() * float64(archiveAge))).Truncate(models.Precision)
		assignee := &a.Agents[skewed(len(a.Agents))]
		if last.Before(a.Newest.Add(-3 * archiveAge)) { // the quiet ones
			if chance(0.002) {
				c.ChannelID = a.Channels[len(a.Channels)-1]
			}
			if chance(0.002) {
				assignee = &a.Agents[len(a.Agents)-1]
			}
		}
		open := chance(0.005) || a.Newest.Sub(last) < 3*24*time.Hour && chance(0.4)
		if chance(0.85) {
			c.AssigneeID = assignee
		}
		business, byTeam := chance(0.1), chance(0.6)
		var messages []models.Message
		for i := range messagesEach {
			at := last.Add(-time.Duration(messagesEach-1-i) * 7 * time.Minute)
			m := models.Message{
				OrganizationID: a.Organization, ID: models.NewID(), ChannelID: c.ChannelID, ConversationID: c.ID, Direction: models.Inbound,
				Kind: models.KindText, Body: sentences[random.IntN(len(sentences))], Status: models.StatusReceived, SentAt: at, CreatedAt: at, UpdatedAt: at,
			}
			wamid := wamidOf(waID(person), random.Uint64(), random.Uint64())
			m.WAMID = &wamid
			if i == 0 && business || i == 2 || i == messagesEach-1 && byTeam {
				m.Direction, m.Status, m.SenderID = models.Outbound, models.StatusRead, c.AssigneeID
				m.AcceptedAt, m.LeftAt, m.DeliveredAt, m.ReadAt, m.Attempts = &at, &at, &at, &at, 1
			}
			messages = append(messages, m)
			c.SeeMessage(m)
		}
		c.UnreadCount = 0
		switch {
		case !open:
			c.Close(*assignee, last)
		case byTeam:
		case chance(0.6):
			c.UnreadCount = 1 + random.IntN(2)
		}
		if open && chance(0.03) {
			until := a.Newest.AddDate(0, 0, 1+random.IntN(30))
			c.SnoozedUntil = &until
		}
		return messages
	}
}

// tag gives conversations their tags.
func (a *archive) tag(ctx context.Context, db *store.Store) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		for _, tag := range []struct {
			id    *models.ID
			oneIn int // of so many conversations; 0: none
		}{{&a.Frequent, 10}, {&a.Medium, 200}, {&a.Rare, 10_000}, {&a.Unused, 0}} {
			*tag.id = models.NewID()
			name := tag.id.String()
			err := tx.Create(&models.Tag{
				OrganizationID: a.Organization, ID: *tag.id, Name: name, NameKey: name, Color: models.TagGray, Version: 1, CreatedByID: a.Agents[0],
				CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			}).Error
			if err != nil {
				return fmt.Errorf("make a tag: %w", err)
			}
			if tag.oneIn == 0 {
				continue
			}
			const tagged = "INSERT INTO conversation_tags SELECT organization_id, id, ?, created_at FROM conversations WHERE hashtext(id::text) % ? = 0"
			if err := tx.Exec(tagged, *tag.id, tag.oneIn).Error; err != nil {
				return fmt.Errorf("tag conversations: %w", err)
			}
		}
		return nil
	})
}
