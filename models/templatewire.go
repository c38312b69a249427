package models

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// WiredTemplate is a template's content as Meta has it: merge fields are Meta's
// {{parameters}}, each with its sample.
type WiredTemplate struct {
	Header  *WiredHeader
	Body    WiredText
	Footer  string
	Buttons []WiredButton

	// OneTimeCode is set in the category AUTHENTICATION, whose body and footer are
	// WhatsApp's.
	OneTimeCode *WiredOneTimeCode
}

// WiredText is a text with Meta's parameters.
type WiredText struct {
	Text    string
	Samples []WiredSample // of its parameters, in Meta's order
}

// WiredSample is the sample of a parameter: its name, or its number.
type WiredSample struct{ Name, Value string }

// WiredHeader is a header as Meta has it; Text only of the kind TEXT.
type WiredHeader struct {
	Kind TemplateHeaderKind
	Text WiredText
}

// WiredButton is a button as Meta has it.
type WiredButton struct {
	Kind   TemplateButtonKind
	Text   string
	URL    string // may end with {{1}}, whatever the format of the rest
	Phone  string
	Sample string // of a URL with a parameter, the whole URL; of COPY_CODE, the code
}

// urlParameter is the only parameter of a URL (§7.3).
const urlParameter = "{{1}}"

// Wired writes the content in Meta's way.
func (c TemplateContent) Wired(format ParameterFormat) WiredTemplate {
	wired := WiredTemplate{Body: c.wiredText(c.Body, format), Footer: c.Footer, OneTimeCode: c.OneTimeCode.wired()}
	if c.Header != nil {
		wired.Header = &WiredHeader{Kind: c.Header.Kind}
		if c.Header.Kind == TemplateHeaderText {
			wired.Header.Text = c.wiredText(c.Header.Text, format)
		}
	}
	for _, button := range c.Buttons {
		out := WiredButton{Kind: button.Kind, Text: button.Text, Phone: button.Phone}
		switch button.Kind {
		case TemplateURLButton:
			for _, part := range merged(button.URL).parts {
				if part.variable == "" {
					out.URL, out.Sample = out.URL+part.text, out.Sample+part.text
				} else {
					out.URL, out.Sample = out.URL+urlParameter, out.Sample+c.Sample(part.variable)
				}
			}
			if !strings.HasSuffix(out.URL, urlParameter) {
				out.Sample = ""
			}
		case TemplateCopyCode:
			for _, part := range merged(button.Code).parts {
				out.Sample += part.text
				if part.variable != "" {
					out.Sample = c.Sample(part.variable)
				}
			}
		}
		wired.Buttons = append(wired.Buttons, out)
	}
	return wired
}

func (c TemplateContent) wiredText(text string, format ParameterFormat) WiredText {
	read := merged(text)
	slots, names := read.slots(format)
	var wired WiredText
	for _, slot := range slots {
		wired.Samples = append(wired.Samples, WiredSample{slot.name, c.Sample(slot.part.variable)})
	}
	var b strings.Builder
	for _, part := range read.parts {
		if part.variable == "" {
			b.WriteString(part.text)
			continue
		}
		b.WriteString("{{" + names[0] + "}}")
		names = names[1:]
	}
	wired.Text = b.String()
	return wired
}

// Same reports whether two contents are the same to Meta, samples aside, and in the
// category AUTHENTICATION the words aside that are WhatsApp's.
func (w WiredTemplate) Same(other WiredTemplate) bool {
	if !w.OneTimeCode.same(other.OneTimeCode) {
		return false
	}
	if w.OneTimeCode != nil {
		return slices.EqualFunc(w.Buttons, other.Buttons, func(a, b WiredButton) bool { return a.Kind == b.Kind && a.Text == b.Text })
	}
	if w.Body.Text != other.Body.Text || w.Footer != other.Footer || len(w.Buttons) != len(other.Buttons) || (w.Header == nil) != (other.Header == nil) {
		return false
	}
	if w.Header != nil && (w.Header.Kind != other.Header.Kind || w.Header.Text.Text != other.Header.Text.Text) {
		return false
	}
	for i, button := range w.Buttons {
		o := other.Buttons[i]
		if button.Kind != o.Kind || button.URL != o.URL || button.Phone != o.Phone || button.Kind != TemplateCopyCode && button.Text != o.Text {
			return false
		}
	}
	return true
}

var metaParameter = regexp.MustCompile(`\{\{([a-z0-9_]+)\}\}`)

// ContentOf reads what Meta has. Where it is what known says, known is returned, which
// holds more; otherwise its merge fields are recognized by the names of their parameters.
// It reports false if the content does not say all that Meta has: then it can be shown,
// but neither sent nor edited.
func ContentOf(wired WiredTemplate, format ParameterFormat, category TemplateCategory, known TemplateContent) (TemplateContent, bool) {
	if wired.OneTimeCode != nil {
		return oneTimeCodeOf(wired, known)
	}
	if known.Body != "" && known.Wired(format).Same(wired) {
		return known, true
	}
	reader := wireReader{format: format, known: known, samples: make(map[string]string)}
	content := TemplateContent{Footer: wired.Footer, Body: reader.text(wired.Body, known.Body, "")}
	if header := wired.Header; header != nil {
		content.Header = &TemplateHeader{Kind: header.Kind}
		switch before := known.Header; {
		case header.Kind == TemplateHeaderText && before != nil:
			content.Header.Text = reader.text(header.Text, before.Text, "header")
		case header.Kind == TemplateHeaderText:
			content.Header.Text = reader.text(header.Text, "", "header")
		case before != nil && before.Kind == header.Kind:
			content.Header.SampleID = before.SampleID
		}
	}
	for i, button := range wired.Buttons {
		before := TemplateButton{}
		if i < len(known.Buttons) && known.Buttons[i].Kind == button.Kind {
			before = known.Buttons[i]
		}
		content.Buttons = append(content.Buttons, reader.button(button, before, "button"+strconv.Itoa(i+1), category))
	}
	if len(reader.samples) > 0 {
		content.Samples = reader.samples
	}
	return content, content.Wired(format).Same(wired)
}

type wireReader struct {
	format  ParameterFormat
	known   TemplateContent
	samples map[string]string
}

// text reads a text. Positional parameters of parts other than the body are told apart
// by a prefix.
func (r *wireReader) text(wired WiredText, before, prefix string) string {
	fields := make(map[string]mergePart)
	if before != "" {
		slots, _ := merged(before).slots(r.format)
		for _, slot := range slots {
			fields[slot.name] = slot.part
		}
	}
	samples := make(map[string]string)
	for i, sample := range wired.Samples {
		name := sample.Name
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		samples[name] = sample.Value
	}
	var read MergeText
	rest := wired.Text
	for {
		at := metaParameter.FindStringSubmatchIndex(rest)
		if at == nil {
			read.plain(rest)
			return read.source()
		}
		read.plain(rest[:at[0]])
		name := rest[at[2]:at[3]]
		part, known := fields[name]
		if !known {
			field := prefix + name
			if r.format == ParametersNamed {
				field = fieldOfParameter(name)
			}
			part = mergeField(field)
		}
		r.sample(part.variable, samples[name])
		read.parts = append(read.parts, part)
		rest = rest[at[1]:]
	}
}

func (r *wireReader) button(wired WiredButton, before TemplateButton, prefix string, category TemplateCategory) TemplateButton {
	button := TemplateButton{Kind: wired.Kind, Text: wired.Text, Phone: wired.Phone}
	switch wired.Kind {
	case TemplateURLButton:
		address, parameter := strings.CutSuffix(wired.URL, urlParameter)
		read := MergeText{}
		read.plain(address)
		if parameter {
			part := mergeField(prefix)
			if category == TemplateAuthentication { // the code of the body once more (§5.6)
				part = mergeField("1")
			}
			if parts := merged(before.URL).parts; len(parts) > 0 && parts[len(parts)-1].variable != "" {
				part = parts[len(parts)-1]
			}
			r.sample(part.variable, strings.TrimPrefix(wired.Sample, address))
			read.parts = append(read.parts, part)
		}
		button.URL = read.source()
	case TemplateCopyCode:
		button.Text = ""
		if button.Code = before.Code; button.Code == "" {
			var code MergeText
			code.plain(wired.Sample)
			button.Code = code.source()
		}
	}
	return button
}

// sample keeps a sample, first the one that is known.
func (r *wireReader) sample(field, seen string) {
	if known := r.known.Samples[field]; known != "" {
		seen = known
	}
	if seen != "" {
		r.samples[field] = seen
	}
}
