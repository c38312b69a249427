package fulltext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"recado/models"
)

// Limits of a query.
const (
	MaxQueryRunes = 200
	MaxQueryWords = 16
)

// Query is what somebody looks for: texts in which each of the terms occurs. One
// without terms finds nothing.
type Query struct{ Terms []Term }

// Term is a word, or several that follow each other.
type Term struct {
	Words  []string // folded; at least one
	Prefix bool     // the last word may go on
}

// Parse reads what somebody typed. Words in double quotes follow each other; every
// other word is a term of its own. The last word may go on, unless its quotes are
// closed: people search while they type. Nothing else means anything: operators of
// search engines are taken for the words and separators that they consist of.
//
// INVALID, with Params["max"], for a query that is too long or has too many words;
// INVALID for one that is not UTF-8 or has a NUL.
func Parse(typed string) (Query, error) {
	invalid := models.NewError(models.CodeInvalid, "query")
	if !utf8.ValidString(typed) || strings.ContainsRune(typed, 0) {
		return Query{}, invalid
	}
	if utf8.RuneCountInString(typed) > MaxQueryRunes {
		return Query{}, invalid.With("max", strconv.Itoa(MaxQueryRunes))
	}
	var query Query
	words := 0
	parts := strings.Split(quotes.Replace(typed), `"`)
	for i, part := range parts {
		found := Words(part)
		words += len(found)
		if len(found) == 0 {
			continue
		}
		last := i == len(parts)-1
		if i%2 == 1 { // between quotes
			term := Term{Prefix: last}
			for _, word := range found {
				term.Words = append(term.Words, word.Text)
			}
			query.Terms = append(query.Terms, term)
			continue
		}
		for j, word := range found {
			query.Terms = append(query.Terms, Term{Words: []string{word.Text}, Prefix: last && j == len(found)-1})
		}
	}
	if words > MaxQueryWords {
		return Query{}, invalid.With("max", strconv.Itoa(MaxQueryWords))
	}
	return query, nil
}

// quotes are the forms that phones make of double quotes.
var quotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`)
