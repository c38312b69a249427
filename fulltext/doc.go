// Package fulltext says what a word is when people search, what a query finds,
// and which parts of a text to show for it. It is the same for every database:
// they are given words that were made here, and compare them byte by byte.
//
// Words are folded: case, accents and compatibility forms do not count, so pão,
// PAO and Pão are one word, as are œuvre and oeuvre, ß and ss. A word is a run of
// letters and digits; everything else separates, except that a pictograph is a word
// of its own.
package fulltext
