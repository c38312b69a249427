package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"recado/whatsapp/simulator"
)

// The template: first with an offer in it, which WhatsApp does not allow where somebody
// is told about an order, then without.
const (
	templateName     = "encomenda_pronta"
	templateLanguage = "pt_BR"
	templateOffer    = "Olá, #{contact.name|cliente}! Sua encomenda #{pedido} está pronta. Aproveite: hoje os bolos têm 20% de desconto!"
	templateBody     = "Olá, #{contact.name|cliente}! Sua encomenda #{pedido} está pronta e espera por você no balcão."
	templateButton   = "Já estou indo!"
	templateKey      = "demo-template-1"

	orderField  = "pedido"
	orderNumber = "8841"
)

// rejection is what the simulated reviewers say to an offer.
var rejection = simulator.Review{Name: templateName, Event: "REJECTED", Reason: "INCORRECT_CATEGORY"}

// template is what the story looks at of one.
type template struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Request  string `json:"request"`
	Version  int    `json:"version"`
	Sendable bool   `json:"isSendable"`
	Warnings []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"warnings"`
	Rejection *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
		Advice  string `json:"advice"`
	} `json:"rejection"`
	Refusal *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"refusal"`
}

const (
	reviewFragment = `
fragment Review on Template {
  id name status request version isSendable warnings { code message } rejection { reason message advice } refusal { code message }
}`
	templateCreateDocument = `mutation Write($input: TemplateCreateInput!) {
  change: templateCreate(input: $input) { template { ...Review } userErrors { code message } }
}` + reviewFragment
	templateUpdateDocument = `mutation Correct($input: TemplateUpdateInput!) {
  change: templateUpdate(input: $input) { template { ...Review } userErrors { code message } }
}` + reviewFragment
	templateSubmitDocument = `mutation Submit($input: TemplateSubmitInput!) {
  change: templateSubmit(input: $input) { template { ...Review } userErrors { code message } }
}` + reviewFragment
)

func (s *story) claraWritesTemplate(ctx context.Context) (_ outcome, err error) {
	s.template, err = s.clara.changeTemplate(ctx, templateCreateDocument, map[string]any{
		"channelId": s.channelID, "name": templateName, "language": templateLanguage, "category": "UTILITY",
		"content": templateContent(templateOffer), "idempotencyKey": templateKey,
	})
	return outcome{s.screen.speaks(), s.screen.said(templateOffer), ""}, err
}

// claraIsWarned holds that Recado said at once what WhatsApp is going to say.
func (s *story) claraIsWarned(context.Context) (outcome, error) {
	if len(s.template.Warnings) == 0 {
		return outcome{}, errors.New("nothing was said about the offer in it")
	}
	warning, _, _ := strings.Cut(s.template.Warnings[0].Message, ". ") // what follows are the consequences
	return outcome{s.screen.done(), "warns her: " + s.screen.said(warning), ""}, nil
}

func (s *story) claraSubmits(ctx context.Context) (outcome, error) {
	s.stage.meta.PlanReview(rejection)
	if err := s.submit(ctx); err != nil {
		return outcome{}, err
	}
	return outcome{s.screen.done(), "submits it all the same", "templateSubmit"}, nil
}

// templateRejected holds that Clara is told live, and in words.
func (s *story) templateRejected(ctx context.Context) (outcome, error) {
	if err := s.templateBecomes(ctx, "REJECTED"); err != nil {
		return outcome{}, err
	}
	if r := s.template.Rejection; r == nil || r.Message == "" || r.Advice == "" {
		return outcome{}, errors.New("it is rejected, and not said why, or not what to do")
	}
	return outcome{s.screen.failed(), "rejects it: " + s.screen.said(s.template.Rejection.Message), s.template.Rejection.Reason}, nil
}

func (s *story) claraReadsAdvice(context.Context) (outcome, error) {
	return outcome{s.screen.done(), "is told what to do: " + s.screen.said(s.template.Rejection.Advice), ""}, nil
}

// claraCorrects holds that no warning is left.
func (s *story) claraCorrects(ctx context.Context) (_ outcome, err error) {
	s.template, err = s.clara.changeTemplate(ctx, templateUpdateDocument, map[string]any{
		"templateId": s.template.ID, "content": templateContent(templateBody), "expectedVersion": s.template.Version,
	})
	if err == nil && len(s.template.Warnings) > 0 {
		err = fmt.Errorf("she is still warned: %s", s.template.Warnings[0].Message)
	}
	return outcome{s.screen.speaks(), s.screen.said(templateBody), ""}, err
}

func (s *story) claraSubmitsAgain(ctx context.Context) (outcome, error) {
	err := s.submit(ctx)
	return outcome{s.screen.done(), "has taken out the offer, and submits it again", "templateUpdate"}, err
}

func (s *story) templateApproved(ctx context.Context) (outcome, error) {
	err := s.templateBecomes(ctx, "APPROVED")
	if err == nil && !s.template.Sendable {
		err = errors.New("it is approved, and yet cannot be sent")
	}
	return outcome{s.screen.done(), "approves it", templateChanged}, err
}

func templateContent(body string) map[string]any {
	return map[string]any{
		"body": body, "buttons": []any{map[string]any{"kind": "QUICK_REPLY", "text": templateButton}},
		"samples": []any{map[string]any{"name": orderField, "value": orderNumber}},
	}
}

// submit asks for a review.
func (s *story) submit(ctx context.Context) (err error) {
	s.template, err = s.clara.changeTemplate(ctx, templateSubmitDocument, map[string]any{
		"templateId": s.template.ID, "expectedVersion": s.template.Version,
	})
	if err == nil && s.template.Request != "SUBMIT" {
		err = fmt.Errorf("it is %s, and no review is asked for", s.template.Status)
	}
	return err
}

// templateBecomes waits until Clara's socket tells how the review that is under way
// ended: after the version in which it was asked for.
func (s *story) templateBecomes(ctx context.Context, status string) error {
	last := s.template.Status
	event, _, err := s.clarasSocket.await(ctx, 0, func(e liveEvent) bool {
		if e.Kind != templateChanged || e.Template.ID != s.template.ID || e.Template.Version <= s.template.Version {
			return false
		}
		last = e.Template.Status
		return last == "APPROVED" || last == "REJECTED" && e.Template.Request == "" || e.Template.Refusal != nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("it is %s, not %s: %w", last, status, err)
	case event.Template.Refusal != nil:
		return fmt.Errorf("it was not taken: %s", event.Template.Refusal.Message)
	case last != status:
		return fmt.Errorf("it is %s instead of %s", last, status)
	}
	s.template = event.Template
	return nil
}

// changeTemplate makes, changes or submits a template.
func (a api) changeTemplate(ctx context.Context, document string, input map[string]any) (template, error) {
	var data struct {
		Change struct {
			Template   *template  `json:"template"`
			UserErrors userErrors `json:"userErrors"`
		} `json:"change"`
	}
	err := a.ask(ctx, document, map[string]any{"input": input}, &data)
	if err == nil {
		err = data.Change.UserErrors.err()
	}
	if err == nil && data.Change.Template == nil {
		err = errors.New("no template in the answer")
	}
	if err != nil {
		return template{}, err
	}
	return *data.Change.Template, nil
}
