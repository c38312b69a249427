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

// TrimFeed deletes up to limit of the oldest events made before the given time
// and reports how many there were.
func (s *Store) TrimFeed(ctx context.Context, before time.Time, limit int) (int64, error) {
	var trimmed int64
	err := s.Write(ctx, func(tx *Tx) error {
		oldest := tx.Model(&models.Event{}).Select("organization_id, position").
			Where("created_at < ?", before).Order("created_at").Limit(limit)
		result := tx.Where("(organization_id, position) IN (?)", oldest).Delete(&models.Event{})
		trimmed = result.RowsAffected
		return result.Error
	})
	if err != nil {
		return 0, fmt.Errorf("trim feed: %w", err)
	}
	return trimmed, nil
}
