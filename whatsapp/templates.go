package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Template is a message template of a WhatsApp Business Account
// (reference/whatsapp-cloud-api.md §7.1). Its texts are open sets, and what Meta did
// not say is empty.
type Template struct {
	ID              string
	Name            string
	Language        string // with an underscore: pt_BR
	Category        string // MARKETING, UTILITY, AUTHENTICATION
	ParameterFormat string // NAMED or POSITIONAL
	Status          string
	RejectedReason  string // empty: none
	// QualityScore is GREEN, YELLOW, RED or UNKNOWN, as of QualityAt.
	QualityScore string
	QualityAt    time.Time
	// PreviousCategory is from before Meta changed it, CorrectCategory the one that Meta
	// finds right (§7.7).
	PreviousCategory string
	CorrectCategory  string

	Header  *TemplateHeader
	Body    TemplateText
	Footer  string
	Buttons []TemplateButton

	// OneTimeCode is set for one of AUTHENTICATION whose only button, of the type OTP,
	// copies the code. Its other texts are WhatsApp's: they are read and not written.
	OneTimeCode *OneTimeCode

	// Foreign says that Components hold more than the fields above: a carousel, a Flow
	// and the like.
	Foreign bool
	// Components are Meta's JSON, of a template that was read.
	Components json.RawMessage
}

// TemplateText is a text with Meta's parameters, {{1}} or {{name}}, and their samples.
type TemplateText struct {
	Text    string
	Samples []TemplateSample // in the order of the numbers, where they have no names
}

// TemplateSample is what a reviewer sees in the place of a parameter.
type TemplateSample struct{ Name, Value string }

// TemplateHeader stands above the body.
type TemplateHeader struct {
	Format string // TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION
	Text   TemplateText
	// Handle is of the sample file, from [Client.UploadSample]. Of a template that was
	// read it is an address of Meta's that soon ends.
	Handle string
}

// TemplateButton is one button.
type TemplateButton struct {
	Type        string // QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE or OTP
	Text        string
	URL         string // may end with {{1}}
	PhoneNumber string
	Sample      string // of a URL with a parameter, the whole URL; of COPY_CODE, the code
}

// TemplateReceipt is Meta's answer to a new template.
type TemplateReceipt struct {
	ID       string
	Status   string // mostly PENDING; may be decided at once
	Category string // may be another one than was asked for
}

// CreateTemplate hands a template in for review (§7.3). A name that has the language
// already is refused, so doing it twice makes one; which one it is, TemplatesNamed
// tells.
func (c *Client) CreateTemplate(ctx context.Context, creds Credentials, wabaID string, t Template) (TemplateReceipt, error) {
	if e := checkObjectID(wabaID); e != nil {
		return TemplateReceipt{}, e
	}
	body, err := json.Marshal(map[string]any{
		"name": t.Name, "language": t.Language, "category": t.Category, "parameter_format": t.ParameterFormat,
		"components": t.wireComponents(),
	})
	if err != nil {
		return TemplateReceipt{}, invalidRequest("encoding the template: %w", err)
	}
	var receipt TemplateReceipt
	err = c.do(ctx, creds, call{
		name: "create template", method: http.MethodPost, object: wabaID, edge: "/message_templates", body: body,
		decode: func(answer []byte) error {
			var wire struct {
				ID       flexible `json:"id"`
				Status   flexible `json:"status"`
				Category flexible `json:"category"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if wire.ID == "" {
				return errors.New("no template id")
			}
			receipt = TemplateReceipt{ID: string(wire.ID), Status: string(wire.Status), Category: string(wire.Category)}
			return nil
		},
	})
	return receipt, err
}

// EditTemplate replaces the components of a template, which goes to review again
// (§7.6). Doing it twice is like doing it once, but counts twice against Meta's limit.
func (c *Client) EditTemplate(ctx context.Context, creds Credentials, templateID string, t Template) error {
	if e := checkObjectID(templateID); e != nil {
		return e
	}
	payload := map[string]any{"components": t.wireComponents()}
	if t.Category != "" {
		payload["category"] = t.Category
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return invalidRequest("encoding the template: %w", err)
	}
	return c.do(ctx, creds, call{name: "edit template", method: http.MethodPost, object: templateID, body: body, decode: decodeSuccess})
}

// DeleteTemplate deletes one language of a template (§7.6). One that is unknown is a
// failure.
func (c *Client) DeleteTemplate(ctx context.Context, creds Credentials, wabaID, templateID, name string) error {
	if e := firstError(checkObjectID(wabaID), checkObjectID(templateID)); e != nil {
		return e
	}
	return c.do(ctx, creds, call{
		name: "delete template", method: http.MethodDelete, object: wabaID, edge: "/message_templates",
		query: url.Values{"hsm_id": {templateID}, "name": {name}}.Encode(), repeatable: true, decode: decodeSuccess,
	})
}

const templateFields = "id,name,language,status,category,parameter_format,components,rejected_reason,quality_score," +
	"previous_category,correct_category"

// Templates reads a page of an account's templates, at most limit of them, from where
// the one before it ended; empty: from the start. It returns where the next page
// begins, empty at the end (§7.2). A place is not to be kept for long: one that Meta does
// not know any more is CodeInvalidRequest, and the list is read from the start.
func (c *Client) Templates(ctx context.Context, creds Credentials, wabaID, after string, limit int) (page []Template, next string, err error) {
	query := url.Values{"fields": {templateFields}, "limit": {strconv.Itoa(limit)}}
	if after != "" {
		query.Set("after", after)
	}
	return c.listTemplates(ctx, creds, wabaID, query)
}

// TemplatesNamed reads the languages of a template of an account. Meta may add others
// whose names begin like it.
func (c *Client) TemplatesNamed(ctx context.Context, creds Credentials, wabaID, name string) ([]Template, error) {
	page, _, err := c.listTemplates(ctx, creds, wabaID, url.Values{"fields": {templateFields}, "limit": {"100"}, "name": {name}})
	return page, err
}

func (c *Client) listTemplates(ctx context.Context, creds Credentials, wabaID string, query url.Values) (page []Template, next string, err error) {
	if e := checkObjectID(wabaID); e != nil {
		return nil, "", e
	}
	err = c.do(ctx, creds, call{
		name: "list templates", method: http.MethodGet, object: wabaID, edge: "/message_templates", query: query.Encode(), repeatable: true,
		decode: func(answer []byte) error {
			var wire struct {
				Data   []json.RawMessage `json:"data"`
				Paging struct {
					Next    flexible `json:"next"`
					Cursors struct {
						After flexible `json:"after"`
					} `json:"cursors"`
				} `json:"paging"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			page, next = nil, ""
			for _, raw := range wire.Data {
				if template, err := decodeTemplate(raw); err == nil { // one that is odd must not hide the others
					page = append(page, template)
				}
			}
			if wire.Paging.Next != "" {
				next = string(wire.Paging.Cursors.After)
			}
			return nil
		},
	})
	return page, next, err
}

// Template reads one template. One that is unknown is CodeObjectNotFound.
func (c *Client) Template(ctx context.Context, creds Credentials, templateID string) (Template, error) {
	if e := checkObjectID(templateID); e != nil {
		return Template{}, e
	}
	var template Template
	err := c.do(ctx, creds, call{
		name: "read template", method: http.MethodGet, object: templateID, query: url.Values{"fields": {templateFields}}.Encode(), repeatable: true,
		decode: func(answer []byte) (err error) {
			template, err = decodeTemplate(answer)
			return err
		},
	})
	return template, err
}

// checkObjectID refuses an id that would change the path of a call.
func checkObjectID(id string) *Error {
	if id == "" || Digits(id) != id {
		return invalidRequest("%q is no id of Meta's", shorten(id))
	}
	return nil
}
