package store

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"recado/models"
)

// idsPerStatement bounds the parameters of one statement.
const idsPerStatement = 1000

// ByID returns those of an organization's rows that have one of the ids, by id.
func ByID[T any](db *gorm.DB, organization models.ID, ids []models.ID, idOf func(*T) models.ID) (map[models.ID]T, error) {
	found := make(map[models.ID]T, len(ids))
	for some := range slices.Chunk(ids, idsPerStatement) {
		var rows []T
		if err := db.Where("organization_id = ?", organization).Where(OneOf("id", some)).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read %d of %T: %w", len(some), rows, err)
		}
		for i := range rows {
			found[idOf(&rows[i])] = rows[i]
		}
	}
	return found, nil
}
