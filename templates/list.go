package templates

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"recado/models"
	"recado/store"
)

// Filter says which templates are wanted. The zero value wants all.
type Filter struct {
	ChannelID  *models.ID // those of its account
	Statuses   []models.TemplateStatus
	Categories []models.TemplateCategory
	Qualities  []models.TemplateQuality
	Languages  []string
	Name       string // what the name contains
	Sendable   *bool
}

// List returns the templates of the accounts whose channels the viewer may see, the
// newest first, without those that were deleted. NOT_FOUND (filter.channelId) if the
// channel does not exist for the viewer.
func (s *Service) List(ctx context.Context, viewer models.Viewer, filter Filter, page store.PageRequest) (store.Page[models.Template], error) {
	db := s.db.Read(ctx)
	var accounts []string
	if filter.ChannelID != nil {
		channel, err := channelFor(db, viewer, *filter.ChannelID)
		if err != nil {
			return store.Page[models.Template]{}, models.NewError(models.CodeNotFound, "filter.channelId")
		}
		accounts = []string{channel.WABAID}
	} else {
		var err error
		if accounts, err = accountsOf(db, viewer); err != nil {
			return store.Page[models.Template]{}, err
		}
	}
	list, err := store.Keyset{Column: "created_at", NewestFirst: true, Scope: "templates"}.Range(page)
	if err != nil {
		return store.Page[models.Template]{}, err
	}
	query := db.Where("organization_id = ? AND deleted_at IS NULL AND waba_id IN ?", viewer.OrganizationID, accounts)
	for _, narrowed := range []struct {
		column string
		values any
		given  bool
	}{
		{"status", filter.Statuses, len(filter.Statuses) > 0},
		{"category", filter.Categories, len(filter.Categories) > 0},
		{"quality", filter.Qualities, len(filter.Qualities) > 0},
		{"language", filter.Languages, len(filter.Languages) > 0},
	} {
		if narrowed.given {
			query = query.Where(narrowed.column+" IN ?", narrowed.values)
		}
	}
	if name := strings.ToLower(strings.TrimSpace(filter.Name)); name != "" {
		query = query.Where(`name LIKE ? ESCAPE '\'`, "%"+likeEscaper.Replace(strings.ReplaceAll(name, " ", "_"))+"%")
	}
	if filter.Sendable != nil {
		sendable := "(status IN ? AND foreign_parts IS NULL)"
		if !*filter.Sendable {
			sendable = "NOT " + sendable
		}
		query = query.Where(sendable, []models.TemplateStatus{models.TemplateApproved, models.TemplateFlagged})
	}
	var rows []models.Template
	if err := list.Apply(query).Find(&rows).Error; err != nil {
		return store.Page[models.Template]{}, fmt.Errorf("list templates: %w", err)
	}
	return store.PageOf(list, rows, func(t *models.Template) store.Place { return store.Place{At: t.CreatedAt, ID: t.ID} }), nil
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// ByID returns those of the templates that the viewer may see, deleted ones included:
// messages were sent with them.
func (s *Service) ByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.Template, error) {
	found := make(map[models.ID]models.Template, len(ids))
	accounts, err := accountsOf(s.db.Read(ctx), viewer)
	if err != nil {
		return nil, err
	}
	var rows []models.Template
	if err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("id", ids)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read %d templates: %w", len(ids), err)
	}
	for _, row := range rows {
		if viewer.Administrator || slices.Contains(accounts, row.WABAID) {
			found[row.ID] = row
		}
	}
	return found, nil
}

// History returns the steps of a template's life that the viewer may see, the newest
// first. NOT_FOUND if the template does not exist for them.
func (s *Service) History(ctx context.Context, viewer models.Viewer, id models.ID, page store.PageRequest) (store.Page[models.TemplateStep], error) {
	known, err := s.ByID(ctx, viewer, []models.ID{id})
	if err != nil {
		return store.Page[models.TemplateStep]{}, err
	}
	if _, ok := known[id]; !ok {
		return store.Page[models.TemplateStep]{}, models.ErrNotFound
	}
	list, err := store.Keyset{Column: "at", NewestFirst: true, Scope: "history of template " + id.String()}.Range(page)
	if err != nil {
		return store.Page[models.TemplateStep]{}, err
	}
	var rows []models.TemplateStep
	query := s.db.Read(ctx).Where("organization_id = ? AND template_id = ?", viewer.OrganizationID, id)
	if err := list.Apply(query).Find(&rows).Error; err != nil {
		return store.Page[models.TemplateStep]{}, fmt.Errorf("list history of template %s: %w", id, err)
	}
	return store.PageOf(list, rows, func(step *models.TemplateStep) store.Place { return store.Place{At: step.At, ID: step.ID} }), nil
}

// ChannelsOf returns the channels of the accounts that the viewer may see, by account.
func (s *Service) ChannelsOf(ctx context.Context, viewer models.Viewer, accounts []string) (map[string][]models.Channel, error) {
	var rows []models.Channel
	err := s.db.Read(ctx).Where("organization_id = ? AND waba_id IN ?", viewer.OrganizationID, accounts).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read channels of %d accounts: %w", len(accounts), err)
	}
	found := make(map[string][]models.Channel, len(accounts))
	for _, row := range rows {
		if viewer.Can(row.ID, models.LevelView) {
			found[row.WABAID] = append(found[row.WABAID], row)
		}
	}
	return found, nil
}
