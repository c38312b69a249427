package models

import (
	"slices"
	"strings"
)

// TemplateValues fill in a template.
type TemplateValues struct {
	// Fields are the values of merge fields by name. An empty one is missing.
	Fields map[string]string `json:"fields,omitempty"`
	// HeaderAttachmentID is the file of a header of media; nil: the template's sample.
	HeaderAttachmentID *ID `json:"headerAttachmentId,omitempty"`
	// HeaderLocation is the place of a header of the kind LOCATION.
	HeaderLocation *Location `json:"headerLocation,omitempty"`
	// Payloads come back when quick replies are tapped, by the place of the button among
	// all of them; where there is none, its text comes back.
	Payloads map[int]string `json:"payloads,omitempty"`
}

// SentTemplate is a template filled in: what the customer sees, and the values that
// Meta makes it of. It is the template member of a message's Content.
type SentTemplate struct {
	TemplateID ID                   `json:"templateId"`
	Name       string               `json:"name"`
	Language   string               `json:"language"`
	Category   TemplateCategory     `json:"category"`
	Header     *SentTemplateHeader  `json:"header,omitempty"`
	Body       string               `json:"body"`
	Footer     string               `json:"footer,omitempty"`
	Buttons    []SentTemplateButton `json:"buttons,omitempty"`
	HeaderText *TemplateParameter   `json:"headerText,omitempty"` // the value in a header text; nil if there is none
	Values     []TemplateParameter  `json:"values,omitempty"`     // those of the body, in Meta's order
}

// SentTemplateHeader is a header filled in: one of the members is set.
type SentTemplateHeader struct {
	Text      string    `json:"text,omitempty"`
	MediaKind string    `json:"mediaKind,omitempty"` // image, video or document: the message's attachment
	FileName  string    `json:"fileName,omitempty"`  // of a document
	Location  *Location `json:"location,omitempty"`
}

// SentTemplateButton is a button filled in.
type SentTemplateButton struct {
	Kind    TemplateButtonKind `json:"kind"`
	Text    string             `json:"text,omitempty"`   // empty with COPY_CODE
	URL     string             `json:"url,omitempty"`    // the whole address
	Suffix  string             `json:"suffix,omitempty"` // the part of it that is not the template's; empty if there is none
	Phone   string             `json:"phone,omitempty"`
	Code    string             `json:"code,omitempty"`    // of COPY_CODE and OTP
	Payload string             `json:"payload,omitempty"` // of QUICK_REPLY; empty: its text
}

// TemplateParameter is a value for Meta. Name is empty for positional ones.
type TemplateParameter struct {
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// Render fills the template's content in. It returns as well which merge fields have
// neither a value nor a fallback, each once, in the order of the template; in the texts
// these stand as they were written. The header's place or file is named
// "header.location" or "header.attachment" if it is missing. Messages are sent as Render
// makes them, so what it shows is what the customer gets.
func (t Template) Render(values TemplateValues) (sent SentTemplate, missing []string) {
	r := renderer{format: t.Format, values: values}
	sent = SentTemplate{
		TemplateID: t.ID, Name: t.Name, Language: t.Language, Category: t.Category, Footer: t.Content.Footer,
	}
	if header := t.Content.Header; header != nil {
		sent.Header, sent.HeaderText = r.header(*header)
	}
	sent.Body, sent.Values = r.text(t.Content.Body)
	for i, button := range t.Content.Buttons {
		sent.Buttons = append(sent.Buttons, r.button(i, button))
	}
	return sent, r.missing
}

// AttachmentOf is the file that goes with the template; nil if none does, or if it is
// missing.
func (t Template) AttachmentOf(values TemplateValues) *ID {
	header := t.Content.Header
	if header == nil {
		return nil
	}
	if _, media := header.Kind.Media(); !media {
		return nil
	}
	if values.HeaderAttachmentID != nil {
		return values.HeaderAttachmentID
	}
	return header.SampleID
}

type renderer struct {
	format  ParameterFormat
	values  TemplateValues
	missing []string
}

// value is what stands for a merge field.
func (r *renderer) value(part mergePart) string {
	if value := cleanValue(r.values.Fields[part.variable]); value != "" {
		return value
	}
	if part.fallback != nil {
		return cleanValue(*part.fallback)
	}
	r.lack(part.variable)
	return part.text
}

func (r *renderer) lack(name string) {
	if !slices.Contains(r.missing, name) {
		r.missing = append(r.missing, name)
	}
}

func (r *renderer) text(text string) (string, []TemplateParameter) {
	read := merged(text)
	var parameters []TemplateParameter
	slots, names := read.slots(r.format)
	values := make(map[string]string, len(slots))
	for _, slot := range slots {
		parameter := TemplateParameter{Text: r.value(slot.part)}
		if r.format == ParametersNamed {
			parameter.Name = slot.name
		}
		values[slot.name] = parameter.Text
		parameters = append(parameters, parameter)
	}
	var b strings.Builder
	for _, part := range read.parts {
		if part.variable == "" {
			b.WriteString(part.text)
			continue
		}
		b.WriteString(values[names[0]])
		names = names[1:]
	}
	return b.String(), parameters
}

func (r *renderer) header(header TemplateHeader) (*SentTemplateHeader, *TemplateParameter) {
	if kind, media := header.Kind.Media(); media {
		if r.values.HeaderAttachmentID == nil && header.SampleID == nil {
			r.lack("header.attachment")
		}
		return &SentTemplateHeader{MediaKind: kind.MessageKind()}, nil
	}
	if header.Kind == TemplateHeaderLocation {
		if r.values.HeaderLocation == nil {
			r.lack("header.location")
			return &SentTemplateHeader{Location: &Location{}}, nil
		}
		return &SentTemplateHeader{Location: r.values.HeaderLocation}, nil
	}
	text, parameters := r.text(header.Text)
	if len(parameters) == 0 {
		return &SentTemplateHeader{Text: text}, nil
	}
	return &SentTemplateHeader{Text: text}, &parameters[0]
}

func (r *renderer) button(i int, button TemplateButton) SentTemplateButton {
	sent := SentTemplateButton{Kind: button.Kind, Text: button.Text, Phone: button.Phone}
	switch button.Kind {
	case TemplateQuickReply:
		sent.Payload = r.values.Payloads[i]
	case TemplateURLButton:
		for _, part := range merged(button.URL).parts {
			if part.variable == "" {
				sent.URL += part.text
			} else {
				sent.Suffix = r.value(part)
				sent.URL += sent.Suffix
			}
		}
	case TemplateCopyCode, TemplateOTP:
		for _, part := range merged(button.Code).parts {
			if part.variable == "" {
				sent.Code += part.text
			} else {
				sent.Code = r.value(part)
			}
		}
	}
	return sent
}

// Check returns what Meta would refuse of the values (§5.6): INVALID with Params["max"]
// and the path of the part that they make too long, or "values".
func (s SentTemplate) Check() error {
	var check fieldCheck
	if s.Header != nil {
		check.text("header.text", s.Header.Text, 0, MaxTemplateHeader)
		if place := s.Header.Location; place != nil {
			check.location(*place)
		}
	}
	check.text("body", s.Body, 0, MaxTemplateRendered)
	for i, button := range s.Buttons {
		check.text(buttonField(i)+".url", button.URL, 0, MaxTemplateURL)
		check.text(buttonField(i)+".code", button.Code, 0, MaxTemplateCode)
		if button.Kind == TemplateOTP {
			check.oneTimeCode(buttonField(i)+".code", button.Code)
		}
		check.text(buttonField(i)+".payload", button.Payload, 0, MaxTemplatePayload)
	}
	if check.failed != nil {
		return check.failed
	}
	return nil
}

// texts are what can be read in the template.
func (s *SentTemplate) texts() []string {
	var parts []string
	if s.Header != nil {
		parts = append(parts, s.Header.Text)
		if s.Header.Location != nil {
			parts = append(parts, s.Header.Location.Name, s.Header.Location.Address)
		}
	}
	parts = append(parts, s.Body, s.Footer)
	for _, button := range s.Buttons {
		parts = append(parts, button.Text)
	}
	return parts
}

// Text is the template as plain text: header, body, footer and the labels of its
// buttons, each on a line of its own.
func (s *SentTemplate) Text() string {
	return strings.Join(slices.DeleteFunc(s.texts(), func(text string) bool { return strings.TrimSpace(text) == "" }), "\n")
}
