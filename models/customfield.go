package models

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of custom fields.
const (
	MaxCustomFields  = 100  // of a record type
	MaxFieldKey      = 40   // characters; a merge field with it has to fit into maxTemplateField
	MaxFieldLabel    = 100  // characters
	MaxFieldOptions  = 100  // of a CHOICE
	MaxFieldOption   = 100  // characters
	MaxFieldText     = 1000 // characters of a TEXT value
	maxWholeDigits   = 15   // of a NUMBER value, before the point
	maxDecimalDigits = 10   // and after it
)

// RecordType is a kind of record that custom fields belong to.
type RecordType string

// The record types.
const (
	RecordContact RecordType = "CONTACT"
	RecordCompany RecordType = "COMPANY"
	RecordDeal    RecordType = "DEAL"
)

// Valid reports whether t is one of the record types.
func (t RecordType) Valid() bool { return t == RecordContact || t == RecordCompany || t == RecordDeal }

// FieldKind says what the values of a custom field are.
type FieldKind string

// The kinds of custom field. Values of all of them are texts, in the form that
// CustomField.Clean makes.
const (
	FieldText    FieldKind = "TEXT"
	FieldNumber  FieldKind = "NUMBER"  // a decimal number with a point, as in "-12.5"
	FieldDate    FieldKind = "DATE"    // as Date has it
	FieldBoolean FieldKind = "BOOLEAN" // "true" or "false"
	FieldChoice  FieldKind = "CHOICE"  // one of the options
)

// FieldKinds are all kinds of custom field.
var FieldKinds = []FieldKind{FieldText, FieldNumber, FieldDate, FieldBoolean, FieldChoice}

// CustomField is what an organization keeps of records of a type beyond what all have.
// Record type, key and kind stay as they are made: texts and programs rely on them.
type CustomField struct {
	OrganizationID ID         `gorm:"type:uuid;primaryKey;uniqueIndex:custom_fields_key,priority:1"`
	ID             ID         `gorm:"type:uuid;primaryKey"`
	RecordType     RecordType `gorm:"not null;uniqueIndex:custom_fields_key,priority:2"`
	Key            string     `gorm:"not null"`                                          // see CheckFieldKey
	FoldedKey      string     `gorm:"not null;uniqueIndex:custom_fields_key,priority:3"` // in lower case
	Label          string     `gorm:"not null"`
	Kind           FieldKind  `gorm:"not null"`
	Options        []string   `gorm:"serializer:json;type:text"` // of a CHOICE, in their order; nil otherwise
	Version        int64      `gorm:"not null"`                  // grows with every change; for expectedVersion
	CreatedByID    ID         `gorm:"type:uuid;not null"`
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

var fieldKey = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)

// CheckFieldKey refuses what cannot be the key of a custom field: REQUIRED or INVALID
// (key).
func CheckFieldKey(key string) error {
	switch {
	case key == "":
		return NewError(CodeRequired, "key")
	case len(key) > MaxFieldKey:
		return NewError(CodeInvalid, "key").With("max", strconv.Itoa(MaxFieldKey))
	case !fieldKey.MatchString(key):
		return NewError(CodeInvalid, "key")
	}
	return nil
}

// CleanOptions brings the options of a field of the kind into the form in which they
// are kept: names as CleanName makes them, each once whatever the case. REQUIRED or
// INVALID (options); only a CHOICE has any, and it has at least one.
func CleanOptions(kind FieldKind, options []string) ([]string, error) {
	const field = "options"
	switch {
	case kind != FieldChoice && len(options) > 0:
		return nil, NewError(CodeInvalid, field)
	case kind != FieldChoice:
		return nil, nil
	case len(options) == 0:
		return nil, NewError(CodeRequired, field)
	case len(options) > MaxFieldOptions:
		return nil, NewError(CodeInvalid, field).With("maxItems", strconv.Itoa(MaxFieldOptions))
	}
	clean := make([]string, len(options))
	known := make(map[string]bool, len(options))
	for i, option := range options {
		name, err := CleanName(option, field+"."+strconv.Itoa(i), MaxFieldOption)
		if err != nil {
			return nil, err
		}
		key := NameKey(name)
		if known[key] {
			return nil, NewError(CodeInvalid, field+"."+strconv.Itoa(i)).With("duplicate", "true")
		}
		known[key], clean[i] = true, name
	}
	return clean, nil
}

var decimalNumber = regexp.MustCompile(`^(-?)0*([0-9]+)(?:\.([0-9]+))?$`)

// Clean brings a value into the form in which the field keeps it. It is false for one
// that the kind does not allow.
func (f CustomField) Clean(value string) (string, bool) {
	switch f.Kind {
	case FieldText:
		value = strings.TrimSpace(value)
		return value, value != "" && utf8.ValidString(value) && !strings.ContainsRune(value, 0) && utf8.RuneCountInString(value) <= MaxFieldText
	case FieldNumber:
		return cleanDecimal(value)
	case FieldDate:
		return value, Date(value).Valid()
	case FieldBoolean:
		return value, value == "true" || value == "false"
	case FieldChoice:
		return value, slices.Contains(f.Options, value)
	}
	return "", false
}

// cleanDecimal writes a decimal number without superfluous zeros.
func cleanDecimal(value string) (string, bool) {
	const longest = 1 + 2*maxWholeDigits + 1 + maxDecimalDigits // with some zeros in front
	if len(value) > longest {
		return "", false
	}
	parts := decimalNumber.FindStringSubmatch(value)
	if parts == nil || len(parts[2]) > maxWholeDigits || len(parts[3]) > maxDecimalDigits {
		return "", false
	}
	number := parts[2]
	if decimals := strings.TrimRight(parts[3], "0"); decimals != "" {
		number += "." + decimals
	}
	if number == "0" {
		return number, true
	}
	return parts[1] + number, true
}

// CustomValue is what a record has in a custom field.
type CustomValue struct {
	FieldID ID     `json:"field"`
	Value   string `json:"value"` // as CustomField.Clean made it
}

// CustomValues are what a record has in custom fields, each once, in the order of the
// fields' ids. Those of fields that were deleted since may be among them: they are not
// shown, and go when the record is written next.
type CustomValues []CustomValue

// Get returns the value in a field, or false if there is none.
func (v CustomValues) Get(field ID) (string, bool) {
	for _, value := range v {
		if value.FieldID == field {
			return value.Value, true
		}
	}
	return "", false
}

// CustomValueChange sets a value by the key of its field; an empty value, or one of
// spaces, takes it away.
type CustomValueChange struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Change returns the values with changes, given the fields that the record type has;
// values of others are left out. Failures: NOT_FOUND (customValues.INDEX.key) for a key that
// no field has, INVALID (customValues.INDEX.key) for one that came before, and INVALID
// (customValues.INDEX.value) with Params["kind"] for what its field does not allow.
func (v CustomValues) Change(fields []CustomField, changes []CustomValueChange) (CustomValues, error) {
	if len(changes) > MaxCustomFields {
		return nil, NewError(CodeInvalid, "customValues").With("maxItems", strconv.Itoa(MaxCustomFields))
	}
	wanted := make(map[ID]string, len(fields))
	for _, field := range fields {
		if value, ok := v.Get(field.ID); ok {
			wanted[field.ID] = value
		}
	}
	changed := make(map[ID]bool, len(changes))
	for i, change := range changes {
		at := "customValues." + strconv.Itoa(i)
		index := slices.IndexFunc(fields, func(f CustomField) bool { return f.Key == change.Key })
		if index < 0 {
			return nil, NewError(CodeNotFound, at+".key")
		}
		field := fields[index]
		if changed[field.ID] {
			return nil, NewError(CodeInvalid, at+".key").With("duplicate", "true")
		}
		changed[field.ID] = true
		if strings.TrimSpace(change.Value) == "" {
			delete(wanted, field.ID)
			continue
		}
		value, ok := field.Clean(change.Value)
		if !ok {
			return nil, NewError(CodeInvalid, at+".value").With("kind", string(field.Kind))
		}
		wanted[field.ID] = value
	}
	return customValuesOf(wanted), nil
}

// Under returns the values, and beneath them those of another record of the type that
// are in fields in which there is none.
func (v CustomValues) Under(other CustomValues) CustomValues {
	wanted := make(map[ID]string, len(v)+len(other))
	for _, value := range slices.Concat(other, v) {
		wanted[value.FieldID] = value.Value
	}
	return customValuesOf(wanted)
}

func customValuesOf(wanted map[ID]string) CustomValues {
	var values CustomValues
	for field, value := range wanted {
		values = append(values, CustomValue{field, value})
	}
	slices.SortFunc(values, func(a, b CustomValue) int { return bytes.Compare(a.FieldID[:], b.FieldID[:]) })
	return values
}

// Date is a day of the calendar without a time zone, written as in "2026-03-01".
type Date string

const dateLayout = "2006-01-02"

// Valid reports whether d is a day, from the year 1 to 9999.
func (d Date) Valid() bool {
	day, err := time.Parse(dateLayout, string(d))
	return err == nil && day.Year() > 0
}
