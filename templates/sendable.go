package templates

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"gorm.io/gorm"

	"recado/crm"
	"recado/media"
	"recado/models"
)

// Sendable reads a template for a message on a channel, by the database or in the
// transaction that will queue it. The viewer needs REPLY on the channel. Failures:
// NOT_FOUND (templateId) if the template does not exist for the viewer, was deleted, or
// is of another account than the channel, and those of models.Template.Sendable, with the
// field templateId.
func (s *Service) Sendable(db *gorm.DB, viewer models.Viewer, channel models.Channel, templateID models.ID) (models.Template, error) {
	if err := viewer.Require(channel.ID, models.LevelReply); err != nil {
		return models.Template{}, err
	}
	template, err := find(db, viewer, templateID)
	if models.CodeOf(err) == models.CodeNotFound || err == nil && template.WABAID != channel.WABAID {
		return models.Template{}, models.NewError(models.CodeNotFound, fieldTemplateID)
	}
	if err != nil {
		return models.Template{}, err
	}
	return template, models.Blame(template.Sendable(), fieldTemplateID)
}

const fieldTemplateID = "templateId"

// Filled is a template filled in for a customer.
type Filled struct {
	Template models.Template
	Sent     models.SentTemplate // what the customer gets: the Template member of the message's Content
	Missing  []string            // see models.Template.Render
	// AttachmentID is the file of the header: the message's attachment. Nil: none.
	AttachmentID *models.ID

	refused     *models.Error // what is wrong with the file
	unreachable *models.Error // what keeps it from this contact, in a preview
}

// Obstacle is why the message cannot be sent as it is filled in; nil if it can:
// VALUES_MISSING (values) with Params["variables"], what the values make too long, or
// (values.headerAttachmentId) NOT_FOUND, INVALID or one of models.Attachment.Sendable for
// a file that the viewer may not use, of another kind than the header, or that cannot be
// sent.
func (f Filled) Obstacle() *models.Error {
	if f.refused != nil {
		return f.refused
	}
	if len(f.Missing) > 0 {
		return models.NewError(models.CodeValuesMissing, "values").With("variables", strings.Join(f.Missing, ", "))
	}
	if refusal, ok := errors.AsType[*models.Error](f.Sent.Check()); ok {
		return refusal.At("values")
	}
	return nil
}

// Obstacles are all reasons for which the message cannot be sent, those of the template
// (templateId) and of the contact (contactId) included.
func (f Filled) Obstacles() []*models.Error {
	var all []*models.Error
	if refusal, ok := errors.AsType[*models.Error](f.Template.Sendable()); ok {
		all = append(all, refusal.At(fieldTemplateID))
	}
	if f.unreachable != nil {
		all = append(all, f.unreachable)
	}
	if obstacle := f.Obstacle(); obstacle != nil {
		all = append(all, obstacle)
	}
	return all
}

// Message is the content of the message that is sent, its kind being
// models.KindTemplate and its body Content.Text.
func (f Filled) Message() models.Content { return models.Content{Template: &f.Sent} }

// Subject is whom a message is for, and what it is about; nil: nobody, and no deal.
type Subject struct{ ContactID, DealID *models.ID }

// Fill fills a template in: with what is known of the contact and their company, the
// deal, the viewer and the organization, and over that with the values that are given.
// What keeps the outcome from being sent, Obstacle says. NOT_FOUND (contactId, dealId) for
// a contact or a deal that does not exist for the viewer.
func (s *Service) Fill(db *gorm.DB, viewer models.Viewer, template models.Template, about Subject, values models.TemplateValues) (Filled, error) {
	known, err := fieldsOf(db, viewer, about.ContactID)
	if err != nil {
		return Filled{}, err
	}
	if about.DealID != nil || template.Content.NeedsRecords() {
		records, err := crm.MergeValues(db, viewer, about.ContactID, about.DealID, template.Language)
		if err != nil {
			return Filled{}, err
		}
		maps.Copy(known, records)
	}
	for name, value := range values.Fields {
		if strings.TrimSpace(value) != "" {
			known[name] = value
		}
	}
	values.Fields = known
	filled := Filled{Template: template, AttachmentID: template.AttachmentOf(values)}
	filled.Sent, filled.Missing = template.Render(values)
	if filled.AttachmentID == nil {
		return filled, nil
	}
	file, err := fileOf(db, viewer, template, values, *filled.AttachmentID)
	if refusal, ok := errors.AsType[*models.Error](err); ok {
		filled.refused, filled.AttachmentID = refusal, nil
		return filled, nil
	}
	if err != nil {
		return Filled{}, err
	}
	if file.Kind == models.MediaDocument {
		filled.Sent.Header.FileName = file.FileName
	}
	return filled, nil
}

// fileOf reads the file of the header: the template's sample, which everybody may use
// who may use the template, or one of the viewer's.
func fileOf(db *gorm.DB, viewer models.Viewer, template models.Template, values models.TemplateValues, id models.ID) (models.Attachment, error) {
	const field = "values.headerAttachmentId"
	var file models.Attachment
	var err error
	if values.HeaderAttachmentID == nil {
		err = db.Take(&file, "organization_id = ? AND id = ?", viewer.OrganizationID, id).Error
		if err != nil {
			return file, fmt.Errorf("read sample of template %s: %w", template.ID, err)
		}
	} else if file, err = media.FindIn(db, viewer, id, field); err != nil {
		return file, err
	}
	if kind, _ := template.Content.Header.Kind.Media(); file.Kind != kind {
		return file, models.NewError(models.CodeInvalid, field)
	}
	return file, models.Blame(file.Sendable(), field)
}

// fieldsOf reads the merge fields of the contact, the viewer and the organization.
func fieldsOf(db *gorm.DB, viewer models.Viewer, contactID *models.ID) (map[string]string, error) {
	var row struct{ Contact, WaID, UserName, UserEmail, Organization string }
	contact := models.NoID
	if contactID != nil {
		contact = *contactID
	}
	err := db.Raw(`SELECT
		(SELECT name FROM contacts WHERE organization_id = @organization AND id = @contact) AS contact,
		(SELECT value FROM contact_identities WHERE organization_id = @organization AND contact_id = @contact AND kind = @kind
			ORDER BY created_at, channel_id, value LIMIT 1) AS wa_id,
		(SELECT name FROM users WHERE organization_id = @organization AND id = @user) AS user_name,
		(SELECT email FROM users WHERE organization_id = @organization AND id = @user) AS user_email,
		(SELECT name FROM organizations WHERE id = @organization) AS organization`,
		map[string]any{"organization": viewer.OrganizationID, "contact": contact, "user": viewer.UserID, "kind": models.IdentityWAID}).Scan(&row).Error
	if err != nil {
		return nil, fmt.Errorf("read merge fields: %w", err)
	}
	fields := map[string]string{
		models.FieldContactName: row.Contact, models.FieldContactFirstName: models.FirstName(row.Contact),
		models.FieldUserName: row.UserName, models.FieldUserFirstName: models.FirstName(row.UserName), models.FieldUserEmail: row.UserEmail,
		models.FieldOrganizationName: row.Organization,
	}
	if row.WaID != "" {
		fields[models.FieldContactPhone] = "+" + row.WaID
	}
	return fields, nil
}

// Preview shows what a template would say if the viewer sent it now, whatever its status,
// and changes nothing. NOT_FOUND if the template does not exist for the viewer; see Fill
// for the others.
func (s *Service) Preview(ctx context.Context, viewer models.Viewer, id models.ID, about Subject, values models.TemplateValues) (Filled, error) {
	db := s.db.Read(ctx)
	template, err := find(db, viewer, id)
	if err != nil {
		return Filled{}, err
	}
	var unreachable *models.Error
	if about.ContactID != nil {
		var known []models.ContactIdentity
		err := db.Select("channel_id", "kind").Find(&known, "organization_id = ? AND contact_id = ?", viewer.OrganizationID, *about.ContactID).Error
		if err != nil {
			return Filled{}, fmt.Errorf("read identities of contact %s: %w", *about.ContactID, err)
		}
		visible, byPhone := false, false
		for _, identity := range known {
			sees := viewer.Can(identity.ChannelID, models.LevelView)
			visible, byPhone = visible || sees, byPhone || sees && identity.Kind == models.IdentityWAID
		}
		if !visible {
			return Filled{}, models.NewError(models.CodeNotFound, "contactId")
		}
		if unreachable = template.CheckRecipient(byPhone); unreachable != nil {
			unreachable = unreachable.At("contactId")
		}
	}
	filled, err := s.Fill(db, viewer, template, about, values)
	filled.unreachable = unreachable
	return filled, err
}
