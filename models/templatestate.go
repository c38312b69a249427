package models

import (
	"slices"
	"time"
)

// TemplateNews is what Meta told of a template, by webhook or in its list. What is not
// told is zero.
type TemplateNews struct {
	At             time.Time // Meta's time, in seconds
	Status         TemplateStatus
	Rejection      *TemplateRejection // with REJECTED
	PauseTitle     string             // with PAUSED and DISABLED
	Quality        TemplateQuality
	Category       TemplateCategory // as it is now
	PastCategory   TemplateCategory // before; empty if it was not changed
	ComingCategory TemplateCategory // as it will be; empty if nothing is announced
	ComingAt       *time.Time
}

// templateOrder ranks the states for news of the same second: what takes the template
// further wins.
var templateOrder = []TemplateStatus{
	TemplateDraft, TemplatePending, TemplateInAppeal, TemplateApproved, TemplateFlagged, TemplateRejected, TemplatePaused,
	TemplateLimitExceeded, TemplateLocked, TemplateArchived, TemplateDisabled, TemplatePendingDeletion, TemplateDeleted,
}

func templateRank(status TemplateStatus) int { return slices.Index(templateOrder, status) }

// Hear makes the template what the news make of it, in whatever order and however
// often they come: for each of status, quality and category the newest one counts, and
// a deletion is final. It returns the steps for the history; those that came late are
// steps too. It reports whether the template changed.
func (t *Template) Hear(news TemplateNews) (steps []TemplateStep, changed bool) {
	step := func(kind TemplateStepKind, value, detail string) {
		steps = append(steps, TemplateStep{
			OrganizationID: t.OrganizationID, TemplateID: t.ID, Kind: kind, Value: value, At: news.At, ID: NewID(), Detail: detail,
		})
	}
	if news.Status != "" {
		detail := news.PauseTitle
		if news.Rejection != nil {
			detail = news.Rejection.Reason
		}
		step(TemplateStepStatus, string(news.Status), detail)
		if news.Status == TemplateApproved || news.Status == TemplateFlagged {
			if first := Earlier(t.ApprovedAt, &news.At); first != t.ApprovedAt {
				t.ApprovedAt, changed = first, true
			}
		}
		if t.hearsStatus(news) {
			t.setStatus(news)
			changed = true
		}
	}
	if news.Quality != "" {
		step(TemplateStepQuality, string(news.Quality), "")
		if newer(news.At, string(news.Quality), t.QualityAt, string(t.Quality)) {
			t.Quality, t.QualityAt, changed = news.Quality, &news.At, true
		}
	}
	if news.Category != "" {
		if news.ComingCategory != "" {
			step(TemplateStepNotice, string(news.ComingCategory), string(news.Category))
		} else {
			step(TemplateStepCategory, string(news.Category), string(news.PastCategory))
		}
		if newer(news.At, categoryKey(news.Category, news.ComingCategory), t.CategoryAt, categoryKey(t.Category, t.ComingCategory)) {
			t.Category, t.PastCategory = news.Category, news.PastCategory
			t.ComingCategory, t.ComingAt = news.ComingCategory, news.ComingAt
			t.CategoryAt, changed = &news.At, true
		}
	}
	return steps, changed
}

// hearsStatus reports whether the status of the news counts.
func (t *Template) hearsStatus(news TemplateNews) bool {
	switch {
	case t.Status == TemplateDeleted:
		return news.Status == TemplateDeleted && news.At.Before(t.StatusAt)
	case news.Status == TemplateDeleted:
		return true
	case t.StatusAt.Equal(news.At):
		return templateRank(news.Status) > templateRank(t.Status)
	}
	return news.At.After(t.StatusAt)
}

func (t *Template) setStatus(news TemplateNews) {
	t.Status, t.StatusAt, t.Rejection, t.PauseTitle = news.Status, news.At, nil, ""
	switch news.Status {
	case TemplateRejected:
		t.Rejection = news.Rejection
	case TemplatePaused, TemplateDisabled:
		t.PauseTitle = news.PauseTitle
	case TemplateDeleted:
		t.DeletedAt = &news.At
	}
}

// categoryKey orders news of categories of the same second: a change that was made
// wins over one that is announced.
func categoryKey(category, coming TemplateCategory) string {
	if coming != "" {
		return "announced " + string(category) + " " + string(coming)
	}
	return "made " + string(category)
}

// newer reports whether a value of a time takes the place of the one that is there: the
// later does, and of two in the same second the greater.
func newer(at time.Time, value string, knownAt *time.Time, known string) bool {
	if knownAt == nil || at.After(*knownAt) {
		return true
	}
	return at.Equal(*knownAt) && value > known
}
