package models

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

// TemplateStatus is where a template is in its life
// (reference/whatsapp-cloud-api.md §7.1, §7.7). Except for DRAFT the names are
// Meta's; the set is open.
type TemplateStatus string

// The states of a template.
const (
	TemplateDraft           TemplateStatus = "DRAFT"            // ours alone: Meta does not know of it
	TemplatePending         TemplateStatus = "PENDING"          // handed in, or on its way there; usually decided within 24 hours
	TemplateApproved        TemplateStatus = "APPROVED"         // can be sent
	TemplateFlagged         TemplateStatus = "FLAGGED"          // can be sent, but will be disabled if its quality stays low
	TemplateRejected        TemplateStatus = "REJECTED"         // Rejection says why
	TemplatePaused          TemplateStatus = "PAUSED"           // for low quality, 3 hours and then 6
	TemplateDisabled        TemplateStatus = "DISABLED"         // for good
	TemplateInAppeal        TemplateStatus = "IN_APPEAL"        // somebody objected to the decision, in Meta's business manager
	TemplateLimitExceeded   TemplateStatus = "LIMIT_EXCEEDED"   // the account has too many
	TemplateArchived        TemplateStatus = "ARCHIVED"         // unused for a year
	TemplateLocked          TemplateStatus = "LOCKED"           // cannot be changed
	TemplatePendingDeletion TemplateStatus = "PENDING_DELETION" // deleted, while messages are still on their way
	TemplateDeleted         TemplateStatus = "DELETED"          // gone for good
)

// TemplateStatuses are the known states.
var TemplateStatuses = []TemplateStatus{
	TemplateDraft, TemplatePending, TemplateApproved, TemplateFlagged, TemplateRejected, TemplatePaused, TemplateDisabled,
	TemplateInAppeal, TemplateLimitExceeded, TemplateArchived, TemplateLocked, TemplatePendingDeletion, TemplateDeleted,
}

// TemplateCategory is what a template is for, which decides its price.
type TemplateCategory string

// The categories (reference/whatsapp-cloud-api.md §7.1).
const (
	TemplateMarketing      TemplateCategory = "MARKETING"
	TemplateUtility        TemplateCategory = "UTILITY"
	TemplateAuthentication TemplateCategory = "AUTHENTICATION"
)

// TemplateCategories are all categories.
var TemplateCategories = []TemplateCategory{TemplateMarketing, TemplateUtility, TemplateAuthentication}

// ParameterFormat is how Meta numbers or names the values of a template.
type ParameterFormat string

// The formats (reference/whatsapp-cloud-api.md §7.1).
const (
	ParametersNamed      ParameterFormat = "NAMED"
	ParametersPositional ParameterFormat = "POSITIONAL"
)

// Valid reports whether f is one of the formats.
func (f ParameterFormat) Valid() bool { return f == ParametersNamed || f == ParametersPositional }

// TemplateQuality is how recipients take to a template. An open set.
type TemplateQuality string

// The qualities (reference/whatsapp-cloud-api.md §4.2).
const (
	QualityUnknown TemplateQuality = "UNKNOWN" // new, or used too little
	QualityGreen   TemplateQuality = "GREEN"
	QualityYellow  TemplateQuality = "YELLOW"
	QualityRed     TemplateQuality = "RED"
)

// Limits of the product, checked before Meta is called.
const (
	MaxTemplates           = 200 // of a WhatsApp account, drafts not counted; as many drafts besides
	MaxTemplateBody        = 900 // characters, as written
	MaxTemplateMergeFields = 10  // different ones
)

// Limits of Meta's for templates, in characters and in number
// (reference/whatsapp-cloud-api.md §7.4 to §7.6).
const (
	MaxTemplateName         = 512
	MaxTemplateHeader       = 60
	MaxTemplateRendered     = 1024 // the body with its values
	MaxTemplateFooter       = 60
	MaxTemplateButtons      = 10
	MaxTemplateURLButtons   = 2
	MaxTemplatePhoneButtons = 1
	MaxTemplateCopyButtons  = 1
	MaxTemplateButtonText   = 25
	MaxTemplateURL          = 2000
	MaxTemplatePhone        = 20
	MaxTemplateCode         = 15
	MaxTemplatePayload      = 128

	// TemplateEditInterval and TemplateMonthlyEdits bound the edits of an approved
	// template: one per interval and so many per TemplateEditMonth.
	TemplateEditInterval = 24 * time.Hour
	TemplateMonthlyEdits = 10
	TemplateEditMonth    = 30 * 24 * time.Hour
	// TemplateNameBlock is how long the name of a deleted template that was approved
	// cannot be used again.
	TemplateNameBlock = 30 * 24 * time.Hour
)

// TemplateRejection is why a template was rejected.
type TemplateRejection struct {
	Reason         string `json:"reason"`                   // Meta's code: ABUSIVE_CONTENT, INVALID_FORMAT, … An open set; or a code of whatsapp.Error if Meta did not even take it
	Text           string `json:"text,omitempty"`           // Meta's words, if it gave any
	Recommendation string `json:"recommendation,omitempty"` // Meta's words, if it gave any
}

// TemplateRefusal is why Meta did not take what it was last asked to do with a
// template: to review it, an edit, its deletion.
type TemplateRefusal struct {
	Code     string    `json:"code"`               // of whatsapp.Error
	MetaCode int       `json:"metaCode,omitempty"` // the most exact one that Meta gave
	Text     string    `json:"text,omitempty"`     // Meta's words
	At       time.Time `json:"at"`
}

// Template is a message that Meta has to approve before it can begin conversations.
// It belongs to a WhatsApp Business Account: all channels of the account share it,
// and whoever may see one of them sees it.
type Template struct {
	OrganizationID ID     `gorm:"type:uuid;primaryKey;index:templates_list_idx,priority:1"`
	ID             ID     `gorm:"type:uuid;primaryKey;index:templates_list_idx,priority:3"`
	WABAID         string `gorm:"column:waba_id;not null"`
	MetaID         *string
	Name           string             `gorm:"not null"`
	Language       string             `gorm:"not null"` // Meta's code: pt_BR
	Category       TemplateCategory   `gorm:"not null"`
	Format         ParameterFormat    `gorm:"column:parameter_format;not null"`
	Content        TemplateContent    `gorm:"serializer:json;not null"` // what is sent: as Meta has it, or will get it first
	Draft          *TemplateContent   `gorm:"serializer:json"`          // an edit that Meta has not taken; nil if there is none
	DraftCategory  TemplateCategory   `gorm:"not null"`                 // with Draft: the category asked for; empty: as it is
	Foreign        []byte             `gorm:"column:foreign_parts"`     // Meta's components, of a template with parts that Content cannot hold; nil otherwise
	Status         TemplateStatus     `gorm:"not null"`
	StatusAt       time.Time          `gorm:"not null"` // Meta's time of Status
	SubmittedAt    *time.Time         // of the newest review asked for
	ApprovedAt     *time.Time         // of the first approval known
	Rejection      *TemplateRejection `gorm:"serializer:json"` // with REJECTED
	PauseTitle     string             `gorm:"not null"`        // with PAUSED and DISABLED: Meta's FIRST_PAUSE, SECOND_PAUSE, … Empty if not said
	Refusal        *TemplateRefusal   `gorm:"serializer:json"` // nil: the last thing asked of Meta went well
	Request        TemplateRequest    `gorm:"not null"`        // what Meta is being asked to do; empty: nothing
	RequestedAt    *time.Time
	RequestedByID  *ID              `gorm:"type:uuid"` // the user who asked for it
	Quality        TemplateQuality  `gorm:"not null"`
	QualityAt      *time.Time       // Meta's time of Quality
	PastCategory   TemplateCategory `gorm:"column:past_category;not null"`   // before Meta changed it; empty: it did not
	ComingCategory TemplateCategory `gorm:"column:coming_category;not null"` // what Meta will change it to; empty: nothing
	ComingAt       *time.Time       `gorm:"column:coming_category_at"`       // when it will; nil if not said
	CategoryAt     *time.Time       // Meta's time of what is known of categories
	Version        int64            `gorm:"not null"`  // grows with every change; for expectedVersion
	CreatedByID    *ID              `gorm:"type:uuid"` // nil: made outside of Recado
	SyncedAt       *time.Time       // when Meta's list was last seen to have it
	DeletedAt      *time.Time
	CreatedAt      time.Time `gorm:"not null;index:templates_list_idx,priority:2"`
	UpdatedAt      time.Time
}

// TemplateRequest is what Meta is being asked to do with a template, by a job.
type TemplateRequest string

// The requests.
const (
	TemplateNoRequest     TemplateRequest = ""
	TemplateRequestSubmit TemplateRequest = "SUBMIT"
	TemplateRequestDelete TemplateRequest = "DELETE"
)

// AtMeta reports whether Meta knows the template.
func (t Template) AtMeta() bool { return t.MetaID != nil && t.DeletedAt == nil }

// Counts reports whether the template counts against MaxTemplates.
func (t Template) Counts() bool { return t.Status != TemplateDraft && t.Status != TemplateDeleted }

// Newest is the text that people work on: the draft, or else the content.
func (t Template) Newest() TemplateContent {
	if t.Draft != nil {
		return *t.Draft
	}
	return t.Content
}

// Sendable returns nil if messages can be sent with the template now, or why not:
// TEMPLATE_PAUSED, TEMPLATE_DISABLED, TEMPLATE_UNSUPPORTED if it has parts that
// Recado cannot fill in, TEMPLATE_NOT_APPROVED with Params["status"] otherwise.
func (t Template) Sendable() error {
	switch {
	case t.DeletedAt != nil:
		return NewError(CodeTemplateNotApproved, "").With("status", string(TemplateDeleted))
	case t.Status == TemplatePaused:
		return NewError(CodeTemplatePaused, "")
	case t.Status == TemplateDisabled:
		return NewError(CodeTemplateDisabled, "")
	case t.Status != TemplateApproved && t.Status != TemplateFlagged:
		return NewError(CodeTemplateNotApproved, "").With("status", string(t.Status))
	case t.Foreign != nil:
		return NewError(CodeTemplateUnsupported, "")
	}
	return nil
}

// Editable returns nil if the text can be changed, or why not: TEMPLATE_BUSY while
// Meta is asked to do something, TEMPLATE_UNSUPPORTED, TEMPLATE_NOT_EDITABLE with
// Params["status"] (§7.6).
func (t Template) Editable() error {
	switch {
	case t.Request != TemplateNoRequest:
		return NewError(CodeTemplateBusy, "")
	case t.Foreign != nil, t.Category == TemplateAuthentication && t.Content.OneTimeCode == nil:
		return NewError(CodeTemplateUnsupported, "")
	}
	switch t.Status {
	case TemplateDraft, TemplateApproved, TemplateFlagged, TemplateRejected, TemplatePaused:
		return nil
	}
	return NewError(CodeTemplateNotEditable, "").With("status", string(t.Status))
}

// CheckEdits returns nil if Meta takes one more edit now, given when it took earlier
// ones of the template while it was approved: TEMPLATE_EDIT_LIMIT with
// Params["until"] otherwise (§7.6). Rejected and paused ones are edited without limit.
func (t Template) CheckEdits(edits []time.Time, now time.Time) error {
	if t.Status != TemplateApproved && t.Status != TemplateFlagged {
		return nil
	}
	var until time.Time
	var lately []time.Time
	for _, edit := range edits {
		if next := edit.Add(TemplateEditInterval); next.After(until) {
			until = next
		}
		if edit.Add(TemplateEditMonth).After(now) {
			lately = append(lately, edit)
		}
	}
	if len(lately) >= TemplateMonthlyEdits {
		slices.SortFunc(lately, time.Time.Compare)
		if next := lately[len(lately)-TemplateMonthlyEdits].Add(TemplateEditMonth); next.After(until) {
			until = next
		}
	}
	if until.After(now) {
		return NewError(CodeTemplateEditLimit, "").With("until", until.UTC().Format(time.RFC3339))
	}
	return nil
}

// TemplateStepKind is what a step in a template's history is about.
type TemplateStepKind string

// The kinds of step.
const (
	TemplateStepCreated   TemplateStepKind = "CREATED"   // here, by a user
	TemplateStepFound     TemplateStepKind = "FOUND"     // at Meta, made elsewhere
	TemplateStepEdited    TemplateStepKind = "EDITED"    // by a user; Meta has not seen it
	TemplateStepSubmitted TemplateStepKind = "SUBMITTED" // Meta took it for review; of an edit, Value is the status in which it was edited
	TemplateStepRefused   TemplateStepKind = "REFUSED"   // Meta did not take it; Value is the code
	TemplateStepStatus    TemplateStepKind = "STATUS"    // Value is the new status
	TemplateStepQuality   TemplateStepKind = "QUALITY"   // Value is the new quality
	TemplateStepCategory  TemplateStepKind = "CATEGORY"  // Value is the new category
	TemplateStepNotice    TemplateStepKind = "NOTICE"    // Value is the category that Meta will change it to
	TemplateStepContent   TemplateStepKind = "CONTENT"   // its text was changed at Meta, elsewhere
)

// TemplateStep is one step in the life of a template. What Meta told is there once,
// however often it was told.
type TemplateStep struct {
	OrganizationID ID               `gorm:"type:uuid;primaryKey;index:template_steps_history_idx,priority:1"`
	TemplateID     ID               `gorm:"type:uuid;primaryKey;index:template_steps_history_idx,priority:2"`
	Kind           TemplateStepKind `gorm:"primaryKey"`
	Value          string           `gorm:"primaryKey"`
	At             time.Time        `gorm:"primaryKey;index:template_steps_history_idx,priority:3"` // Meta's time of what Meta told, ours otherwise
	ID             ID               `gorm:"type:uuid;not null;index:template_steps_history_idx,priority:4"`
	Detail         string           `gorm:"not null"`  // Meta's words or code: why it was rejected, which pause
	UserID         *ID              `gorm:"type:uuid"` // who did it here; nil: Meta, or somebody elsewhere
	CreatedAt      time.Time
}

var templateName = regexp.MustCompile(`^[a-z0-9_]+$`)

// CheckTemplateName returns what is wrong with a name: REQUIRED or INVALID (name).
func CheckTemplateName(name string) error {
	switch {
	case name == "":
		return NewError(CodeRequired, "name")
	case len(name) > MaxTemplateName:
		return NewError(CodeInvalid, "name").With("max", strconv.Itoa(MaxTemplateName))
	case !templateName.MatchString(name):
		return NewError(CodeInvalid, "name")
	}
	return nil
}

// CheckTemplateLanguage returns INVALID (language) for a code that Meta does not have.
func CheckTemplateLanguage(language string) error {
	if !slices.Contains(TemplateLanguages, language) {
		return NewError(CodeInvalid, "language")
	}
	return nil
}

// CheckTemplateCategory returns INVALID (category) for one that Meta does not have.
func CheckTemplateCategory(category TemplateCategory) error {
	if !slices.Contains(TemplateCategories, category) {
		return NewError(CodeInvalid, "category")
	}
	return nil
}
