package templates

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// Told is what a webhook told of a template.
type Told struct {
	WABAID string
	At     time.Time // Meta's; zero if the webhook had none
	Update whatsapp.TemplateUpdate
}

// statusOf is what Meta's events make of a template.
var statusOf = map[string]models.TemplateStatus{
	"APPROVED": models.TemplateApproved, "REINSTATED": models.TemplateApproved, "UNARCHIVED": models.TemplateApproved,
	"REJECTED": models.TemplateRejected, "PENDING": models.TemplatePending, "PAUSED": models.TemplatePaused, "DISABLED": models.TemplateDisabled,
	"FLAGGED": models.TemplateFlagged, "IN_APPEAL": models.TemplateInAppeal, "PENDING_DELETION": models.TemplatePendingDeletion,
	"DELETED": models.TemplateDeleted, "ARCHIVED": models.TemplateArchived, "LOCKED": models.TemplateLocked, "LIMIT_EXCEEDED": models.TemplateLimitExceeded,
}

// news are in models' words.
func (t Told) news() models.TemplateNews {
	u := t.Update
	news := models.TemplateNews{At: metaSeconds(t.At), Status: statusOf[u.Event], Quality: models.TemplateQuality(u.NewQuality)}
	switch news.Status {
	case models.TemplateRejected:
		news.Rejection = &models.TemplateRejection{Reason: u.Reason, Text: u.RejectionText, Recommendation: u.Recommendation}
	case models.TemplatePaused, models.TemplateDisabled:
		news.PauseTitle = u.PauseTitle
	}
	if u.NewCategory != "" {
		news.Category = models.TemplateCategory(u.NewCategory)
		news.PastCategory = models.TemplateCategory(u.PreviousCategory)
		if u.CorrectCategory != "" && u.CorrectCategory != u.NewCategory {
			news.ComingCategory, news.ComingAt = models.TemplateCategory(u.CorrectCategory), u.CategoryAt
		}
	}
	return news
}

// Apply works what webhooks told into the templates, of whatever organizations have them.
// It may be told twice, late and in any order. A template that is not known, and one
// whose text changed, is read from Meta soon. It reports for each whether it was about an
// account of ours. It locks templates, in the order of Meta's ids.
func (s *Service) Apply(tx *store.Tx, told []Told) ([]bool, error) {
	ours := make([]bool, len(told))
	order := make([]int, len(told))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(told[a].Update.TemplateID, told[b].Update.TemplateID) })
	for _, i := range order {
		t := told[i]
		known, err := knownTo(tx, t)
		if err != nil {
			return nil, err
		}
		for _, template := range known {
			ours[i] = true
			if template.MetaID == nil { // its answer is still on the way
				template.MetaID = new(t.Update.TemplateID)
			}
			if t.At.IsZero() {
				t.At = tx.Now()
			}
			steps, changed := template.Hear(t.news())
			if !changed {
				err = addSteps(tx, steps)
			} else {
				err = save(tx, &template, steps...)
			}
			if err != nil {
				return nil, err
			}
			if t.Update.ContentChanged || t.Update.Category != "" && t.Update.Category != string(template.Category) {
				args := SyncArgs{OrganizationID: template.OrganizationID, WABAID: template.WABAID, MetaID: t.Update.TemplateID}
				if err := s.queue.Enqueue(tx.Statement.Context, tx, args, time.Time{}); err != nil {
					return nil, err
				}
			}
		}
		if len(known) > 0 {
			continue
		}
		if ours[i], err = s.lookUp(tx, t); err != nil {
			return nil, err
		}
	}
	return ours, nil
}

// knownTo locks the templates that a webhook is about.
func knownTo(tx *store.Tx, t Told) ([]models.Template, error) {
	var known []models.Template
	err := store.Locking(tx.DB).Where("meta_id = ?", t.Update.TemplateID).Order("id").Find(&known).Error
	if err != nil {
		return nil, fmt.Errorf("find template %s: %w", t.Update.TemplateID, err)
	}
	if len(known) > 0 || t.Update.Name == "" {
		return known, nil
	}
	// One that Meta has just been given, of which it has told its id to nobody else.
	accounts, err := organizationsOf(tx, t.WABAID)
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	err = store.Locking(tx.DB).Where("waba_id = ? AND name = ? AND language = ? AND deleted_at IS NULL", t.WABAID, t.Update.Name, t.Update.Language).
		Where(store.OneOf("organization_id", accounts)).
		Where("meta_id IS NULL AND request = ?", models.TemplateRequestSubmit).Order("id").Find(&known).Error
	if err != nil {
		return nil, fmt.Errorf("find template %s: %w", t.Update.Name, err)
	}
	return known, nil
}

// organizationsOf are those that have a number of an account.
func organizationsOf(tx *store.Tx, wabaID string) ([]models.ID, error) {
	var found []models.ID
	err := tx.Model(&models.Channel{}).Where("waba_id = ? AND status <> ?", wabaID, models.ChannelDisconnected).
		Distinct().Pluck("organization_id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find organizations of account %s: %w", wabaID, err)
	}
	slices.SortFunc(found, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	return found, nil
}

// lookUp has a template that is not known read from Meta, for the organizations that
// have its account. It reports whether there are any.
func (s *Service) lookUp(tx *store.Tx, t Told) (bool, error) {
	organizations, err := organizationsOf(tx, t.WABAID)
	if err != nil {
		return false, err
	}
	if statusOf[t.Update.Event] == models.TemplateDeleted {
		return len(organizations) > 0, nil
	}
	for _, organization := range organizations {
		args := SyncArgs{OrganizationID: organization, WABAID: t.WABAID, MetaID: t.Update.TemplateID}
		if err := s.queue.Enqueue(tx.Statement.Context, tx, args, time.Time{}); err != nil {
			return false, err
		}
	}
	return len(organizations) > 0, nil
}

// newsOf is what Meta's list tells of a template, as far as it is new.
func newsOf(template models.Template, seen whatsapp.Template, at time.Time) models.TemplateNews {
	news := models.TemplateNews{At: at}
	status, known := statusOf[seen.Status]
	flagged := template.Status == models.TemplateFlagged && status == models.TemplateApproved // the list does not say so
	if known && status != template.Status && !flagged {
		news.Status = status
		if status == models.TemplateRejected {
			news.Rejection = &models.TemplateRejection{Reason: seen.RejectedReason}
		}
	}
	if quality := models.TemplateQuality(seen.QualityScore); quality != "" && quality != template.Quality {
		news.Quality = quality
	}
	category, coming := models.TemplateCategory(seen.Category), models.TemplateCategory(seen.CorrectCategory)
	if coming == category {
		coming = ""
	}
	if category != template.Category || coming != template.ComingCategory {
		news.Category, news.ComingCategory = category, coming
		if coming == "" {
			news.PastCategory = models.TemplateCategory(seen.PreviousCategory)
		}
	}
	return news
}
