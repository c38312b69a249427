package models

import (
	"fmt"
	"strconv"
	"strings"
)

// Credits is an amount of credits in micro-credits: a million of them are one
// credit. What a credit costs in money is data, see CreditPrice.
type Credits int64

// Credit is one credit.
const Credit Credits = 1_000_000

// MaxCredits bounds every amount that a client may name, so that sums of them
// cannot overflow: ten million credits.
const MaxCredits = 10_000_000 * Credit

// String writes the credits as a decimal number without superfluous zeros, as in
// "12.5" or "-0.000001".
func (c Credits) String() string { return decimal(int64(c), 6, 0) }

// ParseCredits is the inverse of String; it also takes superfluous zeros. It reports
// false for anything else, for more than six decimals and beyond MaxCredits.
func ParseCredits(text string) (Credits, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if whole == "" || dotted && fraction == "" || len(fraction) > 6 || len(whole) > 12 {
		return 0, false
	}
	value, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 63)
	if err != nil || Credits(value) > MaxCredits {
		return 0, false
	}
	if negative {
		return -Credits(value), true
	}
	return Credits(value), true
}

// Money is an amount of a currency.
type Money struct {
	Currency string // ISO 4217, upper case
	Minor    int64  // in the currency's smallest unit: cents, centavos, yen
	Digits   int    // how many decimals the smallest unit has: 2 for cents, 0 for yen
}

// Amount writes the number alone with all decimals of the currency, as in "200.00".
func (m Money) Amount() string { return decimal(m.Minor, m.Digits, m.Digits) }

// decimal writes a number of units, of which a whole has ten to the power of digits,
// with at least the given decimals.
func decimal(units int64, digits, least int) string {
	text := fmt.Sprintf("%0*d", digits+1, max(units, -units))
	whole, fraction := text[:len(text)-digits], text[len(text)-digits:]
	for len(fraction) > least && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if units < 0 {
		return "-" + whole
	}
	return whole
}
