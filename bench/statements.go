//go:build unix

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// statement is one that PostgreSQL was seen to execute.
type statement struct {
	text       string
	parameters []string // as text; a nil entry is NULL
	null       []bool
}

var (
	executed    = regexp.MustCompile(`^.*?\bLOG:\s+(?:execute [^:]*|statement): (.*)$`)
	continued   = regexp.MustCompile(`^.*?\bDETAIL:\s+[Pp]arameters: (.*)$`)
	placeholder = regexp.MustCompile(`\$(\d+)`)
)

// readStatements finds the statements in lines of the server's log, in their order.
func readStatements(lines []string) ([]statement, error) {
	var found []statement
	for _, line := range lines {
		if match := executed.FindStringSubmatch(line); match != nil {
			found = append(found, statement{text: match[1]})
		} else if match := continued.FindStringSubmatch(line); match != nil && len(found) > 0 {
			last := &found[len(found)-1]
			var err error
			if last.parameters, last.null, err = readParameters(match[1]); err != nil {
				return nil, fmt.Errorf("parameters of %q: %w", last.text, err)
			}
		}
	}
	return found, nil
}

// readParameters reads a list such as `$1 = 'it”s', $2 = NULL`, where quotes
// within a value are doubled.
func readParameters(list string) (values []string, null []bool, err error) {
	rest := list
	for rest != "" {
		lead := fmt.Sprintf("$%d = ", len(values)+1)
		var ok bool
		if rest, ok = strings.CutPrefix(rest, lead); !ok {
			return nil, nil, fmt.Errorf("%q is expected at %q", lead, rest)
		}
		if after, isNull := strings.CutPrefix(rest, "NULL"); isNull {
			values, null, rest = append(values, ""), append(null, true), after
		} else {
			var value strings.Builder
			for rest = strings.TrimPrefix(rest, "'"); ; {
				end := strings.IndexByte(rest, '\'')
				if end < 0 {
					return nil, nil, fmt.Errorf("a value does not end: %q", rest)
				}
				value.WriteString(rest[:end])
				if rest = rest[end+1:]; !strings.HasPrefix(rest, "'") {
					break
				}
				value.WriteByte('\'')
				rest = rest[1:]
			}
			values, null = append(values, value.String()), append(null, false)
		}
		rest = strings.TrimPrefix(rest, ", ")
	}
	return values, null, nil
}

// scriptOf writes statements as a script of pgbench, which passes the same values
// as parameters again.
func scriptOf(statements []statement) (script string, variables map[string]string, err error) {
	variables = make(map[string]string)
	var b strings.Builder
	for i, s := range statements {
		line := placeholder.ReplaceAllStringFunc(s.text, func(name string) string {
			n, convErr := strconv.Atoi(name[1:])
			if convErr != nil || n < 1 || n > len(s.parameters) {
				err = fmt.Errorf("%q has no parameter %s", s.text, name)
				return name
			}
			if s.null[n-1] {
				return "NULL"
			}
			variable := fmt.Sprintf("s%dp%d", i, n)
			variables[variable] = s.parameters[n-1]
			return ":" + variable
		})
		b.WriteString(line + ";\n")
	}
	return b.String(), variables, err
}

// tableOf is the table that a query reads first.
func tableOf(text string) string {
	match := firstTable.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return match[1]
}

var firstTable = regexp.MustCompile(`(?i)\bFROM "?([a-z_]+)"?`)
