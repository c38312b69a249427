package whatsapp

import "strings"

// Digits returns the ASCII digits of s, which turns any notation of an
// international number into that of a wa_id: "+44 7700 900456" → "447700900456".
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// MatchKey returns a key under which the numbers of one person coincide where
// the wa_id may differ from the number that is dialled
// (reference/whatsapp-cloud-api.md §13.2):
//
//   - Brazil: with and without the ninth digit of a mobile number, that is
//     only if the eight digits after it start with 6 to 9;
//   - Mexico: 521 and 52;
//   - Argentina: 549 and 54.
//
// Any other number is its own key. The key serves to find a person; it is not
// an address and must never be sent to. See [RecipientAddress].
func MatchKey(waID string) string {
	digits := Digits(waID)
	switch {
	case isBrazilianMobileOf13(digits):
		return digits[:4] + digits[5:]
	case len(digits) == 13 && strings.HasPrefix(digits, "521") && digits[3] >= '2':
		return "52" + digits[3:]
	case len(digits) == 13 && strings.HasPrefix(digits, "549") && digits[3] >= '1':
		return "54" + digits[3:]
	}
	return digits
}

// isBrazilianMobileOf13 reports whether digits are 55, an area code of two
// digits without zeros, the ninth digit, and eight digits that a mobile number
// had before it.
func isBrazilianMobileOf13(digits string) bool {
	return len(digits) == 13 && strings.HasPrefix(digits, "55") &&
		digits[2] != '0' && digits[3] != '0' &&
		digits[4] == '9' && digits[5] >= '6'
}

// RecipientAddress returns how a message is addressed: to is "+" and the digits
// of the wa_id if that is known, else recipient is the business-scoped user id
// (reference/whatsapp-cloud-api.md §5.1, §13.1). The wa_id is never rewritten
// into a variant. Both are empty if neither is known.
func RecipientAddress(waID, userID string) (to, recipient string) {
	if digits := Digits(waID); digits != "" {
		return "+" + digits, ""
	}
	return "", userID
}
