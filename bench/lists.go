//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
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
	var a archive
	made, err := r.load(ctx, "lists", &a, func(url string) error { return a.fill(ctx, r, url, conversations) })
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, made.url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if made.again {
		if err := errors.Join(db.Migrate(ctx), settle(ctx, made.url)); err != nil {
			return err
		}
	}
	bus, err := events.Start(ctx, db, events.Options{})
	if err != nil {
		return fmt.Errorf("start the bus: %w", err)
	}
	defer func() { err = errors.Join(err, bus.Close()) }()
	service := inbox.New(inbox.Rooms{DB: db, Bus: bus, Queue: jobs.New(db, jobs.Options{})}, inbox.Options{})
	defer service.Close()

	t := r.report.table(fmt.Sprintf("Lists over %d conversations and %d messages, pages of %d, %d of each", conversations, messagesEach*conversations, pageSize, pages),
		"list", "first page p50", "p95", "rows", fmt.Sprintf("after %d rows p50", deepPage), "p95", "rows")
	var worst time.Duration
	for _, c := range a.cases() {
		first, found, err := measureList(ctx, service, c, pages)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		deep, foundDeep := []time.Duration{0}, 0
		if cursor, err := cursorAfter(ctx, service, c, deepPage); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		} else if cursor != "" {
			c.list.Page.After = &cursor
			if deep, foundDeep, err = measureList(ctx, service, c, pages); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		r.sayf("%s: %v for %d rows, deep %v for %d", c.name, percentile(first, 95), found, percentile(deep, 95), foundDeep)
		t.row(c.name, percentile(first, 50), percentile(first, 95), found, percentile(deep, 50), percentile(deep, 95), foundDeep)
		worst = max(worst, percentile(first, 95), percentile(deep, 95))
	}
	r.report.notef("0 after %d rows: the list is shorter.", deepPage)
	r.report.goal("lists: p95 of the slowest", worst < listGoal, "under 50 ms", worst)
	return nil
}

// cases are the views, filters and sorts, for an administrator, and for an agent
// who may see all but one of the channels.
func (a *archive) cases() []listCase {
	admin := models.Viewer{OrganizationID: a.Organization, UserID: a.Agents[0], Administrator: true}
	agent := models.Viewer{OrganizationID: a.Organization, UserID: a.Agents[0], Levels: make(map[models.ID]models.MessagingLevel)}
	for _, channel := range a.Channels[:len(a.Channels)-1] {
		agent.Levels[channel] = models.LevelReply
	}
	quiet := agent
	quiet.UserID = a.Agents[len(a.Agents)-1]
	quiet.Levels = map[models.ID]models.MessagingLevel{a.Channels[len(a.Channels)-1]: models.LevelReply, a.Channels[len(a.Channels)-2]: models.LevelReply}
	of := func(filter inbox.ConversationFilter, sort inbox.ConversationSort) inbox.ConversationList {
		return inbox.ConversationList{ConversationFilter: filter, Sort: sort, OldestFirst: sort == inbox.SortWaiting || sort == inbox.SortWindowEnd}
	}
	open, closed := new(models.ConversationOpen), new(models.ConversationClosed)
	return []listCase{
		{"everything", admin, of(inbox.ConversationFilter{}, "")},
		{"everything, agent", agent, of(inbox.ConversationFilter{}, "")},
		{"everything, agent on two quiet channels", quiet, of(inbox.ConversationFilter{}, "")},
		{"open", agent, of(inbox.ConversationFilter{Status: open}, "")},
		{"open, not snoozed", agent, of(inbox.ConversationFilter{Status: open, Snoozed: new(false)}, "")},
		{"closed", agent, of(inbox.ConversationFilter{Status: closed}, "")},
		{"mine", agent, of(inbox.ConversationFilter{View: inbox.ViewMine}, "")},
		{"mine and open", agent, of(inbox.ConversationFilter{View: inbox.ViewMine, Status: open}, "")},
		{"mine, open and unread", agent, of(inbox.ConversationFilter{View: inbox.ViewMine, Status: open, Unread: new(true)}, "")},
		{"mine, of who left", quiet, of(inbox.ConversationFilter{View: inbox.ViewMine}, "")},
		{"unassigned", agent, of(inbox.ConversationFilter{View: inbox.ViewUnassigned}, "")},
		{"unassigned and open", agent, of(inbox.ConversationFilter{View: inbox.ViewUnassigned, Status: open}, "")},
		{"of two assignees", agent, of(inbox.ConversationFilter{AssigneeIDs: a.Agents[1:3]}, "")},
		{"of two assignees who have little", agent, of(inbox.ConversationFilter{AssigneeIDs: a.Agents[len(a.Agents)-2:]}, "")},
		{"of 40 assignees", agent, of(inbox.ConversationFilter{AssigneeIDs: a.Agents[10:]}, "")},
		{"one channel", agent, of(inbox.ConversationFilter{ChannelIDs: a.Channels[1:2]}, "")},
		{"one channel, open", agent, of(inbox.ConversationFilter{ChannelIDs: a.Channels[1:2], Status: open}, "")},
		{"a quiet channel, open", admin, of(inbox.ConversationFilter{ChannelIDs: a.Channels[len(a.Channels)-1:], Status: open}, "")},
		{"unread", agent, of(inbox.ConversationFilter{Unread: new(true)}, "")},
		{"unread by me", agent, of(inbox.ConversationFilter{UnreadByMe: new(true)}, "")},
		{"read by me", agent, of(inbox.ConversationFilter{UnreadByMe: new(false)}, "")},
		{"last message by the team", agent, of(inbox.ConversationFilter{LastMessageBy: new(models.AuthorTeam)}, "")},
		{"last message by the customer", agent, of(inbox.ConversationFilter{LastMessageBy: new(models.AuthorCustomer)}, "")},
		{"begun by customers", agent, of(inbox.ConversationFilter{Origin: new(models.OriginCustomer)}, "")},
		{"begun by the business", agent, of(inbox.ConversationFilter{Origin: new(models.OriginBusiness)}, "")},
		{"a tag of one in ten", agent, of(inbox.ConversationFilter{TagID: &a.Frequent}, "")},
		{"a tag of one in 200", agent, of(inbox.ConversationFilter{TagID: &a.Medium}, "")},
		{"a tag of one in 10,000", agent, of(inbox.ConversationFilter{TagID: &a.Rare}, "")},
		{"a tag of none", agent, of(inbox.ConversationFilter{TagID: &a.Unused}, "")},
		{"window open", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsOpen)}, "")},
		{"window closed", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsClosed)}, "")},
		{"closing within two hours, latest message first", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsClosing), ClosingWithin: 2 * time.Hour}, "")},
		{"snoozed", agent, of(inbox.ConversationFilter{Snoozed: new(true)}, "")},
		{"waiting, latest message first", agent, of(inbox.ConversationFilter{Waiting: new(true)}, "")},
		{"a week, two months ago", agent, of(inbox.ConversationFilter{After: new(a.Newest.AddDate(0, 0, -67)), Before: new(a.Newest.AddDate(0, 0, -60))}, "")},
		{"closed, unread, begun by the business, last message by the customer", agent, of(inbox.ConversationFilter{
			Status: closed, Unread: new(true), Origin: new(models.OriginBusiness), LastMessageBy: new(models.AuthorCustomer),
		}, "")},
		{"open windows of a quiet channel and a frequent tag", quiet, of(inbox.ConversationFilter{Window: new(inbox.WindowIsOpen), TagID: &a.Frequent}, "")},
		{"who waits longest", agent, of(inbox.ConversationFilter{}, inbox.SortWaiting)},
		{"my who wait longest", agent, of(inbox.ConversationFilter{View: inbox.ViewMine}, inbox.SortWaiting)},
		{"whose window closes first", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsOpen)}, inbox.SortWindowEnd)},
		{"closing within two hours", agent, of(inbox.ConversationFilter{Window: new(inbox.WindowIsClosing), ClosingWithin: 2 * time.Hour}, inbox.SortWindowEnd)},
		{"window ends of closed ones", agent, of(inbox.ConversationFilter{Status: closed}, inbox.SortWindowEnd)},
	}
}

// cursorAfter is the place after so many conversations of a list; empty if there are
// not so many. Pages that hold few, because few of those looked at are wanted, count
// as what they hold.
func cursorAfter(ctx context.Context, service *inbox.Service, c listCase, rows int) (string, error) {
	c.list.Page.First = new(store.MaxPageSize)
	for rows > 0 {
		page, err := service.Conversations(ctx, c.viewer, c.list)
		if err != nil || !page.HasNext {
			return "", err
		}
		rows -= len(page.Rows)
		c.list.Page.After = page.EndCursor()
	}
	return *c.list.Page.After, nil
}

// measureList reads the same page over and over and returns what that took, sorted,
// and how many conversations it has.
func measureList(ctx context.Context, service *inbox.Service, c listCase, pages int) (took []time.Duration, rows int, err error) {
	c.list.Page.First = new(pageSize)
	for range pages {
		begun := time.Now()
		page, err := service.Conversations(ctx, c.viewer, c.list)
		if err != nil {
			return nil, 0, err
		}
		took, rows = append(took, time.Since(begun)), len(page.Rows)
	}
	slices.Sort(took)
	return took, rows, nil
}
