package inbox

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"recado/media"
	"recado/models"
	"recado/store"
)

// QuickReplyWish is what a quick reply is made of.
type QuickReplyWish struct {
	Shortcut     string // see models.CleanShortcut
	Body         string // see models.QuickReply.Check
	AttachmentID *models.ID
}

// CreateQuickReply makes a quick reply. A shared one is everybody's and made by
// administrators; anybody who may reply on some channel makes their own (FORBIDDEN
// otherwise). Failures: REQUIRED, INVALID and UNKNOWN_VARIABLE with the field,
// ALREADY_EXISTS (shortcut), LIMIT_REACHED, and for the attachment NOT_FOUND,
// INVALID if it is not an upload, and ATTACHMENT_UNAVAILABLE.
func (s *Service) CreateQuickReply(ctx context.Context, viewer models.Viewer, wish QuickReplyWish, shared bool) (models.QuickReply, error) {
	reply := models.QuickReply{OrganizationID: viewer.OrganizationID, ID: models.NewID(), Version: 1, CreatedByID: viewer.UserID}
	if !shared {
		reply.OwnerID = new(viewer.UserID)
	}
	if err := mayWrite(viewer, reply); err != nil {
		return models.QuickReply{}, err
	}
	if err := wish.fill(&reply); err != nil {
		return models.QuickReply{}, err
	}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var count int64
		of := ownedBy(tx.DB, viewer.OrganizationID, reply.OwnerID)
		if err := of.Model(&models.QuickReply{}).Count(&count).Error; err != nil {
			return fmt.Errorf("count quick replies: %w", err)
		}
		if count >= models.MaxQuickReplies {
			return models.NewError(models.CodeLimitReached, "").With("max", strconv.Itoa(models.MaxQuickReplies))
		}
		if err := checkFile(tx, viewer, reply); err != nil {
			return err
		}
		reply.CreatedAt, reply.UpdatedAt = tx.Now(), tx.Now()
		return takenShortcut(tx.Create(&reply).Error)
	})
	return reply, err
}

// UpdateQuickReply changes what a quick reply says; whose it is stays. Failures:
// those of CreateQuickReply, NOT_FOUND (also for another user's own), and CONFLICT,
// which comes with the present quick reply.
func (s *Service) UpdateQuickReply(ctx context.Context, viewer models.Viewer, id models.ID, wish QuickReplyWish, expectedVersion *int64) (models.QuickReply, error) {
	var reply models.QuickReply
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if reply, err = lockQuickReply(tx, viewer, id); err != nil {
			return err
		}
		if expectedVersion != nil && *expectedVersion != reply.Version {
			return models.NewError(models.CodeConflict, "expectedVersion")
		}
		before := reply
		if err := wish.fill(&reply); err != nil {
			return err
		}
		if reply.Shortcut == before.Shortcut && reply.Body == before.Body && sameID(reply.AttachmentID, before.AttachmentID) {
			return nil
		}
		if !sameID(reply.AttachmentID, before.AttachmentID) || reply.Body != before.Body {
			if err := checkFile(tx, viewer, reply); err != nil {
				return err
			}
		}
		reply.Version++
		reply.UpdatedAt = tx.Now()
		return takenShortcut(tx.Save(&reply).Error)
	})
	return reply, err
}

// DeleteQuickReply deletes a quick reply; messages that were sent with it stay.
// Failures: NOT_FOUND (also for another user's own), FORBIDDEN.
func (s *Service) DeleteQuickReply(ctx context.Context, viewer models.Viewer, id models.ID) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		reply, err := lockQuickReply(tx, viewer, id)
		if err != nil {
			return err
		}
		return tx.Delete(&reply).Error
	})
}

// QuickReplies returns the shared ones and the viewer's own whose shortcut begins
// with the prefix as somebody types it, by shortcut, of two alike the viewer's own
// first. There are at most twice models.MaxQuickReplies, give or take those made at
// the same moment. A prefix that can begin no shortcut finds nothing.
func (s *Service) QuickReplies(ctx context.Context, viewer models.Viewer, prefix string) ([]models.QuickReply, error) {
	if strings.Trim(prefix, "/ ") != "" {
		clean, err := models.CleanShortcut(prefix)
		if err != nil {
			return nil, nil //nolint:nilerr // see above
		}
		prefix = clean
	} else {
		prefix = ""
	}
	part := func(owner *models.ID) *gorm.DB {
		return ownedBy(s.db.Read(ctx), viewer.OrganizationID, owner).Model(&models.QuickReply{}).
			Where("shortcut >= ? AND shortcut < ?", prefix, prefix+"\x7f") // greater than all that a shortcut is made of
	}
	var replies []models.QuickReply
	err := s.db.Read(ctx).Raw("SELECT * FROM (SELECT * FROM (?) AS own UNION ALL SELECT * FROM (?) AS shared) AS found ORDER BY shortcut, owner_id IS NULL",
		part(&viewer.UserID), part(nil)).Scan(&replies).Error
	if err != nil {
		return nil, fmt.Errorf("list quick replies: %w", err)
	}
	return replies, nil
}

// QuickRepliesByID returns those of the quick replies that the viewer may use.
func (s *Service) QuickRepliesByID(ctx context.Context, viewer models.Viewer, ids []models.ID) (map[models.ID]models.QuickReply, error) {
	found, err := store.ByID(s.db.Read(ctx), viewer.OrganizationID, ids, func(reply *models.QuickReply) models.ID { return reply.ID })
	for id, reply := range found {
		if !reply.VisibleTo(viewer.UserID) {
			delete(found, id)
		}
	}
	return found, err
}

// mayWrite returns nil if the viewer may make, change and delete a quick reply, or
// FORBIDDEN.
func mayWrite(viewer models.Viewer, reply models.QuickReply) error {
	if reply.OwnerID == nil && !viewer.Administrator || !repliesSomewhere(viewer) {
		return models.NewError(models.CodeForbidden, "")
	}
	return nil
}

// lockQuickReply locks a quick reply that the viewer may write.
func lockQuickReply(tx *store.Tx, viewer models.Viewer, id models.ID) (models.QuickReply, error) {
	var reply models.QuickReply
	if err := lockRow(tx, &reply, viewer.OrganizationID, id); err != nil {
		return models.QuickReply{}, err
	}
	if !reply.VisibleTo(viewer.UserID) {
		return models.QuickReply{}, models.ErrNotFound
	}
	if err := mayWrite(viewer, reply); err != nil {
		return models.QuickReply{}, err
	}
	return reply, nil
}

// fill writes the wish into a quick reply.
func (w QuickReplyWish) fill(reply *models.QuickReply) error {
	shortcut, err := models.CleanShortcut(w.Shortcut)
	if err != nil {
		return err
	}
	changed := *reply
	changed.Shortcut, changed.Body, changed.AttachmentID = shortcut, w.Body, w.AttachmentID
	if err := changed.Check(); err != nil {
		return err
	}
	*reply = changed
	return nil
}

// checkFile holds the file of a quick reply, if any, to what can be sent. It must be
// an upload: a file of a customer is for those who may see their channel.
func checkFile(tx *store.Tx, viewer models.Viewer, reply models.QuickReply) error {
	const field = "attachmentId"
	if reply.AttachmentID == nil {
		return nil
	}
	file, err := media.FindIn(tx.DB, viewer, *reply.AttachmentID, field)
	if err != nil {
		return err
	}
	if file.Source != models.AttachmentFromUpload {
		return models.NewError(models.CodeInvalid, field)
	}
	if err := file.Sendable(); err != nil {
		return models.Blame(err, field)
	}
	if file.Kind == models.MediaAudio && reply.Body != "" { // WhatsApp shows no caption with it
		return models.NewError(models.CodeInvalid, "body")
	}
	return nil
}

// ownedBy selects quick replies of a user; with nil, shared ones.
func ownedBy(db *gorm.DB, organization models.ID, owner *models.ID) *gorm.DB {
	if owner == nil {
		return db.Where("organization_id = ? AND owner_id IS NULL", organization)
	}
	return db.Where("organization_id = ? AND owner_id = ?", organization, *owner)
}

func takenShortcut(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return models.NewError(models.CodeAlreadyExists, "shortcut")
	}
	return err
}

func sameID(a, b *models.ID) bool { return a == b || a != nil && b != nil && *a == *b }
