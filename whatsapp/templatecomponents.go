package whatsapp

import (
	"encoding/json"
	"errors"
	"strings"
)

// The components of templates in Meta's JSON
// (reference/whatsapp-cloud-api.md §7.3, §7.4).

// Component types, header formats and button types that are understood.
const (
	templateNamed = "NAMED"

	headerText   = "TEXT"
	buttonURL    = "URL"
	buttonReply  = "QUICK_REPLY"
	buttonPhone  = "PHONE_NUMBER"
	buttonCoupon = "COPY_CODE"
)

// wireComponents writes the template's components for creating and editing it.
func (t Template) wireComponents() []map[string]any {
	if t.OneTimeCode != nil {
		return t.oneTimeCodeComponents()
	}
	var components []map[string]any
	if t.Header != nil {
		header := map[string]any{"type": "HEADER", "format": t.Header.Format}
		if t.Header.Format == headerText {
			header["text"] = t.Header.Text.Text
			if example := t.example("header_text", t.Header.Text.Samples, false); example != nil {
				header["example"] = example
			}
		} else if t.Header.Handle != "" {
			header["example"] = map[string]any{"header_handle": []string{t.Header.Handle}}
		}
		components = append(components, header)
	}
	body := map[string]any{"type": "BODY", "text": t.Body.Text}
	if example := t.example("body_text", t.Body.Samples, true); example != nil {
		body["example"] = example
	}
	components = append(components, body)
	if t.Footer != "" {
		components = append(components, map[string]any{"type": "FOOTER", "text": t.Footer})
	}
	if len(t.Buttons) > 0 {
		buttons := make([]map[string]any, len(t.Buttons))
		for i, b := range t.Buttons {
			buttons[i] = b.wire()
		}
		components = append(components, map[string]any{"type": "BUTTONS", "buttons": buttons})
	}
	return components
}

func (t Template) example(property string, samples []TemplateSample, nested bool) map[string]any {
	if len(samples) == 0 {
		return nil
	}
	if t.ParameterFormat == templateNamed {
		named := make([]map[string]string, len(samples))
		for i, s := range samples {
			named[i] = map[string]string{"param_name": s.Name, "example": s.Value}
		}
		return map[string]any{property + "_named_params": named}
	}
	values := make([]string, len(samples))
	for i, s := range samples {
		values[i] = s.Value
	}
	if nested {
		return map[string]any{property: [][]string{values}}
	}
	return map[string]any{property: values}
}

func (b TemplateButton) wire() map[string]any {
	button := map[string]any{"type": b.Type, "text": b.Text}
	switch b.Type {
	case buttonURL:
		button["url"] = b.URL
		if b.Sample != "" {
			button["example"] = []string{b.Sample}
		}
	case buttonPhone:
		button["phone_number"] = b.PhoneNumber
	case buttonCoupon:
		delete(button, "text") // WhatsApp's own
		button["example"] = b.Sample
	}
	return button
}

type wireTemplate struct {
	ID              flexible `json:"id"`
	Name            flexible `json:"name"`
	Language        flexible `json:"language"`
	Category        flexible `json:"category"`
	ParameterFormat flexible `json:"parameter_format"`
	Status          flexible `json:"status"`
	RejectedReason  flexible `json:"rejected_reason"`
	Quality         loose[struct {
		Score flexible `json:"score"`
		Date  flexible `json:"date"`
	}] `json:"quality_score"`
	PreviousCategory flexible        `json:"previous_category"`
	CorrectCategory  flexible        `json:"correct_category"`
	Components       json.RawMessage `json:"components"`
}

func decodeTemplate(answer []byte) (Template, error) {
	var wire wireTemplate
	if err := decodeAnswer(answer, &wire); err != nil {
		return Template{}, err
	}
	if wire.ID == "" || wire.Name == "" || wire.Language == "" {
		return Template{}, errors.New("a template without id, name or language")
	}
	t := Template{
		ID: string(wire.ID), Name: string(wire.Name), Language: templateLanguage(wire.Language),
		Category: strings.ToUpper(string(wire.Category)), ParameterFormat: strings.ToUpper(string(wire.ParameterFormat)),
		Status: strings.ToUpper(string(wire.Status)), RejectedReason: noneAsEmpty(wire.RejectedReason),
		PreviousCategory: strings.ToUpper(string(wire.PreviousCategory)), CorrectCategory: strings.ToUpper(string(wire.CorrectCategory)),
		Components: wire.Components,
	}
	if t.ParameterFormat == "" {
		t.ParameterFormat = "POSITIONAL" // §7.1
	}
	if quality := wire.Quality.value; quality != nil {
		t.QualityScore = strings.ToUpper(string(quality.Score))
		if at, err := unixSeconds(quality.Date); err == nil {
			t.QualityAt = at
		}
	}
	t.readComponents(wire.Components)
	return t, nil
}

// templateLanguage writes a language with an underscore; both separators occur (§4.2).
func templateLanguage(code flexible) string { return strings.ReplaceAll(string(code), "-", "_") }

func noneAsEmpty(reason flexible) string {
	if strings.EqualFold(string(reason), "NONE") {
		return ""
	}
	return string(reason)
}

type wireComponent struct {
	Type    flexible                      `json:"type"`
	Format  flexible                      `json:"format"`
	Text    flexible                      `json:"text"`
	Example loose[wireComponentExample]   `json:"example"`
	Buttons looseList[wireTemplateButton] `json:"buttons"`

	SecurityRecommendation flexible `json:"add_security_recommendation"`
	ExpirationMinutes      flexible `json:"code_expiration_minutes"`
}

type wireComponentExample struct {
	HeaderText  strings1                   `json:"header_text"`
	HeaderNamed looseList[wireNamedSample] `json:"header_text_named_params"`
	Handle      strings1                   `json:"header_handle"`
	BodyText    strings2                   `json:"body_text"`
	BodyNamed   looseList[wireNamedSample] `json:"body_text_named_params"`
}

type wireNamedSample struct {
	Name    flexible `json:"param_name"`
	Example flexible `json:"example"`
}

type wireTemplateButton struct {
	Type    flexible `json:"type"`
	OTPType flexible `json:"otp_type"`
	Text    flexible `json:"text"`
	URL     flexible `json:"url"`
	Phone   flexible `json:"phone_number"`
	Example strings1 `json:"example"`
}

// strings1 is a list of texts, or one text.
type strings1 []string

// UnmarshalJSON never fails on a JSON value.
func (s *strings1) UnmarshalJSON(raw []byte) error {
	*s = nil
	var list []flexible
	if raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		var text flexible
		if json.Unmarshal(raw, &text) == nil && text != "" {
			*s = strings1{string(text)}
		}
		return nil
	}
	for _, text := range list {
		*s = append(*s, string(text))
	}
	return nil
}

// strings2 is a list of lists of texts, of which the first counts; one flat list is
// tolerated (§7.3).
type strings2 []string

// UnmarshalJSON never fails on a JSON value.
func (s *strings2) UnmarshalJSON(raw []byte) error {
	var lists []strings1
	if err := json.Unmarshal(raw, &lists); err == nil && len(lists) > 0 && strings.HasPrefix(strings.TrimLeft(string(raw[1:]), " \n\t"), "[") {
		*s = strings2(lists[0])
		return nil
	}
	var flat strings1
	_ = flat.UnmarshalJSON(raw) // never fails
	*s = strings2(flat)
	return nil
}

// readComponents fills in what is understood, and notes whether there is more.
func (t *Template) readComponents(raw json.RawMessage) {
	var components looseList[wireComponent]
	if len(raw) == 0 || json.Unmarshal(raw, &components) != nil {
		t.Foreign = true
		return
	}
	for _, c := range components {
		example := wireComponentExample{}
		if c.Example.value != nil {
			example = *c.Example.value
		}
		switch strings.ToUpper(string(c.Type)) {
		case "HEADER":
			t.Header = &TemplateHeader{Format: strings.ToUpper(string(c.Format))}
			switch t.Header.Format {
			case headerText:
				t.Header.Text = textOf(c.Text, example.HeaderText, example.HeaderNamed)
			case "IMAGE", "VIDEO", "DOCUMENT":
				if len(example.Handle) > 0 {
					t.Header.Handle = example.Handle[0]
				}
			case "LOCATION":
			default:
				t.Foreign = true
			}
		case "BODY":
			t.Body = textOf(c.Text, strings1(example.BodyText), example.BodyNamed)
		case "FOOTER":
			t.Footer = string(c.Text)
		case "BUTTONS":
			for _, b := range c.Buttons {
				t.readButton(b)
			}
		default:
			t.Foreign = true
		}
	}
	if t.Body.Text == "" {
		t.Foreign = true
	}
	t.readOneTimeCode(components)
}

func textOf(text flexible, values strings1, named []wireNamedSample) TemplateText {
	read := TemplateText{Text: string(text)}
	for _, value := range values {
		read.Samples = append(read.Samples, TemplateSample{Value: value})
	}
	for _, sample := range named {
		read.Samples = append(read.Samples, TemplateSample{Name: string(sample.Name), Value: string(sample.Example)})
	}
	return read
}

func (t *Template) readButton(wire wireTemplateButton) {
	b := TemplateButton{Type: strings.ToUpper(string(wire.Type)), Text: string(wire.Text)}
	if len(wire.Example) > 0 {
		b.Sample = wire.Example[0]
	}
	switch b.Type {
	case buttonReply:
	case buttonURL:
		b.URL = string(wire.URL)
	case buttonPhone:
		b.PhoneNumber = string(wire.Phone)
	case buttonCoupon:
	default:
		t.Foreign = true
	}
	t.Buttons = append(t.Buttons, b)
}
