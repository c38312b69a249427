package fulltext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What is kept of a text. The rest of a longer word, and the words of a text
// beyond the last one, are not searched; PostgreSQL could not keep their places.
const (
	maxWordRunes = 64
	maxWords     = 16_000
)

// Word is a word of a text.
type Word struct {
	Text       string // folded: letters and digits, or one pictograph
	Start, End int    // the bytes of the text that it was made from
}

// Words returns the words of a text in their order. It never fails: what is not
// valid UTF-8 separates.
func Words(text string) []Word {
	var (
		words  []Word
		folded []byte // the word so far
		runes  int
		start  int
		end    int // of the last rune that belongs to the word
	)
	finish := func() {
		if len(folded) > 0 && len(words) < maxWords {
			words = append(words, Word{Text: string(folded), Start: start, End: end})
		}
		folded, runes = folded[:0], 0
	}
	var scratch [32]byte
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		next := at + size
		part, role := fold(scratch[:0], r)
		switch role {
		case separates:
			finish()
		case joins:
			if len(folded) > 0 {
				end = next
			}
		case standsAlone:
			finish()
			folded, start, end = append(folded, part...), at, next
			finish()
		case belongs:
			if len(folded) == 0 {
				start = at
			}
			end = next
			if runes < maxWordRunes {
				folded = append(folded, part...)
				runes++
			}
		}
		at = next
	}
	finish()
	return words
}

// role is what a rune does in a text.
type role int

const (
	separates   role = iota
	joins            // marks and what is invisible: neither part of a word nor its end
	standsAlone      // a word of its own
	belongs          // part of a word
)

// fold appends what is left of a rune in a word. It looks at nothing but the rune,
// so that a text may be cut and put together without changing its words.
func fold(to []byte, r rune) ([]byte, role) {
	switch {
	case r < utf8.RuneSelf:
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			return append(to, byte(r)), belongs
		case 'A' <= r && r <= 'Z':
			return append(to, byte(r)+'a'-'A'), belongs
		}
		return to, separates
	case r == utf8.RuneError:
		return to, separates
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return to, joins
	}
	before := len(to)
	var decomposed [64]byte
	for rest := norm.NFKD.AppendString(decomposed[:0], string(r)); len(rest) > 0; {
		part, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		part = unicode.ToLower(part)
		if letters, special := spelled[part]; special {
			to = append(to, letters...)
		} else if isWordRune(part) {
			to = utf8.AppendRune(to, part)
		}
	}
	switch {
	case len(to) > before:
		return to, belongs
	case unicode.Is(unicode.So, r):
		return utf8.AppendRune(to, r), standsAlone
	}
	return to, separates
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r)
}

// spelled are letters that Unicode does not take apart but people do.
var spelled = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ħ': "h", 'ı': "i", 'ł': "l", 'þ': "th", 'ς': "σ",
}

// Join is the words of a text with single spaces between them.
func Join(text string) string {
	var b strings.Builder
	for i, word := range Words(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word.Text)
	}
	return b.String()
}
