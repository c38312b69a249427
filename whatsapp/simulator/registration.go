package simulator

import (
	"encoding/json"
	"net/http"
	"regexp"
	"time"
)

const (
	// registrationLimit is how often a number may be registered, and how often
	// deregistered, in registrationPeriod (§8.3).
	registrationLimit  = 10
	registrationPeriod = 72 * time.Hour
)

var pinPattern = regexp.MustCompile(`^[0-9]{6}$`)

// attempts counts what may be done only so often.
type attempts struct {
	since time.Time
	count int
}

func (a *attempts) take(now time.Time) bool {
	if a.since.IsZero() || now.Sub(a.since) >= registrationPeriod {
		a.since, a.count = now, 0
	}
	a.count++
	return a.count <= registrationLimit
}

// serveRegister makes a number usable (§8.3).
func (s *Simulator) serveRegister(c *call, n *number) {
	fields, err := c.jsonBody()
	var product, pin string
	_ = json.Unmarshal(fields["messaging_product"], &product)
	_ = json.Unmarshal(fields["pin"], &pin)
	switch {
	case err != nil || product != "whatsapp":
		c.fail(invalidParameter("The parameter messaging_product is required."))
		return
	case !pinPattern.MatchString(pin):
		c.fail(invalidParameter("Param pin must be a 6 digits string."))
		return
	}
	s.mu.Lock()
	var failure *graphError
	switch {
	case !n.registrations.take(s.clock.Now()):
		failure = errorOf(133016, "")
	case n.Unverified:
		failure = errorOf(133006, "")
	case n.PIN != "" && n.PIN != pin:
		failure = errorOf(133005, "")
	default:
		n.PIN, n.Status = pin, "CONNECTED"
		s.notify()
	}
	s.mu.Unlock()
	if failure != nil {
		c.fail(failure)
		return
	}
	c.succeed()
}

// serveDeregister takes a number off the platform (§8.3).
func (s *Simulator) serveDeregister(c *call, n *number) {
	s.mu.Lock()
	var failure *graphError
	switch {
	case n.OnBusinessApp:
		failure = &graphError{Status: http.StatusBadRequest, Code: 100, Message: "(#100) The number is used in the WhatsApp Business app."}
	case !n.deregistrations.take(s.clock.Now()):
		failure = errorOf(133016, "")
	default:
		n.Status = "DISCONNECTED"
		s.notify()
	}
	s.mu.Unlock()
	if failure != nil {
		c.fail(failure)
		return
	}
	c.succeed()
}
