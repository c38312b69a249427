package simulator

import (
	"slices"
	"strings"
)

// digitsOf strips the notation §13.1 allows around a number. ok is false when
// anything else is left or nothing is.
func digitsOf(input string) (digits string, international, ok bool) {
	var b strings.Builder
	for i, r := range strings.TrimSpace(input) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0:
			international = true
		case strings.ContainsRune("-() ", r):
		default:
			return "", false, false
		}
	}
	return b.String(), international, b.Len() > 0
}

// plausible reports whether digits can be a number of the international plan at
// all. Others are accepted and then fail, as Meta reports most wrong numbers
// (§5.1).
func plausible(digits string) bool {
	return len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}

var twoDigitCodes = strings.Fields(`20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58
	60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98`)

// callingCode is the country calling code an international number starts with.
func callingCode(digits string) string {
	switch {
	case len(digits) < 3:
		return digits
	case digits[0] == '1' || digits[0] == '7':
		return digits[:1]
	case slices.Contains(twoDigitCodes, digits[:2]):
		return digits[:2]
	default:
		return digits[:3]
	}
}

var countries = map[string]string{
	"1": "US", "7": "RU", "27": "ZA", "31": "NL", "33": "FR", "34": "ES", "39": "IT", "41": "CH", "43": "AT",
	"44": "GB", "49": "DE", "51": "PE", "52": "MX", "54": "AR", "55": "BR", "56": "CL", "57": "CO", "62": "ID",
	"81": "JP", "91": "IN", "351": "PT", "598": "UY", "595": "PY", "591": "BO", "234": "NG", "254": "KE",
}

// countryOf is the two-letter prefix of a business-scoped user id; countries
// that are not in the short list above get ZZ.
func countryOf(digits string) string {
	if country, ok := countries[callingCode(digits)]; ok {
		return country
	}
	return "ZZ"
}

// brazilianNinth lists the area codes whose accounts usually carry the ninth
// digit in their wa_id (§13.2).
var brazilianNinth = strings.Fields("11 12 13 14 15 16 17 18 19 21 22 24 27 28")

// variants are the other forms under which the account of a dialled number may
// be registered (§13.2).
func variants(digits string) []string {
	switch {
	case strings.HasPrefix(digits, "55") && len(digits) == 13 && digits[4] == '9' && digits[5] >= '6':
		return []string{digits[:4] + digits[5:]}
	case strings.HasPrefix(digits, "55") && len(digits) == 12 && digits[4] >= '6':
		return []string{digits[:4] + "9" + digits[4:]}
	case strings.HasPrefix(digits, "521") && len(digits) == 13:
		return []string{"52" + digits[3:]}
	case strings.HasPrefix(digits, "52") && len(digits) == 12:
		return []string{"521" + digits[2:]}
	case strings.HasPrefix(digits, "549") && len(digits) == 13:
		return []string{"54" + digits[3:]}
	case strings.HasPrefix(digits, "54") && len(digits) == 12:
		return []string{"549" + digits[2:]}
	}
	return nil
}

// usualWAID is the wa_id a number nobody has declared is given: Brazilian
// mobiles with or without the ninth digit by area, Mexican ones with the old 1,
// everything else as dialled (§13.2).
func usualWAID(digits string) string {
	other := variants(digits)
	switch {
	case len(other) == 0:
		return digits
	case strings.HasPrefix(digits, "55"):
		if slices.Contains(brazilianNinth, digits[2:4]) != (len(digits) == 13) {
			return other[0]
		}
	case strings.HasPrefix(digits, "52") && len(digits) == 12:
		return other[0]
	}
	return digits
}

// humanNumber is a number as the phone number node shows it (§8.2), for
// instance "+1 555-010-2030".
func humanNumber(digits string) string {
	code := callingCode(digits)
	rest := digits[len(code):]
	switch {
	case code == "1" && len(rest) == 10:
		return "+1 " + rest[:3] + "-" + rest[3:6] + "-" + rest[6:]
	case code == "55" && len(rest) >= 10:
		return "+55 " + rest[:2] + " " + rest[2:len(rest)-4] + "-" + rest[len(rest)-4:]
	case len(rest) > 6:
		return "+" + code + " " + rest[:len(rest)-6] + " " + rest[len(rest)-6:]
	default:
		return "+" + code + " " + rest
	}
}
