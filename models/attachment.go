package models

import "time"

// AttachmentStatus is how far a file has come.
type AttachmentStatus string

// The states of an attachment.
const (
	AttachmentPending   AttachmentStatus = "PENDING"   // it is being fetched from WhatsApp, or waits for its upload
	AttachmentAvailable AttachmentStatus = "AVAILABLE" // its bytes are in the blob store, checked; they never change again
	AttachmentFailed    AttachmentStatus = "FAILED"    // it could not be fetched; Failure says why
	AttachmentExpired   AttachmentStatus = "EXPIRED"   // WhatsApp does not have it any more, and neither have we
)

// AttachmentSource says where a file comes from.
type AttachmentSource string

// The sources of attachments.
const (
	AttachmentFromWhatsApp AttachmentSource = "WHATSAPP" // it came with a message and is fetched from Meta
	AttachmentFromUpload   AttachmentSource = "UPLOAD"   // a user uploaded it, to be sent
)

// Attachment is one file: one that came with a message, or one that was uploaded
// to be sent. What its bytes are is known when it is AVAILABLE; until then the
// fields hold what was announced, which may be nothing.
type Attachment struct {
	OrganizationID ID               `gorm:"type:uuid;primaryKey"`
	ID             ID               `gorm:"type:uuid;primaryKey"`
	Source         AttachmentSource `gorm:"not null"`
	ChannelID      *ID              `gorm:"type:uuid"` // from WhatsApp: the channel it came on, whose token fetches it; nil for uploads
	UploaderID     *ID              `gorm:"type:uuid"` // the user who uploads it; nil for what came from WhatsApp
	Status         AttachmentStatus `gorm:"not null;index:attachments_status_created_at_idx,priority:1"`
	Kind           MediaKind        `gorm:"not null"`
	Voice          bool             `gorm:"not null"` // recorded in WhatsApp, to be shown as a voice note
	Animated       bool             `gorm:"not null"` // a sticker that moves
	MIMEType       string           `gorm:"column:mime_type;not null"`
	FileName       string           `gorm:"not null"` // without any path, see SafeFileName; empty if the sender gave none
	ByteSize       int64            `gorm:"not null"` // 0: not known yet
	SHA256         []byte           `gorm:"column:sha256"`
	Width          *int             // pixels of an image
	Height         *int
	DurationMS     *int64     `gorm:"column:duration_ms"` // of a voice note, in milliseconds
	BlobKey        string     `gorm:"not null"`           // where the bytes are; empty: nowhere
	ThumbnailKey   string     `gorm:"not null"`           // where the thumbnail is, a JPEG; empty: there is none
	MediaID        string     `gorm:"not null"`           // from WhatsApp: Meta's id of the file; empty if it came without
	Failure        *Failure   `gorm:"serializer:json"`    // why it FAILED or EXPIRED; while PENDING, why the last try failed
	Attempts       int        `gorm:"not null"`           // tries to fetch it since it became PENDING
	UploadExpires  *time.Time `gorm:"column:upload_expires_at"`
	CreatedAt      time.Time  `gorm:"index:attachments_status_created_at_idx,priority:2"`
	UpdatedAt      time.Time
}

// Sendable returns nil if a message can carry the attachment, or why not:
// ATTACHMENT_UNAVAILABLE with Params["status"], ATTACHMENT_TYPE_NOT_ALLOWED,
// ATTACHMENT_TOO_LARGE.
func (a Attachment) Sendable() error {
	if a.Status != AttachmentAvailable {
		return NewError(CodeAttachmentUnavailable, "").With("status", string(a.Status))
	}
	sent, ok := outgoingOf(a.MIMEType)
	switch {
	case !ok:
		return notAllowed("", a.MIMEType)
	case a.ByteSize > sent.kind.MaxBytes():
		return tooLarge("", sent.kind)
	}
	return nil
}

// MediaHandle is Meta's id of an attachment that was handed to it for sending. It
// holds for one number.
type MediaHandle struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey"`
	AttachmentID   ID        `gorm:"type:uuid;primaryKey"`
	ChannelID      ID        `gorm:"type:uuid;primaryKey"`
	MediaID        string    `gorm:"not null"`
	ExpiresAt      time.Time `gorm:"not null;index:media_handles_expires_at_idx"`
	CreatedAt      time.Time
}

// How many uploads may be under way: announced, not completed, and not expired.
const (
	MaxUploads      = 50  // of a user
	MaxUploadsOfAll = 500 // of an organization
)

// Upload is the announcement of a file: what its uploader promises to deliver.
type Upload struct {
	FileName    string // a name with the extension of its type; what looks like a path is refused
	ContentType string // one of the types that can be sent, without parameters
	ByteSize    int64
	SHA256      []byte // 32 bytes
}

// Check returns the kind of message that the file will be, or what is wrong with
// the announcement: INVALID, REQUIRED, ATTACHMENT_TYPE_NOT_ALLOWED with
// Params["allowed"], or ATTACHMENT_TOO_LARGE with Params["maxBytes"].
func (u Upload) Check() (MediaKind, error) {
	if u.FileName == "" {
		return "", NewError(CodeRequired, "fileName")
	}
	if u.FileName != SafeFileName(u.FileName) {
		return "", NewError(CodeInvalid, "fileName")
	}
	sent, ok := outgoingOf(u.ContentType)
	switch {
	case !ok:
		return "", notAllowed("contentType", u.ContentType)
	case !sent.goesBy(u.FileName):
		return "", notAllowed("fileName", extension(u.FileName))
	case u.ByteSize <= 0:
		return "", NewError(CodeInvalid, "byteSize")
	case u.ByteSize > sent.kind.MaxBytes():
		return "", tooLarge("byteSize", sent.kind)
	case len(u.SHA256) != sha256Size:
		return "", NewError(CodeInvalid, "sha256")
	}
	return sent.kind, nil
}

const sha256Size = 32
