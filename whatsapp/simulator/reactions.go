package simulator

import "time"

// reactionLimit is how old a message may be to get a reaction (§5.4).
const reactionLimit = 30 * 24 * time.Hour

// reactionTarget is the message that the business reacts on; nil if the chat has
// none that takes a reaction. s.mu must be held.
func (s *Simulator) reactionTarget(m *message) *message {
	on, ok := s.messages[m.reaction.on]
	if !ok || on.number != m.number || on.customer != m.customer || on.kind == "reaction" ||
		s.clock.Now().Sub(on.at) > reactionLimit {
		return nil
	}
	return on
}

// react shows the business's reaction on the phone. s.mu must be held.
func (s *Simulator) react(m *message) {
	if on := s.reactionTarget(m); on != nil {
		on.reacted = m.reaction.emoji
	}
}
