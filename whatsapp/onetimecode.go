package whatsapp

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Templates of the category AUTHENTICATION: their texts are WhatsApp's
// (reference/whatsapp-cloud-api.md §7.4). Only those whose button copies the code are
// written; those that fill it into an app need to know the app.

const (
	categoryAuthentication = "AUTHENTICATION"
	buttonOTP              = "OTP"
	otpCopyCode            = "COPY_CODE"
)

// OneTimeCode are the choices in a template of the category AUTHENTICATION. Of one that
// was read, what Meta did not say is nil; where one is written, nil leaves it out.
type OneTimeCode struct {
	SecurityRecommendation *bool // whether the body says to pass the code on to nobody
	ExpirationMinutes      *int  // for how long the footer says that it works; 0: there is no footer
}

// oneTimeCodeComponents writes the template's components.
func (t Template) oneTimeCodeComponents() []map[string]any {
	body := map[string]any{"type": "BODY"}
	if told := t.OneTimeCode.SecurityRecommendation; told != nil {
		body["add_security_recommendation"] = *told
	}
	components := []map[string]any{body}
	if minutes := t.OneTimeCode.ExpirationMinutes; minutes != nil && *minutes > 0 {
		components = append(components, map[string]any{"type": "FOOTER", "code_expiration_minutes": *minutes})
	}
	buttons := make([]map[string]any, len(t.Buttons))
	for i, b := range t.Buttons {
		buttons[i] = map[string]any{"type": buttonOTP, "otp_type": otpCopyCode, "text": b.Text}
	}
	return append(components, map[string]any{"type": "BUTTONS", "buttons": buttons})
}

// readOneTimeCode recognizes a template with a code and one button that copies it, which
// Meta shows as one of a URL of its own. Others of the category stay as they were read.
func (t *Template) readOneTimeCode(components []wireComponent) {
	if t.Category != categoryAuthentication || t.Header != nil || len(t.Buttons) != 1 {
		return
	}
	var code OneTimeCode
	for _, c := range components {
		switch strings.ToUpper(string(c.Type)) {
		case "BODY":
			if told, err := strconv.ParseBool(string(c.SecurityRecommendation)); err == nil {
				code.SecurityRecommendation = &told
			}
		case "FOOTER":
			if minutes, err := strconv.Atoi(string(c.ExpirationMinutes)); err == nil {
				code.ExpirationMinutes = &minutes
			}
		case "BUTTONS":
			if len(c.Buttons) != 1 || !c.Buttons[0].copiesCode(&code) {
				return
			}
		}
	}
	if t.Footer == "" && code.ExpirationMinutes == nil {
		code.ExpirationMinutes = new(0)
	}
	t.OneTimeCode, t.Foreign = &code, t.Body.Text == ""
	t.Buttons = []TemplateButton{{Type: buttonOTP, Text: t.Buttons[0].Text}}
}

// copiesCode reports whether the button copies a one-time code, and notes what its URL
// says of that.
func (b wireTemplateButton) copiesCode(code *OneTimeCode) bool {
	switch strings.ToUpper(string(b.Type)) {
	case buttonOTP:
		return strings.EqualFold(string(b.OTPType), otpCopyCode)
	case buttonURL:
		address, err := url.Parse(strings.TrimSuffix(string(b.URL), "{{1}}"))
		if err != nil || !strings.Contains(address.Path, "/otp/") {
			return false
		}
		query := address.Query()
		if minutes, err := strconv.Atoi(query.Get("code_expiration_minutes")); err == nil && code.ExpirationMinutes == nil {
			code.ExpirationMinutes = &minutes
		}
		return strings.EqualFold(query.Get("otp_type"), otpCopyCode)
	}
	return false
}

// OneTimeCodeWords are WhatsApp's words in a template of the category AUTHENTICATION.
type OneTimeCodeWords struct {
	Body   string // with {{1}} where the code stands
	Footer string // empty: none
}

// OneTimeCodeWords asks for WhatsApp's words for the choices in a language (§7.4), which
// are empty if it has none.
func (c *Client) OneTimeCodeWords(ctx context.Context, creds Credentials, wabaID, language string, choices OneTimeCode) (OneTimeCodeWords, error) {
	if e := checkObjectID(wabaID); e != nil {
		return OneTimeCodeWords{}, e
	}
	query := url.Values{"category": {categoryAuthentication}, "languages": {language}, "button_types": {buttonOTP}}
	if told := choices.SecurityRecommendation; told != nil {
		query.Set("add_security_recommendation", strconv.FormatBool(*told))
	}
	if minutes := choices.ExpirationMinutes; minutes != nil && *minutes > 0 {
		query.Set("code_expiration_minutes", strconv.Itoa(*minutes))
	}
	var words OneTimeCodeWords
	err := c.do(ctx, creds, call{
		name: "preview template", method: http.MethodGet, object: wabaID, edge: "/message_template_previews", query: query.Encode(), repeatable: true,
		decode: func(answer []byte) error {
			var wire struct {
				Data looseList[struct {
					Language flexible `json:"language"`
					Body     flexible `json:"body"`
					Footer   flexible `json:"footer"`
				}] `json:"data"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			words = OneTimeCodeWords{}
			for _, preview := range wire.Data {
				if templateLanguage(preview.Language) == language && preview.Body != "" {
					words = OneTimeCodeWords{Body: string(preview.Body), Footer: string(preview.Footer)}
				}
			}
			return nil
		},
	})
	return words, err
}
