package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// ink is an ANSI style.
type ink string

const (
	plain ink = ""
	bold  ink = "1"
	faint ink = "2"
	red   ink = "31"
	green ink = "32"
	blue  ink = "34"
	cyan  ink = "36"
)

// Widths of the columns of a line, in characters.
const (
	whoWidth  = 8
	textWidth = 58
	lineWidth = 84 // of a text without detail
)

// screen prints whole lines, from any goroutine.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	color bool
}

// in returns the text in a style, if the screen has any.
func (s *screen) in(style ink, text string) string {
	if !s.color || style == plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// print writes lines.
func (s *screen) print(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A terminal that is gone is no reason to stop: the outcome is in the exit code.
	_, _ = io.WriteString(s.out, strings.Join(lines, "\n")+"\n")
}

// beat writes a line of the story: when, who, a mark, what, and a detail. A long text
// goes on below.
func (s *screen) beat(at time.Duration, who string, mark, text, detail string) {
	line := s.in(faint, fmt.Sprintf("%6.2f s", at.Seconds())) + "  " + s.in(bold, pad(who, whoWidth)) + " " + mark + " "
	width := lineWidth
	if detail != "" {
		width = textWidth
	}
	lines := wrap(text, width)
	for i := 1; i < len(lines); i++ {
		lines[i] = strings.Repeat(" ", visible(line)) + lines[i]
	}
	if detail != "" {
		lines[0] = pad(lines[0], width) + "  " + s.in(faint, detail)
	}
	lines[0] = line + lines[0]
	s.print(lines...)
}

// wrap breaks a text at blanks into lines of at most so many characters, not counting
// styles, unless a word is longer. There is always one line.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for i, word := range strings.Split(text, " ") {
		if i > 0 && visible(line)+1+visible(word) > width {
			lines, line = append(lines, line), word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// said is a line of conversation.
func (s *screen) said(text string) string { return s.in(cyan, "“"+text+"”") }

func (s *screen) done() string   { return s.in(green, "✓ ") }
func (s *screen) failed() string { return s.in(red, "✗ ") }
func (s *screen) speaks() string { return s.in(cyan, "› ") }

// pad fills a text with blanks, not counting styles.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-visible(text)))
}

// visible is the number of characters that a terminal shows of a text.
func visible(text string) int {
	count := utf8.RuneCountInString(text)
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "\x1b[")
		if !found {
			return count
		}
		code, tail, _ := strings.Cut(after, "m")
		count -= utf8.RuneCountInString(code) + len("\x1b[m")
		rest = tail
	}
}

// milliseconds shows a duration as people read it.
func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}
