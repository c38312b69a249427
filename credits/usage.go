package credits

import (
	"context"
	"fmt"
	"time"

	"recado/models"
)

// UsageBy is what a report sums up by.
type UsageBy string

// The dimensions of a report.
const (
	UsageByDay      UsageBy = "DAY"
	UsageByCategory UsageBy = "CATEGORY"
	UsageByCountry  UsageBy = "COUNTRY"
	UsageByChannel  UsageBy = "CHANNEL"
	UsageByTemplate UsageBy = "TEMPLATE"
)

var usageColumns = map[UsageBy]string{
	UsageByDay: "day", UsageByCategory: "category", UsageByCountry: "country", UsageByChannel: "channel_id", UsageByTemplate: "template_name",
}

const (
	// maxReport is the longest time of a report.
	maxReport = 366 * 24 * time.Hour
	// maxLines bounds a report: the dearest lines are shown, by day the latest.
	maxLines = 1000
	// forecastDays is how far a forecast looks back.
	forecastDays = 28
)

// UsageReport says which part of the use is asked for. Days are UTC.
type UsageReport struct {
	From, To time.Time // from the day of From to that of To, both included; at most 366 days
	By       UsageBy
}

// Usage sums up what was delivered and charged in a time, by one dimension; in the
// lines only that one is set. Days come in order, everything else by what was charged,
// most first. Administrators only. INVALID with the field for a time that is no time.
func (s *Service) Usage(ctx context.Context, viewer models.Viewer, report UsageReport) ([]models.CreditUsage, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	column, known := usageColumns[report.By]
	from, to := models.DayOf(report.From), models.DayOf(report.To)
	switch {
	case !known:
		return nil, models.NewError(models.CodeInvalid, "by")
	case to.Before(from) || to.Sub(from) >= maxReport:
		return nil, models.NewError(models.CodeInvalid, "to")
	}
	order := "charged DESC, " + column
	if report.By == UsageByDay {
		order = column
	}
	var lines []models.CreditUsage
	err := s.db.Read(ctx).Model(&models.CreditUsage{}).
		Select(column+", CAST(sum(messages) AS bigint) AS messages, CAST(sum(billable) AS bigint) AS billable, CAST(sum(charged) AS bigint) AS charged").
		Where("organization_id = ? AND day >= ? AND day <= ?", viewer.OrganizationID, from, to).
		Group(column).Order(order).Limit(maxLines).Find(&lines).Error
	if err != nil {
		return nil, fmt.Errorf("sum up usage by %s: %w", report.By, err)
	}
	return lines, nil
}

// Forecast is how many days the available credits last at the pace of the last 28
// days; nil if nothing was spent in them. Administrators only.
func (s *Service) Forecast(ctx context.Context, viewer models.Viewer) (*int64, error) {
	if err := requireAdministrator(viewer); err != nil {
		return nil, err
	}
	db, today := s.db.Read(ctx), models.DayOf(s.clock())
	var spent models.Credits
	err := db.Model(&models.CreditUsage{}).Select("CAST(coalesce(sum(charged), 0) AS bigint)").
		Where("organization_id = ? AND day > ? AND day <= ?", viewer.OrganizationID, today.AddDate(0, 0, -forecastDays), today).Scan(&spent).Error
	if err != nil {
		return nil, fmt.Errorf("sum up what was spent: %w", err)
	}
	balances, err := balancesOf(db, viewer.OrganizationID)
	if err != nil {
		return nil, err
	}
	days, known := models.DaysLeft(balances[models.AccountAvailable], spent, forecastDays)
	if !known {
		return nil, nil //nolint:nilnil // nothing was spent
	}
	return &days, nil
}
