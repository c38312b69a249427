//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"recado/events"
	"recado/inbox"
	"recado/jobs"
	"recado/models"
	"recado/store"
)

// listGoal is what 95 of 100 pages may take in the database.
const listGoal = 50 * time.Millisecond

// messagesEach is how many messages a conversation has.
const messagesEach = 5

// deepPage is how many conversations lie before a page that is asked for in the
// middle of a list.
const deepPage = 10_000

// listCase is a list of conversations that is measured.
type listCase struct {
	name   string
	viewer models.Viewer
	list   inbox.ConversationList
}

func runLists(ctx context.Context, r *rig) (err error) {
	conversations, pages := 1_000_000, 200
	if r.short {
		conversations, pages = 20_000, 10
	}
	w, err := r.newWorld(ctx, "lists", 5, 20)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.db.Close()) }()
	r.sayf("making %d conversations with %d messages each", conversations, messagesEach)
	if err := w.populate(ctx, conversations, w.past(rand.New(rand.NewPCG(3, 4)), messagesEach)); err != nil {
		return err
	}
	frequent, rare, err := w.tag(ctx)
	if err != nil {
		return err
	}
	if err := settle(ctx, w.url); err != nil {
		return err
	}
	bus, err := events.Start(ctx, w.db, events.Options{})
	if err != nil {
		return fmt.Errorf("start the bus: %w", err)
	}
	defer func() { err = errors.Join(err, bus.Close()) }()
	service := inbox.New(inbox.Rooms{DB: w.db, Bus: bus, Queue: jobs.New(w.db, jobs.Options{})}, inbox.Options{})
	defer service.Close()

	t := r.report.table(fmt.Sprintf("Lists over %d conversations and %d messages, pages of %d, %d of each", conversations, messagesEach*conversations, pageSize, pages),
		"list", "first page p50", "p95", fmt.Sprintf("after %d rows p50", deepPage), "p95")
	var worst time.Duration
	for _, c := range w.listCases(frequent, rare) {
		first, err := measureList(ctx, service, c, pages)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		deep := []time.Duration{0}
		if cursor, err := cursorAfter(ctx, service, c, deepPage); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		} else if cursor != "" {
			c.list.Page.After = &cursor
			if deep, err = measureList(ctx, service, c, pages); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		r.sayf("%s: %v, deep %v", c.name, percentile(first, 95), percentile(deep, 95))
		t.row(c.name, percentile(first, 50), percentile(first, 95), percentile(deep, 50), percentile(deep, 95))
		worst = max(worst, percentile(first, 95), percentile(deep, 95))
	}
	r.report.notef("0 after %d rows: the list is shorter.", deepPage)
	r.report.goal("lists: p95 of the slowest", worst < listGoal, "under 50 ms", worst)
	return nil
}

// listCases are the views, filters and sorts, for an administrator, and for an agent
// who may see all but one of the channels.
func (w *world) listCases(frequent, rare models.ID) []listCase {
	admin := models.Viewer{OrganizationID: w.organization, UserID: w.agents[0], Administrator: true}
	agent := models.Viewer{OrganizationID: w.organization, UserID: w.agents[0], Levels: make(map[models.ID]models.MessagingLevel)}
	for _, channel := range w.channels[:len(w.channels)-1] {
		agent.Levels[channel.ID] = models.LevelReply
	}
	of := func(filter inbox.ConversationFilter, sort inbox.ConversationSort) inbox.ConversationList {
		return inbox.ConversationList{ConversationFilter: filter, Sort: sort, OldestFirst: sort == inbox.SortWaiting || sort == inbox.SortWindowEnd}
	}
	now := models.SystemClock()
	return []listCase{
		{"everything", admin, of(inbox.ConversationFilter{}, "")},
		{"everything, agent", agent, of(inbox.ConversationFilter{}, "")},
		{"open", agent, of(inbox.ConversationFilter{Status: new(models.ConversationOpen)}, "")},
		{"closed", agent, of(inbox.ConversationFilter{Status: new(models.ConversationClosed)}, "")},
		{"mine", agent, of(inbox.ConversationFilter{View: inbox.ViewMine}, "")},
		{"mine and open", agent, of(inbox.ConversationFilter{View: inbox.ViewMine, Status: new(models.ConversationOpen)}, "")},
		{"unassigned", agent, of(inbox.ConversationFilter{View: inbox.ViewUnassigned}, "")},
		{"of two assignees", agent, of(inbox.ConversationFilter{AssigneeIDs: w.agents[1:3]}, "")},
		{"one channel", agent, of(inbox.ConversationFilter{ChannelIDs: []models.ID{w.channels[1].ID}}, "")},
		{"unread", agent, of(inbox.ConversationFilter{Unread: new(true)}, "")},
		{"unread by me", agent, of(inbox.ConversationFilter{UnreadByMe: new(true)}, "")},
		{"last message by the team", agent, of(inbox.ConversationFilter{LastMessageBy: new(models.AuthorTeam)}, "")},
		{"begun by customers", agent, of(inbox.ConversationFilter{Origin: new(models.OriginCustomer)}, "")},
		{"a tag of one in ten", agent, of(inbox.ConversationFilter{TagID: &frequent}, "")},
		{"a tag of one in 10,000", agent, of(inbox.ConversationFilter{TagID: &rare}, "")},
		{"window open", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsOpen)}, "")},
		{"window closed", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsClosed)}, "")},
		{"a week, two months ago", agent, of(inbox.ConversationFilter{After: new(now.AddDate(0, 0, -67)), Before: new(now.AddDate(0, 0, -60))}, "")},
		{"who waits longest", agent, of(inbox.ConversationFilter{}, inbox.SortWaiting)},
		{"whose window closes first", agent, of(inbox.ConversationFilter{}, inbox.SortWindowEnd)},
		{"closing within two hours", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsClosing), ClosingWithin: 2 * time.Hour}, inbox.SortWindowEnd)},
	}
}

// tag gives one in ten conversations a tag, and one in 10,000 another.
func (w *world) tag(ctx context.Context) (frequent, rare models.ID, err error) {
	frequent, rare = models.NewID(), models.NewID()
	err = w.db.Write(ctx, func(tx *store.Tx) error {
		var tags []models.Tag
		for _, id := range []models.ID{frequent, rare} {
			tags = append(tags, models.Tag{
				OrganizationID: w.organization, ID: id, Name: id.String(), NameKey: id.String(), Color: models.TagGray, Version: 1, CreatedByID: w.agents[0],
				CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
			})
		}
		if err := tx.Create(&tags).Error; err != nil {
			return err
		}
		const tagged = "INSERT INTO conversation_tags SELECT organization_id, id, ?, created_at FROM conversations WHERE hashtext(id::text) % ? = 0"
		return errors.Join(tx.Exec(tagged, frequent, 10).Error, tx.Exec(tagged, rare, 10_000).Error)
	})
	if err != nil {
		return models.NoID, models.NoID, fmt.Errorf("tag conversations: %w", err)
	}
	return frequent, rare, nil
}

// cursorAfter is the place after so many conversations of a list; empty if there are
// not so many.
func cursorAfter(ctx context.Context, service *inbox.Service, c listCase, rows int) (string, error) {
	const step = 100
	c.list.Page.First = new(step)
	var cursor string
	for range rows / step {
		page, err := service.Conversations(ctx, c.viewer, c.list)
		if err != nil || !page.HasNext {
			return "", err
		}
		cursor = page.Cursor(len(page.Rows) - 1)
		c.list.Page.After = &cursor
	}
	return cursor, nil
}

// measureList reads the same page over and over and returns what that took, sorted.
func measureList(ctx context.Context, service *inbox.Service, c listCase, pages int) ([]time.Duration, error) {
	c.list.Page.First = new(pageSize)
	took := make([]time.Duration, 0, pages)
	for range pages {
		begun := time.Now()
		if _, err := service.Conversations(ctx, c.viewer, c.list); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	return took, nil
}
