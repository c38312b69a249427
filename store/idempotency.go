package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"recado/models"
)

// RememberedResult returns what the viewer's mutation under a key made the first
// time, or nil if there was no first time within models.IdempotencyLifetime.
// IDEMPOTENCY_KEY_REUSED if that was with another input.
func RememberedResult(tx *Tx, viewer models.Viewer, mutation, key string, input any) (*models.ID, error) {
	hash, err := fingerprint(input)
	if err != nil {
		return nil, err
	}
	var known models.IdempotencyRecord
	err = tx.Take(&known, "organization_id = ? AND actor_id = ? AND mutation = ? AND key = ?",
		viewer.OrganizationID, viewer.UserID, mutation, key).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return nil, nil //nolint:nilnil // no first time is no failure
	case err != nil:
		return nil, fmt.Errorf("look up idempotency key: %w", err)
	case tx.Now().Sub(known.CreatedAt) >= models.IdempotencyLifetime:
		if err := tx.Delete(&known).Error; err != nil {
			return nil, fmt.Errorf("forget idempotency key: %w", err)
		}
		return nil, nil //nolint:nilnil // forgotten
	case !bytes.Equal(known.InputHash, hash):
		return nil, models.NewError(models.CodeIdempotencyKeyReused, "idempotencyKey")
	}
	return &known.ResultID, nil
}

// RememberResult records what the viewer's mutation under a key made. If another
// call with the key was faster, the transaction is run again and finds its result.
func RememberResult(tx *Tx, viewer models.Viewer, mutation, key string, input any, result models.ID) error {
	hash, err := fingerprint(input)
	if err != nil {
		return err
	}
	err = tx.Create(&models.IdempotencyRecord{
		OrganizationID: viewer.OrganizationID, ActorID: viewer.UserID, Mutation: mutation, Key: key,
		InputHash: hash, ResultID: result, CreatedAt: tx.Now(),
	}).Error
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return errors.Join(err, ErrRace)
	case err != nil:
		return fmt.Errorf("record idempotency key: %w", err)
	}
	return nil
}

func fingerprint(input any) ([]byte, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("fingerprint input: %w", err)
	}
	hash := sha256.Sum256(text)
	return hash[:], nil
}
