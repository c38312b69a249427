package channels

import (
	"bytes"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// Turns decides who takes conversations of some channels, as of a transaction that
// has locked their rows. It counts what it gives out, so that several decisions of
// a transaction add up. The workloads that it depends on are locked: nobody becomes
// away or full while it decides.
type Turns struct {
	tx    *store.Tx
	pools map[models.ID]*turn
}

// turn is the pool of one channel and whose turn it is.
type turn struct {
	channel    *models.Channel
	pool       []models.Candidate // by position
	candidates []models.Candidate // those asked about besides
	moved      bool
}

// Outsider is somebody besides the pool of a channel who may take a conversation.
type Outsider struct{ ChannelID, UserID models.ID }

// TakeTurns reads and locks the pools of channels, whose rows the transaction must
// have locked before it read them, and of outsiders of these channels.
func TakeTurns(tx *store.Tx, channels []*models.Channel, outsiders []Outsider) (*Turns, error) {
	t := &Turns{tx: tx, pools: make(map[models.ID]*turn, len(channels))}
	for _, channel := range channels {
		if t.pools[channel.ID] == nil {
			t.pools[channel.ID] = &turn{channel: channel}
		}
	}
	if len(t.pools) == 0 {
		return t, nil
	}
	if err := t.readPools(); err != nil {
		return nil, err
	}
	if err := t.readOutsiders(outsiders); err != nil {
		return nil, err
	}
	return t, t.lockWorkloads()
}

// person is what decides about a user on a channel, apart from the workload.
type person struct {
	OrganizationID models.ID
	ChannelID      models.ID
	UserID         models.ID
	Position       int
	Active         bool
	MayReply       bool
}

func (p person) candidate() models.Candidate {
	return models.Candidate{
		UserID: p.UserID, Position: p.Position, Active: p.Active, MayReply: p.MayReply,
		Workload: models.IdleWorkload(p.OrganizationID, p.UserID),
	}
}

// rights is the part of a query over users that says what they may do on
// channels.id.
const rights = "users.active, (profiles.administrator OR coalesce(channel_permissions.level, '') = 'REPLY') AS may_reply"

func (t *Turns) readPools() error {
	keys := make([][]any, 0, len(t.pools))
	for _, turn := range t.pools {
		keys = append(keys, []any{turn.channel.OrganizationID, turn.channel.ID})
	}
	var people []person
	err := t.tx.Table("channel_assignees").
		Joins("JOIN users ON users.id = channel_assignees.user_id AND users.organization_id = channel_assignees.organization_id").
		Joins("JOIN profiles ON profiles.id = users.profile_id").
		Joins("LEFT JOIN channel_permissions ON channel_permissions.profile_id = users.profile_id AND channel_permissions.channel_id = channel_assignees.channel_id").
		Select("channel_assignees.organization_id, channel_assignees.channel_id, channel_assignees.user_id, channel_assignees.position, " + rights).
		Where(store.InKeys([]string{"channel_assignees.organization_id", "channel_assignees.channel_id"}, keys)).
		Order("channel_assignees.position").Find(&people).Error
	if err != nil {
		return fmt.Errorf("read pools of %d channels: %w", len(keys), err)
	}
	for _, person := range people {
		turn := t.pools[person.ChannelID]
		turn.pool = append(turn.pool, person.candidate())
	}
	return nil
}

func (t *Turns) readOutsiders(outsiders []Outsider) error {
	keys := make([][]any, 0, len(outsiders))
	for _, outsider := range outsiders {
		if turn := t.pools[outsider.ChannelID]; turn != nil && turn.find(outsider.UserID) == nil {
			keys = append(keys, []any{turn.channel.OrganizationID, turn.channel.ID, outsider.UserID})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var people []person
	err := t.tx.Table("channels").
		Joins("JOIN users ON users.organization_id = channels.organization_id").
		Joins("JOIN profiles ON profiles.id = users.profile_id").
		Joins("LEFT JOIN channel_permissions ON channel_permissions.profile_id = users.profile_id AND channel_permissions.channel_id = channels.id").
		Select("users.organization_id, channels.id AS channel_id, users.id AS user_id, " + rights).
		Where(store.InKeys([]string{"channels.organization_id", "channels.id", "users.id"}, keys)).Find(&people).Error
	if err != nil {
		return fmt.Errorf("read %d users on their channels: %w", len(keys), err)
	}
	for _, person := range people {
		turn := t.pools[person.ChannelID]
		turn.candidates = append(turn.candidates, person.candidate())
	}
	return nil
}

// everybody visits all candidates, one user perhaps on several channels.
func (t *Turns) everybody(visit func(candidate *models.Candidate)) {
	for _, turn := range t.pools {
		for i := range turn.pool {
			visit(&turn.pool[i])
		}
		for i := range turn.candidates {
			visit(&turn.candidates[i])
		}
	}
}

func (t *Turns) lockWorkloads() error { return t.fillIn(lockWorkloads) }
func (t *Turns) readWorkloads() error { return t.fillIn(readWorkloads) }

// fillIn takes over the workloads of all candidates.
func (t *Turns) fillIn(read func(*store.Tx, map[models.ID]models.Workload) (map[models.ID]models.Workload, error)) error {
	idle := make(map[models.ID]models.Workload)
	t.everybody(func(c *models.Candidate) { idle[c.UserID] = c.Workload })
	workloads, err := read(t.tx, idle)
	if err != nil {
		return err
	}
	t.everybody(func(c *models.Candidate) {
		if workload, ok := workloads[c.UserID]; ok {
			c.Workload = workload
		}
	})
	return nil
}

// readWorkloads returns the workloads of users who have a row.
func readWorkloads(tx *store.Tx, idle map[models.ID]models.Workload) (map[models.ID]models.Workload, error) {
	return workloadsOf(tx.DB, idle)
}

func workloadsOf(query *gorm.DB, idle map[models.ID]models.Workload) (map[models.ID]models.Workload, error) {
	if len(idle) == 0 {
		return nil, nil
	}
	keys := make([][]any, 0, len(idle))
	for id, workload := range idle {
		keys = append(keys, []any{workload.OrganizationID, id})
	}
	var rows []models.Workload
	err := query.Where(store.InKeys([]string{"organization_id", "user_id"}, keys)).Order("user_id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read workloads of %d users: %w", len(keys), err)
	}
	found := make(map[models.ID]models.Workload, len(rows))
	for _, row := range rows {
		found[row.UserID] = row
	}
	return found, nil
}

// lockWorkloads locks the workloads of users, in the order of their ids. Those
// without a row get one, since only a row can be locked.
func lockWorkloads(tx *store.Tx, idle map[models.ID]models.Workload) (map[models.ID]models.Workload, error) {
	for {
		found, err := workloadsOf(store.Locking(tx.DB), idle)
		if err != nil {
			return nil, err
		}
		var missing []models.Workload
		for id, workload := range idle {
			if _, ok := found[id]; !ok {
				missing = append(missing, workload)
			}
		}
		if len(missing) == 0 {
			return found, nil
		}
		slices.SortFunc(missing, func(a, b models.Workload) int { return bytes.Compare(a.UserID[:], b.UserID[:]) })
		if err := addWorkloads(tx, missing); err != nil {
			return nil, err
		}
	}
}

// Next gives a conversation of the channel to whose turn it is and notes that. It
// returns nil, and notes nothing, when nobody can take it. Skipped are those who
// were passed over.
func (t *Turns) Next(channelID models.ID) (assignee *models.ID, skipped []models.Skip) {
	turn := t.pools[channelID]
	index, skipped := models.NextInTurn(turn.pool, turn.channel.LastAssigneePosition)
	if index < 0 {
		return nil, skipped
	}
	turn.channel.LastAssigneePosition, turn.moved = turn.pool[index].Position, true
	return new(t.give(turn.pool[index].UserID)), skipped
}

// Give gives a conversation of the channel to a certain user, who must have been
// asked about in TakeTurns or be in the pool. It returns why that cannot be; empty
// if it was done.
func (t *Turns) Give(channelID, userID models.ID) models.SkipReason {
	candidate := t.pools[channelID].find(userID)
	if candidate == nil { // of another organization
		return models.SkipMayNotReply
	}
	if obstacle := candidate.Obstacle(); obstacle != "" {
		return obstacle
	}
	t.give(userID)
	return ""
}

// give counts a conversation more for the user, on all channels.
func (t *Turns) give(userID models.ID) models.ID {
	t.everybody(func(c *models.Candidate) {
		if c.UserID == userID {
			c.OpenCount++
		}
	})
	return userID
}

// HasPool reports whether anybody at all is in the channel's pool.
func (t *Turns) HasPool(channelID models.ID) bool { return len(t.pools[channelID].pool) > 0 }

// Save writes whose turn it is now.
func (t *Turns) Save() error {
	for _, turn := range t.pools {
		if !turn.moved {
			continue
		}
		if err := moveTurn(t.tx, turn.channel, turn.channel.LastAssigneePosition); err != nil {
			return err
		}
		turn.moved = false
	}
	return nil
}

func (t *turn) find(userID models.ID) *models.Candidate {
	for _, people := range [][]models.Candidate{t.pool, t.candidates} {
		if i := slices.IndexFunc(people, func(c models.Candidate) bool { return c.UserID == userID }); i >= 0 {
			return &people[i]
		}
	}
	return nil
}

// WithSomebodyFree returns those of the channels in whose pools somebody can take a
// conversation, as far as that can be seen without locking workloads.
func WithSomebodyFree(tx *store.Tx, channels []models.Channel) ([]*models.Channel, error) {
	t := &Turns{tx: tx, pools: make(map[models.ID]*turn, len(channels))}
	for i := range channels {
		t.pools[channels[i].ID] = &turn{channel: &channels[i]}
	}
	if len(t.pools) == 0 {
		return nil, nil
	}
	if err := t.readPools(); err != nil {
		return nil, err
	}
	if err := t.readWorkloads(); err != nil {
		return nil, err
	}
	var able []*models.Channel
	for i := range channels {
		if slices.ContainsFunc(t.pools[channels[i].ID].pool, func(c models.Candidate) bool { return c.Obstacle() == "" }) {
			able = append(able, &channels[i])
		}
	}
	return able, nil
}
