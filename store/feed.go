package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"recado/models"
)

// placeEvents gives the transaction's events their positions and writes them.
// Organizations are taken in the order of their ids, so that two transactions
// over the same ones do not wait for each other in a circle.
func (tx *Tx) placeEvents() error {
	slices.SortStableFunc(tx.events, func(a, b models.Event) int {
		return bytes.Compare(a.OrganizationID[:], b.OrganizationID[:])
	})
	for from := 0; from < len(tx.events); {
		to := from + 1
		for to < len(tx.events) && tx.events[to].OrganizationID == tx.events[from].OrganizationID {
			to++
		}
		events := tx.events[from:to]
		for i := range events {
			events[i].ID, events[i].Position, events[i].CreatedAt = models.NewID(), int64(i+1), tx.now
		}
		if err := tx.placeEventsOf(events[0].OrganizationID, events); err != nil {
			return fmt.Errorf("place %d events of organization %s: %w", len(events), events[0].OrganizationID, err)
		}
		from = to
	}
	return nil
}

const moveFeedHead = "UPDATE feed_heads SET position = position + ? WHERE organization_id = ? RETURNING position"

// placeEventsOf takes the next positions of one organization for events that are
// numbered from 1.
func (tx *Tx) placeEventsOf(organization models.ID, events []models.Event) error {
	count := int64(len(events))
	if tx.dialect == Postgres {
		return tx.queueEvents(organization, events)
	}
	var head int64
	switch err := tx.Raw(moveFeedHead, count, organization).Scan(&head).Error; {
	case err != nil:
		return err
	case head == 0:
		return errNoFeed
	}
	for i := range events {
		events[i].Position += head - count
	}
	return InsertAll(tx, events)
}

var errNoFeed = errors.New("the organization has no feed head")

// FeedPosition returns the position of the newest committed event of an
// organization; 0 when there is none.
func (s *Store) FeedPosition(ctx context.Context, organization models.ID) (int64, error) {
	var position int64
	err := s.Read(ctx).Model(&models.FeedHead{}).
		Where("organization_id = ?", organization).Pluck("position", &position).Error
	if err != nil {
		return 0, fmt.Errorf("read feed head of organization %s: %w", organization, err)
	}
	return position, nil
}

// feedHeadsPerStatement bounds the parameters of FeedPositions (see
// rowsPerStatement).
const feedHeadsPerStatement = 10_000

// FeedPositions is FeedPosition for many organizations at once, normally in one
// statement. Organizations without a feed are absent.
func (s *Store) FeedPositions(ctx context.Context, organizations []models.ID) (map[models.ID]int64, error) {
	positions := make(map[models.ID]int64, len(organizations))
	for some := range slices.Chunk(organizations, feedHeadsPerStatement) {
		var heads []models.FeedHead
		if err := s.Read(ctx).Where("organization_id IN ?", some).Find(&heads).Error; err != nil {
			return nil, fmt.Errorf("read feed heads of %d organizations: %w", len(some), err)
		}
		for _, head := range heads {
			positions[head.OrganizationID] = head.Position
		}
	}
	return positions, nil
}

// EventsAfter returns up to limit events of an organization with positions above
// after, in order. If events right after that position have been cleaned up, it
// returns CURSOR_EXPIRED.
func (s *Store) EventsAfter(ctx context.Context, organization models.ID, after int64, limit int) ([]models.Event, error) {
	head, err := s.FeedPosition(ctx, organization)
	if err != nil || head <= after {
		return nil, err
	}
	var events []models.Event
	err = s.Read(ctx).Where("organization_id = ? AND position > ?", organization, after).
		Order("position").Limit(limit).Find(&events).Error
	if err != nil {
		return nil, fmt.Errorf("read events of organization %s after %d: %w", organization, after, err)
	}
	if len(events) == 0 || events[0].Position != after+1 {
		return nil, models.NewError(models.CodeCursorExpired, "after")
	}
	return events, nil
}

// TrimFeed deletes the events made before the given time, in transactions of up to
// batch events each, and reports how many there were. Each feed loses its oldest
// positions only: two transactions at once may take positions in another order than
// that of their times, and an old event behind a young one stays until that is old
// too. So what is left of a feed never has a hole.
func (s *Store) TrimFeed(ctx context.Context, before time.Time, batch int) (int64, error) {
	var organizations []models.ID
	err := s.Read(ctx).Model(&models.Event{}).Distinct().
		Where("created_at < ?", before).Pluck("organization_id", &organizations).Error
	if err != nil {
		return 0, fmt.Errorf("look for events to trim: %w", err)
	}
	var trimmed int64
	for _, organization := range organizations {
		for {
			count, err := s.trimFeedOf(ctx, organization, before, batch)
			if err != nil {
				return trimmed, fmt.Errorf("trim feed of organization %s: %w", organization, err)
			}
			trimmed += count
			if count < int64(batch) {
				break
			}
		}
	}
	return trimmed, nil
}

// trimFeedOf deletes up to batch of the oldest events of an organization.
func (s *Store) trimFeedOf(ctx context.Context, organization models.ID, before time.Time, batch int) (int64, error) {
	var count int64
	err := s.Write(ctx, func(tx *Tx) error {
		var oldest []models.Event
		err := tx.Select("position", "created_at").Where("organization_id = ?", organization).
			Order("position").Limit(batch).Find(&oldest).Error
		if err != nil {
			return err
		}
		old := slices.IndexFunc(oldest, func(event models.Event) bool { return !event.CreatedAt.Before(before) })
		if old < 0 {
			old = len(oldest)
		}
		if count = int64(old); old == 0 {
			return nil
		}
		return tx.Where("organization_id = ? AND position <= ?", organization, oldest[old-1].Position).Delete(&models.Event{}).Error
	})
	return count, err
}
