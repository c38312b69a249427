package whatsapp

import (
	"regexp"
	"strconv"
)

// Limits of the values of templates, in characters
// (reference/whatsapp-cloud-api.md §5.6).
const (
	MaxTemplateHeaderText = 60
	MaxTemplateBody       = 1024
	MaxTemplatePayload    = 128
	MaxTemplateCoupon     = 15
)

// TemplateMessage is an approved template with its values. It is the only message
// that may be sent outside the service window.
type TemplateMessage struct {
	Name     string
	Language string // Meta's code: pt_BR; there is no other language to fall back on

	// One of the headers at most, as the template has it.
	HeaderText     *TemplateValue // the value in a header text
	HeaderMedia    *MediaMessage  // an image, video or document, without caption
	HeaderLocation *LocationMessage
	// Body are the values of the body: in order where they have no names.
	Body    []TemplateValue
	Buttons []TemplateButtonValue
}

// TemplateValue is one value. Name is that of the parameter; empty in positional
// templates.
type TemplateValue struct{ Name, Text string }

// TemplateButtonValue is what a button of the template gets. Exactly one of the texts
// is set.
type TemplateButtonValue struct {
	Index   int    // among all buttons of the template, from 0
	Payload string // of a quick reply: comes back when it is tapped; up to [MaxTemplatePayload] characters
	Suffix  string // of a URL: what stands at its end; of a button that copies a one-time code, the code
	Coupon  string // of a code to copy; up to [MaxTemplateCoupon] characters
}

func (TemplateMessage) kind() string { return "template" }

// badValue is what Meta takes in no value: line breaks, tabs, long rows of spaces.
var badValue = regexp.MustCompile("[\r\n\t]|     ")

func (m TemplateMessage) check() *Error {
	if m.Name == "" || m.Language == "" {
		return invalidRequest("the template has no name or no language")
	}
	headers := 0
	if m.HeaderText != nil {
		headers++
		if e := firstError(m.HeaderText.check(), length("the value of the header", m.HeaderText.Text, 1, MaxTemplateHeaderText)); e != nil {
			return e
		}
	}
	if media := m.HeaderMedia; media != nil {
		headers++
		if media.Type == MediaAudio || media.Caption != "" {
			return invalidRequest("the header can only be an image, video or document without caption")
		}
		if e := media.check(); e != nil {
			return e
		}
	}
	if m.HeaderLocation != nil {
		headers++
		if e := m.HeaderLocation.check(); e != nil {
			return e
		}
	}
	if headers > 1 {
		return invalidRequest("the template has several headers")
	}
	for _, value := range m.Body {
		if e := firstError(value.check(), length("a value", value.Text, 1, MaxTemplateBody)); e != nil {
			return e
		}
	}
	for _, button := range m.Buttons {
		if e := button.check(); e != nil {
			return e
		}
	}
	return nil
}

func (v TemplateValue) check() *Error {
	if badValue.MatchString(v.Text) {
		return invalidRequest("a value has line breaks, tabs or more than four spaces in a row")
	}
	return nil
}

func (b TemplateButtonValue) check() *Error {
	set := 0
	for _, text := range []string{b.Payload, b.Suffix, b.Coupon} {
		if text != "" {
			set++
		}
	}
	if set != 1 || b.Index < 0 {
		return invalidRequest("a button of the template has not exactly one value")
	}
	return firstError(length("the payload", b.Payload, 0, MaxTemplatePayload), length("the code", b.Coupon, 0, MaxTemplateCoupon))
}

type templateComponent struct {
	Type       string           `json:"type"`
	SubType    string           `json:"sub_type,omitempty"`
	Index      string           `json:"index,omitempty"`
	Parameters []map[string]any `json:"parameters"`
}

func (v TemplateValue) wire() map[string]any {
	parameter := map[string]any{"type": "text", "text": v.Text}
	if v.Name != "" {
		parameter["parameter_name"] = v.Name
	}
	return parameter
}

func (m TemplateMessage) wire() any {
	components := []templateComponent{}
	switch {
	case m.HeaderText != nil:
		components = append(components, templateComponent{Type: "header", Parameters: []map[string]any{m.HeaderText.wire()}})
	case m.HeaderMedia != nil:
		kind := m.HeaderMedia.kind()
		components = append(components, templateComponent{Type: "header", Parameters: []map[string]any{{"type": kind, kind: m.HeaderMedia.wire()}}})
	case m.HeaderLocation != nil:
		components = append(components, templateComponent{Type: "header", Parameters: []map[string]any{{"type": "location", "location": m.HeaderLocation.wire()}}})
	}
	if len(m.Body) > 0 {
		body := templateComponent{Type: "body"}
		for _, value := range m.Body {
			body.Parameters = append(body.Parameters, value.wire())
		}
		components = append(components, body)
	}
	for _, button := range m.Buttons {
		component := templateComponent{Type: "button", Index: strconv.Itoa(button.Index)}
		switch {
		case button.Payload != "":
			component.SubType, component.Parameters = "quick_reply", []map[string]any{{"type": "payload", "payload": button.Payload}}
		case button.Suffix != "":
			component.SubType, component.Parameters = "url", []map[string]any{{"type": "text", "text": button.Suffix}}
		default:
			component.SubType, component.Parameters = "copy_code", []map[string]any{{"type": "coupon_code", "coupon_code": button.Coupon}}
		}
		components = append(components, component)
	}
	wire := struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components []templateComponent `json:"components,omitempty"`
	}{Name: m.Name, Components: components}
	wire.Language.Code = m.Language
	return wire
}
