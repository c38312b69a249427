package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"recado/models"
	"recado/store"
)

// DealChange says what a deal becomes; nil, and a Patch that is not given, leave
// something as it is.
type DealChange struct {
	Name           *string                    `json:"name"`     // see models.CleanName; up to models.MaxRecordName characters
	PipelineID     *models.ID                 `json:"pipeline"` // without a stage: its first open one
	StageID        *models.ID                 `json:"stage"`
	Price          Patch[models.Money]        `json:"price"` // as models.ParseMoney makes it
	ClosingDate    Patch[models.Date]         `json:"closingDate"`
	OwnerID        Patch[models.ID]           `json:"owner"` // a user who is active
	ContactID      Patch[models.ID]           `json:"contact"`
	CompanyID      Patch[models.ID]           `json:"company"`
	ConversationID Patch[models.ID]           `json:"conversation"`
	CustomValues   []models.CustomValueChange `json:"customValues"`
}

// CreateDeal makes a deal: in the default pipeline unless another is named, the viewer's
// own unless an owner is given, and with the contact of the conversation, and the company
// of the contact, unless those are given. With a key, the same input makes it once.
// Failures: REQUIRED and INVALID with the field, NOT_FOUND with the field for what does
// not exist for the viewer, those of models.CustomValues.Change, IDEMPOTENCY_KEY_REUSED.
func (s *Service) CreateDeal(ctx context.Context, viewer models.Viewer, wish DealChange, key *string) (models.Deal, error) {
	var deal models.Deal
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		first, remember, err := once(tx, viewer, "dealCreate", key, wish)
		if err != nil {
			return err
		}
		if first != nil {
			deal, err = take[models.Deal](tx.DB, viewer.OrganizationID, *first, "")
			return err
		}
		if wish.Name == nil {
			return models.NewError(models.CodeRequired, "name")
		}
		around, err := wish.look(tx, viewer)
		if err != nil {
			return err
		}
		if around.stage == nil {
			if around.stage, err = firstStage(tx, viewer.OrganizationID, nil); err != nil {
				return err
			}
		}
		deal = models.Deal{
			OrganizationID: viewer.OrganizationID, ID: models.NewID(), OwnerID: new(viewer.UserID), CreatedByID: new(viewer.UserID),
			CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Version: 1,
		}
		if around.conversation != nil && !wish.ContactID.Given {
			deal.ContactID = &around.conversation.ContactID
		}
		if !wish.CompanyID.Given {
			if deal.CompanyID, err = companyOf(tx, viewer.OrganizationID, wish.ContactID.Value, deal.ContactID); err != nil {
				return err
			}
		}
		if err := wish.apply(tx, &deal, around); err != nil {
			return err
		}
		if err := tx.Create(&deal).Error; err != nil {
			return fmt.Errorf("make deal: %w", err)
		}
		if err := remember(deal.ID); err != nil {
			return err
		}
		return recordDeal(tx, models.EventDealChanged, deal)
	})
	return deal, err
}

// UpdateDeal changes a deal; another stage moves it. Failures: NOT_FOUND (dealId), those
// of CreateDeal, and CONFLICT, which comes with the present deal.
func (s *Service) UpdateDeal(ctx context.Context, viewer models.Viewer, id models.ID, change DealChange, expectedVersion *int64) (models.Deal, error) {
	var deal models.Deal
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		around, err := change.look(tx, viewer)
		if err != nil {
			return err
		}
		if deal, err = take[models.Deal](store.Locking(tx.DB), viewer.OrganizationID, id, "dealId"); err != nil {
			return err
		}
		if err := checkVersion(expectedVersion, deal.Version); err != nil {
			return err
		}
		if change.StageID == nil && around.stage != nil && around.stage.PipelineID == deal.PipelineID {
			around.stage = nil // it is in the pipeline already
		}
		changed := deal
		if err := change.apply(tx, &changed, around); err != nil {
			return err
		}
		if sameDeal(changed, deal) {
			return nil
		}
		deal = changed
		deal.Version++
		deal.UpdatedAt = tx.Now()
		if err := tx.Save(&deal).Error; err != nil {
			return fmt.Errorf("change deal %s: %w", id, err)
		}
		return recordDeal(tx, models.EventDealChanged, deal)
	})
	return deal, err
}

// DeleteDeal deletes a deal. NOT_FOUND (dealId).
func (s *Service) DeleteDeal(ctx context.Context, viewer models.Viewer, id models.ID) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		deal, err := take[models.Deal](store.Locking(tx.DB), viewer.OrganizationID, id, "dealId")
		if err != nil {
			return err
		}
		if err := tx.Delete(&deal).Error; err != nil {
			return fmt.Errorf("delete deal %s: %w", id, err)
		}
		return recordDeal(tx, models.EventDealDeleted, deal)
	})
}

// surroundings are what a change of a deal refers to, locked in the order of locks.
type surroundings struct {
	conversation *models.Conversation
	stage        *models.PipelineStage
}

// look reads and locks what the change refers to, and holds it to what the viewer may
// see.
func (c DealChange) look(tx *store.Tx, viewer models.Viewer) (surroundings, error) {
	var around surroundings
	if id := c.ConversationID.Value; id != nil {
		conversation, err := take[models.Conversation](store.Locking(tx.DB), viewer.OrganizationID, *id, "conversationId")
		if err == nil && !viewer.Can(conversation.ChannelID, models.LevelView) {
			err = models.NewError(models.CodeNotFound, "conversationId")
		}
		if err != nil {
			return around, err
		}
		around.conversation = &conversation
	}
	if id := c.ContactID.Value; id != nil {
		if _, err := lockContact(tx, viewer, *id, models.LevelView); err != nil {
			return around, err
		}
	}
	if err := keepCompany(tx, viewer.OrganizationID, c.CompanyID.Value); err != nil {
		return around, err
	}
	var err error
	if around.stage, err = c.wantedStage(tx, viewer.OrganizationID); err != nil {
		return around, err
	}
	if id := c.OwnerID.Value; id != nil {
		owner, err := take[models.User](tx.DB, viewer.OrganizationID, *id, "ownerId")
		if err != nil {
			return around, err
		}
		if !owner.Active {
			return around, models.NewError(models.CodeInvalid, "ownerId")
		}
	}
	return around, nil
}

// wantedStage is the stage that the change names; nil if it names none.
func (c DealChange) wantedStage(tx *store.Tx, organization models.ID) (*models.PipelineStage, error) {
	switch {
	case c.StageID != nil:
		stage, err := take[models.PipelineStage](store.Keeping(tx.DB), organization, *c.StageID, "stageId")
		if err == nil && c.PipelineID != nil && stage.PipelineID != *c.PipelineID {
			err = models.NewError(models.CodeNotFound, "stageId")
		}
		return &stage, err
	case c.PipelineID != nil:
		if _, err := take[models.Pipeline](store.Keeping(tx.DB), organization, *c.PipelineID, "pipelineId"); err != nil {
			return nil, err
		}
		return firstStage(tx, organization, c.PipelineID)
	}
	return nil, nil //nolint:nilnil // no wish
}

// firstStage is the first open stage of a pipeline; nil: of the default one.
func firstStage(tx *store.Tx, organization models.ID, pipeline *models.ID) (*models.PipelineStage, error) {
	if pipeline == nil {
		standard, err := defaultPipeline(tx, organization)
		if err != nil {
			return nil, err
		}
		pipeline = &standard.ID
	}
	var stage models.PipelineStage
	err := store.Keeping(tx.DB).Where("organization_id = ? AND pipeline_id = ? AND kind = ?", organization, *pipeline, models.StageOpen).
		Order("position, id").Limit(1).Take(&stage).Error
	if err != nil {
		return nil, fmt.Errorf("read first stage of pipeline %s: %w", *pipeline, err)
	}
	return &stage, nil
}

// companyOf is the company of the first contact that is given; nil if there is none.
func companyOf(tx *store.Tx, organization models.ID, contacts ...*models.ID) (*models.ID, error) {
	for _, contact := range contacts {
		if contact != nil {
			record, err := recordOf(tx.DB, organization, *contact)
			return record.CompanyID, errors.Join(err, keepCompany(tx, organization, record.CompanyID))
		}
	}
	return nil, nil //nolint:nilnil // nobody's
}

// apply writes the change into a deal.
func (c DealChange) apply(tx *store.Tx, deal *models.Deal, around surroundings) error {
	var err error
	if c.Name != nil {
		if deal.Name, err = models.CleanName(*c.Name, "name", models.MaxRecordName); err != nil {
			return err
		}
	}
	if c.Price.Given {
		deal.SetPrice(c.Price.Value)
	}
	if c.ClosingDate.Given {
		if c.ClosingDate.Value != nil && !c.ClosingDate.Value.Valid() {
			return models.NewError(models.CodeInvalid, "closingDate")
		}
		deal.ClosingDate = c.ClosingDate.Value
	}
	for _, link := range []struct {
		of    **models.ID
		patch Patch[models.ID]
	}{{&deal.OwnerID, c.OwnerID}, {&deal.ContactID, c.ContactID}, {&deal.CompanyID, c.CompanyID}, {&deal.ConversationID, c.ConversationID}} {
		if link.patch.Given {
			*link.of = link.patch.Value
		}
	}
	if around.stage != nil {
		deal.Enter(*around.stage, tx.Now())
	}
	deal.CustomValues, err = changeValues(tx, deal.OrganizationID, models.RecordDeal, deal.CustomValues, c.CustomValues)
	return err
}

// sameDeal reports whether nothing of a deal was changed.
func sameDeal(a, b models.Deal) bool {
	return a.Name == b.Name && a.StageID == b.StageID && sameValue(a.Amount, b.Amount) && a.Currency == b.Currency &&
		sameValue(a.ClosingDate, b.ClosingDate) && sameValue(a.OwnerID, b.OwnerID) && sameValue(a.ContactID, b.ContactID) &&
		sameValue(a.CompanyID, b.CompanyID) && sameValue(a.ConversationID, b.ConversationID) && slices.Equal(a.CustomValues, b.CustomValues)
}

// recordDeal tells everybody of the organization of a deal.
func recordDeal(tx *store.Tx, kind models.EventKind, deal models.Deal) error {
	payload, err := json.Marshal(models.EventPayload{Deal: &deal})
	if err != nil {
		return fmt.Errorf("write event about deal %s: %w", deal.ID, err)
	}
	tx.Record(models.Event{OrganizationID: deal.OrganizationID, Kind: kind, Payload: payload})
	return nil
}

// recordPipelines tells everybody of the organization that pipelines are not as they
// were.
func recordPipelines(tx *store.Tx, organization models.ID) error {
	payload, err := json.Marshal(models.EventPayload{})
	if err != nil {
		return fmt.Errorf("write event about pipelines: %w", err)
	}
	tx.Record(models.Event{OrganizationID: organization, Kind: models.EventPipelinesChanged, Payload: payload})
	return nil
}
