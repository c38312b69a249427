package simulator

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sentComponent is a component of a template message (§5.6).
type sentComponent struct {
	Type       string          `json:"type"`
	SubType    string          `json:"sub_type"`
	Index      any             `json:"index"`
	Parameters []sentParameter `json:"parameters"`
}

type sentParameter struct {
	Type     string          `json:"type"`
	Name     string          `json:"parameter_name"`
	Text     *string         `json:"text"`
	Payload  *string         `json:"payload"`
	Coupon   *string         `json:"coupon_code"`
	Image    json.RawMessage `json:"image"`
	Video    json.RawMessage `json:"video"`
	Document json.RawMessage `json:"document"`
	Location json.RawMessage `json:"location"`
}

// media is the file of a header.
func (p sentParameter) media() json.RawMessage {
	return map[string]json.RawMessage{"image": p.Image, "video": p.Video, "document": p.Document}[p.Type]
}

// templateFile is the file in the header of a template message.
func templateFile(components []sentComponent) (ref mediaRef, found bool, e *graphError) {
	for _, c := range components {
		if !strings.EqualFold(c.Type, "header") {
			continue
		}
		for _, p := range c.Parameters {
			if raw := p.media(); raw != nil {
				ref, _, e = parseMedia(p.Type, p.Type, raw)
				return ref, true, e
			}
		}
	}
	return ref, false, nil
}

var badValue = regexp.MustCompile("[\n\t]|     ")

func mismatch(part string, given, wanted int) *graphError {
	return errorOf(132000, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)", part, given, wanted))
}

func wrongFormat(details string) *graphError { return errorOf(132012, details) }

// fill compares the values with the template and returns the text that the customer
// sees, and the quick replies that they can tap.
func (t *metaTemplate) fill(components []sentComponent) (text string, choices []Choice, e *graphError) {
	parts := make(map[string][]sentParameter)
	buttons := make(map[int]sentComponent)
	for _, c := range components {
		kind := strings.ToLower(c.Type)
		if kind != "button" {
			parts[kind] = append(parts[kind], c.Parameters...)
			continue
		}
		index, err := strconv.Atoi(fmt.Sprint(c.Index))
		if err != nil {
			return "", nil, invalidParameter("The index of a button is not a number.")
		}
		buttons[index] = c
	}
	if e := t.fillHeader(parts["header"]); e != nil {
		return "", nil, e
	}
	body := t.part("BODY")
	values, e := t.valuesFor("body", body.Text, parts["body"])
	if e != nil {
		return "", nil, e
	}
	text = anyVariable.ReplaceAllStringFunc(body.Text, func(found string) string { return values[strings.Trim(found, "{}")] })
	if utf8.RuneCountInString(text) > 1024 {
		return "", nil, errorOf(132005, "Translated text too long")
	}
	choices, e = t.fillButtons(buttons)
	return text, choices, e
}

func (t *metaTemplate) fillHeader(given []sentParameter) *graphError {
	header := t.part("HEADER")
	if header == nil {
		if len(given) > 0 {
			return mismatch("header", len(given), 0)
		}
		return nil
	}
	if header.Format == "TEXT" {
		values, e := t.valuesFor("header", header.Text, given)
		for _, value := range values {
			if utf8.RuneCountInString(value) > 60 {
				return errorOf(132005, "header text too long")
			}
		}
		return e
	}
	if len(given) != 1 {
		return wrongFormat("header: Format mismatch, expected " + header.Format + ", received UNKNOWN")
	}
	if got := strings.ToUpper(given[0].Type); got != header.Format || got != "LOCATION" && given[0].media() == nil || got == "LOCATION" && given[0].Location == nil {
		return wrongFormat("header: Format mismatch, expected " + header.Format + ", received " + got)
	}
	return nil
}

// valuesFor are the values of a text's variables.
func (t *metaTemplate) valuesFor(part, text string, given []sentParameter) (map[string]string, *graphError) {
	names := variables(text, t.format)
	if len(names) != len(given) {
		return nil, mismatch(part, len(given), len(names))
	}
	values := make(map[string]string, len(names))
	for i, p := range given {
		if p.Type != "text" || p.Text == nil || *p.Text == "" {
			return nil, wrongFormat(part + ": a parameter is no text.")
		}
		name := names[i]
		if t.format == "NAMED" {
			name = p.Name
		}
		if (p.Name != "") != (t.format == "NAMED") || !slices.Contains(names, name) {
			return nil, wrongFormat(part + ": Parameter name is missing or not in the template")
		}
		if badValue.MatchString(*p.Text) {
			return nil, errorOf(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
		}
		values[name] = *p.Text
	}
	if len(values) != len(names) {
		return nil, mismatch(part, len(values), len(names))
	}
	return values, nil
}

func (t *metaTemplate) fillButtons(given map[int]sentComponent) ([]Choice, *graphError) {
	var choices []Choice
	part := t.part("BUTTONS")
	count := 0
	if part != nil {
		count = len(part.Buttons)
		for i, b := range part.Buttons {
			sent, filled := given[i]
			p := sentParameter{}
			if filled {
				if len(sent.Parameters) != 1 || !strings.EqualFold(sent.SubType, b.Type) {
					return nil, wrongFormat(fmt.Sprintf("buttons: Button at index %d of type %s needs one parameter of its own", i, b.Type))
				}
				p = sent.Parameters[0]
			}
			switch {
			case b.Type == "URL" && strings.HasSuffix(b.URL, "{{1}}") && (!filled || p.Type != "text" || p.Text == nil || *p.Text == ""):
				return nil, errorOf(131008, fmt.Sprintf("buttons: Button at index %d of type Url requires a parameter", i))
			case b.Type == "URL" && !strings.HasSuffix(b.URL, "{{1}}") && filled:
				return nil, mismatch("buttons", 1, 0)
			case b.Type == "COPY_CODE" && (!filled || p.Coupon == nil || *p.Coupon == "" || len(*p.Coupon) > 20):
				return nil, errorOf(131008, fmt.Sprintf("buttons: Button at index %d of type CopyCode requires a parameter", i))
			case b.Type == "QUICK_REPLY":
				choice := Choice{Kind: "button", ID: b.Text, Title: b.Text}
				if filled && p.Payload != nil {
					choice.ID = *p.Payload
				}
				choices = append(choices, choice)
			}
		}
	}
	for index := range given {
		if index < 0 || index >= count {
			return nil, mismatch("buttons", index+1, count)
		}
	}
	return choices, nil
}

// templateFor is what a template message makes of a template of the number's account,
// or of one that AddTemplate added. s.mu must be held.
func (s *Simulator) templateFor(n *number, req *sendRequest) (Category, *graphError) {
	t := s.templateOf(n.WABAID, req.template)
	if t == nil {
		if added, ok := s.templates[req.template]; ok {
			return added.Category, nil
		}
		return "", errorOf(132001, fmt.Sprintf("template name (%s) does not exist in %s", req.template.name, req.template.language))
	}
	switch t.status {
	case "APPROVED":
	case "PAUSED":
		return "", errorOf(132015, "Template is paused due to low quality.")
	case "DISABLED":
		return "", errorOf(132016, "Template is disabled.")
	default:
		return "", errorOf(132001, fmt.Sprintf("template name (%s) is not approved in %s", req.template.name, req.template.language))
	}
	if t.reason == policyViolation {
		return "", errorOf(132007, "Template content violates a WhatsApp policy.")
	}
	if t.category == categoryAuthentication {
		if req.scoped {
			return "", errorOf(131062, "One-time codes are not sent to business-scoped user ids.")
		}
		if e := checkCodes(req.templateParts); e != nil {
			return "", e
		}
	}
	text, choices, e := t.fill(req.templateParts)
	if e != nil {
		return "", e
	}
	req.body, req.choices = text, choices
	return t.charged(), nil
}

// policyViolation is the reason of an approved template whose sending is refused with
// 132007: an event of Happen with this reason and APPROVED makes one.
const policyViolation = "POLICY_VIOLATION"
