package cli

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines collects a log and tells when something came.
type lines struct {
	mu      sync.Mutex
	text    strings.Builder
	arrived chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.arrived <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

// waitFor waits for a line and returns what its parentheses hold.
func (l *lines) waitFor(t *testing.T, pattern *regexp.Regexp) string {
	t.Helper()
	enough := time.After(time.Minute)
	for {
		l.mu.Lock()
		text := l.text.String()
		l.mu.Unlock()
		if found := pattern.FindStringSubmatch(text); found != nil {
			return found[1]
		}
		select {
		case <-l.arrived:
		case <-enough:
			t.Fatalf("no line like %s in:\n%s", pattern, text)
		}
	}
}
