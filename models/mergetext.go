package models

import (
	"slices"
	"strings"
)

// MergeText is a text with variables, as quick replies have them:
//
//	Olá, #{contact.firstName|cliente}! Aqui é #{agent.name}.
//
// After the bar stands what is used where a value is missing; it may be empty. A
// backslash before `#{` makes it plain text, and two of them stand for one.
type MergeText struct{ parts []mergePart }

// mergePart is plain text, or a variable.
type mergePart struct {
	text     string // the plain text; of a variable, how it was written
	variable string // empty: plain text
	fallback *string
}

// The variables of conversation texts.
const (
	VariableContactName       = "contact.name"
	VariableContactFirstName  = "contact.firstName"
	VariableContactPhone      = "contact.phone"       // E.164
	VariableCompanyName       = FieldCompanyName      // the contact's company
	VariableOrganizationName  = FieldOrganizationName // ours
	VariableAgentName         = "agent.name"          // whoever sends it
	VariableAgentFirstName    = "agent.firstName"
	VariableConversationName  = "conversation.channel" // what the channel is called
	VariableConversationPhone = "conversation.phone"   // the channel's number, E.164
)

// ConversationVariables are the variables that a text of a conversation may hold.
var ConversationVariables = []string{
	VariableContactName, VariableContactFirstName, VariableContactPhone, VariableCompanyName, VariableOrganizationName,
	VariableAgentName, VariableAgentFirstName, VariableConversationName, VariableConversationPhone,
}

const (
	mergeOpen  = "#{"
	mergeClose = "}"
)

// ParseMergeText reads a text. UNKNOWN_VARIABLE with Params["variable"] and
// Params["known"] for a variable that is not among the known ones; INVALID for one
// that is not closed. Both name the field.
func ParseMergeText(text, field string, known []string) (MergeText, error) {
	return parseMergeText(text, field, func(variable string) error {
		if slices.Contains(known, variable) {
			return nil
		}
		return NewError(CodeUnknownVariable, field).With("variable", variable).With("known", strings.Join(known, ", "))
	})
}

// parseMergeText is ParseMergeText where check says which variables there may be.
func parseMergeText(text, field string, check func(variable string) error) (MergeText, error) {
	var merged MergeText
	for {
		before, rest, found := strings.Cut(text, mergeOpen)
		if !found {
			merged.plain(text)
			return merged, nil
		}
		plain := strings.TrimRight(before, `\`)
		backslashes := len(before) - len(plain)
		plain += strings.Repeat(`\`, backslashes/2)
		if backslashes%2 == 1 {
			merged.plain(plain + mergeOpen)
			text = rest
			continue
		}
		merged.plain(plain)
		inner, after, closed := strings.Cut(rest, mergeClose)
		if !closed {
			return MergeText{}, NewError(CodeInvalid, field)
		}
		part := mergePart{text: mergeOpen + inner + mergeClose}
		name, fallback, given := strings.Cut(inner, "|")
		part.variable = strings.TrimSpace(name)
		if err := check(part.variable); err != nil {
			return MergeText{}, err
		}
		if given {
			part.fallback = new(strings.TrimSpace(fallback))
		}
		merged.parts = append(merged.parts, part)
		text = after
	}
}

func (t *MergeText) plain(text string) {
	if text != "" {
		t.parts = append(t.parts, mergePart{text: text})
	}
}

// Render puts values in. Where one is missing or empty its fallback stands, and
// where there is no fallback the variable stays as it was written, and its name is
// among the missing ones, each once, in the order of the text.
func (t MergeText) Render(values map[string]string) (text string, missing []string) {
	var b strings.Builder
	for _, part := range t.parts {
		value := values[part.variable]
		switch {
		case part.variable == "":
			b.WriteString(part.text)
		case value != "":
			b.WriteString(value)
		case part.fallback != nil:
			b.WriteString(*part.fallback)
		default:
			b.WriteString(part.text)
			if !slices.Contains(missing, part.variable) {
				missing = append(missing, part.variable)
			}
		}
	}
	return b.String(), missing
}

// FirstName is the first word of a name.
func FirstName(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
