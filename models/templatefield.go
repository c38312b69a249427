package models

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Merge fields of templates are written as variables of a MergeText:
//
//	Olá, #{contact.firstName|cliente}! Seu pedido #{orderNumber} já saiu.
//
// A name with a dot is of a record: of the contact, their company, the deal, the user
// who sends or the organization; `contact.custom.x` is a custom field. A name without
// one is a free parameter, whose value comes with each message. After the bar stands
// the fallback, which must not be empty: Meta takes no empty values.

// The merge fields whose values Recado knows by itself.
const (
	FieldContactName      = "contact.name"
	FieldContactFirstName = "contact.firstName"
	FieldContactPhone     = "contact.phone" // E.164
	FieldUserName         = "user.name"
	FieldUserFirstName    = "user.firstName"
	FieldUserEmail        = "user.email"
	FieldOrganizationName = "organization.name"
)

// TemplateFields are the merge fields whose values Recado knows by itself, besides custom
// fields. Those of companies and deals are written for people in the template's language.
var TemplateFields = []string{
	FieldContactName, FieldContactFirstName, FieldContactPhone, FieldUserName, FieldUserFirstName, FieldUserEmail, FieldOrganizationName,
	FieldCompanyName, FieldCompanyPhone, FieldCompanyWebsite, FieldDealName, FieldDealAmount, FieldDealStage, FieldDealClosingDate,
}

// maxTemplateField is the longest name of a merge field, in bytes.
const maxTemplateField = 64

var (
	freeParameter = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	recordField   = regexp.MustCompile(`^(company|deal)\.[a-z][A-Za-z0-9_]*$|^(contact|company|deal)\.custom\.[A-Za-z0-9_]+$`)
	customField   = regexp.MustCompile(`^(contact|company|deal)\.custom\.`)
)

// ValidTemplateField reports whether a name can be that of a merge field.
func ValidTemplateField(name string) bool {
	return len(name) <= maxTemplateField &&
		(freeParameter.MatchString(name) || recordField.MatchString(name) || slices.Contains(TemplateFields, name))
}

// AutomaticTemplateField reports whether Recado fills a merge field in by itself, where it
// knows the value.
func AutomaticTemplateField(name string) bool {
	return slices.Contains(TemplateFields, name) || customField.MatchString(name)
}

// NeedsRecords reports whether the content has merge fields of companies, deals or custom
// fields.
func (c TemplateContent) NeedsRecords() bool {
	return slices.ContainsFunc(c.Fields(), recordField.MatchString)
}

// parseTemplateText reads a text with merge fields. UNKNOWN_VARIABLE and INVALID, see
// ParseMergeText, with the field; INVALID also for an empty fallback, and for what
// Meta would take for variables of its own.
func parseTemplateText(text, field string) (MergeText, error) {
	merged, err := parseMergeText(text, field, func(name string) error {
		if ValidTemplateField(name) {
			return nil
		}
		return NewError(CodeUnknownVariable, field).With("variable", name).With("known", strings.Join(TemplateFields, ", "))
	})
	if err != nil {
		return MergeText{}, err
	}
	var shape strings.Builder // of the text as Meta gets it
	for _, part := range merged.parts {
		switch {
		case part.variable == "":
			shape.WriteString(part.text)
			continue
		case part.fallback != nil && cleanValue(*part.fallback) == "":
			return MergeText{}, NewError(CodeInvalid, field).With("variable", part.variable)
		}
		shape.WriteString("{\x00}")
	}
	if wire := shape.String(); strings.Contains(wire, "{{") || strings.Contains(wire, "}}") {
		return MergeText{}, NewError(CodeInvalid, field)
	}
	return merged, nil
}

// mergeSource writes plain text so that it reads as plain text again: before is what
// stands in front of a merge field, which backslashes must not swallow.
func mergeSource(plain string, before bool) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(plain, mergeOpen)
		if !found {
			b.WriteString(head)
			if before {
				b.WriteString(trailingBackslashes(head))
			}
			return b.String()
		}
		b.WriteString(head + trailingBackslashes(head) + `\` + mergeOpen)
		plain = rest
	}
}

func trailingBackslashes(text string) string { return text[len(strings.TrimRight(text, `\`)):] }

// source is the text that reads as t.
func (t MergeText) source() string {
	var b strings.Builder
	plain := ""
	for _, part := range t.parts {
		if part.variable == "" {
			plain += part.text
			continue
		}
		b.WriteString(mergeSource(plain, true) + part.text)
		plain = ""
	}
	b.WriteString(mergeSource(plain, false))
	return b.String()
}

// mergeField makes the part of a merge field without a fallback.
func mergeField(name string) mergePart {
	return mergePart{text: mergeOpen + name + mergeClose, variable: name}
}

// fields lists the merge fields, each once, in the order of the text.
func (t MergeText) fields() []string {
	var names []string
	for _, part := range t.parts {
		if part.variable != "" && !slices.Contains(names, part.variable) {
			names = append(names, part.variable)
		}
	}
	return names
}

// fallbacks are those of the merge fields that have one.
func (t MergeText) fallbacks() map[string]string {
	fallbacks := make(map[string]string)
	for _, part := range t.parts {
		if part.fallback != nil {
			if _, taken := fallbacks[part.variable]; !taken {
				fallbacks[part.variable] = *part.fallback
			}
		}
	}
	return fallbacks
}

// slot is a place in a text that Meta fills with a value.
type slot struct {
	name string // Meta's: contact_first_name, or 1
	part mergePart
}

// slots are Meta's parameters for the merge fields of a text, in Meta's order; each
// part has the name in names, in the order of the text. Named parameters must be
// unique (§7.4), so that a field that stands twice has two of them; a positional one
// is used again.
func (t MergeText) slots(format ParameterFormat) (slots []slot, names []string) {
	if format == ParametersNamed {
		taken := make(map[string]bool)
		for _, part := range t.parts {
			if part.variable == "" {
				continue
			}
			name := parameterName(part.variable)
			for n := 2; taken[name]; n++ {
				name = parameterName(part.variable) + "_" + strconv.Itoa(n)
			}
			taken[name] = true
			slots, names = append(slots, slot{name, part}), append(names, name)
		}
		return slots, names
	}
	fields := t.fields()
	if numbered(fields) { // as Meta has them
		slices.SortFunc(fields, compareNumbers)
	}
	for _, part := range t.parts {
		if part.variable != "" {
			names = append(names, strconv.Itoa(slices.Index(fields, part.variable)+1))
		}
	}
	for i, field := range fields {
		part := t.parts[slices.IndexFunc(t.parts, func(p mergePart) bool { return p.variable == field })]
		slots = append(slots, slot{strconv.Itoa(i + 1), part})
	}
	return slots, names
}

// numbered reports whether the names are the numbers from 1 on, in any order.
func numbered(names []string) bool {
	for i := range names {
		if !slices.Contains(names, strconv.Itoa(i+1)) {
			return false
		}
	}
	return true
}

// compareNumbers orders numbers without leading zeros.
func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// parameterName is Meta's name for a merge field: lower case, digits and underscores,
// and no number, which would be a positional parameter.
func parameterName(field string) string {
	var b strings.Builder
	if field[0] >= '0' && field[0] <= '9' {
		b.WriteString("value_")
	}
	for i, r := range field {
		switch {
		case r == '.':
			b.WriteByte('_')
		case unicode.IsUpper(r):
			if i > 0 && !strings.HasSuffix(b.String(), "_") {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fieldOfParameter is the merge field for a parameter of a template that was made
// elsewhere: one of ours that has this name, or else a free parameter.
func fieldOfParameter(name string) string {
	for _, field := range TemplateFields {
		if parameterName(field) == name {
			return field
		}
	}
	return name
}

// cleanValue brings a value into the form in which Meta takes it: without line breaks,
// tabs and long rows of spaces (§5.6), which become single spaces.
func cleanValue(value string) string {
	value = strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "\uFFFD")
	if strings.ContainsAny(value, "\r\n\t") || strings.Contains(value, "     ") {
		return strings.Join(strings.Fields(value), " ")
	}
	return strings.TrimSpace(value)
}
