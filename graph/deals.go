package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"recado/crm"
	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// Deals are the organization's.
func (r queryResolver) Deals(ctx context.Context, filter *gqlmodel.DealFilterInput, first *int32, after *string, last *int32, before *string) (*gqlmodel.DealConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var wanted crm.DealFilter
	if filter != nil {
		var ids idParser
		wanted = crm.DealFilter{
			PipelineID: ids.optional(models.PrefixPipeline, filter.PipelineID.Value(), "filter.pipelineId"),
			StageID:    ids.optional(models.PrefixPipelineStage, filter.StageID.Value(), "filter.stageId"),
			OwnerID:    ids.optional(models.PrefixUser, filter.OwnerID.Value(), "filter.ownerId"),
			ContactID:  ids.optional(models.PrefixContact, filter.ContactID.Value(), "filter.contactId"),
			CompanyID:  ids.optional(models.PrefixCompany, filter.CompanyID.Value(), "filter.companyId"),
			Open:       filter.IsOpen.Value(),
		}
		if ids.err != nil {
			return nil, ids.err
		}
	}
	page, err := r.rooms.CRM.Deals(ctx, viewer, wanted, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return dealConnection(page), nil
}

func dealConnection(page inbox.Page[models.Deal]) *gqlmodel.DealConnection {
	return &gqlmodel.DealConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}
}

// Deal is a deal by its id.
func (r queryResolver) Deal(ctx context.Context, id string) (*gqlmodel.Deal, error) {
	if _, err := r.viewer(ctx); err != nil {
		return nil, err
	}
	wanted, ok := models.ParsePublicID(models.PrefixDeal, id)
	if !ok {
		return nil, nil //nolint:nilnil // does not exist
	}
	deal, err := loadersFrom(ctx).deals.load(ctx, wanted)
	return (*gqlmodel.Deal)(deal), err
}

// dealPartKey is a part of the deals of a record, as a key of a loader.
type dealPartKey struct {
	of   crm.DealOwner
	part partKey // of the record with its id
}

// byDealPart has a loader read many parts at once.
func byDealPart(read func(context.Context, models.Viewer, []crm.DealPart) ([]crm.DealResult, error),
) func(context.Context, models.Viewer, []dealPartKey) (map[dealPartKey]crm.DealResult, error) {
	return func(ctx context.Context, viewer models.Viewer, keys []dealPartKey) (map[dealPartKey]crm.DealResult, error) {
		parts := make([]crm.DealPart, len(keys))
		for i, key := range keys {
			parts[i] = crm.DealPart{Of: key.of, ID: key.part.owner, Page: key.part.request()}
		}
		results, err := read(ctx, viewer, parts)
		if err != nil {
			return nil, err
		}
		found := make(map[dealPartKey]crm.DealResult, len(keys))
		for i, key := range keys {
			found[key] = results[i]
		}
		return found, nil
	}
}

// dealsOf is a part of the deals of a record that the viewer sees.
func dealsOf(ctx context.Context, of crm.DealOwner, part partKey) (*gqlmodel.DealConnection, error) {
	result, err := loadersFrom(ctx).dealLists.load(ctx, dealPartKey{of, part})
	if err != nil {
		return nil, err
	}
	if result.Err != nil {
		return nil, result.Err
	}
	return dealConnection(result.Page), nil
}

// Deals are those that came from the conversation.
func (r conversationResolver) Deals(ctx context.Context, conversation *gqlmodel.Conversation, first *int32, after *string, last *int32, before *string) (*gqlmodel.DealConnection, error) {
	return dealsOf(ctx, crm.DealsOfConversation, newPartKey(conversation.ID, first, after, last, before))
}

// Pipeline is the one that the deal is in.
func (r dealResolver) Pipeline(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.Pipeline, error) {
	pipeline, err := loadersFrom(ctx).pipelines.load(ctx, deal.PipelineID)
	return (*gqlmodel.Pipeline)(pipeline), err
}

// Stage is the one that the deal is in.
func (r dealResolver) Stage(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.PipelineStage, error) {
	stage, err := loadersFrom(ctx).stages.load(ctx, deal.StageID)
	return (*gqlmodel.PipelineStage)(stage), err
}

// Owner is who works on the deal.
func (r dealResolver) Owner(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.User, error) {
	return loadUser(ctx, deal.OwnerID)
}

// Contact is whom the deal is made with, if the viewer may see them.
func (r dealResolver) Contact(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.Contact, error) {
	if deal.ContactID == nil {
		return nil, nil //nolint:nilnil // nobody
	}
	return loadContact(ctx, *deal.ContactID)
}

// Company is the one that the deal is made with.
func (r dealResolver) Company(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.Company, error) {
	return loadCompany(ctx, deal.CompanyID)
}

// Conversation is the one that the deal came from, if the viewer may see it.
func (r dealResolver) Conversation(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.Conversation, error) {
	if deal.ConversationID == nil {
		return nil, nil //nolint:nilnil // from none
	}
	conversation, err := loadersFrom(ctx).conversations.load(ctx, *deal.ConversationID)
	return (*gqlmodel.Conversation)(conversation), err
}

// CustomValues are what the deal has in custom fields.
func (r dealResolver) CustomValues(ctx context.Context, deal *gqlmodel.Deal) ([]gqlmodel.CustomValue, error) {
	return customValues(ctx, models.RecordDeal, deal.CustomValues)
}

// CreatedBy is who made the deal.
func (r dealResolver) CreatedBy(ctx context.Context, deal *gqlmodel.Deal) (*gqlmodel.User, error) {
	return loadUser(ctx, deal.CreatedByID)
}

// DealCreate makes a deal.
func (r mutationResolver) DealCreate(ctx context.Context, input gqlmodel.DealCreateInput) (*gqlmodel.DealCreatePayload, error) {
	deal, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.Deal, error) {
		wish, err := dealChange(ids, gqlmodel.DealUpdateInput{
			Name: graphql.OmittableOf(&input.Name), PipelineID: input.PipelineID, StageID: input.StageID, Amount: input.Amount, ClosingDate: input.ClosingDate,
			OwnerID: input.OwnerID, ContactID: input.ContactID, CompanyID: input.CompanyID, ConversationID: input.ConversationID, CustomValues: input.CustomValues,
		})
		if err != nil {
			return models.Deal{}, err
		}
		return r.rooms.CRM.CreateDeal(ctx, viewer, wish, input.IdempotencyKey.Value())
	})
	return orNothing(&gqlmodel.DealCreatePayload{Deal: (*gqlmodel.Deal)(deal), UserErrors: problems}, err)
}

// DealUpdate changes a deal.
func (r mutationResolver) DealUpdate(ctx context.Context, input gqlmodel.DealUpdateInput) (*gqlmodel.DealUpdatePayload, error) {
	deal, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (models.Deal, error) {
		id := ids.parse(models.PrefixDeal, input.DealID, "dealId")
		wish, err := dealChange(ids, input)
		if err != nil {
			return models.Deal{}, err
		}
		return r.rooms.CRM.UpdateDeal(ctx, viewer, id, wish, version(input.ExpectedVersion))
	})
	return orNothing(&gqlmodel.DealUpdatePayload{Deal: (*gqlmodel.Deal)(deal), UserErrors: problems}, err)
}

// DealDelete deletes a deal.
func (r mutationResolver) DealDelete(ctx context.Context, input gqlmodel.DealDeleteInput) (*gqlmodel.DealDeletePayload, error) {
	deleted, problems, err := change(ctx, r.Edge, func(viewer models.Viewer, ids *idParser) (string, error) {
		id := ids.parse(models.PrefixDeal, input.DealID, "dealId")
		if ids.err != nil {
			return "", ids.err
		}
		return input.DealID, r.rooms.CRM.DeleteDeal(ctx, viewer, id)
	})
	return orNothing(&gqlmodel.DealDeletePayload{DeletedDealID: deleted, UserErrors: problems}, err)
}

// dealChange reads what a deal becomes.
func dealChange(ids *idParser, input gqlmodel.DealUpdateInput) (crm.DealChange, error) {
	wish := crm.DealChange{
		Name:           input.Name.Value(),
		PipelineID:     ids.optional(models.PrefixPipeline, input.PipelineID.Value(), "pipelineId"),
		StageID:        ids.optional(models.PrefixPipelineStage, input.StageID.Value(), "stageId"),
		ClosingDate:    crm.Patch[models.Date]{Given: input.ClosingDate.IsSet(), Value: input.ClosingDate.Value()},
		OwnerID:        idPatch(ids, models.PrefixUser, input.OwnerID, "ownerId"),
		ContactID:      idPatch(ids, models.PrefixContact, input.ContactID, "contactId"),
		CompanyID:      idPatch(ids, models.PrefixCompany, input.CompanyID, "companyId"),
		ConversationID: idPatch(ids, models.PrefixConversation, input.ConversationID, "conversationId"),
		CustomValues:   valueChanges(input.CustomValues.Value()),
	}
	wish.Price.Given = input.Amount.IsSet()
	if amount := input.Amount.Value(); amount != nil {
		price, err := models.ParseMoney(amount.Amount, amount.Currency)
		if err != nil {
			return wish, err
		}
		wish.Price.Value = &price
	}
	return wish, ids.err
}

// Cursor is the event's place in the feed.
func (r dealChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.DealChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Cursor is the event's place in the feed.
func (r dealDeletedEventResolver) Cursor(_ context.Context, event *gqlmodel.DealDeletedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Cursor is the event's place in the feed.
func (r pipelinesChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.PipelinesChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}
