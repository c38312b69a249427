package models

import (
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// MaxAmount bounds amounts that clients name, in the currency's smallest unit, so that
// sums of them cannot overflow and programs that count in doubles show them exactly.
const MaxAmount = 1_000_000_000_000_000

// currencyDigits are the decimals of the currencies that have other than two, by
// ISO 4217. Amounts are kept in the smallest unit, so that what is kept relies on this
// table: the one in golang.org/x/text is that of CLDR, which goes by what is used and
// changes.
var currencyDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0,
	"XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// NewMoney is an amount in the currency's smallest unit. The currency must be one that
// ParseMoney takes.
func NewMoney(minor int64, code string) Money {
	digits, known := currencyDigits[code]
	if !known {
		digits = 2
	}
	return Money{Currency: code, Minor: minor, Digits: digits}
}

// ParseMoney reads an amount, a decimal number with a point and at most the decimals
// that the currency has, and its ISO 4217 code in upper case. It takes neither negative
// amounts nor more than MaxAmount. INVALID with the field, `amount.amount` or
// `amount.currency`.
func ParseMoney(amount, code string) (Money, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code || strings.HasPrefix(code, "XX") || code == "XTS" {
		return Money{}, NewError(CodeInvalid, "amount.currency")
	}
	money := NewMoney(0, code)
	invalid := NewError(CodeInvalid, "amount.amount").With("decimals", strconv.Itoa(money.Digits))
	whole, decimals, dotted := strings.Cut(amount, ".")
	if whole == "" || dotted && decimals == "" || len(decimals) > money.Digits || len(whole) > len("1000000000000000") {
		return Money{}, invalid
	}
	minor, err := strconv.ParseUint(whole+decimals+strings.Repeat("0", money.Digits-len(decimals)), 10, 63)
	if err != nil || minor > MaxAmount {
		return Money{}, invalid
	}
	money.Minor = int64(minor)
	return money, nil
}
