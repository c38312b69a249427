package gqlmodel

import "recado/models"

// Attachment is models.Attachment as clients see it.
type Attachment models.Attachment

// PublicID is the id that clients see.
func (a *Attachment) PublicID() string { return models.PublicID(models.PrefixAttachment, a.ID) }

// Name is the file's name, nil if it has none.
func (a *Attachment) Name() *string {
	if a.FileName == "" {
		return nil
	}
	return &a.FileName
}

// Size is the file's size in bytes, nil while it is not known.
func (a *Attachment) Size() *int64 {
	if a.ByteSize == 0 {
		return nil
	}
	return &a.ByteSize
}

// IsNode marks the type as a Node.
func (*Attachment) IsNode() {}
