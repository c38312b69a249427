package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxAccountTemplates is Meta's own limit (§7.5).
	maxAccountTemplates = 250
	// templateNameBlock is how long the name of an approved template that was deleted
	// cannot be used (§7.5).
	templateNameBlock = 30 * 24 * time.Hour
)

// templateRequest is the body of creating and editing.
type templateRequest struct {
	Name       string      `json:"name"`
	Language   string      `json:"language"`
	Category   string      `json:"category"`
	Format     string      `json:"parameter_format"`
	Components []component `json:"components"`
}

// templateBody reads the body of a call.
func (c *call) templateBody() (templateRequest, *graphError) {
	var in templateRequest
	fields, err := c.jsonBody()
	if err == nil {
		var raw []byte
		if raw, err = json.Marshal(fields); err == nil {
			err = json.Unmarshal(raw, &in)
		}
	}
	if err != nil {
		return in, invalidParameter("The body is not a template.")
	}
	return in, nil
}

// serveTemplates lists, creates and deletes templates of an account (§7.2, §7.3, §7.6).
func (s *Simulator) serveTemplates(c *call, a *account) {
	switch c.r.Method {
	case http.MethodGet:
		s.listTemplates(c, a)
	case http.MethodPost:
		s.createTemplate(c, a)
	case http.MethodDelete:
		s.deleteTemplates(c, a)
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

func (s *Simulator) createTemplate(c *call, a *account) {
	in, e := c.templateBody()
	in.Category, in.Format = strings.ToUpper(in.Category), strings.ToUpper(in.Format)
	if in.Format == "" {
		in.Format = "POSITIONAL"
	}
	switch {
	case e != nil:
	case !templateNames.MatchString(in.Name):
		e = invalidParameter("Param name must match ^[a-z0-9_]+$.")
	case in.Language == "" || strings.Contains(in.Language, "-"):
		e = invalidParameter("Param language is not supported.")
	case !slices.Contains([]string{"MARKETING", "UTILITY", categoryAuthentication}, in.Category):
		e = invalidParameter("Param category must be one of {MARKETING, UTILITY, AUTHENTICATION}.")
	case in.Format != "NAMED" && in.Format != "POSITIONAL":
		e = invalidParameter("Param parameter_format must be one of {NAMED, POSITIONAL}.")
	default:
		e = complete(in.Components, in.Category, in.Language, in.Format)
	}
	if e != nil {
		c.fail(e)
		return
	}
	s.mu.Lock()
	t, refused := s.newTemplate(a.id, in)
	cut := refused == nil && take(&s.faults.dropAnswers)
	s.mu.Unlock()
	if refused != nil {
		c.fail(refused)
		return
	}
	if cut {
		c.cut()
		return
	}
	c.answer(map[string]string{"id": t.id, "status": "PENDING", "category": in.Category})
}

// complete holds components to the rules of their category, and puts in what is
// WhatsApp's own.
func complete(components []component, category, language, format string) *graphError {
	if category == categoryAuthentication {
		return completeOneTimeCode(components, language)
	}
	return checkComponents(components, format)
}

// newTemplate takes a template in for review. s.mu must be held.
func (s *Simulator) newTemplate(wabaID string, in templateRequest) (*metaTemplate, *graphError) {
	key := templateKey{in.Name, in.Language}
	now := s.clock.Now()
	if s.templateOf(wabaID, key) != nil {
		return nil, templateFailure(2388024, "Content in this language already exists", "There is already content in this language for this template.")
	}
	if len(s.templatesOf(wabaID)) >= maxAccountTemplates {
		return nil, templateFailure(2388019, "Template limit exceeded", "The account has as many templates as it may have.")
	}
	for _, old := range s.accountTemplates {
		if old.wabaID == wabaID && old.key() == key && old.approved && now.Sub(old.deletedAt) < templateNameBlock {
			return nil, templateFailure(2388023, "Message template language is being deleted", "A deleted template of this name blocks it for 30 days.")
		}
	}
	t := &metaTemplate{
		id: s.newObjectID(), wabaID: wabaID, name: in.Name, language: in.Language, category: in.Category, format: in.Format,
		components: in.Components, status: "PENDING", quality: "UNKNOWN", qualityAt: now,
	}
	s.accountTemplates[t.id] = t
	s.review(t)
	s.notify()
	return t, nil
}

// serveTemplate answers for a template itself: it is read or edited.
func (s *Simulator) serveTemplate(c *call, t *metaTemplate) {
	switch c.r.Method {
	case http.MethodGet:
		s.mu.Lock()
		node := t.node()
		s.mu.Unlock()
		c.answer(node)
	case http.MethodPost:
		s.editTemplate(c, t)
	default:
		c.fail(unsupported(c.r.Method, c.id))
	}
}

// editTemplate replaces components, within the limits of §7.6.
func (s *Simulator) editTemplate(c *call, t *metaTemplate) {
	in, e := c.templateBody()
	if e == nil && in.Components != nil {
		e = complete(in.Components, t.category, t.language, t.format)
	}
	if e != nil {
		c.fail(e)
		return
	}
	s.mu.Lock()
	e = s.edit(t, in)
	s.mu.Unlock()
	if e != nil {
		c.fail(e)
		return
	}
	c.succeed()
}

// edit changes a template and has it reviewed. s.mu must be held.
func (s *Simulator) edit(t *metaTemplate, in templateRequest) *graphError {
	refused := func(text string) *graphError {
		return templateFailure(2388039, "Message template can't be edited", text)
	}
	now := s.clock.Now()
	category := strings.ToUpper(in.Category)
	switch t.status {
	case "APPROVED":
		lately := 0
		for _, edit := range t.edits {
			if now.Sub(edit) < 24*time.Hour {
				return refused("An approved template can be edited once in 24 hours.")
			}
			if now.Sub(edit) < 30*24*time.Hour {
				lately++
			}
		}
		if lately >= 10 {
			return refused("An approved template can be edited 10 times in 30 days.")
		}
		if category != "" && category != t.category {
			return refused("The category of an approved template can't be changed.")
		}
		t.edits = append(t.edits, now)
	case "REJECTED", "PAUSED":
		if category != "" {
			t.category = category
		}
	default:
		return refused("A template in the status " + t.status + " can't be edited.")
	}
	if in.Components != nil {
		t.components = in.Components
	}
	t.status, t.reason = "PENDING", ""
	s.review(t)
	s.notify()
	return nil
}

func (s *Simulator) deleteTemplates(c *call, a *account) {
	query := c.r.URL.Query()
	s.mu.Lock()
	var found []*metaTemplate
	for _, t := range s.templatesOf(a.id) {
		if t.name == query.Get("name") && (query.Get("hsm_id") == "" || query.Get("hsm_id") == t.id) {
			found = append(found, t)
		}
	}
	var e *graphError
	switch {
	case len(found) == 0:
		e = templateFailure(2593002, "Message template not found", "The template does not exist.")
	case slices.ContainsFunc(found, func(t *metaTemplate) bool { return t.status == "DISABLED" }):
		e = templateFailure(2388039, "Message template can't be deleted", "A disabled template can't be deleted.")
	default:
		for _, t := range found {
			t.deletedAt = s.clock.Now()
		}
		s.notify()
	}
	s.mu.Unlock()
	if e != nil {
		c.fail(e)
		return
	}
	c.succeed()
}

func (s *Simulator) listTemplates(c *call, a *account) {
	query := c.r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 {
		limit = 25
	}
	s.mu.Lock()
	var matching []*metaTemplate
	for _, t := range s.templatesOf(a.id) {
		if strings.HasPrefix(t.name, query.Get("name")) && (query.Get("status") == "" || strings.EqualFold(query.Get("status"), t.status)) &&
			(query.Get("language") == "" || query.Get("language") == t.language) {
			matching = append(matching, t)
		}
	}
	from := 0
	if after := query.Get("after"); after != "" {
		place := slices.IndexFunc(matching, func(t *metaTemplate) bool { return t.id > after })
		if place < 0 {
			place = len(matching)
		}
		from = place
		if _, err := strconv.ParseUint(after, 10, 64); err != nil {
			s.mu.Unlock()
			c.fail(errorOf(131059, "Invalid cursor."))
			return
		}
	}
	page := matching[from:min(from+limit, len(matching))]
	nodes := make([]any, len(page))
	for i, t := range page {
		nodes[i] = t.node()
	}
	more := from+limit < len(matching)
	s.mu.Unlock()
	answer := map[string]any{"data": nodes}
	if len(page) > 0 {
		last := page[len(page)-1].id
		paging := map[string]any{"cursors": map[string]string{"before": page[0].id, "after": last}}
		if more {
			paging["next"] = "https://graph.facebook.com/" + c.version + "/" + a.id + "/message_templates?after=" + last
		}
		answer["paging"] = paging
	}
	c.answer(answer)
}

// visibleTemplate is the template that the path names, if there is one and the token
// may see it.
func (c *call) visibleTemplate() *metaTemplate {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if t, ok := c.s.accountTemplates[c.id]; ok && c.seesAccount(t.wabaID) && t.deletedAt.IsZero() {
		return t
	}
	return nil
}

// controlReview plans a review.
func (s *Simulator) controlReview(w http.ResponseWriter, r *http.Request) {
	var in Review
	if !readControl(w, r, &in) {
		return
	}
	if in.Name == "" {
		controlError(w, http.StatusBadRequest, "a review needs the name of a template")
		return
	}
	s.PlanReview(in)
	controlAnswer(w, http.StatusCreated, done)
}

// controlTemplateEvent has something happen to a template.
func (s *Simulator) controlTemplateEvent(w http.ResponseWriter, r *http.Request) {
	var in TemplateEvent
	if !readControl(w, r, &in) {
		return
	}
	if err := s.Happen(in); err != nil {
		controlError(w, http.StatusNotFound, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, done)
}

// controlTemplates lists the templates of an account.
func (s *Simulator) controlTemplates(w http.ResponseWriter, r *http.Request) {
	controlAnswer(w, http.StatusOK, map[string]any{"templates": s.TemplatesOf(r.PathValue("wabaId"))})
}
