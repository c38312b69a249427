package simulator

import (
	"slices"
	"strings"
	"time"
)

// serviceWindow is how long a customer's message lets a business answer freely
// (§10.1).
const serviceWindow = 24 * time.Hour

// contactMemory is how long a business that wrote to a number goes on seeing
// it, although its owner hides it (§13.3).
const contactMemory = 30 * 24 * time.Hour

// chat is everything between one number and one customer.
type chat struct {
	opened      time.Time // when Meta got the customer's last message; zero: never
	numberKnown time.Time // when the business last sent to the phone number itself
	rate        pairRate
	blocked     bool       // by the business
	arrived     []*message // on the customer's phone, in order of arrival
	written     []*message // by the customer, in order of receipt
}

type chatKey struct {
	numberID string
	customer *customer
}

// chat is the one between a number and a customer. s.mu must be held.
func (s *Simulator) chat(numberID string, c *customer) *chat {
	key := chatKey{numberID, c}
	found, ok := s.chats[key]
	if !ok {
		found = &chat{}
		s.chats[key] = found
	}
	return found
}

// chatsOf are the numbers that a customer has a chat with, by id. s.mu must be held.
func (s *Simulator) chatsOf(c *customer) []*number {
	var numbers []*number
	for key := range s.chats {
		if n := s.numbers[key.numberID]; key.customer == c && n != nil {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, func(a, b *number) int { return strings.Compare(a.ID, b.ID) })
	return numbers
}

// windowOpen reports whether free text may be sent now; the window closes at
// the very moment 24 hours have passed.
func (c *chat) windowOpen(now time.Time) bool {
	return !c.opened.IsZero() && now.Before(c.opened.Add(serviceWindow))
}

// hidesNumber reports whether webhooks about this chat leave the number out.
func (c *chat) hidesNumber(who *customer, now time.Time) bool {
	if who.WAID == "" {
		return true
	}
	return who.HidesNumber && (c.numberKnown.IsZero() || now.Sub(c.numberKnown) >= contactMemory)
}
