package simulator_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

func TestREADMEListsEveryMagicRecipient(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, m := range simulator.MagicRecipients() {
		require.Contains(t, string(text), "| "+m.Digits+" | "+m.Outcome+" |\n")
	}
}
