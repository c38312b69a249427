package graph

import (
	"context"
	"time"

	"recado/credits"
	"recado/graph/gqlmodel"
	"recado/models"
)

// Usage is what credits were spent on.
func (r creditAccountResolver) Usage(ctx context.Context, _ *gqlmodel.CreditAccount, from, to time.Time, by credits.UsageBy) ([]gqlmodel.CreditUsage, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.rooms.Credits.Usage(ctx, viewer, credits.UsageReport{From: from, To: to, By: by})
	if err != nil {
		return nil, err
	}
	lines := make([]gqlmodel.CreditUsage, len(rows))
	for i := range rows {
		lines[i] = usageLine(&rows[i], by)
	}
	return lines, nil
}

// usageLine shows of a line what it is summed up by.
func usageLine(row *models.CreditUsage, by credits.UsageBy) gqlmodel.CreditUsage {
	line := gqlmodel.CreditUsage{Messages: row.Messages, Billable: row.Billable, Charged: row.Charged}
	switch by {
	case credits.UsageByDay:
		line.Day = &row.Day
	case credits.UsageByCategory:
		line.Category = &row.Category
	case credits.UsageByCountry:
		line.Country = &row.Country
	case credits.UsageByChannel:
		line.ChannelID = &row.ChannelID
	case credits.UsageByTemplate:
		line.TemplateName = &row.TemplateName
	}
	return line
}

// Channel is the number that sent.
func (r creditUsageResolver) Channel(ctx context.Context, line *gqlmodel.CreditUsage) (*gqlmodel.Channel, error) {
	if line.ChannelID == nil {
		return nil, nil //nolint:nilnil // summed up by something else
	}
	return loadChannel(ctx, *line.ChannelID)
}

// CreditUsageExport gives the address of a CSV file.
func (r mutationResolver) CreditUsageExport(ctx context.Context, input gqlmodel.CreditUsageExportInput) (*gqlmodel.CreditUsageExportPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	address, expires, err := r.rooms.Credits.ExportURL(viewer, input.From, input.To)
	payload := &gqlmodel.CreditUsageExportPayload{}
	payload.UserErrors, err = r.creditErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.URL, payload.ExpiresAt = &address, &expires
	}
	return orNothing(payload, err)
}
