package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"recado/models"
)

// Rendered is what a quick reply says in a conversation.
type Rendered struct {
	QuickReply models.QuickReply
	Text       string
	Missing    []string // variables without a value and a fallback; they stand in Text as they were written
}

// RenderQuickReply shows what a quick reply would say in a conversation if the viewer
// sent it now. NOT_FOUND if the quick reply or the conversation does not exist for
// the viewer.
func (s *Service) RenderQuickReply(ctx context.Context, viewer models.Viewer, id, conversationID models.ID) (Rendered, error) {
	db := s.db.Read(ctx)
	var conversation models.Conversation
	if err := take(db, &conversation, viewer.OrganizationID, conversationID); err != nil {
		return Rendered{}, err
	}
	if err := viewer.Require(conversation.ChannelID, models.LevelView); err != nil {
		return Rendered{}, err
	}
	rendered, draft, err := render(db, viewer, conversation, id)
	if err != nil {
		return Rendered{}, err
	}
	if draft.Text != nil {
		rendered.Text = draft.Text.Body
	} else {
		rendered.Text = draft.Attachment.Caption
	}
	return rendered, nil
}

// quickReplyField is where Reply names a quick reply.
const quickReplyField = "content.quickReply.quickReplyId"

// expand puts what a quick reply says in the place of one, and returns what keeps it
// from being sent: NOT_FOUND, VALUES_MISSING, or a limit that the values broke. Other
// drafts stay as they are.
func expand(db *gorm.DB, viewer models.Viewer, conversation models.Conversation, draft models.Draft) (models.Draft, *models.Error, error) {
	if draft.QuickReply == nil {
		return draft, nil, nil
	}
	rendered, expanded, err := render(db, viewer, conversation, draft.QuickReply.QuickReplyID)
	switch {
	case models.CodeOf(err) == models.CodeNotFound:
		return models.Draft{Text: &models.TextDraft{}}, models.NewError(models.CodeNotFound, quickReplyField), nil
	case err != nil:
		return draft, nil, err
	case len(rendered.Missing) > 0:
		return expanded, models.NewError(models.CodeValuesMissing, quickReplyField).With("variables", strings.Join(rendered.Missing, ", ")), nil
	}
	if broken, ok := errors.AsType[*models.Error](expanded.Check()); ok {
		return expanded, broken.At(quickReplyField), nil
	}
	return expanded, nil, nil
}

// render reads a quick reply and the values of its variables.
func render(db *gorm.DB, viewer models.Viewer, conversation models.Conversation, id models.ID) (Rendered, models.Draft, error) {
	var rendered Rendered
	if err := take(db, &rendered.QuickReply, viewer.OrganizationID, id); err != nil {
		return rendered, models.Draft{}, err
	}
	if !rendered.QuickReply.VisibleTo(viewer.UserID) {
		return rendered, models.Draft{}, models.ErrNotFound
	}
	values, err := valuesOf(db, viewer, conversation)
	if err != nil {
		return rendered, models.Draft{}, err
	}
	var draft models.Draft
	draft, rendered.Missing = rendered.QuickReply.Draft(values)
	return rendered, draft, nil
}

// valuesOf reads the variables of a conversation for a viewer who writes in it.
func valuesOf(db *gorm.DB, viewer models.Viewer, conversation models.Conversation) (map[string]string, error) {
	var row struct{ Contact, Company, Organization, Agent, Channel, Number string }
	err := db.Raw(`SELECT
		(SELECT name FROM contacts WHERE organization_id = @organization AND id = @contact) AS contact,
		(SELECT c.name FROM contact_records AS r JOIN companies AS c ON c.organization_id = r.organization_id AND c.id = r.company_id
			WHERE r.organization_id = @organization AND r.contact_id = @contact) AS company,
		(SELECT name FROM organizations WHERE id = @organization) AS organization,
		(SELECT name FROM users WHERE organization_id = @organization AND id = @agent) AS agent,
		(SELECT name FROM channels WHERE organization_id = @organization AND id = @channel) AS channel,
		(SELECT display_number FROM channels WHERE organization_id = @organization AND id = @channel) AS number`,
		map[string]any{
			"organization": viewer.OrganizationID, "contact": conversation.ContactID, "agent": viewer.UserID, "channel": conversation.ChannelID,
		}).Scan(&row).Error
	if err != nil {
		return nil, fmt.Errorf("read variables of conversation %s: %w", conversation.ID, err)
	}
	values := map[string]string{
		models.VariableContactName: row.Contact, models.VariableContactFirstName: models.FirstName(row.Contact),
		models.VariableCompanyName: row.Company, models.VariableOrganizationName: row.Organization,
		models.VariableAgentName: row.Agent, models.VariableAgentFirstName: models.FirstName(row.Agent),
		models.VariableConversationName: row.Channel, models.VariableConversationPhone: row.Number,
	}
	if conversation.CustomerWAID != "" { // else they hide it
		values[models.VariableContactPhone] = "+" + conversation.CustomerWAID
	}
	return values, nil
}

// take reads a row of an organization; NOT_FOUND if there is none.
func take[T any](db *gorm.DB, row *T, organization, id models.ID) error {
	err := db.Take(row, "organization_id = ? AND id = ?", organization, id).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return models.ErrNotFound
	case err != nil:
		return fmt.Errorf("read %T %s: %w", row, id, err)
	}
	return nil
}
