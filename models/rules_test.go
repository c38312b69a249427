package models_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestViewer_Require(t *testing.T) {
	channel, other := models.NewID(), models.NewID()
	with := func(level models.MessagingLevel) models.Viewer {
		return models.Viewer{Levels: map[models.ID]models.MessagingLevel{channel: level}}
	}
	for _, test := range []struct {
		name        string
		viewer      models.Viewer
		view, reply models.Code // what stands in the way, empty: nothing
	}{
		{"no level", models.Viewer{}, models.CodeNotFound, models.CodeNotFound},
		{"a level elsewhere", models.Viewer{Levels: map[models.ID]models.MessagingLevel{other: models.LevelReply}}, models.CodeNotFound, models.CodeNotFound},
		{"NONE", with(models.LevelNone), models.CodeNotFound, models.CodeNotFound},
		{"VIEW", with(models.LevelView), "", models.CodeForbidden},
		{"REPLY", with(models.LevelReply), "", ""},
		{"a level of the future", with("OWN"), models.CodeNotFound, models.CodeNotFound},
		{"administrator", models.Viewer{Administrator: true}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			view, reply := test.viewer.Require(channel, models.LevelView), test.viewer.Require(channel, models.LevelReply)
			require.Equal(t, test.view, models.CodeOf(view))
			require.Equal(t, test.reply, models.CodeOf(reply))
			require.Equal(t, test.view == "", test.viewer.Can(channel, models.LevelView))
			require.Equal(t, test.reply == "", test.viewer.Can(channel, models.LevelReply))
		})
	}
}

func TestMessagingLevel(t *testing.T) {
	for _, level := range []models.MessagingLevel{models.LevelNone, models.LevelView, models.LevelReply} {
		require.True(t, level.Valid())
		require.False(t, models.LevelNone.Allows(level), "NONE allows nothing")
	}
	require.False(t, models.MessagingLevel("OWN").Valid())
	require.False(t, models.LevelReply.Allows("OWN"), "what is not known is not allowed")
}

func TestError(t *testing.T) {
	base := models.NewError(models.CodeInvalid, "text")
	limited := base.With("max", "4096").With("given", "5000")
	require.Empty(t, base.Params, "With does not touch the original")
	require.Equal(t, `INVALID (text) given="5000" max="4096"`, limited.Error())
	require.Equal(t, "NOT_FOUND", models.ErrNotFound.Error())

	wrapped := fmt.Errorf("reply: %w", limited)
	require.Equal(t, models.CodeInvalid, models.CodeOf(wrapped))
	require.ErrorIs(t, wrapped, models.NewError(models.CodeInvalid, "another field"), "compared by code")
	require.NotErrorIs(t, wrapped, models.ErrNotFound)
	require.Empty(t, models.CodeOf(errors.New("the disk is full")), "a fault has no code")
	require.Empty(t, models.CodeOf(nil))
}

func TestLater_and_Earlier(t *testing.T) {
	early, late := noon, noon.Add(time.Second)
	require.Nil(t, models.Later(nil, nil))
	require.Nil(t, models.Earlier(nil, nil))
	for _, pair := range [][2]*time.Time{{&early, &late}, {&late, &early}} {
		require.Equal(t, &late, models.Later(pair[0], pair[1]))
		require.Equal(t, &early, models.Earlier(pair[0], pair[1]))
	}
	for _, pair := range [][2]*time.Time{{&early, nil}, {nil, &early}} {
		require.Equal(t, &early, models.Later(pair[0], pair[1]))
		require.Equal(t, &early, models.Earlier(pair[0], pair[1]), "nil means that it never happened")
	}
	same := noon
	require.Same(t, &early, models.Later(&early, &same), "a tie changes nothing")
	require.Same(t, &early, models.Earlier(&early, &same))
}

func TestViewer_lists_the_channels_of_a_level(t *testing.T) {
	view, reply, none := models.NewID(), models.NewID(), models.NewID()
	viewer := models.Viewer{Levels: map[models.ID]models.MessagingLevel{
		reply: models.LevelReply, none: models.LevelNone, view: models.LevelView,
	}}
	require.Equal(t, []models.ID{view, reply}, viewer.Channels(models.LevelView), "in the order of ids")
	require.Equal(t, []models.ID{reply}, viewer.Channels(models.LevelReply))
	require.Empty(t, models.Viewer{}.Channels(models.LevelView))
}
