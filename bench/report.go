//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// report is what a benchmark found.
type report struct {
	Benchmark string    `json:"benchmark"`
	At        time.Time `json:"at"`
	Short     bool      `json:"short"` // a check that it works: the figures say little
	Machine   machine   `json:"machine"`
	Tables    []*table  `json:"tables"`
	Goals     []goal    `json:"goals,omitempty"`
	Notes     []string  `json:"notes,omitempty"`
}

// table has one cell per column in each row.
type table struct {
	Title   string     `json:"title"`
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// goal is a figure that was promised.
type goal struct {
	What  string `json:"what"`
	Goal  string `json:"goal"`
	Found string `json:"found"`
	Met   bool   `json:"met"`
}

func (r *report) table(title string, columns ...string) *table {
	t := &table{Title: title, Columns: columns}
	r.Tables = append(r.Tables, t)
	return t
}

func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = cellText(cell)
	}
	t.Rows = append(t.Rows, row)
}

func (r *report) goal(what string, met bool, wanted, found any) {
	r.Goals = append(r.Goals, goal{What: what, Goal: cellText(wanted), Found: cellText(found), Met: met})
}

func (r *report) notef(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// cellText writes figures with the digits that mean something.
func cellText(cell any) string {
	switch value := cell.(type) {
	case time.Duration:
		ms := float64(value) / float64(time.Millisecond)
		switch {
		case ms >= 100:
			return fmt.Sprintf("%.0f ms", ms)
		case ms >= 10:
			return fmt.Sprintf("%.1f ms", ms)
		default:
			return fmt.Sprintf("%.2f ms", ms)
		}
	case float64:
		if value >= 100 {
			return fmt.Sprintf("%.0f", value)
		}
		return fmt.Sprintf("%.2f", value)
	default:
		return fmt.Sprint(value)
	}
}

// write prints the report as JSON or as Markdown.
func (r *report) write(to io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s, %s\n\n%s\n", r.Benchmark, r.At.UTC().Format("2 January 2006 15:04 UTC"), r.Machine)
	if r.Short {
		b.WriteString("\n**Short run: it shows that everything works; the figures say little.**\n")
	}
	for _, t := range r.Tables {
		fmt.Fprintf(&b, "\n%s\n\n", t.Title)
		t.markdown(&b)
	}
	if len(r.Goals) > 0 {
		goals := table{Columns: []string{"Goal", "Wanted", "Found", "Met"}}
		for _, g := range r.Goals {
			goals.row(g.What, g.Goal, g.Found, map[bool]string{true: "yes", false: "**no**"}[g.Met])
		}
		b.WriteString("\n")
		goals.markdown(&b)
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	b.WriteString("\n")
	_, err := io.WriteString(to, b.String())
	return err
}

// markdown writes the table with its columns aligned, figures to the right.
func (t *table) markdown(b *strings.Builder) {
	widths := make([]int, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.Rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(cells []string) {
		for i, cell := range cells {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				fmt.Fprintf(b, "| %s%s ", cell, gap)
			} else {
				fmt.Fprintf(b, "| %s%s ", gap, cell)
			}
		}
		b.WriteString("|\n")
	}
	line(t.Columns)
	rules := make([]string, len(widths))
	for i, width := range widths {
		rules[i] = strings.Repeat("-", width-min(i, 1)) + strings.Repeat(":", min(i, 1))
	}
	line(rules)
	for _, row := range t.Rows {
		line(row)
	}
}
