package gqlmodel

import "recado/models"

// ChannelCounts are the numbers of one channel.
type ChannelCounts struct {
	ChannelID models.ID
	Counts    ConversationCounts
}
