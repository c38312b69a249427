package models

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// TemplateWarning is something for which Meta often rejects templates. The template
// can be submitted all the same.
type TemplateWarning struct {
	Code   TemplateWarningCode
	Field  string            // the part: "body", "header.text", …
	Params map[string]string // what a message for people needs, by name
}

// TemplateWarningCode says what a warning is about.
type TemplateWarningCode string

// The warnings, with the usual causes of rejection
// (reference/whatsapp-cloud-api.md §7.4, §7.7).
const (
	WarnVariableFirst      TemplateWarningCode = "VARIABLE_FIRST"            // the body begins with a merge field; Meta refuses that
	WarnVariableLast       TemplateWarningCode = "VARIABLE_LAST"             // the body ends with one; Meta refuses that
	WarnVariablesAdjacent  TemplateWarningCode = "VARIABLES_ADJACENT"        // two with nothing but spaces between them
	WarnTooManyVariables   TemplateWarningCode = "TOO_MANY_VARIABLES"        // for so few words; Params["words"] there are, ["needed"]
	WarnLanguageMismatch   TemplateWarningCode = "LANGUAGE_MISMATCH"         // the text seems to be in Params["found"]
	WarnLooksLikeMarketing TemplateWarningCode = "LOOKS_LIKE_MARKETING"      // words of marketing in UTILITY: Params["words"]
	WarnLooksLikeCode      TemplateWarningCode = "LOOKS_LIKE_AUTHENTICATION" // words of one-time codes: Params["words"]
	WarnLooksLikeSpam      TemplateWarningCode = "LOOKS_LIKE_SPAM"           // shouting, or rows of exclamation marks
	WarnShortLink          TemplateWarningCode = "SHORT_LINK"                // Params["link"]: one that hides where it leads
)

// Lint lists what Meta may take exception to, in a content that passed Check; to its own
// words it takes none.
func (c TemplateContent) Lint(language string, category TemplateCategory) []TemplateWarning {
	if c.OneTimeCode != nil {
		return nil
	}
	var warnings []TemplateWarning
	warn := func(code TemplateWarningCode, field string, params ...string) {
		warning := TemplateWarning{Code: code, Field: field, Params: make(map[string]string, len(params)/2)}
		for i := 0; i+1 < len(params); i += 2 {
			warning.Params[params[i]] = params[i+1]
		}
		warnings = append(warnings, warning)
	}
	body := merged(c.Body)
	lintPlaces(body, warn)
	words := wordsOf(body)
	if n := variables(body); n > 0 {
		if needed := 2*n + 1; len(words) < needed { // a rule of thumb, §7.4
			warn(WarnTooManyVariables, "body", "words", strconv.Itoa(len(words)), "needed", strconv.Itoa(needed))
		}
	}
	all := words
	if c.Header != nil {
		all = append(all, wordsOf(merged(c.Header.Text))...)
	}
	all = append(all, wordsOf(MergeText{parts: []mergePart{{text: c.Footer}}})...)
	if found := languageOf(all, language); found != "" {
		warn(WarnLanguageMismatch, "body", "found", found)
	}
	text := " " + strings.Join(all, " ") + " "
	if seen := phrasesIn(text, marketingPhrases); category == TemplateUtility && (len(seen) > 0 || percentOff.MatchString(c.Body)) {
		if off := percentOff.FindString(c.Body); off != "" {
			seen = append(seen, off)
		}
		warn(WarnLooksLikeMarketing, "body", "words", strings.Join(seen, ", "))
	}
	if seen := phrasesIn(text, codePhrases); category != TemplateAuthentication && len(seen) > 0 {
		warn(WarnLooksLikeCode, "body", "words", strings.Join(seen, ", "))
	}
	if strings.Contains(c.Body, "!!") || shouts(body) {
		warn(WarnLooksLikeSpam, "body")
	}
	lintLinks(c, warn)
	return warnings
}

func lintPlaces(body MergeText, warn func(TemplateWarningCode, string, ...string)) {
	var shape []bool // whether each part that says something is a merge field
	for _, part := range body.parts {
		if part.variable != "" || strings.TrimSpace(part.text) != "" {
			shape = append(shape, part.variable != "")
		}
	}
	if len(shape) == 0 {
		return
	}
	if shape[0] {
		warn(WarnVariableFirst, "body")
	}
	if shape[len(shape)-1] {
		warn(WarnVariableLast, "body")
	}
	for i := 1; i < len(shape); i++ {
		if shape[i] && shape[i-1] {
			warn(WarnVariablesAdjacent, "body")
			return
		}
	}
}

var shortLink = regexp.MustCompile(`(?i)\b(bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|cutt\.ly|encurtador\.com\.br|wa\.me)/[^\s#]*`)

func lintLinks(c TemplateContent, warn func(TemplateWarningCode, string, ...string)) {
	for _, part := range c.texts() {
		if link := shortLink.FindString(part.text); link != "" {
			warn(WarnShortLink, part.field, "link", link)
		}
	}
}

// shouts reports whether most of a text of some length is in capitals.
func shouts(text MergeText) bool {
	upper, letters := 0, 0
	for _, part := range text.parts {
		if part.variable != "" {
			continue
		}
		for _, r := range part.text {
			if unicode.IsLetter(r) {
				letters++
			}
			if unicode.IsUpper(r) {
				upper++
			}
		}
	}
	return letters >= 20 && upper*2 > letters
}

// wordsOf are the words of a text in lower case, merge fields aside.
func wordsOf(text MergeText) []string {
	var words []string
	for _, part := range text.parts {
		if part.variable == "" {
			words = append(words, strings.FieldsFunc(strings.ToLower(part.text), func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '\''
			})...)
		}
	}
	return words
}

func phrasesIn(text string, phrases []string) []string {
	var seen []string
	for _, phrase := range phrases {
		if strings.Contains(text, " "+phrase+" ") {
			seen = append(seen, phrase)
		}
	}
	return seen
}

var percentOff = regexp.MustCompile(`(?i)\d+\s*%\s*(off|de desconto|desconto|discount|de descuento)\b`)

// Words for which reviewers take a template for marketing, or for one with a code,
// in Portuguese, English and Spanish.
var (
	marketingPhrases = strings.Split("promoção|promoções|promocional|desconto|descontos|oferta|ofertas|imperdível|aproveite|cupom|cupons|"+
		"grátis|liquidação|black friday|cyber monday|frete grátis|compre|compre agora|novidade|novidades|lançamento|sorteio|brinde|"+
		"sale|discount|discounts|offer|offers|deal|deals|promo|promotion|coupon|voucher|free|buy now|shop now|limited time|special price|"+
		"new arrivals|don't miss|giveaway|oferta especial|descuento|descuentos|rebajas|gratis|aprovecha|compra ahora|novedades", "|")
	codePhrases = strings.Split("código de verificação|código de confirmação|código de acesso|senha temporária|token de acesso|"+
		"verification code|one-time password|one-time code|one-time passcode|otp|security code|login code|código de verificación|código de seguridad", "|")
)

// commonWords are words by which a language is known: frequent ones that the others do
// not have.
var commonWords = map[string][]string{
	"pt": strings.Fields("você seu sua não para com uma um é está foi obrigado obrigada olá oi pedido dia bom boa nós nosso nossa já às ao da do das dos em no na por mais sobre quando entre ou também será são temos"),
	"en": strings.Fields("the you your is are was we our for with and to of in on has have been will this that it please thank thanks hello hi order can from about not"),
	"es": strings.Fields("el la los las usted su es está fue gracias hola para con una un pedido día buenos buenas nosotros nuestro nuestra ya al del en por más sobre cuando entre también será son tenemos y"),
}

// languageOf returns the language that the words seem to be in, if that is clearly
// another one than the code names; empty otherwise, and for languages that it does not
// know.
func languageOf(words []string, code string) string {
	declared, _, _ := strings.Cut(code, "_")
	if commonWords[declared] == nil {
		return ""
	}
	count := func(language string) (n int) {
		for _, word := range words {
			if slices.Contains(commonWords[language], word) {
				n++
			}
		}
		return n
	}
	own := count(declared)
	for _, language := range []string{"pt", "en", "es"} {
		if n := count(language); language != declared && n >= 3 && n > 2*own {
			return language
		}
	}
	return ""
}
