package whatsapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// flexible is text that Meta writes as a string in one place and as a number in
// another: ids, timestamps, sizes, codes (reference/whatsapp-cloud-api.md
// §1.4). A number keeps its digits. Null, an object or an array gives "", so
// that an oddity in an optional property costs that property only. NUL
// characters become U+FFFD.
type flexible string

// UnmarshalJSON never fails on a JSON value.
func (f *flexible) UnmarshalJSON(raw []byte) error {
	*f = ""
	switch raw[0] {
	case '"':
		if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
			*f = flexible(strings.ToValidUTF8(string(inner), "\uFFFD"))
			return nil
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*f = flexible(strings.ReplaceAll(s, "\x00", "\uFFFD"))
	case '{', '[', 'n':
	default:
		*f = flexible(raw)
	}
	return nil
}

// int returns the number that f holds, or 0.
func (f flexible) int() int {
	n, err := strconv.Atoi(string(f))
	if err != nil {
		return 0
	}
	return n
}

// bool reports whether f is true, written as a literal or as a string.
func (f flexible) bool() bool { return f == "true" }

// loose is an object that may be something else, or missing: then there is none.
type loose[T any] struct{ value *T }

// UnmarshalJSON never fails on a JSON value, given that T's properties do not.
func (l *loose[T]) UnmarshalJSON(raw []byte) error {
	l.value = nil
	if raw[0] != '{' {
		return nil
	}
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	l.value = &value
	return nil
}

// looseList is a list of objects; whatever else is in it is left out.
type looseList[T any] []T

// UnmarshalJSON never fails on a JSON value, given that T's properties do not.
func (l *looseList[T]) UnmarshalJSON(raw []byte) error {
	*l = nil
	if raw[0] != '[' {
		return nil
	}
	var items []loose[T]
	if err := json.Unmarshal(raw, &items); err != nil {
		return err
	}
	for _, item := range items {
		if item.value != nil {
			*l = append(*l, *item.value)
		}
	}
	return nil
}

// unixSeconds reads a timestamp in Unix seconds. Times outside the years 1970
// to 9999 are refused: they are not Meta's and databases do not take them.
func unixSeconds(f flexible) (time.Time, error) {
	const endOf9999 = 253_402_300_799
	if f == "" {
		return time.Time{}, fmt.Errorf("the timestamp is missing")
	}
	seconds, err := strconv.ParseInt(string(f), 10, 64)
	if err != nil || seconds <= 0 || seconds > endOf9999 {
		return time.Time{}, fmt.Errorf("the timestamp %q is not in Unix seconds", shorten(string(f)))
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// shorten cuts text that a stranger chose to a length that fits a log line.
func shorten(s string) string {
	const limit = 64
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
