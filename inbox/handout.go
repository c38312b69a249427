package inbox

import (
	"context"
	"time"

	"recado/channels"
	"recado/models"
	"recado/store"
)

// takeTurns prepares decisions about those of the messages' conversations that
// somebody has to be found for: new ones, and closed ones to which a customer comes
// back. The channels of the messages must be locked.
func (c *changes) takeTurns(messages []incoming, senders map[messageKey]models.ID) (*channels.Turns, error) {
	var undecided []*models.Channel
	var former []channels.Outsider
	for _, message := range messages {
		conversation := c.byContact[message.from(senders[message.key()])]
		if conversation != nil && (conversation.Status == models.ConversationOpen || conversation.Blocked) {
			continue
		}
		undecided = append(undecided, message.channel)
		if conversation != nil && conversation.AssigneeID != nil {
			former = append(former, channels.Outsider{ChannelID: message.channel.ID, UserID: *conversation.AssigneeID})
		}
	}
	return channels.TakeTurns(c.tx, undecided, former)
}

// handBack opens a closed conversation, to which the customer has come back, and
// gives it to who had it, if they can take it, else to whose turn it is.
func (c *changes) handBack(turns *channels.Turns, conversation *changing) {
	conversation.Reopen()
	conversation.report = true
	if conversation.AssigneeID == nil {
		c.handOut(turns, conversation)
		return
	}
	former := *conversation.AssigneeID
	obstacle := turns.Give(conversation.ChannelID, former)
	if obstacle == "" {
		c.decided(conversation, models.AssignedFormer, &former, nil, nil)
		return
	}
	c.handOut(turns, conversation, models.Skip{UserID: former, Reason: obstacle})
}

// handOut gives an open conversation to whose turn it is. When nobody in the pool
// can take it, it waits in the queue; a channel without a pool leaves it to whoever
// picks it up. Skipped are those who were asked before.
func (c *changes) handOut(turns *channels.Turns, conversation *changing, skipped ...models.Skip) {
	had := conversation.AssigneeID
	if !turns.HasPool(conversation.ChannelID) {
		if conversation.Assign(nil) {
			c.decided(conversation, models.AssignedNobody, had, nil, skipped)
		}
		return
	}
	assignee, more := turns.Next(conversation.ChannelID)
	for _, skip := range more {
		if len(skipped) == 0 || skip.UserID != skipped[0].UserID {
			skipped = append(skipped, skip)
		}
	}
	if assignee == nil {
		conversation.Queue(c.tx.Now())
		c.decided(conversation, models.AssignedWaiting, had, nil, skipped)
		return
	}
	conversation.Assign(assignee)
	c.decided(conversation, models.AssignedRoundRobin, had, nil, skipped)
}

// assignBy carries out a user's decision.
func (c *changes) assignBy(viewer models.Viewer, conversation *changing, to *models.ID, cause models.AssignmentCause) {
	had := conversation.AssigneeID
	if !conversation.Assign(to) {
		return
	}
	conversation.report = true
	if to == nil {
		cause = models.AssignedNobody
	}
	c.decided(conversation, cause, had, &viewer.UserID, nil)
}

// decided logs who has the conversation now, and why.
func (c *changes) decided(conversation *changing, cause models.AssignmentCause, had, by *models.ID, skipped []models.Skip) {
	c.decisions = append(c.decisions, models.AssignmentEntry{
		OrganizationID: conversation.OrganizationID, ID: models.NewID(), ConversationID: conversation.ID,
		Cause: cause, AssigneeID: conversation.AssigneeID, PreviousID: had, DecidedByID: by,
		Skipped: skipped, CreatedAt: c.tx.Now(),
	})
}

// countLoads brings the workloads of users in line with what changed.
func (c *changes) countLoads() (err error) {
	counted := make(map[models.ID]*channels.Load)
	count := func(conversation models.Conversation, change int) {
		holder := conversation.Holder()
		if holder == nil {
			return
		}
		if counted[*holder] == nil {
			counted[*holder] = &channels.Load{OrganizationID: conversation.OrganizationID, UserID: *holder}
		}
		counted[*holder].Change += change
	}
	for _, conversation := range c.conversations {
		if !sameUser(conversation.before.Holder(), conversation.Holder()) {
			count(conversation.before, -1)
			count(conversation.Conversation, +1)
		}
	}
	for _, conversation := range c.dropped {
		count(conversation, -1)
	}
	if len(counted) == 0 {
		return nil
	}
	loads := make([]channels.Load, 0, len(counted))
	for _, load := range counted {
		loads = append(loads, *load)
	}
	c.relieved, err = channels.AddLoads(c.tx, loads)
	return err
}

// drainRelieved has the queues looked through of those organizations in which
// somebody got room, once the transaction has committed.
func (s *Service) drainRelieved(ctx context.Context, tx *store.Tx, changes *changes) error {
	for _, organization := range changes.relieved {
		if err := s.queue.Enqueue(ctx, tx, channels.DrainArgs{OrganizationID: organization}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func sameUser(a, b *models.ID) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
