package models

import (
	"encoding/binary"
	"strings"
)

// Prefixes of public ids: the kind of object that an id names.
const (
	PrefixOrganization = "org"
	PrefixUser         = "user"
	PrefixProfile      = "prof"
	PrefixChannel      = "chan"
	PrefixContact      = "cont"
	PrefixConversation = "conv"
	PrefixMessage      = "msg"
	PrefixEvent        = "evt"
	PrefixSession      = "ses"
	PrefixTag          = "tag"
	PrefixAttachment   = "att"
	PrefixAssignment   = "asg"
	PrefixNote         = "note"
	PrefixNotification = "ntf"
	PrefixQuickReply   = "qrep"
	PrefixChannelSetup = "setup"

	PrefixCreditEntry    = "cred"
	PrefixCreditPurchase = "purch"
	PrefixPaymentMethod  = "paym"
	PrefixRateCard       = "rate"
	PrefixTemplate       = "tmpl"

	PrefixCompany       = "comp"
	PrefixPipeline      = "pipe"
	PrefixPipelineStage = "stage"
	PrefixDeal          = "deal"
	PrefixCustomField   = "field"
)

// crockford is Crockford's base32 in lower case: no i, l, o, u, and in ASCII
// order, so that public ids of a kind sort as the ids do.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

// publicDigits is the length of 128 bits in base32; the first digit holds three.
const publicDigits = 26

// PublicID is how clients see an id: the prefix of its kind, an underscore and
// 26 digits of base32. Clients must treat it as opaque.
func PublicID(prefix string, id ID) string {
	high, low := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	text := make([]byte, len(prefix)+1+publicDigits)
	copy(text, prefix)
	text[len(prefix)] = '_'
	for i := len(text) - 1; i > len(prefix); i-- {
		text[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(text)
}

// ParsePublicID is the inverse of PublicID. It reports false for anything that
// PublicID would not have written, another prefix included: an id has exactly one
// text.
func ParsePublicID(prefix, text string) (ID, bool) {
	digits, found := strings.CutPrefix(text, prefix+"_")
	if !found || len(digits) != publicDigits || digits[0] > '7' {
		return NoID, false
	}
	var high, low uint64
	for _, digit := range []byte(digits) {
		value := strings.IndexByte(crockford, digit)
		if value < 0 {
			return NoID, false
		}
		high = high<<5 | low>>59
		low = low<<5 | uint64(value)
	}
	var id ID
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return id, true
}
