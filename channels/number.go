package channels

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// E.164 allows 15 digits; the shortest numbers in use, with their country code,
// have 7.
const (
	minDigits = 7
	maxDigits = 15
)

// displayNumber turns an international number, with or without a plus and in any
// notation, into E.164. A number that follows no known plan (Meta's test numbers)
// is kept by its digits. It reports false for what cannot be a number.
func displayNumber(text string) (string, bool) {
	var digits strings.Builder
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0, strings.ContainsRune(" -.()/\u00a0\u2011", r):
		default:
			return "", false
		}
	}
	number := digits.String()
	if len(number) < minDigits || len(number) > maxDigits || number[0] == '0' {
		return "", false
	}
	number = "+" + number
	if parsed, err := phonenumbers.Parse(number, ""); err == nil && phonenumbers.IsPossibleNumber(parsed) {
		number = phonenumbers.Format(parsed, phonenumbers.E164)
	}
	return number, true
}
