package templates

import (
	"cmp"
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

// RequestArgs ask for Meta to be asked what a template's Request says.
type RequestArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	TemplateID     models.ID `json:"templateId"`
	RequestedAt    time.Time `json:"requestedAt"` // an older job than the template's request has nothing to do
}

// Kind names the job.
func (RequestArgs) Kind() string { return "templates.request" }

func requestArgs(template models.Template) RequestArgs {
	return RequestArgs{OrganizationID: template.OrganizationID, TemplateID: template.ID, RequestedAt: *template.RequestedAt}
}

const (
	// notConnectedWait is how often a request looks whether a number of its account
	// works again.
	notConnectedWait = 30 * time.Second
	// maxRequestAge is how long Meta may refuse a request for now. The waits in between
	// grow with the age, from the shortest to the longest.
	maxRequestAge       = 24 * time.Hour
	shortestRequestWait = 2 * time.Second
	longestRequestWait  = 10 * time.Minute
	// sampleTimeout leaves time for the sample of a header, of up to 100 MB.
	sampleTimeout = 5 * time.Minute
)

type requestWorker struct {
	river.WorkerDefaults[RequestArgs]

	templates *Service
}

// Timeout leaves time for the sample of a header.
func (*requestWorker) Timeout(*river.Job[RequestArgs]) time.Duration { return sampleTimeout }

// Work asks Meta, unless that happened already, and notes the answer.
func (w *requestWorker) Work(ctx context.Context, job *river.Job[RequestArgs]) error {
	s := w.templates
	var template models.Template
	err := s.db.Read(ctx).Take(&template, "organization_id = ? AND id = ?", job.Args.OrganizationID, job.Args.TemplateID).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound) || err == nil && !asked(template, job.Args):
		return nil
	case err != nil:
		return fmt.Errorf("read template %s: %w", job.Args.TemplateID, err)
	}
	channel, credentials, err := s.credentials(ctx, template.OrganizationID, template.WABAID)
	switch {
	case errors.Is(err, errNotConnected):
		return river.JobSnooze(notConnectedWait)
	case err != nil:
		return err
	}
	answer := s.ask(ctx, credentials, template)
	refusal, ok := errors.AsType[*whatsapp.Error](answer.failure)
	switch {
	case answer.failure == nil:
	case !ok:
		return answer.failure
	case refusal.Code == whatsapp.CodeTokenInvalid:
		if err := s.tokenRefused(ctx, channel, refusal); err != nil {
			return err
		}
		return river.JobSnooze(notConnectedWait)
	case refusal.Retryable || refusal.Uncertain:
		if age := s.clock().Sub(job.Args.RequestedAt); age < maxRequestAge {
			return river.JobSnooze(max(refusal.RetryAfter, min(max(age, shortestRequestWait), longestRequestWait)))
		}
	}
	// The answer must be kept even if the program is about to stop.
	return s.note(context.WithoutCancel(ctx), job.Args, template, answer, refusal)
}

// asked reports whether the template still waits for what the job is to ask.
func asked(template models.Template, args RequestArgs) bool {
	return template.Request != models.TemplateNoRequest && template.RequestedAt != nil && template.RequestedAt.Equal(args.RequestedAt)
}

// metaAnswer is what came of a request.
type metaAnswer struct {
	at      time.Time // when Meta was asked
	receipt whatsapp.TemplateReceipt
	found   *whatsapp.Template // Meta had the name already, with another text
	failure error              // nil: Meta did it
}

// ask makes the calls. Whatever it is asked twice ends as asked once.
func (s *Service) ask(ctx context.Context, credentials whatsapp.Credentials, template models.Template) metaAnswer {
	answer := metaAnswer{at: metaSeconds(s.clock())}
	if template.Request == models.TemplateRequestDelete {
		answer.failure = s.client.DeleteTemplate(ctx, credentials, template.WABAID, *template.MetaID, template.Name)
		if refusal, ok := errors.AsType[*whatsapp.Error](answer.failure); ok && (refusal.Code == whatsapp.CodeObjectNotFound || refusal.Meta.Subcode == unknownTemplate) {
			answer.failure = nil // gone already
		}
		return answer
	}
	handle, err := s.sampleHandle(ctx, credentials, template)
	if err != nil {
		answer.failure = err
		return answer
	}
	category := template.Category
	if template.AtMeta() {
		wanted := toMeta(template, template.Newest(), template.DraftCategory, handle)
		answer.failure = s.client.EditTemplate(ctx, credentials, *template.MetaID, wanted)
		if refusal, ok := errors.AsType[*whatsapp.Error](answer.failure); ok && refusal.Uncertain {
			seen, err := s.client.Template(ctx, credentials, *template.MetaID)
			if err == nil && !seen.Foreign && fromMeta(seen).Same(template.Newest().Wired(template.Format)) {
				answer.failure = nil // it had been taken
			}
		}
		return answer
	}
	answer.receipt, answer.failure = s.client.CreateTemplate(ctx, credentials, template.WABAID, toMeta(template, template.Content, category, handle))
	if refusal, ok := errors.AsType[*whatsapp.Error](answer.failure); ok && (refusal.Uncertain || metaCode(refusal) == nameTaken) {
		s.adopt(ctx, credentials, template, &answer)
	}
	return answer
}

// Codes of Meta's (reference/whatsapp-cloud-api.md §7.6, §11.5).
const (
	unknownTemplate = 2593002
	nameTaken       = 2388024
)

// metaCode is the most exact code that Meta gave.
func metaCode(refusal *whatsapp.Error) int { return cmp.Or(refusal.Meta.Subcode, refusal.Meta.Code) }

// adopt looks whether Meta has a template of the name already: one that an earlier try
// made, or one that was made elsewhere.
func (s *Service) adopt(ctx context.Context, credentials whatsapp.Credentials, template models.Template, answer *metaAnswer) {
	named, err := s.client.TemplatesNamed(ctx, credentials, template.WABAID, template.Name)
	if err != nil {
		return
	}
	for _, seen := range named {
		if seen.Name != template.Name || seen.Language != template.Language {
			continue
		}
		if !seen.Foreign && fromMeta(seen).Same(template.Content.Wired(template.Format)) {
			answer.receipt = whatsapp.TemplateReceipt{ID: seen.ID, Status: seen.Status, Category: seen.Category}
			answer.failure = nil
			return
		}
		answer.found = &seen
	}
}

// note writes what came of a request.
func (s *Service) note(ctx context.Context, args RequestArgs, before models.Template, answer metaAnswer, refusal *whatsapp.Error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		var template models.Template
		err := store.Locking(tx.DB).Take(&template, "organization_id = ? AND id = ?", args.OrganizationID, args.TemplateID).Error
		if err != nil {
			return fmt.Errorf("lock template %s: %w", args.TemplateID, err)
		}
		if !asked(template, args) {
			return nil
		}
		request := template.Request
		template.Request, template.RequestedAt, template.RequestedByID = models.TemplateNoRequest, nil, nil
		var steps []models.TemplateStep
		switch {
		case answer.failure != nil:
			steps = refused(tx, &template, before, refusal, answer)
		case request == models.TemplateRequestDelete:
			steps, _ = template.Hear(models.TemplateNews{At: answer.at, Status: models.TemplateDeleted})
			for i := range steps {
				steps[i].UserID = before.RequestedByID
			}
		default:
			steps = submitted(tx, &template, before, answer)
			if !template.Content.Worded() { // Meta tells its words with the template
				args := SyncArgs{OrganizationID: template.OrganizationID, WABAID: template.WABAID, MetaID: *template.MetaID}
				if err := s.queue.Enqueue(ctx, tx, args, time.Time{}); err != nil {
					return err
				}
			}
		}
		return save(tx, &template, steps...)
	})
}

// submitted notes that Meta took a template, or an edit.
func submitted(tx *store.Tx, template *models.Template, before models.Template, answer metaAnswer) []models.TemplateStep {
	status := "" // of an edit: what it was edited in, which counts for Meta's limit
	if before.AtMeta() {
		status = string(before.Status)
	}
	steps := []models.TemplateStep{step(tx, *template, models.TemplateStepSubmitted, status, "", before.RequestedByID)}
	template.Refusal, template.SubmittedAt = nil, new(tx.Now())
	news := models.TemplateNews{At: answer.at, Status: models.TemplateStatus(answer.receipt.Status)}
	if before.AtMeta() {
		template.Content, template.Draft, template.DraftCategory = before.Newest(), nil, ""
		if before.DraftCategory != "" {
			template.Category = before.DraftCategory
		}
		// It is under review, unless Meta said meanwhile what came of that.
		news.Status, news.At = models.TemplatePending, answer.at.Add(-clockTolerance)
		if !news.At.After(before.StatusAt) {
			news.At = before.StatusAt.Add(time.Second)
		}
	} else {
		template.MetaID = new(answer.receipt.ID)
	}
	if category := models.TemplateCategory(answer.receipt.Category); category != "" && category != template.Category {
		news.Category, news.PastCategory = category, template.Category
	}
	if news.Status == models.TemplateRejected {
		news.Rejection = &models.TemplateRejection{}
	}
	heard, _ := template.Hear(news)
	return append(steps, heard...)
}

// refused notes that Meta did not do what it was asked.
func refused(tx *store.Tx, template *models.Template, before models.Template, refusal *whatsapp.Error, answer metaAnswer) []models.TemplateStep {
	text := cmp.Or(refusal.Meta.UserMessage, refusal.Meta.Details, refusal.Meta.UserTitle, refusal.Meta.Message)
	template.Refusal = &models.TemplateRefusal{Code: string(refusal.Code), MetaCode: metaCode(refusal), Text: text, At: tx.Now()}
	steps := []models.TemplateStep{step(tx, *template, models.TemplateStepRefused, string(refusal.Code), text, before.RequestedByID)}
	if template.AtMeta() {
		return steps
	}
	if answer.found != nil { // it was made elsewhere: ours becomes an edit of it
		draft := template.Content
		template.MetaID, template.Draft = new(answer.found.ID), &draft
		takeContent(template, *answer.found)
		heard, _ := template.Hear(newsOf(*template, *answer.found, answer.at))
		return append(steps, heard...)
	}
	heard, _ := template.Hear(models.TemplateNews{
		At: metaSeconds(tx.Now()), Status: models.TemplateRejected, Rejection: &models.TemplateRejection{Reason: string(refusal.Code), Text: text},
	})
	return append(steps, heard...)
}
