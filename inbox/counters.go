package inbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
)

// Counts are how many open conversations there are, of those that a viewer may see.
type Counts struct {
	All        models.InboxCounter
	Mine       models.InboxCounter // assigned to the viewer
	Unassigned models.InboxCounter
	Channels   map[models.ID]models.InboxCounter // by channel; one without any is absent
}

// Counts returns the counts of a viewer's inbox. They are kept, not counted: the
// cost depends on how many channels and assignees there are.
func (s *Service) Counts(ctx context.Context, viewer models.Viewer) (Counts, error) {
	counts := Counts{Channels: make(map[models.ID]models.InboxCounter)}
	query := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID)
	if channels, all := viewer.Visible(nil); !all {
		if len(channels) == 0 {
			return counts, nil
		}
		query = query.Where(store.OneOf("channel_id", channels))
	}
	var rows []models.InboxCounter
	if err := query.Find(&rows).Error; err != nil {
		return Counts{}, fmt.Errorf("read counts of the inbox: %w", err)
	}
	for _, row := range rows {
		counts.All = counts.All.Add(row)
		counts.Channels[row.ChannelID] = counts.Channels[row.ChannelID].Add(row)
		switch row.AssigneeID {
		case viewer.UserID:
			counts.Mine = counts.Mine.Add(row)
		case models.NoID:
			counts.Unassigned = counts.Unassigned.Add(row)
		}
	}
	return counts, nil
}

// counterKey is the key of an InboxCounter.
type counterKey struct{ organization, channel, assignee models.ID }

func keyOfCounter(c models.InboxCounter) counterKey {
	return counterKey{c.OrganizationID, c.ChannelID, c.AssigneeID}
}

// tally sums up counters by their keys.
type tally map[counterKey]models.InboxCounter

func (t tally) add(counter models.InboxCounter) {
	sum, known := t[keyOfCounter(counter)]
	if !known {
		sum = models.InboxCounter{OrganizationID: counter.OrganizationID, ChannelID: counter.ChannelID, AssigneeID: counter.AssigneeID}
	}
	t[keyOfCounter(counter)] = sum.Add(counter)
}

// rows are the counters that count something, in the order in which they are locked.
func (t tally) rows() []models.InboxCounter {
	rows := slices.DeleteFunc(slices.Collect(maps.Values(t)), models.InboxCounter.Empty)
	slices.SortFunc(rows, func(a, b models.InboxCounter) int {
		for _, ids := range [][2]models.ID{{a.OrganizationID, b.OrganizationID}, {a.ChannelID, b.ChannelID}, {a.AssigneeID, b.AssigneeID}} {
			if order := slices.Compare(ids[0][:], ids[1][:]); order != 0 {
				return order
			}
		}
		return 0
	})
	return rows
}

// count brings the counters of the inbox in line with what changed. Where nothing
// that is counted changed, as with most messages, it costs nothing.
func (c *changes) count() error {
	differences := make(tally)
	for _, conversation := range c.conversations {
		if !conversation.isNew {
			differences.add(conversation.before.Counted(-1))
		}
		differences.add(conversation.Counted(+1))
	}
	for _, dropped := range c.dropped {
		differences.add(dropped.Counted(-1))
	}
	return store.AddAll(c.tx, differences.rows())
}

// Recount counts the conversations of an organization anew, mends the counters that
// are wrong, and returns by how much they were. There are none as long as all is
// well.
func (s *Service) Recount(ctx context.Context, organization models.ID) ([]models.InboxCounter, error) {
	var wrong []models.InboxCounter
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		// Whoever changes what is counted records an event: while the feed head is locked,
		// nobody commits in between.
		if err := store.Locking(tx.DB).Take(&models.FeedHead{}, "organization_id = ?", organization).Error; err != nil {
			return fmt.Errorf("lock feed of organization %s: %w", organization, err)
		}
		var kept, counted []models.InboxCounter
		if err := tx.Find(&kept, "organization_id = ?", organization).Error; err != nil {
			return fmt.Errorf("read counters: %w", err)
		}
		err := tx.Model(&models.Conversation{}).
			Select("organization_id, channel_id, coalesce(assignee_id, ?) AS assignee_id, count(*) AS open_count, "+
				"sum(CASE WHEN unread_count > 0 THEN 1 ELSE 0 END) AS unread_count, "+
				"sum(CASE WHEN waiting_since IS NOT NULL THEN 1 ELSE 0 END) AS waiting_count, "+
				"sum(CASE WHEN snoozed_until IS NOT NULL THEN 1 ELSE 0 END) AS snoozed_count", models.NoID).
			Where("organization_id = ? AND status = 'OPEN'", organization).
			Group("organization_id, channel_id, assignee_id").Scan(&counted).Error
		if err != nil {
			return fmt.Errorf("count conversations: %w", err)
		}
		differences := make(tally)
		for _, counter := range counted {
			differences.add(counter)
		}
		for _, counter := range kept {
			differences.add(models.InboxCounter{
				OrganizationID: counter.OrganizationID, ChannelID: counter.ChannelID, AssigneeID: counter.AssigneeID,
				OpenCount: -counter.OpenCount, UnreadCount: -counter.UnreadCount, WaitingCount: -counter.WaitingCount, SnoozedCount: -counter.SnoozedCount,
			})
		}
		wrong = differences.rows()
		return store.AddAll(tx, wrong)
	})
	if err != nil {
		return nil, err
	}
	return wrong, nil
}

// RecountArgs ask for the counters of all organizations to be held against the
// conversations.
type RecountArgs struct{}

// Kind names the job.
func (RecountArgs) Kind() string { return "inbox.recount" }

const recountInterval = 24 * time.Hour

type recountWorker struct {
	river.WorkerDefaults[RecountArgs]
	inbox *Service
}

// Work recounts. A difference is a mistake of ours: it is mended and logged.
func (w *recountWorker) Work(ctx context.Context, _ *river.Job[RecountArgs]) error {
	s := w.inbox
	var organizations []models.ID
	if err := s.db.Read(ctx).Model(&models.Organization{}).Pluck("id", &organizations).Error; err != nil {
		return fmt.Errorf("list organizations: %w", err)
	}
	for _, organization := range organizations {
		wrong, err := s.Recount(ctx, organization)
		if err != nil {
			return err
		}
		for _, difference := range wrong {
			s.log.ErrorContext(ctx, "a counter of the inbox was wrong", "organization", organization, "channel", difference.ChannelID,
				"open", difference.OpenCount, "unread", difference.UnreadCount, "waiting", difference.WaitingCount, "snoozed", difference.SnoozedCount)
		}
	}
	return nil
}
