package templates

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// WordsArgs ask for WhatsApp's own words in a template of the category AUTHENTICATION.
type WordsArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	TemplateID     models.ID `json:"templateId"`
}

// Kind names the job.
func (WordsArgs) Kind() string { return "templates.words" }

// askForWords has WhatsApp asked for its words if the newest text of a template lacks
// them.
func (s *Service) askForWords(tx *store.Tx, template models.Template) error {
	if template.Newest().Worded() {
		return nil
	}
	return s.queue.Enqueue(tx.Statement.Context, tx, WordsArgs{template.OrganizationID, template.ID}, time.Time{})
}

type wordsWorker struct {
	river.WorkerDefaults[WordsArgs]

	templates *Service
}

// Work asks and keeps the answer. Where nobody can be asked, or nothing is said, the words
// come with the template when Meta has it.
func (w *wordsWorker) Work(ctx context.Context, job *river.Job[WordsArgs]) error {
	s := w.templates
	var template models.Template
	err := s.db.Read(ctx).Take(&template, "organization_id = ? AND id = ? AND deleted_at IS NULL", job.Args.OrganizationID, job.Args.TemplateID).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound) || err == nil && template.Newest().Worded():
		return nil
	case err != nil:
		return fmt.Errorf("read template %s: %w", job.Args.TemplateID, err)
	}
	channel, credentials, err := s.credentials(ctx, template.OrganizationID, template.WABAID)
	switch {
	case errors.Is(err, errNotConnected):
		return nil
	case err != nil:
		return err
	}
	asked := template.Newest()
	choices := asked.Wired(template.Format).OneTimeCode
	words, err := s.client.OneTimeCodeWords(ctx, credentials, template.WABAID, template.Language, whatsapp.OneTimeCode(*choices))
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case err == nil:
		return s.putWords(ctx, template, asked, words)
	case !ok:
		return err
	case refusal.Code == whatsapp.CodeTokenInvalid:
		return s.tokenRefused(ctx, channel, refusal)
	case refusal.Retryable && job.Attempt < job.MaxAttempts:
		return err // asked again, later and later
	}
	s.log.WarnContext(ctx, "WhatsApp did not tell its words for a template", "organization", template.OrganizationID, "template", template.ID, "error", err)
	return nil
}

// putWords keeps WhatsApp's words with the text that they were asked for. It is nobody's
// edit, so the version stays.
func (s *Service) putWords(ctx context.Context, asked models.Template, of models.TemplateContent, words whatsapp.OneTimeCodeWords) error {
	worded, ok := of.WordedAs(words.Body, words.Footer)
	if !ok {
		return nil
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var template models.Template
		err := store.Locking(tx.DB).Take(&template, "organization_id = ? AND id = ?", asked.OrganizationID, asked.ID).Error
		if err != nil {
			return fmt.Errorf("lock template %s: %w", asked.ID, err)
		}
		switch {
		case template.DeletedAt != nil || template.Newest().Worded() || !template.Newest().Rewords(worded):
			return nil
		case template.Draft != nil:
			template.Draft = &worded
		default:
			template.Content = worded
		}
		template.UpdatedAt = tx.Now()
		if err := tx.Save(&template).Error; err != nil {
			return fmt.Errorf("save template %s: %w", template.ID, err)
		}
		return record(tx, template)
	})
}
