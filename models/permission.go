package models

import "slices"

// MessagingLevel is what a profile may do on a channel.
type MessagingLevel string

// The levels, each including the ones before it.
const (
	LevelNone  MessagingLevel = "NONE"  // the channel and all on it does not exist for the viewer
	LevelView  MessagingLevel = "VIEW"  // sees conversations and messages
	LevelReply MessagingLevel = "REPLY" // sees, answers, assigns, closes and marks as read
)

var levelRank = map[MessagingLevel]int{LevelNone: 0, LevelView: 1, LevelReply: 2}

// Allows reports whether level l includes what needed asks for. An unknown level
// allows nothing and is allowed to nobody.
func (l MessagingLevel) Allows(needed MessagingLevel) bool {
	rank, known := levelRank[needed]
	return known && levelRank[l] > 0 && levelRank[l] >= rank
}

// Valid reports whether l is one of the levels.
func (l MessagingLevel) Valid() bool {
	_, known := levelRank[l]
	return known
}

// ChannelPermission is a profile's level on a channel. No row means NONE, except
// for administrators, who have REPLY everywhere.
type ChannelPermission struct {
	OrganizationID ID             `gorm:"type:uuid;not null"`
	ProfileID      ID             `gorm:"type:uuid;primaryKey"`
	ChannelID      ID             `gorm:"type:uuid;primaryKey;index:channel_permissions_channel_id_idx"`
	Level          MessagingLevel `gorm:"not null"`
}

// Viewer is who is asking: the authenticated user and what they may do, as of a
// few seconds ago at most. Every use case takes one, and takes the organization
// from it.
type Viewer struct {
	OrganizationID ID
	UserID         ID
	ProfileID      ID
	SessionID      ID
	Administrator  bool
	Levels         map[ID]MessagingLevel // by channel; absent means NONE. Not used for administrators.
}

// Level returns the viewer's level on a channel of the viewer's organization.
func (v Viewer) Level(channel ID) MessagingLevel {
	if v.Administrator {
		return LevelReply
	}
	if level, ok := v.Levels[channel]; ok {
		return level
	}
	return LevelNone
}

// Can reports whether the viewer's level on the channel includes needed.
func (v Viewer) Can(channel ID, needed MessagingLevel) bool {
	return v.Level(channel).Allows(needed)
}

// Channels returns the channels on which the viewer's level includes needed, in the
// order of their ids. An administrator's are not listed: that is every channel.
func (v Viewer) Channels(needed MessagingLevel) []ID {
	var channels []ID
	for id, level := range v.Levels {
		if level.Allows(needed) {
			channels = append(channels, id)
		}
	}
	slices.SortFunc(channels, compareIDs)
	return channels
}

// Visible returns the channels to look on: those of the wanted ones, nil meaning
// all, that the viewer may see. It reports true if no channel needs to be left out.
func (v Viewer) Visible(wanted []ID) (channels []ID, all bool) {
	switch {
	case wanted == nil && v.Administrator:
		return nil, true
	case wanted == nil:
		return v.Channels(LevelView), false
	}
	for _, id := range wanted {
		if v.Can(id, LevelView) {
			channels = append(channels, id)
		}
	}
	slices.SortFunc(channels, compareIDs)
	return slices.Compact(channels), false
}

// Require returns nil if the viewer has the needed level on the channel. Without
// VIEW the channel does not exist for the viewer (NOT_FOUND); with VIEW but not
// the needed level it is FORBIDDEN.
func (v Viewer) Require(channel ID, needed MessagingLevel) error {
	switch level := v.Level(channel); {
	case level.Allows(needed):
		return nil
	case level.Allows(LevelView):
		return NewError(CodeForbidden, "")
	default:
		return ErrNotFound
	}
}
