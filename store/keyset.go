package store

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"recado/models"
)

// Sizes of pages.
const (
	MaxPageSize     = 100
	DefaultPageSize = 20 // when a request names none
)

// PageRequest is a client's wish for a part of an ordered list, in the terms of
// Relay's connections. The zero value asks for the first DefaultPageSize rows.
type PageRequest struct {
	First, Last   *int    // 0 to MaxPageSize; not both
	After, Before *string // cursors of a Page of the same list
}

// Place is where a row stands in a list that is ordered by a time, or by a text, and
// then by id.
type Place struct {
	At   time.Time
	Text string // in a list by a text, in place of At; not empty
	ID   models.ID
}

// Keyset is a list's order: by a column of times, not null, and then by id.
type Keyset struct {
	Column      string // of times; part of the SQL, never a client's words
	ByText      bool   // the column is of texts that are compared byte by byte, none of them empty
	NewestFirst bool
	FromEnd     bool   // a request that names no size gets the end of the list instead of its beginning
	Scope       string // what else the list depends on; a cursor of another scope is foreign
}

// Range is a checked PageRequest for one list.
type Range struct {
	keyset        Keyset
	scope         uint64
	size          int
	backward      bool
	after, before *Place
}

// Range checks a request. INVALID, with the field to blame, for a size out of
// bounds, for both sizes together, and for a cursor that is not of this list.
func (k Keyset) Range(request PageRequest) (Range, error) {
	r := Range{keyset: k, scope: k.hash(), size: DefaultPageSize, backward: k.FromEnd}
	if request.First != nil && request.Last != nil {
		return Range{}, models.NewError(models.CodeInvalid, "last")
	}
	if request.First != nil {
		r.size, r.backward = *request.First, false
	}
	if request.Last != nil {
		r.size, r.backward = *request.Last, true
	}
	if r.size < 0 || r.size > MaxPageSize {
		field := "first"
		if r.backward {
			field = "last"
		}
		return Range{}, models.NewError(models.CodeInvalid, field)
	}
	var err error
	if r.after, err = r.place(request.After, "after"); err != nil {
		return Range{}, err
	}
	if r.before, err = r.place(request.Before, "before"); err != nil {
		return Range{}, err
	}
	return r, nil
}

// Apply has a query return the rows of the range, for PageOf. The query must be
// restricted to the list already.
func (r Range) Apply(query *gorm.DB) *gorm.DB {
	return r.Within(query).Order(r.Order()).Limit(r.Rows())
}

// Within restricts a query to what lies between the cursors of the range.
func (r Range) Within(query *gorm.DB) *gorm.DB {
	beyond, within := ">", "<"
	if r.keyset.NewestFirst {
		beyond, within = within, beyond
	}
	place := "(" + r.keyset.Column + ", id) "
	if r.after != nil {
		query = query.Where(place+beyond+" (?, ?)", r.keyset.value(*r.after), r.after.ID)
	}
	if r.before != nil {
		query = query.Where(place+within+" (?, ?)", r.keyset.value(*r.before), r.before.ID)
	}
	return query
}

// value is what the keyset's column has in a place.
func (k Keyset) value(place Place) any {
	if k.ByText {
		return place.Text
	}
	return place.At
}

// Order is the order in which the range is read, for ORDER BY. Columns that come
// before the list's own have one value each, and are named because the database does
// not see that.
func (r Range) Order(before ...string) string {
	direction := " ASC"
	if !r.Ascending() {
		direction = " DESC"
	}
	return strings.Join(append(slices.Clone(before), r.keyset.Column, "id"), direction+", ") + direction
}

// Place is how far the range was read, see Beyond. There must be such a place.
func (r Range) Place() Place {
	if r.backward {
		return *r.before
	}
	return *r.after
}

// Ascending reports whether Apply reads the rows from the smallest on.
func (r Range) Ascending() bool { return r.keyset.NewestFirst == r.backward }

// Rows is how many rows to read: one more than the page, to learn whether there is
// more.
func (r Range) Rows() int { return r.size + 1 }

// Beyond is what is left of the range when it was read up to a place.
func (r Range) Beyond(place Place) Range {
	if r.backward {
		r.before = &place
	} else {
		r.after = &place
	}
	return r
}

// Page is a part of an ordered list.
type Page[T any] struct {
	Rows        []T
	HasNext     bool // when read from the end: whether the request named a cursor there
	HasPrevious bool // when read from the start: likewise
	scope       uint64
	place       func(*T) Place

	start, end *Place // how far it was looked for rows, if that is beyond the first or last of them
}

// Cursor is the place of the row with that index, for a PageRequest on the same list.
func (p *Page[T]) Cursor(index int) string { return encodeCursor(p.scope, p.place(&p.Rows[index])) }

// StartCursor is where to go on before the page: the place of its first row, or
// beyond it if that was looked at in vain. Nil if the page is empty.
func (p *Page[T]) StartCursor() *string {
	if p.start != nil || len(p.Rows) == 0 {
		return p.cursorAt(p.start)
	}
	return new(p.Cursor(0))
}

// EndCursor is where to go on after the page, as StartCursor.
func (p *Page[T]) EndCursor() *string {
	if p.end != nil || len(p.Rows) == 0 {
		return p.cursorAt(p.end)
	}
	return new(p.Cursor(len(p.Rows) - 1))
}

func (p *Page[T]) cursorAt(place *Place) *string {
	if place == nil {
		return nil
	}
	return new(encodeCursor(p.scope, *place))
}

// PageUpTo makes a page of the rows that were found up to a place at which the
// search for them was given up: it may have fewer rows than were wanted, or none, and
// there may be more, to be asked for from its StartCursor or EndCursor on.
func PageUpTo[T any](r Range, rows []T, up Place, place func(*T) Place) Page[T] {
	page := PageOf(r, rows, place)
	switch {
	case len(rows) > r.size: // it was filled before that
	case r.backward:
		page.HasPrevious, page.start = true, &up
	default:
		page.HasNext, page.end = true, &up
	}
	return page
}

// PageOf makes a page of the rows that a query under Range.Apply gave, in the
// order in which it gave them. It takes the rows over.
func PageOf[T any](r Range, rows []T, place func(*T) Place) Page[T] {
	page := Page[T]{Rows: rows, scope: r.scope, place: place}
	more := len(rows) > r.size
	if more {
		page.Rows = rows[:r.size]
	}
	if r.backward {
		slices.Reverse(page.Rows)
		page.HasPrevious, page.HasNext = more, r.before != nil
	} else {
		page.HasNext, page.HasPrevious = more, r.after != nil
	}
	return page
}

// Cut makes a page of a whole list that is in memory, in its order. A row is
// found again by its id; INVALID if the row of a cursor is no longer there.
func Cut[T any](r Range, all []T, place func(*T) Place) (Page[T], error) {
	find := func(wanted *Place, field string, otherwise int) (int, error) {
		if wanted == nil {
			return otherwise, nil
		}
		index := slices.IndexFunc(all, func(row T) bool { return place(&row).ID == wanted.ID })
		if index < 0 {
			return 0, models.NewError(models.CodeInvalid, field)
		}
		return index, nil
	}
	after, err := find(r.after, "after", -1)
	if err != nil {
		return Page[T]{}, err
	}
	before, err := find(r.before, "before", len(all))
	if err != nil {
		return Page[T]{}, err
	}
	rows := slices.Clone(all[after+1 : max(after+1, before)])
	if r.backward {
		slices.Reverse(rows)
	}
	return PageOf(r, rows[:min(len(rows), r.Rows())], place), nil
}

// CursorOf is the place that a row has in every page of the list.
func (k Keyset) CursorOf(place Place) string { return encodeCursor(k.hash(), place) }

func (k Keyset) hash() uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.Column)) // a hash cannot fail
	if k.NewestFirst {
		_, _ = h.Write([]byte{1})
	}
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(k.Scope))
	return h.Sum64()
}

// A cursor is its version, the list's hash, the time and the id; or, of a list by a text,
// another version, the hash, the id and the text. It holds nothing that its reader has
// not seen and opens nothing, so it is not signed.
const (
	cursorVersion     = 1
	cursorSize        = 1 + 8 + 8 + 16
	textCursorVersion = 2
	textCursorSize    = 1 + 8 + 16 // and the text
	maxCursorText     = 4096       // bytes; more than any text that is listed by
)

func encodeCursor(scope uint64, place Place) string {
	if place.Text != "" {
		raw := binary.BigEndian.AppendUint64([]byte{textCursorVersion}, scope)
		raw = append(raw, place.ID[:]...)
		return base64.RawURLEncoding.EncodeToString(append(raw, place.Text...))
	}
	var raw [cursorSize]byte
	raw[0] = cursorVersion
	binary.BigEndian.PutUint64(raw[1:], scope)
	binary.BigEndian.PutUint64(raw[9:], uint64(place.At.UnixNano()))
	copy(raw[17:], place.ID[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func (r Range) place(cursor *string, field string) (*Place, error) {
	if cursor == nil {
		return nil, nil
	}
	invalid := models.NewError(models.CodeInvalid, field)
	if r.keyset.ByText {
		return r.textPlace(*cursor, invalid)
	}
	var raw [cursorSize]byte
	if base64.RawURLEncoding.DecodedLen(len(*cursor)) != cursorSize {
		return nil, invalid
	}
	if _, err := base64.RawURLEncoding.Strict().Decode(raw[:], []byte(*cursor)); err != nil {
		return nil, invalid
	}
	if raw[0] != cursorVersion || binary.BigEndian.Uint64(raw[1:]) != r.scope {
		return nil, invalid
	}
	place := &Place{At: time.Unix(0, int64(binary.BigEndian.Uint64(raw[9:]))).UTC()}
	copy(place.ID[:], raw[17:])
	return place, nil
}

// textPlace is place for a list by a text.
func (r Range) textPlace(cursor string, invalid error) (*Place, error) {
	size := base64.RawURLEncoding.DecodedLen(len(cursor))
	if size <= textCursorSize || size > textCursorSize+maxCursorText {
		return nil, invalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || raw[0] != textCursorVersion || binary.BigEndian.Uint64(raw[1:]) != r.scope {
		return nil, invalid
	}
	place := &Place{Text: string(raw[textCursorSize:])}
	copy(place.ID[:], raw[9:])
	if !utf8.ValidString(place.Text) || strings.ContainsRune(place.Text, 0) {
		return nil, invalid
	}
	return place, nil
}

// Convert makes a page of other rows in the same places; rows for which it reports
// false are left out.
func Convert[T, U any](page Page[T], convert func(*T) (U, bool), place func(*U) Place) Page[U] {
	converted := Page[U]{HasNext: page.HasNext, HasPrevious: page.HasPrevious, scope: page.scope, place: place, start: page.start, end: page.end}
	for i := range page.Rows {
		if row, ok := convert(&page.Rows[i]); ok {
			converted.Rows = append(converted.Rows, row)
		}
	}
	return converted
}
