package e2e_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// presence is who is in a conversation at a moment, as a subscription tells.
type presence struct {
	present map[string]string // what each does, by their names
	at      time.Time         // when it was told
}

// UnmarshalJSON notes when it was told.
func (p *presence) UnmarshalJSON(data []byte) error {
	var told struct {
		Presence []struct {
			User  struct{ Name string }
			State string
		}
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	p.at, p.present = time.Now(), make(map[string]string)
	for _, present := range told.Presence {
		p.present[present.User.Name] = present.State
	}
	return nil
}

// watchPresence subscribes to who is in a conversation.
func (c *client) watchPresence(conversation string) *stream[presence] {
	c.t.Helper()
	return subscribe[presence](c, `subscription ($id: ID!) { conversationPresence(conversationId: $id) { presence { user { name } state } } }`,
		map[string]any{"id": conversation})
}

// conversationOf finds the conversation with a customer.
func (c *client) conversationOf(customer string) string {
	c.t.Helper()
	all := c.conversations()
	found := slices.IndexFunc(all, func(one conversation) bool { return one.Contact.Name == nameOf(customer) })
	require.GreaterOrEqual(c.t, found, 0)
	return all[found].ID
}

// agent is Bruno at one process, in a conversation that is watched at another one.
type agent struct {
	*client
	conversation string
	seen         *stream[presence]
	said         time.Time // when they last said what they do
}

// does says what the agent does until it is seen: what is said before a process
// listens is lost, and front ends say it again.
func (a *agent) does(state string) {
	a.t.Helper()
	eventually(a.t, "shows that somebody is "+state, func() bool {
		a.said = time.Now()
		var answer struct {
			ConversationPresenceSet struct{ UserErrors []struct{ Code string } }
		}
		a.ask(`mutation ($id: ID!, $state: PresenceState!) {
			conversationPresenceSet(input: {conversationId: $id, state: $state}) { userErrors { code } } }`,
			map[string]any{"id": a.conversation, "state": state}, &answer)
		require.Empty(a.t, answer.ConversationPresenceSet.UserErrors)
		told := a.seen.soFar()
		return len(told) > 0 && told[len(told)-1].present["Bruno"] == state
	})
}

// isGone makes sure that the agent, of whom nothing was heard any more, is shown as
// gone, and that it was for the time that had passed.
func (a *agent) isGone(t *testing.T) {
	told := a.seen.awaitFor(models.PresenceLifetime+patience, "nobody is there", func(told []presence, _ error) bool {
		return len(told[len(told)-1].present) == 0
	})
	require.GreaterOrEqual(t, told[len(told)-1].at.Sub(a.said), models.PresenceLifetime)
}
