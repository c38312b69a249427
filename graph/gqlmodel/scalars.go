package gqlmodel

import (
	"io"
	"regexp"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// invalidScalar is the error for a value that a scalar does not take: the client's, and
// no fault of ours.
func invalidScalar(message string) error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": "BAD_USER_INPUT"}}
}

const dateTimeLayout = `"2006-01-02T15:04:05.000Z"`

// MarshalDateTime writes a time as RFC 3339 in UTC with milliseconds.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buffer [len(dateTimeLayout)]byte
		_, _ = w.Write(AppendDateTime(buffer[:0], t)) // gqlgen's writer cannot fail
	})
}

// AppendDateTime appends what MarshalDateTime writes.
func AppendDateTime(to []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(to, dateTimeLayout)
}

// UnmarshalDateTime reads any RFC 3339 time, and cuts it to milliseconds.
func UnmarshalDateTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, invalidScalar("DateTime must be a string in RFC 3339")
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, invalidScalar("DateTime must be in RFC 3339, as in 2026-03-01T12:30:45.123Z")
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// MarshalPhoneNumber writes a number in E.164.
func MarshalPhoneNumber(number string) graphql.Marshaler { return graphql.MarshalString(number) }

// UnmarshalPhoneNumber reads a number in E.164.
func UnmarshalPhoneNumber(v any) (string, error) {
	text, ok := v.(string)
	if !ok || !e164.MatchString(text) {
		return "", invalidScalar("PhoneNumber must be in E.164, as in +5511987654321")
	}
	return text, nil
}
