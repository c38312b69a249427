package models_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestConversation_reachesOut(t *testing.T) {
	template := models.Message{Direction: models.Outbound, Source: models.SourceAgent, Kind: models.KindTemplate, SentAt: noon}
	text, history, phone := template, template, template
	text.Kind, history.FromHistory, phone.Source = "text", true, models.SourcePhoneApp
	yesterday, today := noon.Add(-models.ServiceWindow), noon.Add(-models.ServiceWindow+time.Second)
	for name, test := range map[string]struct {
		heard   *time.Time
		message models.Message
		want    bool
	}{
		"a template to somebody who never wrote":     {nil, template, true},
		"a template when the window has just closed": {&yesterday, template, true},
		"a template in the window":                   {&today, template, false},
		"a text":                                     {nil, text, false},
		"what came with the history":                 {nil, history, false},
		"what a phone sent":                          {nil, phone, false},
	} {
		t.Run(name, func(t *testing.T) {
			conversation := models.Conversation{LastCustomerMessageAt: test.heard}
			conversation.SeeMessage(test.message)
			require.Equal(t, test.want, conversation.LastOutreachAt != nil)
			require.Equal(t, test.want, conversation.ReachedOut(noon.Add(24*time.Hour-1)))
			require.False(t, conversation.ReachedOut(noon.Add(24*time.Hour)))
			next := conversation.Successor(models.NewID(), noon)
			require.Equal(t, conversation.LastOutreachAt, next.LastOutreachAt)
			other := models.Conversation{}
			other.Absorb(conversation)
			require.Equal(t, conversation.LastOutreachAt, other.LastOutreachAt)
		})
	}
}

func TestSharedLimit(t *testing.T) {
	channel := func(waba, portfolio string, limit int, at time.Time) models.Channel {
		facts := &models.ChannelFacts{}
		if portfolio != "" {
			facts.Portfolio.Learn(portfolio, noon)
		}
		if limit != 0 {
			facts.MessagingLimit.Learn(limit, at)
		}
		return models.Channel{WABAID: waba, Facts: facts}
	}
	one, later := channel("1", "p", 250, noon), channel("2", "p", 2000, noon.Add(time.Hour))
	require.True(t, one.SharesLimit(later), "one portfolio")
	require.True(t, one.SharesLimit(channel("1", "", 0, noon)), "one account")
	require.False(t, one.SharesLimit(channel("2", "", 0, noon)), "nobody knows")
	require.False(t, channel("1", "", 0, noon).SharesLimit(channel("2", "", 0, noon)))
	require.False(t, one.SharesLimit(channel("2", "q", 0, noon)))
	require.True(t, models.Channel{WABAID: "1"}.SharesLimit(one), "nothing is known of it")
	for name, test := range map[string]struct {
		sharing []models.Channel
		limit   int
		limited bool
	}{
		"what was said last":    {[]models.Channel{later, one}, 2000, true},
		"nothing was said":      {[]models.Channel{{}, channel("1", "", 0, noon)}, 0, false},
		"there is no limit":     {[]models.Channel{channel("1", "", models.UnlimitedMessaging, noon.Add(2*time.Hour)), later}, models.UnlimitedMessaging, false},
		"no limit any more was": {[]models.Channel{channel("1", "", models.UnlimitedMessaging, noon), one, later}, 2000, true},
	} {
		t.Run(name, func(t *testing.T) {
			limit, limited := models.SharedLimit(test.sharing)
			require.Equal(t, test.limited, limited)
			require.Equal(t, test.limit, limit)
		})
	}
}

// TestLearnAlert holds that the order in which alerts are heard of does not matter.
func TestLearnAlert(t *testing.T) {
	type told struct{ kind, status, at int }
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) told {
			return told{rapid.IntRange(0, 60).Draw(rt, "type"), rapid.IntRange(0, 1).Draw(rt, "status"), rapid.IntRange(0, 9).Draw(rt, "at")}
		}), 0, 150).Draw(rt, "alerts")
		learn := func(all []told) (facts models.ChannelFacts) {
			for _, one := range all {
				facts.LearnAlert(models.Alert{Type: strconv.Itoa(one.kind), Status: strconv.Itoa(one.status)}, noon.Add(time.Duration(one.at)*time.Hour))
			}
			return facts
		}
		known := learn(all)
		require.LessOrEqual(rt, len(known.Alerts), 50)
		require.Equal(rt, known, learn(rapid.Permutation(append(all, all...)).Draw(rt, "order")))
	})
}
