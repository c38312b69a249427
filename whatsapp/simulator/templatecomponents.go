package simulator

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// component is a component of a template (§7.3).
type component struct {
	Type    string           `json:"type"`
	Format  string           `json:"format,omitempty"`
	Text    string           `json:"text,omitempty"`
	Example map[string]any   `json:"example,omitempty"`
	Buttons []templateButton `json:"buttons,omitempty"`
	Cards   json.RawMessage  `json:"cards,omitempty"`

	SecurityRecommendation *bool `json:"add_security_recommendation,omitempty"`
	ExpirationMinutes      *int  `json:"code_expiration_minutes,omitempty"`
}

type templateButton struct {
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"`
	URL     string `json:"url,omitempty"`
	Phone   string `json:"phone_number,omitempty"`
	OTPType string `json:"otp_type,omitempty"`
	Example any    `json:"example,omitempty"`
}

var (
	anyVariable   = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
	namedVariable = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	numberPattern = regexp.MustCompile(`^[1-9][0-9]*$`)
	templateNames = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)
)

// variables are those of a text, each once; in the order of the text, or of their
// numbers.
func variables(text, format string) []string {
	var found []string
	for _, match := range anyVariable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(found, match[1]) {
			found = append(found, match[1])
		}
	}
	if format == "POSITIONAL" {
		slices.SortFunc(found, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return strings.Compare(a, b)
		})
	}
	return found
}

// shown is the component as reads give it: the handle of a sample is an address (§7.3).
func (c component) shown(string) json.RawMessage {
	if c.Example["header_handle"] != nil {
		c.Example = map[string]any{"header_handle": []string{"https://scontent.whatsapp.net/v/t61/sample"}}
	}
	buttons := slices.Clone(c.Buttons)
	for i, b := range buttons {
		if b.Type == "COPY_CODE" {
			buttons[i].Text = "Copy offer code"
			buttons[i].Example = []any{b.Example}
		}
	}
	c.Buttons = buttons
	raw, err := json.Marshal(c)
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

// templateFailure is an error of creating or editing (§11.5): a subcode of 100, with
// words for people.
func templateFailure(subcode int, title, text string) *graphError {
	e := invalidParameter("Invalid parameter")
	e.Subcode, e.UserTitle, e.UserMessage = subcode, title, text
	return e
}

// checkComponents holds components to §7.4.
func checkComponents(components []component, format string) *graphError {
	counts := make(map[string]int)
	for i := range components {
		c := &components[i]
		c.Type, c.Format = strings.ToUpper(c.Type), strings.ToUpper(c.Format)
		counts[c.Type]++
		var e *graphError
		switch c.Type {
		case "HEADER":
			e = checkHeader(*c, format)
		case "BODY":
			e = checkBody(*c, format)
		case "FOOTER":
			if utf8.RuneCountInString(c.Text) > 60 || anyVariable.MatchString(c.Text) || c.Text == "" {
				e = templateFailure(2388073, "Message template footer is wrong", "The footer has at most 60 characters and no variables.")
			}
		case "BUTTONS":
			e = checkTemplateButtons(c.Buttons)
		case "CAROUSEL", "LIMITED_TIME_OFFER":
		default:
			e = invalidParameter("Param components[" + strconv.Itoa(i) + "]['type'] is unknown.")
		}
		if e != nil {
			return e
		}
	}
	if counts["BODY"] != 1 || counts["HEADER"] > 1 || counts["FOOTER"] > 1 || counts["BUTTONS"] > 1 {
		return invalidParameter("A template needs exactly one BODY, and at most one of each other component.")
	}
	return nil
}

func checkHeader(c component, format string) *graphError {
	wrong := func(text string) *graphError {
		return templateFailure(2388047, "Message template header is wrong", text)
	}
	switch c.Format {
	case "TEXT":
		if utf8.RuneCountInString(c.Text) > 60 || c.Text == "" || strings.ContainsAny(c.Text, "\n*") {
			return wrong("A header has 1 to 60 characters, without line breaks, formatting, emojis and asterisks.")
		}
		names := variables(c.Text, format)
		if len(names) > 1 {
			return wrong("A header has at most one variable.")
		}
		return checkVariables(c, "header_text", names, format)
	case "IMAGE", "VIDEO", "DOCUMENT":
		handles, _ := c.Example["header_handle"].([]any)
		if len(handles) == 0 {
			return wrong("A header of media needs a sample.")
		}
		handle, _ := handles[0].(string)
		if !strings.HasPrefix(handle, handlePrefix) {
			return wrong("The sample of the header is not known.")
		}
		return nil
	case "LOCATION":
		return nil
	}
	return wrong("The format of the header is unknown.")
}

func checkBody(c component, format string) *graphError {
	length := utf8.RuneCountInString(c.Text)
	if length == 0 || length > 1024 {
		return templateFailure(2388040, "Character limit exceeded", "The body has 1 to 1,024 characters.")
	}
	text := strings.TrimSpace(c.Text)
	names := variables(text, format)
	if len(names) == 0 {
		return nil
	}
	if strings.HasPrefix(text, "{{") || strings.HasSuffix(text, "}}") {
		return templateFailure(2388299, "Variables can't be at the start or end of the template", "Add words before the first and after the last variable.")
	}
	all := len(anyVariable.FindAllString(text, -1))
	if words := len(strings.Fields(anyVariable.ReplaceAllString(text, " "))); words < 2*all+1 {
		return templateFailure(2388293, "Too many variables", "This template has too many variables for its length. Reduce the number of variables or increase the message length.")
	}
	return checkVariables(c, "body_text", names, format)
}

// checkVariables holds variables to their format, and samples to the variables.
func checkVariables(c component, property string, names []string, format string) *graphError {
	for i, name := range names {
		named := namedVariable.MatchString(name)
		if named != (format == "NAMED") || !named && !numberPattern.MatchString(name) {
			return templateFailure(2388072, "Message template body is wrong", "Variable "+name+" is not of the format "+format+".")
		}
		if !named && name != strconv.Itoa(i+1) {
			return templateFailure(2388072, "Message template body is wrong", "Variables are numbered from 1 without gaps.")
		}
	}
	if format == "NAMED" && len(anyVariable.FindAllString(c.Text, -1)) != len(names) {
		return templateFailure(2388072, "Message template body is wrong", "Variables must be unique.")
	}
	if len(names) == 0 {
		return nil
	}
	given := 0
	if format == "NAMED" {
		samples, _ := c.Example[property+"_named_params"].([]any)
		for _, sample := range samples {
			fields, _ := sample.(map[string]any)
			name, _ := fields["param_name"].(string)
			if text, _ := fields["example"].(string); text != "" && slices.Contains(names, name) {
				given++
			}
		}
	} else {
		samples, _ := c.Example[property].([]any)
		if len(samples) > 0 {
			if inner, nested := samples[0].([]any); nested {
				samples = inner
			}
		}
		given = len(samples)
	}
	if given != len(names) {
		return invalidParameter("Param components: the sample of a variable is missing.")
	}
	return nil
}

func checkTemplateButtons(buttons []templateButton) *graphError {
	most := map[string]int{"QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "FLOW": 1, "CATALOG": 1}
	have, changes := make(map[string]int), 0
	if len(buttons) > 10 {
		return invalidParameter("Param components: a template has at most 10 buttons.")
	}
	for i := range buttons {
		b := &buttons[i]
		b.Type = strings.ToUpper(b.Type)
		if have[b.Type]++; have[b.Type] > most[b.Type] {
			return invalidParameter("Param components: too many buttons of type " + b.Type + ".")
		}
		if i > 0 && (b.Type == "QUICK_REPLY") != (buttons[i-1].Type == "QUICK_REPLY") {
			changes++
		}
		if b.Type != "COPY_CODE" && (b.Text == "" || utf8.RuneCountInString(b.Text) > 25) {
			return templateFailure(2388040, "Character limit exceeded", "The text of a button has 1 to 25 characters.")
		}
		switch b.Type {
		case "URL":
			place := strings.Index(b.URL, "{{")
			if !strings.HasPrefix(b.URL, "http") || place >= 0 && b.URL[place:] != "{{1}}" {
				return invalidParameter("Param components: the URL of a button is wrong.")
			}
			if place >= 0 && b.Example == nil {
				return invalidParameter("Param components: the sample of a URL is missing.")
			}
		case "PHONE_NUMBER":
			if b.Phone == "" || len(b.Phone) > 20 {
				return invalidParameter("Param components: the number of a button is wrong.")
			}
		case "COPY_CODE":
			if code, _ := b.Example.(string); code == "" || len(code) > 20 {
				return invalidParameter("Param components: the sample of a code is missing.")
			}
		}
	}
	if changes > 1 {
		return invalidParameter("Param components: quick replies must be grouped.")
	}
	return nil
}
