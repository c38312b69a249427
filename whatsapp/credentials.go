package whatsapp

import (
	"fmt"
	"log/slog"
	"strings"
)

// Credentials name the phone number that a call is made for and carry the token
// that allows it. However they are printed, logged or encoded as JSON, the
// token is left out.
type Credentials struct {
	// PhoneNumberID is Meta's id of the business phone number, in digits; it
	// is not the number.
	PhoneNumberID string
	AccessToken   string
}

const redacted = "[redacted]"

// String leaves out the token.
func (c Credentials) String() string {
	return fmt.Sprintf("phone number id %s, token %s", c.PhoneNumberID, redacted)
}

// GoString leaves out the token.
func (c Credentials) GoString() string {
	return fmt.Sprintf("whatsapp.Credentials{PhoneNumberID:%q, AccessToken:%q}", c.PhoneNumberID, redacted)
}

// LogValue leaves out the token.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("phone_number_id", c.PhoneNumberID),
		slog.String("access_token", redacted),
	)
}

// MarshalText leaves out the token, and cannot be reversed on purpose:
// credentials are not to be stored this way.
func (c Credentials) MarshalText() ([]byte, error) {
	return []byte(c.String()), nil
}

// check refuses credentials with which no request about an object can be built
// safely; empty stands for the phone number.
func (c Credentials) check(object string) *Error {
	if object == "" && c.PhoneNumberID == "" || Digits(c.PhoneNumberID) != c.PhoneNumberID {
		return invalidRequest("the phone number id %q is not a number", shorten(c.PhoneNumberID))
	}
	if strings.ContainsAny(object, "/?# ") {
		return invalidRequest("%q is not the id of an object", shorten(object))
	}
	notPrintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if c.AccessToken == "" || strings.ContainsFunc(c.AccessToken, notPrintable) {
		e := byCode[190].error()
		e.cause = fmt.Errorf("the access token is empty or holds characters that no token has")
		return e
	}
	return nil
}

// scrub removes the token from texts that Meta or the network chose.
func (c Credentials) scrub(e *Error) *Error {
	for _, text := range []*string{
		&e.Meta.Type, &e.Meta.Title, &e.Meta.Message, &e.Meta.Details,
		&e.Meta.Href, &e.Meta.TraceID, &e.Meta.UserTitle, &e.Meta.UserMessage,
	} {
		*text = strings.ReplaceAll(*text, c.AccessToken, redacted)
	}
	return e
}
