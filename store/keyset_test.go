package store_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
)

func TestKeysetRange(t *testing.T) {
	keyset := store.Keyset{Column: "sent_at", Scope: "one"}
	place := store.Place{At: time.Unix(1_700_000_000, 5_000_000), ID: models.NewID()}
	own := keyset.CursorOf(place)
	foreign := map[string]string{
		"of another scope":     store.Keyset{Column: "sent_at", Scope: "other"}.CursorOf(place),
		"of another column":    store.Keyset{Column: "created_at", Scope: "one"}.CursorOf(place),
		"of another direction": store.Keyset{Column: "sent_at", Scope: "one", NewestFirst: true}.CursorOf(place),
		"empty":                "",
		"not base64":           "???",
		"too short":            own[:len(own)-4],
		"too long":             own + "AAAA",
		"of another version":   base64.RawURLEncoding.EncodeToString(make([]byte, 33)),
	}
	for name, cursor := range foreign {
		t.Run("refuses a cursor "+name, func(t *testing.T) {
			_, err := keyset.Range(store.PageRequest{After: &cursor})
			require.Equal(t, models.NewError(models.CodeInvalid, "after"), err)
			_, err = keyset.Range(store.PageRequest{Before: &cursor})
			require.Equal(t, models.NewError(models.CodeInvalid, "before"), err)
		})
	}
	for name, c := range map[string]struct {
		request store.PageRequest
		field   string // to blame; empty: accepted
	}{
		"nothing":         {store.PageRequest{}, ""},
		"none":            {store.PageRequest{First: new(0)}, ""},
		"most":            {store.PageRequest{Last: new(100), After: &own, Before: &own}, ""},
		"negative first":  {store.PageRequest{First: new(-1)}, "first"},
		"negative last":   {store.PageRequest{Last: new(-1)}, "last"},
		"too many":        {store.PageRequest{First: new(101)}, "first"},
		"too many at end": {store.PageRequest{Last: new(101)}, "last"},
		"both sizes":      {store.PageRequest{First: new(1), Last: new(1)}, "last"},
	} {
		t.Run("judges a request for "+name, func(t *testing.T) {
			_, err := keyset.Range(c.request)
			if c.field == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, models.NewError(models.CodeInvalid, c.field), err)
			}
		})
	}
}

func TestCut(t *testing.T) {
	all := make([]models.ID, 5)
	for i := range all {
		all[i] = models.NewID()
	}
	keyset := store.Keyset{Scope: "ids"}
	place := func(id *models.ID) store.Place { return store.Place{ID: *id} }
	cursor := func(i int) *string { return new(keyset.CursorOf(place(&all[i]))) }
	for name, c := range map[string]struct {
		request              store.PageRequest
		from, to             int
		hasPrevious, hasNext bool
	}{
		"everything":            {store.PageRequest{}, 0, 5, false, false},
		"the start":             {store.PageRequest{First: new(2)}, 0, 2, false, true},
		"the middle":            {store.PageRequest{First: new(2), After: cursor(1)}, 2, 4, true, true},
		"the rest":              {store.PageRequest{First: new(2), After: cursor(2)}, 3, 5, true, false},
		"the end":               {store.PageRequest{Last: new(2)}, 3, 5, true, false},
		"before the end":        {store.PageRequest{Last: new(2), Before: cursor(3)}, 1, 3, true, true},
		"the first ones":        {store.PageRequest{Last: new(4), Before: cursor(1)}, 0, 1, false, true},
		"between two":           {store.PageRequest{First: new(9), After: cursor(0), Before: cursor(4)}, 1, 4, true, false},
		"between crossed ones":  {store.PageRequest{After: cursor(4), Before: cursor(0)}, 0, 0, true, false},
		"nothing, to see more":  {store.PageRequest{First: new(0)}, 0, 0, false, true},
		"nothing after the end": {store.PageRequest{After: cursor(4)}, 0, 0, true, false},
	} {
		t.Run("gives "+name, func(t *testing.T) {
			wanted, err := keyset.Range(c.request)
			require.NoError(t, err)
			page, err := store.Cut(wanted, all, place)
			require.NoError(t, err)
			require.Equal(t, append([]models.ID{}, all[c.from:c.to]...), page.Rows)
			require.Equal(t, c.hasPrevious, page.HasPrevious)
			require.Equal(t, c.hasNext, page.HasNext)
			for i := range page.Rows {
				require.Equal(t, *cursor(c.from + i), page.Cursor(i))
			}
		})
	}
	t.Run("refuses a cursor whose row is gone", func(t *testing.T) {
		wanted, err := keyset.Range(store.PageRequest{After: cursor(1)})
		require.NoError(t, err)
		_, err = store.Cut(wanted, all[2:], place)
		require.Equal(t, models.NewError(models.CodeInvalid, "after"), err)
	})
}

// FuzzCursor holds that no text breaks the reader of cursors, and that only what
// it wrote is accepted.
func FuzzCursor(f *testing.F) {
	keyset := store.Keyset{Column: "sent_at", Scope: "one"}
	place := store.Place{At: time.Unix(1_700_000_000, 0), ID: models.NewID()}
	f.Add(keyset.CursorOf(place))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		wanted, err := keyset.Range(store.PageRequest{After: &cursor})
		if err != nil {
			require.Equal(t, models.CodeInvalid, models.CodeOf(err))
			return
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		require.NoError(t, err)
		require.Equal(t, cursor, base64.RawURLEncoding.EncodeToString(raw))
		require.True(t, wanted.Ascending())
	})
}
