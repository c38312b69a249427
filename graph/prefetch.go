package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"golang.org/x/sync/errgroup"

	"recado/models"
)

// prefetch loads what the selected fields of a page of conversations will ask for,
// in one statement per kind of object, all at the same time.
func prefetch(ctx context.Context, rows []models.Conversation) error {
	if len(rows) == 0 {
		return nil
	}
	fields := selectedOfNodes(ctx, "ConversationConnection", "Conversation")
	load := loadersFrom(ctx)
	contacts, channels, messages, users, reads, tagged := set{}, set{}, set{}, set{}, set{}, set{}
	for i := range rows {
		row := &rows[i]
		if fields["contact"] {
			contacts.add(&row.ContactID)
		}
		if fields["channel"] {
			channels.add(&row.ChannelID)
		}
		if fields["unreadByMeCount"] {
			reads.add(&row.ID)
		}
		if fields["lastMessage"] {
			messages.add(row.LastMessageID)
		}
		if fields["assignee"] {
			users.add(row.AssigneeID)
		}
		if fields["tags"] {
			tagged.add(&row.ID)
		}
		if fields["closedBy"] {
			users.add(row.ClosedByID)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	ahead(ctx, group, &load.contacts, contacts)
	ahead(ctx, group, &load.channels, channels)
	ahead(ctx, group, &load.messages, messages)
	ahead(ctx, group, &load.users, users)
	ahead(ctx, group, &load.reads, reads)
	ahead(ctx, group, &load.tagsOf, tagged)
	return group.Wait()
}

func ahead[V any](ctx context.Context, group *errgroup.Group, loader *loader[models.ID, V], ids set) {
	if len(ids) > 0 {
		group.Go(func() error { return loader.ahead(ctx, ids.slice()) })
	}
}

// set is a set of ids.
type set map[models.ID]struct{}

func (s set) add(id *models.ID) {
	if id != nil {
		s[*id] = struct{}{}
	}
}

func (s set) slice() []models.ID {
	ids := make([]models.ID, 0, len(s))
	for id := range s {
		ids = append(ids, id)
	}
	return ids
}

// selectedOfNodes returns the names of the fields that the present field, a
// connection, is asked for on its nodes.
func selectedOfNodes(ctx context.Context, connection, node string) map[string]bool {
	operation := graphql.GetOperationContext(ctx)
	selected := make(map[string]bool)
	collect := func(selections ast.SelectionSet) {
		for _, field := range graphql.CollectFields(operation, selections, []string{node, "Node"}) {
			selected[field.Name] = true
		}
	}
	for _, field := range graphql.CollectFields(operation, graphql.GetFieldContext(ctx).Field.Selections, []string{connection}) {
		switch field.Name {
		case "nodes":
			collect(field.Selections)
		case "edges":
			for _, inner := range graphql.CollectFields(operation, field.Selections, []string{"ConversationEdge"}) {
				if inner.Name == "node" {
					collect(inner.Selections)
				}
			}
		}
	}
	return selected
}
