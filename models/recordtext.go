package models

import (
	"strings"
	"time"
)

// How values of records are written in texts for people: in Portuguese for a language
// whose code begins with `pt`, as in "pt_BR", and in English for all others.

// moneySigns are written instead of the currency's code.
var moneySigns = map[string]string{"BRL": "R$", "EUR": "€", "GBP": "£", "USD": "US$"}

// In writes the amount for people, as in "R$ 1.234,56" and "R$1,234.56".
func (m Money) In(language string) string {
	whole, decimals, dotted := strings.Cut(m.Amount(), ".")
	sign, known := moneySigns[m.Currency]
	if isPortuguese(language) {
		text := orText(sign, m.Currency) + " " + grouped(whole, ".")
		if dotted {
			text += "," + decimals
		}
		return text
	}
	switch {
	case m.Currency == "USD":
		sign = "$"
	case !known:
		sign = m.Currency + " "
	}
	text := sign + grouped(whole, ",")
	if dotted {
		text += "." + decimals
	}
	return text
}

// In writes the day for people, as in "31/12/2026" and "Dec 31, 2026".
func (d Date) In(language string) string {
	day, err := time.Parse(dateLayout, string(d))
	switch {
	case err != nil:
		return string(d)
	case isPortuguese(language):
		return day.Format("02/01/2006")
	}
	return day.Format("Jan 2, 2006")
}

// In writes a value of the field for people, as in "12,5" or "Sim". Numbers are not
// grouped: they may be years or codes.
func (f CustomField) In(language, value string) string {
	portuguese := isPortuguese(language)
	switch {
	case f.Kind == FieldDate:
		return Date(value).In(language)
	case f.Kind == FieldNumber && portuguese:
		return strings.Replace(value, ".", ",", 1)
	case f.Kind == FieldBoolean && portuguese:
		return map[string]string{"true": "Sim", "false": "Não"}[value]
	case f.Kind == FieldBoolean:
		return map[string]string{"true": "Yes", "false": "No"}[value]
	}
	return value
}

func isPortuguese(language string) bool {
	code, _, _ := strings.Cut(strings.ReplaceAll(language, "_", "-"), "-")
	return strings.EqualFold(code, "pt")
}

// grouped writes a whole number, without a sign, in groups of three digits.
func grouped(digits, separator string) string {
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(digit)
	}
	return b.String()
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
