package models

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MarketingSource says how a customer told what they want of marketing.
type MarketingSource string

// The ways.
const (
	MarketingSaidToMeta MarketingSource = "WHATSAPP" // with the button that WhatsApp shows (reference/whatsapp-cloud-api.md §4.5), or as Meta's refusal shows
	MarketingSaidByWord MarketingSource = "KEYWORD"  // with one of the organization's words
)

// HearMarketing takes in what a customer wants of marketing on the channel. The latest
// word counts, of two in the same moment the one that stops it. It reports whether
// anything changed.
func (c *Conversation) HearMarketing(stopped bool, at time.Time, by MarketingSource) bool {
	if known := c.MarketingSaidAt; known != nil && (at.Before(*known) || at.Equal(*known) && (c.MarketingStopped || !stopped)) {
		return false
	}
	c.MarketingStopped, c.MarketingSaidAt, c.MarketingSaidBy = stopped, &at, by
	return true
}

// MarketingWords are what customers write to stop marketing, and to have it again. A
// message counts if it says nothing else; case, accents and punctuation do not matter.
type MarketingWords struct {
	Stop   []string `json:"stop"`
	Resume []string `json:"resume"`
}

// DefaultMarketingWords are those of organizations that chose none.
var DefaultMarketingWords = MarketingWords{
	Stop: []string{
		"STOP", "UNSUBSCRIBE", "OPT OUT", "STOP PROMOTIONS",
		"PARAR", "PARE", "SAIR", "DESCADASTRAR", "CANCELAR INSCRIÇÃO", "NÃO QUERO RECEBER", "PARAR PROMOÇÕES",
	},
	Resume: []string{"START", "SUBSCRIBE", "OPT IN", "VOLTAR", "INSCREVER", "QUERO RECEBER"},
}

// Limits of MarketingWords.
const (
	MaxMarketingWords = 50 // of each list
	MaxMarketingWord  = 40 // characters
)

// Check returns what is wrong with the words: REQUIRED or INVALID, with the path of the
// field.
func (w MarketingWords) Check() error {
	var check fieldCheck
	check.count("stop", len(w.Stop), 1, MaxMarketingWords)
	check.count("resume", len(w.Resume), 0, MaxMarketingWords)
	seen := make(map[string]bool)
	for _, list := range []struct {
		field string
		words []string
	}{{"stop", w.Stop}, {"resume", w.Resume}} {
		for i, word := range list.words {
			field := list.field + "." + strconv.Itoa(i)
			check.text(field, word, 1, MaxMarketingWord)
			check.require(plain(word) != "", field)
			check.once(field, plain(word), seen)
		}
	}
	if check.failed != nil {
		return check.failed
	}
	return nil
}

// Heard reports whether a message asks to stop marketing, or to have it again.
func (w MarketingWords) Heard(body string) (stopped, heard bool) {
	if len(body) > 4*MaxMarketingWord {
		return false, false
	}
	said := plain(body)
	is := func(word string) bool { return said != "" && plain(word) == said }
	if slices.ContainsFunc(w.Stop, is) {
		return true, true
	}
	return false, slices.ContainsFunc(w.Resume, is)
}

// plain is a text without case, accents and punctuation, its words one space apart.
func plain(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
