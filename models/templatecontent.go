package models

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TemplateContent is what a template says. Header text, body, the ends of URLs and
// codes may hold merge fields, see ValidTemplateField.
type TemplateContent struct {
	Header      *TemplateHeader   `json:"header,omitempty"`
	Body        string            `json:"body"`
	Footer      string            `json:"footer,omitempty"`
	Buttons     []TemplateButton  `json:"buttons,omitempty"`
	Samples     map[string]string `json:"samples,omitempty"`     // what reviewers see in the place of merge fields; without one its fallback stands
	OneTimeCode *OneTimeCode      `json:"oneTimeCode,omitempty"` // of the category AUTHENTICATION, whose texts are WhatsApp's; nil in the others
}

// TemplateHeaderKind is what stands above the body.
type TemplateHeaderKind string

// The kinds of header (reference/whatsapp-cloud-api.md §7.4).
const (
	TemplateHeaderText     TemplateHeaderKind = "TEXT"
	TemplateHeaderImage    TemplateHeaderKind = "IMAGE"
	TemplateHeaderVideo    TemplateHeaderKind = "VIDEO"
	TemplateHeaderDocument TemplateHeaderKind = "DOCUMENT"
	TemplateHeaderLocation TemplateHeaderKind = "LOCATION"
)

// Media is the kind of file that the header carries; false if it carries none.
func (k TemplateHeaderKind) Media() (MediaKind, bool) {
	switch k {
	case TemplateHeaderImage, TemplateHeaderVideo, TemplateHeaderDocument:
		return MediaKind(k), true
	}
	return "", false
}

// TemplateHeader stands above the body.
type TemplateHeader struct {
	Kind     TemplateHeaderKind `json:"kind"`
	Text     string             `json:"text,omitempty"`     // of TEXT, with at most one merge field
	SampleID *ID                `json:"sampleId,omitempty"` // of media: the attachment that reviewers see, and that is sent where no other is given
}

// TemplateButtonKind is what tapping a button does.
type TemplateButtonKind string

// The kinds of button (reference/whatsapp-cloud-api.md §7.4).
const (
	TemplateQuickReply TemplateButtonKind = "QUICK_REPLY"  // sends its text back
	TemplateURLButton  TemplateButtonKind = "URL"          // opens a web page
	TemplateCall       TemplateButtonKind = "PHONE_NUMBER" // calls
	TemplateCopyCode   TemplateButtonKind = "COPY_CODE"    // copies a code
	TemplateOTP        TemplateButtonKind = "OTP"          // copies the one-time code of a template of the category AUTHENTICATION
)

// TemplateButton is one button. Text is its label; that of COPY_CODE is WhatsApp's.
type TemplateButton struct {
	Kind  TemplateButtonKind `json:"kind"`
	Text  string             `json:"text,omitempty"`
	URL   string             `json:"url,omitempty"`   // of URL; one merge field may stand at its end
	Phone string             `json:"phone,omitempty"` // of PHONE_NUMBER
	Code  string             `json:"code,omitempty"`  // of COPY_CODE: the code, or one merge field; of OTP: the merge field FieldCode
}

// texts are the parts of the content that may hold merge fields, with their paths.
func (c TemplateContent) texts() []fieldText {
	var texts []fieldText
	if c.Header != nil && c.Header.Kind == TemplateHeaderText {
		texts = append(texts, fieldText{"header.text", c.Header.Text})
	}
	texts = append(texts, fieldText{"body", c.Body})
	for i, button := range c.Buttons {
		switch button.Kind {
		case TemplateURLButton:
			texts = append(texts, fieldText{buttonField(i) + ".url", button.URL})
		case TemplateCopyCode, TemplateOTP:
			texts = append(texts, fieldText{buttonField(i) + ".code", button.Code})
		}
	}
	return texts
}

type fieldText struct{ field, text string }

func buttonField(i int) string { return "buttons." + strconv.Itoa(i) }

// merged reads a text that was checked when it was saved; what cannot be read is plain.
func merged(text string) MergeText {
	read, err := parseTemplateText(text, "")
	if err != nil {
		return MergeText{parts: []mergePart{{text: text}}}
	}
	return read
}

// Fields lists the merge fields, each once, in the order in which they stand.
func (c TemplateContent) Fields() []string {
	var names []string
	for _, part := range c.texts() {
		for _, name := range merged(part.text).fields() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Fallbacks are those of the merge fields that have one; of several for a field, the
// first.
func (c TemplateContent) Fallbacks() map[string]string {
	all := make(map[string]string)
	for _, part := range slices.Backward(c.texts()) {
		maps.Copy(all, merged(part.text).fallbacks())
	}
	return all
}

// Equal reports whether two contents are the same.
func (c TemplateContent) Equal(other TemplateContent) bool {
	if (c.Header == nil) != (other.Header == nil) {
		return false
	}
	if h, o := c.Header, other.Header; h != nil && (h.Kind != o.Kind || h.Text != o.Text || (h.SampleID == nil) != (o.SampleID == nil) ||
		h.SampleID != nil && *h.SampleID != *o.SampleID) {
		return false
	}
	if (c.OneTimeCode == nil) != (other.OneTimeCode == nil) || c.OneTimeCode != nil && *c.OneTimeCode != *other.OneTimeCode {
		return false
	}
	return c.Body == other.Body && c.Footer == other.Footer && slices.Equal(c.Buttons, other.Buttons) && maps.Equal(c.Samples, other.Samples)
}

// Check returns what is wrong with the content by the product's limits and Meta's
// rules (§7.4): REQUIRED, INVALID with Params as in Draft.Check, UNKNOWN_VARIABLE, and
// LIMIT_REACHED with Params["max"] for too many merge fields; each with the path of the
// field, as in "buttons.2.url". A draft need not be complete: see CheckComplete.
func (c TemplateContent) Check() error {
	if c.OneTimeCode != nil {
		return c.checkOneTimeCode()
	}
	var check fieldCheck
	check.text("body", c.Body, 1, MaxTemplateBody)
	if c.Header != nil {
		check.templateHeader(*c.Header)
	}
	check.text("footer", c.Footer, 0, MaxTemplateFooter)
	check.require(!strings.ContainsAny(c.Footer, "\r\n") && !strings.Contains(c.Footer, mergeOpen) && !hasMetaVariable(c.Footer), "footer")
	check.templateButtons(c.Buttons)
	if check.failed != nil {
		return check.failed
	}
	for _, part := range c.texts() {
		if _, err := parseTemplateText(part.text, part.field); err != nil {
			return err
		}
	}
	if err := c.checkPlaces(); err != nil {
		return err
	}
	if len(c.Fields()) > MaxTemplateMergeFields {
		return NewError(CodeLimitReached, "body").With("max", strconv.Itoa(MaxTemplateMergeFields))
	}
	for _, format := range []ParameterFormat{ParametersNamed, ParametersPositional} {
		if utf8.RuneCountInString(c.Wired(format).Body.Text) > MaxTemplateRendered {
			return NewError(CodeInvalid, "body").With("max", strconv.Itoa(MaxTemplateRendered))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Samples)) {
		check.text("samples", c.Samples[name], 1, MaxDetail)
		check.require(ValidTemplateField(name), "samples")
	}
	if check.failed != nil {
		return check.failed
	}
	return nil
}

// checkPlaces holds merge fields to where they may stand.
func (c TemplateContent) checkPlaces() error {
	if c.Header != nil && c.Header.Kind == TemplateHeaderText && variables(merged(c.Header.Text)) > 1 {
		return NewError(CodeInvalid, "header.text")
	}
	for i, button := range c.Buttons {
		switch button.Kind {
		case TemplateURLButton:
			text := merged(button.URL)
			address := button.URL
			if n := variables(text); n > 1 || n == 1 && text.parts[len(text.parts)-1].variable == "" {
				return NewError(CodeInvalid, buttonField(i)+".url")
			} else if n == 1 {
				address, _, _ = strings.Cut(button.URL, mergeOpen)
			}
			parsed, err := url.Parse(address)
			if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
				return NewError(CodeInvalid, buttonField(i)+".url")
			}
		case TemplateCopyCode:
			if text := merged(button.Code); variables(text) > 0 && len(text.parts) > 1 {
				return NewError(CodeInvalid, buttonField(i)+".code")
			}
		}
	}
	return nil
}

func variables(text MergeText) (n int) {
	for _, part := range text.parts {
		if part.variable != "" {
			n++
		}
	}
	return n
}

func (c *fieldCheck) templateHeader(header TemplateHeader) {
	_, media := header.Kind.Media()
	switch {
	case header.Kind == TemplateHeaderText:
		c.text("header.text", header.Text, 1, MaxTemplateHeader)
		if text, err := parseTemplateText(header.Text, "header.text"); err == nil { // Meta: no line breaks, formatting, emojis
			for _, part := range text.parts {
				c.require(part.variable != "" || !strings.ContainsAny(part.text, "\r\n*~`") && !hasEmoji(part.text), "header.text")
			}
		}
		c.require(header.SampleID == nil, "header.sampleId")
	case media, header.Kind == TemplateHeaderLocation:
		c.require(header.Text == "", "header.text")
		c.require(media || header.SampleID == nil, "header.sampleId")
	default:
		c.require(false, "header.kind")
	}
}

func (c *fieldCheck) templateButtons(buttons []TemplateButton) {
	c.count("buttons", len(buttons), 0, MaxTemplateButtons)
	most := map[TemplateButtonKind]int{
		TemplateQuickReply: MaxTemplateButtons, TemplateURLButton: MaxTemplateURLButtons,
		TemplateCall: MaxTemplatePhoneButtons, TemplateCopyCode: MaxTemplateCopyButtons,
	}
	have, labels, changes := make(map[TemplateButtonKind]int), make(map[string]bool), 0
	for i, button := range buttons {
		field := buttonField(i)
		limit, known := most[button.Kind]
		c.require(known, field+".kind")
		if have[button.Kind]++; have[button.Kind] > limit {
			c.fail(NewError(CodeInvalid, "buttons").With("maxItems", strconv.Itoa(limit)))
		}
		if i > 0 && (button.Kind == TemplateQuickReply) != (buttons[i-1].Kind == TemplateQuickReply) {
			changes++
		}
		if button.Kind == TemplateCopyCode {
			c.text(field+".code", button.Code, 1, maxTemplateField+MaxTemplateCode)
			if !strings.Contains(button.Code, mergeOpen) {
				c.text(field+".code", button.Code, 1, MaxTemplateCode)
			}
			continue
		}
		c.buttonText(i, button.Text)
		c.once(field+".text", button.Text, labels)
		switch button.Kind {
		case TemplateURLButton:
			c.text(field+".url", button.URL, 1, MaxTemplateURL)
		case TemplateCall:
			c.text(field+".phone", button.Phone, 1, MaxTemplatePhone)
			c.require(isPhone(button.Phone), field+".phone")
		}
	}
	c.require(changes <= 1, "buttons") // quick replies stand together, before or after the others
}

// buttonText holds the label of a button to Meta's rules.
func (c *fieldCheck) buttonText(i int, text string) {
	field := buttonField(i) + ".text"
	c.text(field, text, 1, MaxTemplateButtonText)
	c.require(!strings.ContainsAny(text, "\r\n") && !strings.Contains(text, mergeOpen) && !hasMetaVariable(text) && !hasEmoji(text), field)
}

// isPhone reports whether a text is a number with its country code.
func isPhone(text string) bool {
	digits := strings.TrimPrefix(text, "+")
	return len(digits) >= 7 && !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

func hasMetaVariable(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "}}")
}

func hasEmoji(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.So, r) || r == '\uFE0F' })
}

// CheckComplete returns what a content that passed Check still lacks to be reviewed
// (§7.3): REQUIRED with the field: a sample for each merge field (Params["variable"]),
// a file as the sample of a header. WhatsApp has a sample of its own for one-time codes.
func (c TemplateContent) CheckComplete() error {
	if c.OneTimeCode != nil {
		return nil
	}
	fallbacks := c.Fallbacks()
	for _, field := range c.Fields() {
		if c.Samples[field] == "" && fallbacks[field] == "" {
			return NewError(CodeRequired, "samples").With("variable", field)
		}
	}
	if c.Header != nil {
		if _, media := c.Header.Kind.Media(); media && c.Header.SampleID == nil {
			return NewError(CodeRequired, "header.sampleId")
		}
	}
	return nil
}

// Sample is what reviewers see in the place of a merge field.
func (c TemplateContent) Sample(field string) string {
	if sample := c.Samples[field]; sample != "" {
		return cleanValue(sample)
	}
	return cleanValue(c.Fallbacks()[field])
}
