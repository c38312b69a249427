package models

import (
	"slices"
	"strings"
)

// Templates of the category AUTHENTICATION bring a one-time code. Their texts are
// WhatsApp's own, in the language of the template; the business chooses what OneTimeCode
// says and the label of the button that copies the code
// (reference/whatsapp-cloud-api.md §7.4). Until WhatsApp has told its words, the body is
// the code alone.

// FieldCode is the merge field in which each message of such a template brings its code.
const FieldCode = "code"

// codeText is the merge field as it is written.
const codeText = mergeOpen + FieldCode + mergeClose

// MaxCodeExpiration is the longest time for which a code can be said to work, in minutes.
const MaxCodeExpiration = 90

// OneTimeCode is what the business chooses in a template of the category AUTHENTICATION.
type OneTimeCode struct {
	SecurityRecommendation bool `json:"securityRecommendation,omitempty"` // the body says to pass the code on to nobody
	ExpirationMinutes      int  `json:"expirationMinutes,omitempty"`      // the footer says for how long it works, 1 to MaxCodeExpiration; 0: it does not
}

// For returns the content as a template of the category keeps it. One of AUTHENTICATION
// is given as its choices and one button of the kind OTP, without any text. Failures:
// those of Check; REQUIRED (oneTimeCode), and INVALID (oneTimeCode, header, body, footer,
// samples) for what the category does not have.
func (c TemplateContent) For(category TemplateCategory) (TemplateContent, error) {
	switch {
	case category != TemplateAuthentication && c.OneTimeCode != nil:
		return c, NewError(CodeInvalid, "oneTimeCode")
	case category != TemplateAuthentication:
		return c, c.Check()
	case c.OneTimeCode == nil:
		return c, NewError(CodeRequired, "oneTimeCode")
	}
	var check fieldCheck
	check.require(c.Header == nil, "header")
	check.require(c.Body == "", "body")
	check.require(c.Footer == "", "footer")
	check.require(len(c.Samples) == 0, "samples")
	if check.failed != nil {
		return c, check.failed
	}
	c.Body, c.Buttons = codeText, slices.Clone(c.Buttons)
	for i := range c.Buttons {
		if c.Buttons[i].Kind == TemplateOTP && c.Buttons[i].Code == "" {
			c.Buttons[i].Code = codeText
		}
	}
	return c, c.Check()
}

// checkOneTimeCode is Check for a template of the category AUTHENTICATION.
func (c TemplateContent) checkOneTimeCode() error {
	var check fieldCheck
	minutes := c.OneTimeCode.ExpirationMinutes
	check.require(minutes >= 0 && minutes <= MaxCodeExpiration, "oneTimeCode.expirationMinutes")
	check.count("buttons", len(c.Buttons), 1, 1)
	for i, button := range c.Buttons {
		check.require(button.Kind == TemplateOTP, buttonField(i)+".kind")
		check.buttonText(i, button.Text)
		check.require(button.Code == codeText, buttonField(i)+".code")
	}
	if check.failed != nil {
		return check.failed
	}
	return nil
}

// Worded reports whether the content says what the customer will read. Only that of
// AUTHENTICATION may not yet.
func (c TemplateContent) Worded() bool { return c.OneTimeCode == nil || c.Body != codeText }

// WordedLike returns the content with the words of another one that makes the same
// choices; with other choices, and where the texts are the business's own, as it is.
func (c TemplateContent) WordedLike(other TemplateContent) TemplateContent {
	if !c.Worded() && c.Rewords(other) {
		return other
	}
	return c
}

// Rewords reports whether both make the same choices, so that only WhatsApp's words may
// be others.
func (c TemplateContent) Rewords(other TemplateContent) bool {
	return c.OneTimeCode != nil && c.Wired(ParametersPositional).Same(other.Wired(ParametersPositional))
}

// WordedAs returns the content with WhatsApp's words for it. The body holds Meta's
// parameter where the code stands; false if it does not hold it exactly once.
func (c TemplateContent) WordedAs(body, footer string) (TemplateContent, bool) {
	if strings.Count(body, urlParameter) != 1 {
		return c, false
	}
	before, after, _ := strings.Cut(body, urlParameter)
	var read MergeText
	read.plain(before)
	read.parts = append(read.parts, mergeField(FieldCode))
	read.plain(after)
	c.Body, c.Footer = read.source(), footer
	return c, true
}

// WiredOneTimeCode are the choices of a template of the category AUTHENTICATION as far as
// Meta told them; nil: it did not.
type WiredOneTimeCode struct {
	SecurityRecommendation *bool
	ExpirationMinutes      *int
}

// wired are the choices in Meta's way.
func (o *OneTimeCode) wired() *WiredOneTimeCode {
	if o == nil {
		return nil
	}
	return &WiredOneTimeCode{&o.SecurityRecommendation, &o.ExpirationMinutes}
}

// same reports whether two are the same as far as both are told.
func (w *WiredOneTimeCode) same(other *WiredOneTimeCode) bool {
	if w == nil || other == nil {
		return w == other
	}
	return (w.SecurityRecommendation == nil || other.SecurityRecommendation == nil || *w.SecurityRecommendation == *other.SecurityRecommendation) &&
		(w.ExpirationMinutes == nil || other.ExpirationMinutes == nil || *w.ExpirationMinutes == *other.ExpirationMinutes)
}

// oneTimeCodeOf is ContentOf for a template of the category AUTHENTICATION: what Meta did
// not tell of the choices stays as it is known.
func oneTimeCodeOf(wired WiredTemplate, known TemplateContent) (TemplateContent, bool) {
	var chosen OneTimeCode
	if known.OneTimeCode != nil {
		chosen = *known.OneTimeCode
	}
	if told := wired.OneTimeCode.SecurityRecommendation; told != nil {
		chosen.SecurityRecommendation = *told
	}
	if told := wired.OneTimeCode.ExpirationMinutes; told != nil {
		chosen.ExpirationMinutes = *told
	}
	content := TemplateContent{OneTimeCode: &chosen, Body: codeText}
	for _, button := range wired.Buttons {
		content.Buttons = append(content.Buttons, TemplateButton{Kind: button.Kind, Text: button.Text, Code: codeText})
	}
	content, whole := content.WordedAs(wired.Body.Text, wired.Footer)
	return content, whole && content.checkOneTimeCode() == nil
}

// CheckRecipient returns nil if a message with the template can go to somebody who is
// known by a phone number or not: PHONE_NUMBER_REQUIRED if that is needed, because
// one-time codes are not sent to business-scoped ids (§13.3).
func (t Template) CheckRecipient(byPhone bool) *Error {
	if t.Category == TemplateAuthentication && !byPhone {
		return NewError(CodePhoneNumberRequired, "")
	}
	return nil
}

// oneTimeCode holds a one-time code to what Meta takes (§7.4).
func (c *fieldCheck) oneTimeCode(field, code string) {
	c.text(field, code, 0, MaxTemplateCode)
	c.require(!hasEmoji(code) && !strings.Contains(code, "://"), field)
}
