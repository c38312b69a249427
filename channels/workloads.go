package channels

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// DrainArgs ask for the conversations of an organization that wait in the queue to
// be assigned to whoever can take them. Room inbox does that.
type DrainArgs struct {
	OrganizationID models.ID `json:"organizationId"`
}

// Kind names the job.
func (DrainArgs) Kind() string { return "inbox.drain" }

// Drain has the queue of an organization looked through when the transaction has
// committed: somebody may have become free by it.
func (s *Service) Drain(ctx context.Context, tx *store.Tx, organization models.ID) error {
	if s.queue == nil {
		return nil
	}
	return s.queue.Enqueue(ctx, tx, DrainArgs{OrganizationID: organization}, time.Time{})
}

// SetAvailability says whether a user wants new conversations. For oneself, or by
// an administrator (else FORBIDDEN). Who comes online is handed what waits.
// Failures: NOT_FOUND, INVALID.
func (s *Service) SetAvailability(ctx context.Context, viewer models.Viewer, userID models.ID, availability models.Availability) (models.Workload, error) {
	if !availability.Valid() {
		return models.Workload{}, models.NewError(models.CodeInvalid, "availability")
	}
	if userID != viewer.UserID && !viewer.Administrator {
		return models.Workload{}, models.NewError(models.CodeForbidden, "userId")
	}
	return s.changeWorkload(ctx, viewer, userID, func(tx *store.Tx, workload *models.Workload) bool {
		if workload.Availability == availability {
			return false
		}
		workload.Availability, workload.AvailabilityChangedAt = availability, new(tx.Now())
		return true
	})
}

// SetCeiling says how many open conversations a user may have before no more are
// assigned to them automatically; nil means any number. For administrators
// (FORBIDDEN). Who has room then is handed what waits. Failures: NOT_FOUND, INVALID
// outside of 0 to models.MaxCeiling.
func (s *Service) SetCeiling(ctx context.Context, viewer models.Viewer, userID models.ID, ceiling *int) (models.Workload, error) {
	if ceiling != nil && (*ceiling < 0 || *ceiling > models.MaxCeiling) {
		return models.Workload{}, models.NewError(models.CodeInvalid, "ceiling").With("max", strconv.Itoa(models.MaxCeiling))
	}
	if !viewer.Administrator {
		return models.Workload{}, models.NewError(models.CodeForbidden, "")
	}
	return s.changeWorkload(ctx, viewer, userID, func(_ *store.Tx, workload *models.Workload) bool {
		workload.Ceiling = ceiling
		return true
	})
}

// changeWorkload changes the locked workload of a user of the viewer's organization
// and has the queue drained.
func (s *Service) changeWorkload(ctx context.Context, viewer models.Viewer, userID models.ID,
	change func(tx *store.Tx, workload *models.Workload) bool,
) (models.Workload, error) {
	var changed models.Workload
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if err := checkMembers(tx, viewer.OrganizationID, []models.ID{userID}, "userId"); err != nil {
			return err
		}
		workloads, err := lockWorkloads(tx, map[models.ID]models.Workload{userID: models.IdleWorkload(viewer.OrganizationID, userID)})
		if err != nil {
			return err
		}
		if changed = workloads[userID]; !change(tx, &changed) {
			return nil
		}
		if err := tx.Save(&changed).Error; err != nil {
			return fmt.Errorf("change workload of user %s: %w", userID, err)
		}
		return s.Drain(ctx, tx, viewer.OrganizationID)
	})
	return changed, err
}

// WorkloadsByUser returns the workloads of users of the viewer's organization. A
// user without a row is absent: see models.IdleWorkload.
func (s *Service) WorkloadsByUser(ctx context.Context, viewer models.Viewer, userIDs []models.ID) (map[models.ID]models.Workload, error) {
	found := make(map[models.ID]models.Workload, len(userIDs))
	var rows []models.Workload
	err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("user_id", userIDs)).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read workloads of %d users: %w", len(userIDs), err)
	}
	for _, row := range rows {
		found[row.UserID] = row
	}
	return found, nil
}

// Load is how many open conversations more or less a user has.
type Load struct {
	OrganizationID, UserID models.ID
	Change                 int
}

// AddLoads counts open conversations that users got or lost. It returns the
// organizations in which somebody with a ceiling got room. It locks the workloads,
// in the order of users' ids, which is the last lock before the feed head.
func AddLoads(tx *store.Tx, loads []Load) (relieved []models.ID, err error) {
	slices.SortFunc(loads, func(a, b Load) int { return bytes.Compare(a.UserID[:], b.UserID[:]) })
	rows := make([]models.Workload, 0, len(loads))
	var lost [][]any
	for _, load := range loads {
		if load.Change == 0 {
			continue
		}
		row := models.IdleWorkload(load.OrganizationID, load.UserID)
		row.OpenCount = load.Change
		rows = append(rows, row)
		if load.Change < 0 {
			lost = append(lost, []any{load.OrganizationID, load.UserID})
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	err = tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "organization_id"}, {Name: "user_id"}},
		DoUpdates: clause.Assignments(map[string]any{"open_count": gorm.Expr("workloads.open_count + excluded.open_count")}),
	}).Create(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count open conversations of %d users: %w", len(rows), err)
	}
	if len(lost) == 0 {
		return nil, nil
	}
	err = tx.Model(&models.Workload{}).Where(store.InKeys([]string{"organization_id", "user_id"}, lost)).
		Where("ceiling IS NOT NULL").Distinct().Order("organization_id").Pluck("organization_id", &relieved).Error
	if err != nil {
		return nil, fmt.Errorf("read who has room again: %w", err)
	}
	return relieved, nil
}

// addWorkloads makes rows for users who have none, in the order given.
func addWorkloads(tx *store.Tx, rows []models.Workload) error {
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("add workloads of %d users: %w", len(rows), err)
	}
	return nil
}
