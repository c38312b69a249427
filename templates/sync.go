package templates

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// SyncArgs ask for an account's templates to be read from Meta.
type SyncArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	WABAID         string    `json:"wabaId"`
	MetaID         string    `json:"metaId,omitempty"` // only this one; empty: all
}

// Kind names the job.
func (SyncArgs) Kind() string { return "templates.sync" }

// SweepArgs ask for the templates of all accounts to be read from Meta.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "templates.sweep" }

const (
	// sweepInterval is how often Meta's lists are read, for what no webhook told.
	sweepInterval = time.Hour
	// syncPage is how many templates are read at a time.
	syncPage = 50
	// syncTimeout leaves time for Meta's largest accounts, of 6,000 templates.
	syncTimeout = 5 * time.Minute
)

// Sync has the templates of a channel's account read from Meta soon. For administrators.
// Failures: NOT_FOUND (channelId), FORBIDDEN, CHANNEL_UNAVAILABLE.
func (s *Service) Sync(ctx context.Context, viewer models.Viewer, channelID models.ID) (models.Channel, error) {
	var channel models.Channel
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if channel, err = channelFor(tx.DB, viewer, channelID); err != nil {
			return err
		}
		if !viewer.Administrator {
			return models.NewError(models.CodeForbidden, "")
		}
		if err := checkConnected(tx.DB, models.Template{OrganizationID: channel.OrganizationID, WABAID: channel.WABAID}); err != nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, SyncArgs{OrganizationID: channel.OrganizationID, WABAID: channel.WABAID}, time.Time{})
	})
	return channel, err
}

type sweepWorker struct {
	river.WorkerDefaults[SweepArgs]

	templates *Service
}

// Work enqueues a job for each account with a connected number.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	s := w.templates
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var accounts []SyncArgs
		err := tx.Model(&models.Channel{}).Distinct("organization_id", "waba_id").Where("status = ?", models.ChannelConnected).
			Order("organization_id, waba_id").Scan(&accounts).Error
		if err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
		for _, account := range accounts {
			if err := s.queue.EnqueueOnce(ctx, tx, account, sweepInterval); err != nil {
				return err
			}
		}
		return nil
	})
}

type syncWorker struct {
	river.WorkerDefaults[SyncArgs]

	templates *Service
}

// Timeout leaves time for many pages.
func (*syncWorker) Timeout(*river.Job[SyncArgs]) time.Duration { return syncTimeout }

// Work reads from Meta. An account without a connected number is left alone: it is read
// when it has one again.
func (w *syncWorker) Work(ctx context.Context, job *river.Job[SyncArgs]) error {
	s := w.templates
	channel, credentials, err := s.credentials(ctx, job.Args.OrganizationID, job.Args.WABAID)
	switch {
	case errors.Is(err, errNotConnected):
		return nil
	case err != nil:
		return err
	}
	if job.Args.MetaID != "" {
		err = s.syncOne(ctx, credentials, job.Args)
	} else {
		err = s.syncAll(ctx, credentials, job.Args)
	}
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case !ok:
		return err
	case refusal.Code == whatsapp.CodeTokenInvalid:
		return s.tokenRefused(ctx, channel, refusal)
	case refusal.Retryable && job.Attempt < job.MaxAttempts:
		return river.JobSnooze(max(refusal.RetryAfter, time.Minute))
	}
	s.log.WarnContext(ctx, "the templates of an account could not be read", "organization", job.Args.OrganizationID, "account", job.Args.WABAID, "error", err)
	return nil
}

// syncOne reads one template. One that Meta does not know any more was deleted.
func (s *Service) syncOne(ctx context.Context, credentials whatsapp.Credentials, args SyncArgs) error {
	at := metaSeconds(s.clock())
	seen, err := s.client.Template(ctx, credentials, args.MetaID)
	if refusal, ok := errors.AsType[*whatsapp.Error](err); ok && refusal.Code == whatsapp.CodeObjectNotFound {
		return s.db.Write(ctx, func(tx *store.Tx) error { return takeAway(tx, args, []string{args.MetaID}, at) })
	}
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *store.Tx) error { return takeOver(tx, args, []whatsapp.Template{seen}, at) })
}

// syncAll reads the list of an account, page by page, and then looks for those that were
// not in it: the list may have moved while it was read.
func (s *Service) syncAll(ctx context.Context, credentials whatsapp.Credentials, args SyncArgs) error {
	began := s.clock()
	for after := ""; ; {
		at := metaSeconds(s.clock())
		page, next, err := s.client.Templates(ctx, credentials, args.WABAID, after, syncPage)
		if err != nil {
			return err
		}
		if err := s.db.Write(ctx, func(tx *store.Tx) error { return takeOver(tx, args, page, at) }); err != nil {
			return err
		}
		if next == "" || next == after {
			break
		}
		after = next
	}
	var missing []string
	err := ofAccount(s.db.Read(ctx), args.OrganizationID, args.WABAID).
		Where("meta_id IS NOT NULL AND (synced_at IS NULL OR synced_at < ?) AND created_at < ?", began, began).Pluck("meta_id", &missing).Error
	if err != nil {
		return fmt.Errorf("look for templates that Meta did not list: %w", err)
	}
	for _, id := range missing {
		one := args
		one.MetaID = id
		if err := s.syncOne(ctx, credentials, one); err != nil {
			return err
		}
	}
	return nil
}

// takeAway notes that Meta does not have templates any more.
func takeAway(tx *store.Tx, args SyncArgs, ids []string, at time.Time) error {
	var rows []models.Template
	err := store.Locking(ofAccount(tx.DB, args.OrganizationID, args.WABAID)).Where("meta_id IN ?", ids).Order("meta_id").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("lock templates of account %s: %w", args.WABAID, err)
	}
	for _, row := range rows {
		steps, changed := row.Hear(models.TemplateNews{At: at, Status: models.TemplateDeleted})
		if !changed {
			continue
		}
		if err := save(tx, &row, steps...); err != nil {
			return err
		}
	}
	return nil
}

// takeOver works a page of Meta's list into the templates. Doing it twice is like doing
// it once.
func takeOver(tx *store.Tx, args SyncArgs, page []whatsapp.Template, at time.Time) error {
	if len(page) == 0 {
		return nil
	}
	if err := lockAccount(tx, args.OrganizationID, args.WABAID); err != nil {
		return err
	}
	page = slices.SortedFunc(slices.Values(page), func(a, b whatsapp.Template) int { return cmp.Or(strings.Compare(a.ID, b.ID)) })
	ids, names := make([]string, len(page)), make([]string, len(page))
	for i, seen := range page {
		ids[i], names[i] = seen.ID, seen.Name
	}
	var rows []models.Template
	err := store.Locking(tx.DB).Where("organization_id = ? AND waba_id = ?", args.OrganizationID, args.WABAID).
		Where("(meta_id IN ? OR meta_id IS NULL AND deleted_at IS NULL AND name IN ?)", ids, names).Order("meta_id").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("lock templates of account %s: %w", args.WABAID, err)
	}
	for _, seen := range page {
		at := at
		known := slices.IndexFunc(rows, func(row models.Template) bool { return row.MetaID != nil && *row.MetaID == seen.ID })
		if known < 0 {
			known = slices.IndexFunc(rows, func(row models.Template) bool {
				return row.MetaID == nil && row.Name == seen.Name && row.Language == seen.Language
			})
		}
		if known < 0 {
			if err := add(tx, args, seen, at); err != nil {
				return err
			}
			continue
		}
		if err := refresh(tx, &rows[known], seen, at); err != nil {
			return err
		}
	}
	return nil
}

// add makes the row of a template that was made elsewhere.
func add(tx *store.Tx, args SyncArgs, seen whatsapp.Template, at time.Time) error {
	row := models.Template{
		OrganizationID: args.OrganizationID, ID: models.NewID(), WABAID: args.WABAID, MetaID: &seen.ID, Name: seen.Name, Language: seen.Language,
		Category: models.TemplateCategory(seen.Category), Format: models.ParameterFormat(seen.ParameterFormat),
		Status: models.TemplatePending, StatusAt: at.Add(-time.Second), Quality: models.QualityUnknown,
		Version: 0, SyncedAt: new(tx.Now()), CreatedAt: tx.Now(),
	}
	takeContent(&row, seen)
	news := newsOf(row, seen, at)
	steps, _ := row.Hear(news)
	if news.Status == "" { // it is under review
		row.SubmittedAt = new(tx.Now())
	}
	if row.Status == models.TemplateDeleted {
		return nil
	}
	steps = append(steps, step(tx, row, models.TemplateStepFound, "", "", nil))
	row.UpdatedAt = tx.Now()
	row.Version = 1
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("add template %s of account %s: %w", seen.ID, args.WABAID, err)
	}
	if err := addSteps(tx, steps); err != nil {
		return err
	}
	return record(tx, row)
}

// refresh makes a template what Meta's list says of it.
func refresh(tx *store.Tx, row *models.Template, seen whatsapp.Template, at time.Time) error {
	var steps []models.TemplateStep
	changed := false
	if row.MetaID == nil && row.Request == models.TemplateNoRequest { // the same name was made elsewhere: ours becomes an edit of it
		draft := row.Content
		row.MetaID, row.Draft, row.Rejection, changed = &seen.ID, &draft, nil, true
		row.Status, row.StatusAt = models.TemplatePending, at.Add(-time.Second)
		steps = append(steps, step(tx, *row, models.TemplateStepFound, "", "", nil))
	}
	if row.MetaID == nil || row.DeletedAt != nil {
		return nil // its own request will find out
	}
	before := row.Content
	if row.Request == models.TemplateNoRequest && takeContent(row, seen) {
		changed = true
		if !before.Rewords(row.Content) {
			steps = append(steps, step(tx, *row, models.TemplateStepContent, "", "", nil))
		}
		if row.Draft != nil && row.Draft.Equal(row.Content) && row.DraftCategory == "" {
			row.Draft = nil
		}
	}
	if news := newsOf(*row, seen, at); news.Status != "" || news.Quality != "" || news.Category != "" {
		heard, moved := row.Hear(news)
		if moved {
			steps, changed = append(steps, heard...), true
		}
	}
	row.SyncedAt = new(tx.Now())
	if changed {
		return save(tx, row, steps...)
	}
	err := tx.Model(row).Where("organization_id = ? AND id = ?", row.OrganizationID, row.ID).UpdateColumn("synced_at", row.SyncedAt).Error
	if err != nil {
		return fmt.Errorf("note that template %s was listed: %w", row.ID, err)
	}
	return nil
}
