package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestMarketingWords(t *testing.T) {
	for body, want := range map[string]struct{ stopped, heard bool }{
		"STOP":                  {true, true},
		" parar. ":              {true, true},
		"Não quero receber!":    {true, true},
		"nao quero  receber":    {true, true},
		"parar promocoes":       {true, true},
		"voltar":                {false, true},
		"Quero receber":         {false, true},
		"não":                   {false, false},
		"Pode parar de chover?": {false, false},
		"stop it":               {false, false},
		"…":                     {false, false},
		"":                      {false, false},
	} {
		stopped, heard := models.DefaultMarketingWords.Heard(body)
		require.Equal(t, want.heard, heard, body)
		require.Equal(t, want.stopped, stopped, body)
	}
	own := models.MarketingWords{Stop: []string{"Chega"}}
	_, heard := own.Heard("STOP")
	require.False(t, heard, "an organization's own words replace the default ones")
}

// TestHearMarketing plays what a customer said in any order, any number of times.
func TestHearMarketing(t *testing.T) {
	type said struct {
		Stopped bool
		Second  int
	}
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	hear := func(words []said) (c models.Conversation) {
		for _, word := range words {
			c.HearMarketing(word.Stopped, start.Add(time.Duration(word.Second)*time.Second), models.MarketingSaidByWord)
		}
		return c
	}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) said {
			return said{rapid.Bool().Draw(t, "stopped"), rapid.IntRange(0, 3).Draw(t, "second")}
		}), 1, 8).Draw(t, "words")
		shuffled := append(rapid.Permutation(words).Draw(t, "shuffled"), rapid.SampledFrom(words).Draw(t, "again"))
		require.Equal(t, hear(words), hear(shuffled))
	})
}
