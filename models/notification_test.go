package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestToldOfChange(t *testing.T) {
	ana, bia := models.NewID(), models.NewID()
	for name, c := range map[string]struct {
		before models.Handling
		now    models.Conversation
		by     *models.ID
		kind   models.NotificationKind
	}{
		"handed over by a colleague":     {models.Handling{}, models.Conversation{AssigneeID: &ana}, &bia, models.NotifyAssigned},
		"handed over by the round-robin": {models.Handling{}, models.Conversation{AssigneeID: &ana, UnreadCount: 1}, nil, models.NotifyAssigned},
		"taken from a colleague":         {models.Handling{AssigneeID: &bia}, models.Conversation{AssigneeID: &ana}, &bia, models.NotifyAssigned},
		"taken by oneself":               {models.Handling{}, models.Conversation{AssigneeID: &ana}, &ana, ""},
		"given up":                       {models.Handling{AssigneeID: &ana}, models.Conversation{}, &bia, ""},
		"the first unread message":       {models.Handling{AssigneeID: &ana}, models.Conversation{AssigneeID: &ana, UnreadCount: 3}, nil, models.NotifyMessage},
		"one in a muted conversation":    {models.Handling{AssigneeID: &ana}, models.Conversation{AssigneeID: &ana, UnreadCount: 1, Muted: true}, nil, ""},
		"a muted one handed over":        {models.Handling{}, models.Conversation{AssigneeID: &ana, Muted: true}, &bia, models.NotifyAssigned},
		"a further one":                  {models.Handling{AssigneeID: &ana, UnreadCount: 1}, models.Conversation{AssigneeID: &ana, UnreadCount: 2}, nil, ""},
		"one that nobody takes care of":  {models.Handling{}, models.Conversation{UnreadCount: 1}, nil, ""},
		"read":                           {models.Handling{AssigneeID: &ana, UnreadCount: 1}, models.Conversation{AssigneeID: &ana}, &bia, ""},
		"nothing":                        {models.Handling{AssigneeID: &ana, UnreadCount: 1}, models.Conversation{AssigneeID: &ana, UnreadCount: 1}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			kind, told := models.ToldOfChange(c.before, c.now, c.by)
			require.Equal(t, c.kind, kind)
			require.Equal(t, c.kind != "", told)
		})
	}
}
