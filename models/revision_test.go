package models

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEarlierVersions(t *testing.T) {
	at := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	original := MessageRevision{WAMID: "m", ID: "m", Direction: Inbound, Body: "one", RevisedAt: at.Add(time.Second)} // a clock that runs ahead
	second := MessageRevision{WAMID: "m", ID: "b", Direction: Inbound, Body: "two", RevisedAt: at}
	third := MessageRevision{WAMID: "m", ID: "c", Direction: Inbound, Body: "three", RevisedAt: at}
	others := MessageRevision{WAMID: "m", ID: "d", Direction: Outbound, Body: "not the author's", RevisedAt: at}
	deletion := MessageRevision{WAMID: "m", ID: "e", Direction: Inbound, Deletion: true, RevisedAt: at.Add(time.Hour)}

	all := []MessageRevision{original, second, third, others, deletion}
	for range 20 { // whatever order they are read in
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		require.Equal(t, []MessageRevision{original, second}, EarlierVersions(all))
	}
	require.Empty(t, EarlierVersions([]MessageRevision{others, deletion}), "its author did not edit it")
	require.Empty(t, EarlierVersions(nil))
}
