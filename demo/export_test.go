package demo

import (
	"time"

	"recado/whatsapp/simulator"
)

// WithMeta returns options by which the simulated Meta is changed before the story
// begins, and each step is waited for only so long.
func WithMeta(o Options, patience time.Duration, arrange func(*simulator.Simulator)) Options {
	o.patience, o.arrange = patience, arrange
	return o
}

// AnswerTo is what a customer says to a text.
var AnswerTo = answerTo
