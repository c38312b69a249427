package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Templates of the category AUTHENTICATION: the business makes choices, and the texts are
// WhatsApp's, in the language of the template (§7.4).

const (
	categoryAuthentication = "AUTHENTICATION"
	maxOneTimeCode         = 15 // characters
)

// codeWords are WhatsApp's words in a language.
type codeWords struct{ body, recommendation, footer string }

// wordsOfCodes are made up after Meta's; a language that is not among them gets English.
var wordsOfCodes = map[string]codeWords{
	"en": {"*{{1}}* is your verification code.", " For your security, do not share this code.", "This code expires in %d minutes."},
	"pt": {"*{{1}}* é seu código de verificação.", " Para sua segurança, não o compartilhe.", "Este código expira em %d minutos."},
	"es": {"Tu código de verificación es *{{1}}*.", " Por tu seguridad, no lo compartas.", "Este código caduca en %d minutos."},
}

// wordsFor are the texts for the choices; the footer is empty without minutes.
func wordsFor(language string, recommend bool, minutes int) (body, footer string) {
	base, _, _ := strings.Cut(language, "_")
	words, known := wordsOfCodes[base]
	if !known {
		words = wordsOfCodes["en"]
	}
	body = words.body
	if recommend {
		body += words.recommendation
	}
	if minutes > 0 {
		footer = fmt.Sprintf(words.footer, minutes)
	}
	return body, footer
}

// completeOneTimeCode holds the components of a template of the category to its rules and
// puts WhatsApp's texts in, and in the place of the button a URL of WhatsApp's.
func completeOneTimeCode(components []component, language string) *graphError {
	var body, footer *component
	var button *templateButton
	for i := range components {
		c := &components[i]
		c.Type = strings.ToUpper(c.Type)
		switch {
		case c.Type == "BODY" && body == nil && c.Text == "":
			body = c
		case c.Type == "FOOTER" && footer == nil && c.Text == "" && c.ExpirationMinutes != nil && *c.ExpirationMinutes >= 1 && *c.ExpirationMinutes <= 90:
			footer = c
		case c.Type == "BUTTONS" && button == nil && len(c.Buttons) == 1:
			button = &c.Buttons[0]
		default:
			return invalidParameter("Param components: a template of AUTHENTICATION has a fixed body and footer, and one button.")
		}
	}
	switch {
	case body == nil || button == nil:
		return invalidParameter("Param components: a template of AUTHENTICATION needs a BODY and a button.")
	case !strings.EqualFold(button.Type, "OTP") || !strings.EqualFold(button.OTPType, "COPY_CODE"):
		return invalidParameter("Param components: the simulator knows OTP buttons of the type COPY_CODE alone.")
	case button.Text == "" || utf8.RuneCountInString(button.Text) > 25:
		return templateFailure(2388040, "Character limit exceeded", "The text of a button has 1 to 25 characters.")
	}
	minutes, query := 0, url.Values{"otp_type": {"COPY_CODE"}}
	if footer != nil {
		minutes = *footer.ExpirationMinutes
		query.Set("code_expiration_minutes", strconv.Itoa(minutes))
	}
	text, below := wordsFor(language, body.SecurityRecommendation != nil && *body.SecurityRecommendation, minutes)
	body.Text, body.Example = text, map[string]any{"body_text": []any{[]any{"123456"}}}
	if footer != nil {
		footer.Text = below
	}
	address := "https://www.whatsapp.com/otp/code/?" + query.Encode() + "&code=otp"
	*button = templateButton{Type: "URL", Text: button.Text, URL: address + "{{1}}", Example: []any{address + "123456"}}
	return nil
}

// checkCodes refuses values that are too long for a one-time code.
func checkCodes(components []sentComponent) *graphError {
	for _, c := range components {
		for _, p := range c.Parameters {
			if p.Text != nil && utf8.RuneCountInString(*p.Text) > maxOneTimeCode {
				return errorOf(132018, "A code has at most 15 characters.")
			}
		}
	}
	return nil
}

// servePreviews shows the texts for choices, in languages.
func (s *Simulator) servePreviews(c *call, _ *account) {
	query := c.r.URL.Query()
	if c.r.Method != http.MethodGet || query.Get("category") != categoryAuthentication {
		c.fail(invalidParameter("Param category must be one of {AUTHENTICATION}."))
		return
	}
	minutes := 0
	if text := query.Get("code_expiration_minutes"); text != "" {
		var err error
		if minutes, err = strconv.Atoi(text); err != nil || minutes < 1 || minutes > 90 {
			c.fail(invalidParameter("Param code_expiration_minutes must be from 1 to 90."))
			return
		}
	}
	previews := []any{}
	for language := range strings.SplitSeq(query.Get("languages"), ",") {
		body, footer := wordsFor(language, query.Get("add_security_recommendation") == "true", minutes)
		preview := map[string]any{"language": language, "body": body, "buttons": []any{map[string]string{"text": "Copy code"}}}
		if footer != "" {
			preview["footer"] = footer
		}
		previews = append(previews, preview)
	}
	c.answer(map[string]any{"data": previews})
}
