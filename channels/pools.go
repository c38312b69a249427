package channels

import (
	"context"
	"fmt"
	"slices"

	"recado/models"
)

// AssigneesByChannel returns the pools of those of the channels that the viewer may
// see, each in its order, in one statement. A channel without a pool is absent.
func (s *Service) AssigneesByChannel(ctx context.Context, viewer models.Viewer, channelIDs []models.ID) (map[models.ID][]models.ID, error) {
	visible := slices.DeleteFunc(slices.Clone(channelIDs), func(id models.ID) bool { return !viewer.Can(id, models.LevelView) })
	pools := make(map[models.ID][]models.ID, len(visible))
	if len(visible) == 0 {
		return pools, nil
	}
	var rows []models.ChannelAssignee
	err := s.db.Read(ctx).Where("organization_id = ? AND channel_id IN ?", viewer.OrganizationID, visible).
		Order("channel_id, position").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read pools of %d channels: %w", len(visible), err)
	}
	for _, row := range rows {
		pools[row.ChannelID] = append(pools[row.ChannelID], row.UserID)
	}
	return pools, nil
}
