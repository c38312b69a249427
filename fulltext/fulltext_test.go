package fulltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"recado/fulltext"
	"recado/models"
)

func TestJoin(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		" \t\n!?…":                            "",
		"Pão de Açúcar":                       "pao de acucar",
		"PÃO, ÇA, ÕES":                        "pao ca oes",
		"pa\u0303o c\u0327a":                  "pao ca", // accents as runes of their own
		"Straße STRASSE":                      "strasse strasse",
		"ŒUVRE œuvre æon Ærø":                 "oeuvre oeuvre aeon aero",
		"Łódź đường þing":                     "lodz duong thing",
		"1º andar, 2ª porta":                  "1o andar 2a porta",
		"ﬁm ｆｉｍ":                              "fim fim",
		"d'água guarda-chuva":                 "d agua guarda chuva",
		"R$ 1.234,56":                         "r 1 234 56",
		"ana@example.com":                     "ana example com",
		"ΣΟΦΟΣ σοφος σοφοσ":                   "σοφοσ σοφοσ σοφοσ",
		"Привет Ёлка":                         "привет елка",
		"pa\u00ado":                           "pao", // a soft hyphen is invisible
		"bom👍🏽dia":                            "bom 👍 dia",
		"a\x00b":                              "a b",
		"a\xffb\ufffdc":                       "a b c",
		strings.Repeat("x", 70) + " y":        strings.Repeat("x", 64) + " y",
		"'pao':1 & !x | (y) <-> \"z\" * NEAR": "pao 1 x y z near",
	} {
		require.Equal(t, want, fulltext.Join(text), "%q", text)
	}
}

func TestParse(t *testing.T) {
	one := func(prefix bool, words ...string) fulltext.Term { return fulltext.Term{Words: words, Prefix: prefix} }
	for typed, want := range map[string][]fulltext.Term{
		"":                     nil,
		" ?! ":                 nil,
		"Pão":                  {one(true, "pao")},
		"pão que":              {one(false, "pao"), one(true, "que")},
		"pão que ":             {one(false, "pao"), one(true, "que")},
		`"pão quente"`:         {one(false, "pao", "quente")},
		`"pão quen`:            {one(true, "pao", "quen")}, // still being typed
		`"pão quente" am`:      {one(false, "pao", "quente"), one(true, "am")},
		`“pão quente” de`:      {one(false, "pao", "quente"), one(true, "de")},
		`"" pão`:               {one(true, "pao")},
		`pão* OR -x NEAR(a b)`: {one(false, "pao"), one(false, "or"), one(false, "x"), one(false, "near"), one(false, "a"), one(true, "b")},
		"100% a_b":             {one(false, "100"), one(false, "a"), one(true, "b")},
	} {
		query, err := fulltext.Parse(typed)
		require.NoError(t, err, "%q", typed)
		require.Equal(t, want, query.Terms, "%q", typed)
	}
	for name, typed := range map[string]string{
		"too long":       strings.Repeat("ã", fulltext.MaxQueryRunes+1),
		"too many words": strings.Repeat("a ", fulltext.MaxQueryWords+1),
		"with a NUL":     "a\x00b",
		"not UTF-8":      "a\xff",
	} {
		t.Run("refuses one "+name, func(t *testing.T) {
			_, err := fulltext.Parse(typed)
			require.ErrorIs(t, err, models.NewError(models.CodeInvalid, "query"))
		})
	}
	_, err := fulltext.Parse(strings.Repeat("ã", fulltext.MaxQueryRunes))
	require.NoError(t, err)
	_, err = fulltext.Parse(strings.Repeat("a ", fulltext.MaxQueryWords))
	require.NoError(t, err)
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("antes ", 40) + "o pão quente " + strings.Repeat("depois ", 40)
	for name, c := range map[string]struct{ typed, text, want string }{
		"marks what was found as it is written":      {"pao QUENTE", "Tem Pão  quente?", "Tem [Pão]  [quente]?"},
		"marks words that begin with the last one":   {"que", "quem quer queijo", "[quem] [quer] [queijo]"},
		"marks nothing that begins with another one": {"que quem", "queijo quem", "queijo [quem]"},
		"marks a phrase where it is one":             {`"de pao"`, "de mel, de pão", "de mel, [de] [pão]"},
		"shows a text in which nothing was found":    {"x", "Bom dia", "Bom dia"},
		"shows the surroundings in a long text":      {"pao", long, "… antes antes antes antes antes antes o [pão] quente depois depois depois depois depois depois depois depois depois depois depois depois depois depois depois …"},
		"shows the beginning of a long text":         {"x", long, "antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes antes …"},
		"has no markup":                              {"b", "<b>a</b>", "<[b]>a</[b]>"},
		"takes accents along":                        {"pao", "pa\u0303o!", "[pa\u0303o]!"},
		"is empty for an empty text":                 {"x", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			query, err := fulltext.Parse(c.typed)
			require.NoError(t, err)
			require.Equal(t, c.want, marked(query.Snippet(c.text)))
		})
	}
}

func marked(segments []fulltext.Segment) string {
	var b strings.Builder
	for _, segment := range segments {
		if segment.IsMatch {
			b.WriteString("[" + segment.Text + "]")
		} else {
			b.WriteString(segment.Text)
		}
	}
	return b.String()
}

// FuzzSearch holds what any text and any query keep to, whoever wrote them.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{"pão", `"pão quente`, "NEAR(a b)", "a:* & b", "👨‍👩‍👧 ok", "½ ™ İ", "a\x00\xff", strings.Repeat("ção ", 200)} {
		f.Add(seed, "Tem pão quente? "+seed)
	}
	f.Fuzz(func(t *testing.T, typed, text string) {
		for _, word := range fulltext.Words(text) {
			require.NotEmpty(t, word.Text)
			require.NotContainsf(t, word.Text, "'", "a word that ends a quote of PostgreSQL")
			require.False(t, strings.ContainsAny(word.Text, "\"\\/ \x00"))
			require.True(t, utf8.ValidString(word.Text))
			require.Less(t, word.Start, word.End)
			require.LessOrEqual(t, word.End, len(text))
		}
		joined := fulltext.Join(text)
		require.Equal(t, joined, fulltext.Join(joined), "folding a second time changes nothing")
		query, err := fulltext.Parse(typed)
		if err != nil {
			return
		}
		require.Equal(t, query.Finds(text), query.Finds(joined))
		var shown strings.Builder
		for _, segment := range query.Snippet(text) {
			require.NotEmpty(t, segment.Text)
			shown.WriteString(segment.Text)
		}
		require.Contains(t, text, strings.TrimSuffix(strings.TrimPrefix(shown.String(), "…"), "…"))
	})
}
