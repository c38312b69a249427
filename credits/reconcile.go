package credits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// ReconcileArgs ask for the ledger to be compared with Meta's figures.
type ReconcileArgs struct{}

// Kind names the job.
func (ReconcileArgs) Kind() string { return "credits.reconcile" }

type reconcileWorker struct {
	river.WorkerDefaults[ReconcileArgs]
	credits *Service
}

// Work compares.
func (w *reconcileWorker) Work(ctx context.Context, _ *river.Job[ReconcileArgs]) error {
	return w.credits.Reconcile(ctx)
}

// reconciledDays is how many full days are compared each time, today left out: late
// deliveries still change yesterday.
const reconciledDays = 3

// Reconcile compares, for every WhatsApp Business account of every organization, how
// many charged messages the ledger and Meta counted on the last days, by category and
// country, keeps the result, and tells of differences that are new. An account whose
// figures cannot be read does not hold up the others; the errors of all are returned.
func (s *Service) Reconcile(ctx context.Context) error {
	var channels []models.Channel
	err := s.db.Read(ctx).Where("status = ?", models.ChannelConnected).Order("organization_id, waba_id, id").Find(&channels).Error
	if err != nil {
		return fmt.Errorf("list channels: %w", err)
	}
	to := models.DayOf(s.clock())
	from := to.AddDate(0, 0, -reconciledDays)
	var errs []error
	for len(channels) > 0 { // one account at a time, by the first of its numbers
		account := channels[0]
		next := slices.IndexFunc(channels, func(c models.Channel) bool {
			return c.OrganizationID != account.OrganizationID || c.WABAID != account.WABAID
		})
		if next < 0 {
			next = len(channels)
		}
		if err := s.reconcileAccount(ctx, channels[:next], from, to); err != nil {
			errs = append(errs, fmt.Errorf("reconcile account %s: %w", account.WABAID, err))
		}
		channels = channels[next:]
	}
	return errors.Join(errs...)
}

// reconcileAccount compares the numbers of one account, from a day on and before
// another.
func (s *Service) reconcileAccount(ctx context.Context, channels []models.Channel, from, to time.Time) error {
	account := channels[0]
	token, err := s.rooms.AccessToken(account)
	if err != nil {
		return err
	}
	credentials := whatsapp.Credentials{PhoneNumberID: account.PhoneNumberID, AccessToken: token}
	points, err := s.rooms.Meta.PricingAnalytics(ctx, credentials, account.WABAID, from, to)
	if err != nil {
		return err
	}
	ours, err := s.billable(ctx, channels, from, to)
	if err != nil {
		return err
	}
	compared := make(map[comparison]*models.CreditReconciliation)
	line := func(day time.Time, category models.PricingCategory, country string) *models.CreditReconciliation {
		key := comparison{day.Unix(), category, country}
		if compared[key] == nil {
			compared[key] = &models.CreditReconciliation{
				OrganizationID: account.OrganizationID, Day: day, WABAID: account.WABAID, Category: category, Country: country,
			}
		}
		return compared[key]
	}
	for _, row := range ours {
		line(row.Day.UTC(), row.Category, row.Country).Ours += row.Billable
	}
	for _, point := range points {
		if point.Type != "REGULAR" {
			continue
		}
		category, known := models.CategoryOf(point.Category)
		if !known {
			category = models.PricingCategory(point.Category)
		}
		line(models.DayOf(point.Start), category, point.Country).Metas += point.Volume
	}
	return s.keepReconciliation(ctx, account.OrganizationID, compared)
}

// comparison is what is counted together.
type comparison struct {
	day      int64
	category models.PricingCategory
	country  string
}

// billable are our counts for the numbers of an account.
func (s *Service) billable(ctx context.Context, channels []models.Channel, from, to time.Time) ([]models.CreditUsage, error) {
	ids := make([]models.ID, len(channels))
	for i, channel := range channels {
		ids[i] = channel.ID
	}
	var rows []models.CreditUsage
	err := s.db.Read(ctx).Where("organization_id = ? AND day >= ? AND day < ?", channels[0].OrganizationID, from, to).
		Where(store.OneOf("channel_id", ids)).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read usage: %w", err)
	}
	return rows, nil
}

// keepReconciliation stores a comparison and tells of differences that were not there
// before.
func (s *Service) keepReconciliation(ctx context.Context, organization models.ID, compared map[comparison]*models.CreditReconciliation) error {
	if len(compared) == 0 {
		return nil
	}
	rows := make([]models.CreditReconciliation, 0, len(compared))
	for _, row := range compared {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b models.CreditReconciliation) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Country, b.Country))
	})
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var differ []models.CreditReconciliation
		for _, row := range rows {
			var known []models.CreditReconciliation
			err := tx.Where("organization_id = ? AND day = ? AND waba_id = ? AND category = ? AND country = ?",
				row.OrganizationID, row.Day, row.WABAID, row.Category, row.Country).Limit(1).Find(&known).Error
			if err != nil {
				return fmt.Errorf("read reconciliation: %w", err)
			}
			if row.Differs() && (len(known) == 0 || known[0].Ours != row.Ours || known[0].Metas != row.Metas) {
				differ = append(differ, row)
			}
			row.CreatedAt, row.UpdatedAt = tx.Now(), tx.Now()
			err = tx.Clauses(clause.OnConflict{
				Columns:   []clause.Column{{Name: "organization_id"}, {Name: "day"}, {Name: "waba_id"}, {Name: "category"}, {Name: "country"}},
				DoUpdates: clause.AssignmentColumns([]string{"ours", "metas", "updated_at"}),
			}).Create(&row).Error
			if err != nil {
				return fmt.Errorf("keep reconciliation: %w", err)
			}
		}
		if len(differ) == 0 {
			return nil
		}
		s.log.WarnContext(ctx, "Meta counts other than the ledger", "organization", organization, "differences", len(differ))
		balances, err := balancesOf(tx.DB, organization)
		if err != nil {
			return err
		}
		return tell(tx, models.EventCreditsReconciliationOff, organization, models.CreditEventPayload{Balances: balances, Reconciliation: differ})
	})
}

// Reconciliations are the latest comparisons in which the ledger and Meta differ, newest
// first, at most 100. Administrators only.
func (s *Service) Reconciliations(ctx context.Context, viewer models.Viewer) ([]models.CreditReconciliation, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	var rows []models.CreditReconciliation
	err := s.db.Read(ctx).Where("organization_id = ? AND ours <> metas", viewer.OrganizationID).
		Order("day DESC, waba_id, category, country").Limit(store.MaxPageSize).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	return rows, nil
}
