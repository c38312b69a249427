package fulltext

import (
	"strings"
	"unicode/utf8"
)

// Segment is a piece of a text: what the query found, or what is between.
type Segment struct {
	Text    string
	IsMatch bool
}

// The size of a snippet, in characters: all of it, and what is shown before the
// first match of a longer text.
const (
	snippetRunes = 160
	leadRunes    = 40
)

const ellipsis = "…"

// Snippet is the part of a text around the first word that the query finds, of
// about 160 characters and never cut within a word shorter than that. An ellipsis
// stands for what was cut off. Matched segments are whole words. The segments put
// together are the snippet; there are none for an empty text.
func (q Query) Snippet(text string) []Segment {
	words := Words(text)
	matched := q.matches(words)
	from, to := bounds(text, words, matched)
	var segments []Segment
	add := func(piece string, isMatch bool) {
		if piece != "" {
			segments = append(segments, Segment{Text: piece, IsMatch: isMatch})
		}
	}
	var between strings.Builder // since the last match
	if from > 0 {
		between.WriteString(ellipsis)
	}
	at := from
	for i, word := range words {
		if !matched[i] || word.Start < from || word.End > to {
			continue
		}
		between.WriteString(text[at:word.Start])
		add(between.String(), false)
		between.Reset()
		add(text[word.Start:word.End], true)
		at = word.End
	}
	between.WriteString(text[at:to])
	if to < len(text) {
		between.WriteString(ellipsis)
	}
	add(between.String(), false)
	return segments
}

// Finds reports whether every term of the query occurs in a text.
func (q Query) Finds(text string) bool {
	words := Words(text)
	for _, term := range q.Terms {
		found := false
		for i := range words {
			found = found || term.at(words, i)
		}
		if !found {
			return false
		}
	}
	return len(q.Terms) > 0
}

// matches says of each word whether a term finds it.
func (q Query) matches(words []Word) []bool {
	matched := make([]bool, len(words))
	for _, term := range q.Terms {
		for i := range words {
			if term.at(words, i) {
				for j := range term.Words {
					matched[i+j] = true
				}
			}
		}
	}
	return matched
}

// at reports whether the term occurs from the word with that index on.
func (t Term) at(words []Word, index int) bool {
	if index+len(t.Words) > len(words) {
		return false
	}
	for j, wanted := range t.Words {
		word := words[index+j].Text
		goesOn := t.Prefix && j == len(t.Words)-1 && strings.HasPrefix(word, wanted)
		if word != wanted && !goesOn {
			return false
		}
	}
	return true
}

// bounds are the bytes of a text that a snippet shows.
func bounds(text string, words []Word, matched []bool) (from, to int) {
	if utf8.RuneCountInString(text) <= snippetRunes {
		return 0, len(text)
	}
	for i, word := range words {
		if matched[i] {
			from = back(text, word.Start, leadRunes)
			break
		}
	}
	if rest := utf8.RuneCountInString(text[from:]); rest < snippetRunes {
		from = back(text, from, snippetRunes-rest)
	}
	to = from
	for range snippetRunes {
		_, size := utf8.DecodeRuneInString(text[to:])
		to += size
	}
	for _, word := range words { // not within a word, if that leaves something
		if word.Start < from && from < word.End {
			from = word.End
		}
		if word.Start < to && to < word.End && word.Start > from {
			to = word.Start
		}
	}
	return from, to
}

// back is the place a number of characters before another one.
func back(text string, at, runes int) int {
	for range runes {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}
