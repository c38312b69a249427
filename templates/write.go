package templates

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/media"
	"recado/models"
	"recado/store"
)

// NewTemplate is a template to be made.
type NewTemplate struct {
	ChannelID models.ID               `json:"channelId"` // of the account that it is for
	Name      string                  `json:"name"`
	Language  string                  `json:"language"`
	Category  models.TemplateCategory `json:"category"`
	Format    models.ParameterFormat  `json:"format"` // empty: NAMED; of AUTHENTICATION it is POSITIONAL, whatever is given
	Content   models.TemplateContent  `json:"content"`

	IdempotencyKey string `json:"-"` // the client's; the same key and template make one. Empty: none
}

// maxKey is the longest idempotency key, in characters.
const maxKey = 64

// Create makes a draft. For administrators. Failures: NOT_FOUND (channelId), FORBIDDEN,
// REQUIRED, INVALID and those of models.TemplateContent.For with the field,
// ALREADY_EXISTS (name) if the account has the name in that language,
// TEMPLATE_NAME_BLOCKED (name), LIMIT_REACHED with Params["max"] for too many drafts,
// IDEMPOTENCY_KEY_REUSED, and for the header's sample NOT_FOUND, INVALID or those of
// models.Attachment.Sendable.
func (s *Service) Create(ctx context.Context, viewer models.Viewer, in NewTemplate) (models.Template, error) {
	if err := in.complete(); err != nil {
		return models.Template{}, err
	}
	var made models.Template
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		channel, err := channelFor(tx.DB, viewer, in.ChannelID)
		if err != nil {
			return err
		}
		if !viewer.Administrator {
			return models.NewError(models.CodeForbidden, "")
		}
		if in.IdempotencyKey != "" {
			first, err := store.RememberedResult(tx, viewer, "templateCreate", in.IdempotencyKey, in)
			if err != nil {
				return err
			}
			if first != nil {
				made, err = find(tx.DB, viewer, *first)
				return err
			}
		}
		if err := lockAccount(tx, viewer.OrganizationID, channel.WABAID); err != nil {
			return err
		}
		made = models.Template{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), WABAID: channel.WABAID, Name: in.Name, Language: in.Language,
			Category: in.Category, Format: in.Format, Content: in.Content, Status: models.TemplateDraft, StatusAt: tx.Now(),
			Quality: models.QualityUnknown, Version: 1, CreatedByID: new(viewer.UserID), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
		}
		if err := checkNew(tx, made); err != nil {
			return err
		}
		if err := checkSample(tx.DB, viewer, in.Content); err != nil {
			return err
		}
		if err := tx.Create(&made).Error; err != nil {
			return takenName(err)
		}
		if err := addSteps(tx, []models.TemplateStep{step(tx, made, models.TemplateStepCreated, "", "", new(viewer.UserID))}); err != nil {
			return err
		}
		if in.IdempotencyKey != "" {
			if err := store.RememberResult(tx, viewer, "templateCreate", in.IdempotencyKey, in, made.ID); err != nil {
				return err
			}
		}
		if err := s.askForWords(tx, made); err != nil {
			return err
		}
		return record(tx, made)
	})
	return made, err
}

// complete holds what was given to the rules and puts in what is left open.
func (in *NewTemplate) complete() error {
	switch {
	case in.Category == models.TemplateAuthentication:
		in.Format = models.ParametersPositional // §5.6
	case in.Format == "":
		in.Format = models.ParametersNamed
	}
	if utf8.RuneCountInString(in.IdempotencyKey) > maxKey || !utf8.ValidString(in.IdempotencyKey) || strings.ContainsRune(in.IdempotencyKey, 0) {
		return models.NewError(models.CodeInvalid, "idempotencyKey").With("max", strconv.Itoa(maxKey))
	}
	if !in.Format.Valid() {
		return models.NewError(models.CodeInvalid, "format")
	}
	for _, check := range []error{
		models.CheckTemplateName(in.Name), models.CheckTemplateLanguage(in.Language), models.CheckTemplateCategory(in.Category),
	} {
		if check != nil {
			return check
		}
	}
	content, err := in.Content.For(in.Category)
	in.Content = content
	return err
}

// channelFor reads the channel whose account is meant; NOT_FOUND (channelId) if it does
// not exist for the viewer.
func channelFor(db *gorm.DB, viewer models.Viewer, id models.ID) (models.Channel, error) {
	var channel models.Channel
	err := db.Take(&channel, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !viewer.Can(id, models.LevelView):
		return models.Channel{}, models.NewError(models.CodeNotFound, "channelId")
	case err != nil:
		return models.Channel{}, fmt.Errorf("read channel %s: %w", id, err)
	}
	return channel, nil
}

// lockAccount has those wait for each other who count the templates of an account.
func lockAccount(tx *store.Tx, organization models.ID, wabaID string) error {
	return tx.LockName("templates of " + organization.String() + "/" + wabaID)
}

// ofAccount selects an account's templates that are not deleted.
func ofAccount(db *gorm.DB, organization models.ID, wabaID string) *gorm.DB {
	return db.Model(&models.Template{}).Where("organization_id = ? AND waba_id = ? AND deleted_at IS NULL", organization, wabaID)
}

// checkNew holds a new draft to how many there may be and to names that cannot be used
// yet.
func checkNew(tx *store.Tx, template models.Template) error {
	var drafts int64
	if err := ofAccount(tx.DB, template.OrganizationID, template.WABAID).Where("status = ?", models.TemplateDraft).Count(&drafts).Error; err != nil {
		return fmt.Errorf("count drafts: %w", err)
	}
	if drafts >= models.MaxTemplates {
		return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxTemplates))
	}
	var deleted []models.Template
	err := tx.Where("organization_id = ? AND waba_id = ? AND name = ? AND language = ? AND approved_at IS NOT NULL AND deleted_at > ?",
		template.OrganizationID, template.WABAID, template.Name, template.Language, tx.Now().Add(-models.TemplateNameBlock)).
		Order("deleted_at DESC").Limit(1).Find(&deleted).Error
	if err != nil {
		return fmt.Errorf("look for deleted templates of the name: %w", err)
	}
	if len(deleted) > 0 {
		until := deleted[0].DeletedAt.Add(models.TemplateNameBlock).UTC().Format(time.RFC3339)
		return models.NewError(models.CodeTemplateNameBlocked, "name").With("until", until)
	}
	return nil
}

func takenName(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.NewError(models.CodeAlreadyExists, "name")
	}
	return err
}

// checkSample holds the sample of a header to its kind. It must be an upload: a file of
// a customer is not shown to reviewers.
func checkSample(db *gorm.DB, viewer models.Viewer, content models.TemplateContent) error {
	const field = "header.sampleId"
	if content.Header == nil || content.Header.SampleID == nil {
		return nil
	}
	file, err := media.FindIn(db, viewer, *content.Header.SampleID, field)
	if err != nil {
		return err
	}
	if kind, _ := content.Header.Kind.Media(); file.Source != models.AttachmentFromUpload || file.Kind != kind {
		return models.NewError(models.CodeInvalid, field)
	}
	return models.Blame(file.Sendable(), field)
}

// TemplateChange says what to change of a template.
type TemplateChange struct {
	Content  models.TemplateContent
	Category *models.TemplateCategory // nil: as it is. Only of one that was not approved
}

// Update changes what a template says. Of one that Meta has, that is a draft beside what
// is sent, until it is submitted; giving the same text as is sent drops the draft. For
// administrators. Failures: NOT_FOUND, FORBIDDEN, CONFLICT with the present template,
// those of Create for the content, INVALID (category), and those of
// models.Template.Editable.
func (s *Service) Update(ctx context.Context, viewer models.Viewer, id models.ID, change TemplateChange, expectedVersion *int64) (models.Template, error) {
	var template models.Template
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if template, err = lockManaged(tx, viewer, id, expectedVersion); err != nil {
			return err
		}
		if err := template.Editable(); err != nil {
			return err
		}
		category, err := categoryAfter(template, change)
		if err != nil {
			return err
		}
		content, err := change.Content.For(category)
		if err != nil {
			return err
		}
		before := template.Newest()
		change.Content = content.WordedLike(template.Content).WordedLike(before)
		if header := change.Content.Header; header != nil && header.SampleID != nil && (before.Header == nil || !sameID(before.Header.SampleID, header.SampleID)) {
			if err := checkSample(tx.DB, viewer, change.Content); err != nil {
				return err
			}
		}
		changed := template
		changed.Draft, changed.DraftCategory = nil, ""
		switch {
		case !template.AtMeta():
			changed.Content, changed.Category = change.Content, category
		case !template.Content.Equal(change.Content) || category != template.Category:
			changed.Draft = &change.Content
			if category != template.Category {
				changed.DraftCategory = category
			}
		}
		if before.Equal(changed.Newest()) && template.Category == changed.Category && template.DraftCategory == changed.DraftCategory &&
			(template.Draft == nil) == (changed.Draft == nil) {
			return nil
		}
		template = changed
		if err := s.askForWords(tx, template); err != nil {
			return err
		}
		return save(tx, &template, step(tx, template, models.TemplateStepEdited, "", "", new(viewer.UserID)))
	})
	return template, err
}

// categoryAfter is the category that a change asks for: INVALID (category) for one that
// Meta does not have, or would not change (§7.6). One of AUTHENTICATION stays one, because
// its parameters are not those of the others.
func categoryAfter(template models.Template, change TemplateChange) (models.TemplateCategory, error) {
	if change.Category == nil || *change.Category == template.Category {
		return template.Category, nil
	}
	if models.CheckTemplateCategory(*change.Category) != nil || template.ApprovedAt != nil ||
		*change.Category == models.TemplateAuthentication || template.Category == models.TemplateAuthentication {
		return "", models.NewError(models.CodeInvalid, "category")
	}
	return *change.Category, nil
}

func sameID(a, b *models.ID) bool { return a == b || a != nil && b != nil && *a == *b }

// Submit asks Meta to review a template, or the edit of one that Meta has. The answer
// comes later, as an event. Asking for what is under way already changes nothing. For
// administrators. Failures: NOT_FOUND, FORBIDDEN, CONFLICT, those of
// models.TemplateContent.Check and CheckComplete, those of models.Template.Editable,
// TEMPLATE_NOT_EDITABLE if there is nothing new to review, LIMIT_REACHED with
// Params["max"], TEMPLATE_EDIT_LIMIT, and CHANNEL_UNAVAILABLE if no number of the
// account is connected.
func (s *Service) Submit(ctx context.Context, viewer models.Viewer, id models.ID, expectedVersion *int64) (models.Template, error) {
	var template models.Template
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		seen, err := find(tx.DB, viewer, id)
		if err != nil {
			return err
		}
		if err := lockAccount(tx, seen.OrganizationID, seen.WABAID); err != nil {
			return err
		}
		if template, err = lockManaged(tx, viewer, id, expectedVersion); err != nil {
			return err
		}
		if template.Request == models.TemplateRequestSubmit {
			return nil
		}
		if err := template.Editable(); err != nil {
			return err
		}
		if template.AtMeta() && template.Draft == nil {
			return models.NewError(models.CodeTemplateNotEditable, "").With("status", string(template.Status))
		}
		for _, check := range []error{template.Newest().Check(), template.Newest().CheckComplete()} {
			if check != nil {
				return check
			}
		}
		if err := checkConnected(tx.DB, template); err != nil {
			return err
		}
		if template.AtMeta() {
			err = checkEdits(tx, template)
		} else {
			err = checkCount(tx, template)
		}
		if err != nil {
			return err
		}
		template.Request, template.RequestedAt, template.Refusal = models.TemplateRequestSubmit, new(tx.Now()), nil
		template.RequestedByID = new(viewer.UserID)
		if !template.AtMeta() {
			template.Status, template.StatusAt = models.TemplatePending, metaSeconds(tx.Now().Add(-clockTolerance))
			template.Rejection, template.SubmittedAt = nil, new(tx.Now())
		}
		if err := save(tx, &template); err != nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, requestArgs(template), time.Time{})
	})
	return template, err
}

// checkConnected returns nil if there is a number whose token can be used.
func checkConnected(db *gorm.DB, template models.Template) error {
	of, err := channelsOf(db, template.OrganizationID, template.WABAID)
	if err != nil {
		return err
	}
	status := models.ChannelDisconnected
	for _, channel := range of {
		if channel.Status == models.ChannelConnected {
			return nil
		}
		if channel.Status == models.ChannelReauthorizationRequired {
			status = channel.Status
		}
	}
	return models.NewError(models.CodeChannelUnavailable, "").With("status", string(status))
}

// checkCount holds the account, which is locked, to its number of templates, with one
// more.
func checkCount(tx *store.Tx, template models.Template) error {
	var count int64
	err := ofAccount(tx.DB, template.OrganizationID, template.WABAID).Where("status <> ? AND id <> ?", models.TemplateDraft, template.ID).Count(&count).Error
	if err != nil {
		return fmt.Errorf("count templates: %w", err)
	}
	if count >= models.MaxTemplates {
		return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxTemplates))
	}
	return nil
}

// checkEdits holds an approved template to Meta's limit of edits.
func checkEdits(tx *store.Tx, template models.Template) error {
	var edits []time.Time
	err := tx.Model(&models.TemplateStep{}).
		Where("organization_id = ? AND template_id = ? AND kind = ?", template.OrganizationID, template.ID, models.TemplateStepSubmitted).
		Where("value IN ? AND at > ?", []models.TemplateStatus{models.TemplateApproved, models.TemplateFlagged}, tx.Now().Add(-models.TemplateEditMonth)).
		Pluck("at", &edits).Error
	if err != nil {
		return fmt.Errorf("read edits of template %s: %w", template.ID, err)
	}
	return template.CheckEdits(edits, tx.Now())
}

// Delete deletes a template, at Meta as well; messages that were sent with it stay.
// Asking for what is under way already changes nothing. For administrators. Failures:
// NOT_FOUND, FORBIDDEN, TEMPLATE_BUSY, TEMPLATE_NOT_EDITABLE with Params["status"] for
// one that is disabled, which Meta does not delete, and CHANNEL_UNAVAILABLE.
func (s *Service) Delete(ctx context.Context, viewer models.Viewer, id models.ID) (models.Template, error) {
	var template models.Template
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if template, err = lockManaged(tx, viewer, id, nil); err != nil {
			return err
		}
		switch {
		case template.Request == models.TemplateRequestDelete:
			return nil
		case template.Request != models.TemplateNoRequest:
			return models.NewError(models.CodeTemplateBusy, "")
		case template.Status == models.TemplateDisabled:
			return models.NewError(models.CodeTemplateNotEditable, "").With("status", string(template.Status))
		case !template.AtMeta():
			steps, _ := template.Hear(models.TemplateNews{At: tx.Now(), Status: models.TemplateDeleted})
			steps[0].UserID = new(viewer.UserID)
			return save(tx, &template, steps...)
		}
		if err := checkConnected(tx.DB, template); err != nil {
			return err
		}
		template.Request, template.RequestedAt, template.Refusal = models.TemplateRequestDelete, new(tx.Now()), nil
		template.RequestedByID = new(viewer.UserID)
		if err := save(tx, &template); err != nil {
			return err
		}
		return s.queue.Enqueue(ctx, tx, requestArgs(template), time.Time{})
	})
	return template, err
}
