package graph

import (
	"context"
	"strings"

	"recado/graph/gqlmodel"
	"recado/models"
)

// Limits of node and nodes.
const (
	maxNodes   = 100
	maxNodeID  = 128 // bytes; a longer id names nothing
	idSplitter = "_"
)

// Node is an object by its id.
func (r queryResolver) Node(ctx context.Context, id string) (gqlmodel.Node, error) {
	nodes, err := r.Nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes are objects by their ids.
func (r queryResolver) Nodes(ctx context.Context, ids []string) ([]gqlmodel.Node, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxNodes {
		return nil, models.NewError(models.CodeInvalid, "ids")
	}
	waiting := make([]func() (gqlmodel.Node, error), len(ids))
	for i, id := range ids {
		waiting[i] = r.node(ctx, viewer, id)
	}
	nodes := make([]gqlmodel.Node, len(ids))
	for i, wait := range waiting {
		if nodes[i], err = wait(); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// node asks for an object and returns a function that waits for it, so that many
// are loaded together.
func (r queryResolver) node(ctx context.Context, viewer models.Viewer, text string) func() (gqlmodel.Node, error) {
	nothing := func() (gqlmodel.Node, error) { return nil, nil }
	if len(text) > maxNodeID {
		return nothing
	}
	prefix, _, _ := strings.Cut(text, idSplitter)
	id, ok := models.ParsePublicID(prefix, text)
	if !ok {
		return nothing
	}
	load := loadersFrom(ctx)
	switch prefix {
	case models.PrefixOrganization:
		if id != viewer.OrganizationID {
			return nothing
		}
		return func() (gqlmodel.Node, error) { return r.organization(ctx, viewer) }
	case models.PrefixUser:
		return asNode(load.users.later(ctx, id), func(row *models.User) gqlmodel.Node { return (*gqlmodel.User)(row) })
	case models.PrefixProfile:
		return asNode(load.profiles.later(ctx, id), func(row *models.Profile) gqlmodel.Node { return (*gqlmodel.Profile)(row) })
	case models.PrefixChannel:
		return asNode(load.channels.later(ctx, id), func(row *models.Channel) gqlmodel.Node { return (*gqlmodel.Channel)(row) })
	case models.PrefixChannelSetup:
		return asNode(load.setups.later(ctx, id), func(row *models.ChannelConnection) gqlmodel.Node { return (*gqlmodel.ChannelSetup)(row) })
	case models.PrefixContact:
		return asNode(load.contacts.later(ctx, id), func(row *models.Contact) gqlmodel.Node { return (*gqlmodel.Contact)(row) })
	case models.PrefixConversation:
		return asNode(load.conversations.later(ctx, id), func(row *models.Conversation) gqlmodel.Node { return (*gqlmodel.Conversation)(row) })
	case models.PrefixAttachment:
		return asNode(load.files.later(ctx, id), func(row *models.Attachment) gqlmodel.Node { return (*gqlmodel.Attachment)(row) })
	case models.PrefixMessage:
		return asNode(load.messages.later(ctx, id), func(row *models.Message) gqlmodel.Node { return (*gqlmodel.Message)(row) })
	case models.PrefixTag:
		return asNode(load.tags.later(ctx, id), func(row *models.Tag) gqlmodel.Node { return (*gqlmodel.Tag)(row) })
	case models.PrefixQuickReply:
		return asNode(load.quickReplies.later(ctx, id), func(row *models.QuickReply) gqlmodel.Node { return (*gqlmodel.QuickReply)(row) })
	case models.PrefixTemplate:
		return asNode(load.templates.later(ctx, id), func(row *models.Template) gqlmodel.Node { return (*gqlmodel.Template)(row) })
	case models.PrefixCompany:
		return asNode(load.companies.later(ctx, id), func(row *models.Company) gqlmodel.Node { return (*gqlmodel.Company)(row) })
	case models.PrefixPipeline:
		return asNode(load.pipelines.later(ctx, id), func(row *models.Pipeline) gqlmodel.Node { return (*gqlmodel.Pipeline)(row) })
	case models.PrefixPipelineStage:
		return asNode(load.stages.later(ctx, id), func(row *models.PipelineStage) gqlmodel.Node { return (*gqlmodel.PipelineStage)(row) })
	case models.PrefixDeal:
		return asNode(load.deals.later(ctx, id), func(row *models.Deal) gqlmodel.Node { return (*gqlmodel.Deal)(row) })
	case models.PrefixCustomField:
		return asNode(load.customFields.later(ctx, id), func(row *models.CustomField) gqlmodel.Node { return (*gqlmodel.CustomField)(row) })
	case models.PrefixNote:
		return asNode(load.notes.later(ctx, id), func(row *models.ConversationNote) gqlmodel.Node { return (*gqlmodel.Note)(row) })
	case models.PrefixNotification:
		return asNode(load.notifications.later(ctx, id), func(row *models.Notification) gqlmodel.Node { return (*gqlmodel.Notification)(row) })
	case models.PrefixCreditPurchase:
		return func() (gqlmodel.Node, error) {
			purchase, err := r.rooms.Credits.PurchaseByID(ctx, viewer, id)
			if err != nil || purchase == nil {
				return nil, err
			}
			return (*gqlmodel.CreditPurchase)(purchase), nil
		}
	}
	return nothing
}

func asNode[T any](wait func() (*T, error), node func(*T) gqlmodel.Node) func() (gqlmodel.Node, error) {
	return func() (gqlmodel.Node, error) {
		row, err := wait()
		if err != nil || row == nil {
			return nil, err
		}
		return node(row), nil
	}
}
