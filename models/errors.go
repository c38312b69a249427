package models

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code names what went wrong, for programs to branch on. Codes are part of the
// public contract: they are added, never renamed.
type Code string

// The codes that the rooms report.
const (
	CodeInvalid              Code = "INVALID"                // a value breaks its documented limits; Field says which
	CodeRequired             Code = "REQUIRED"               // a value is missing; Field says which
	CodeNotFound             Code = "NOT_FOUND"              // it does not exist, or not for this viewer
	CodeForbidden            Code = "FORBIDDEN"              // the viewer may see the object but not do this
	CodeUnauthenticated      Code = "UNAUTHENTICATED"        // nobody is signed in, or no longer
	CodeConflict             Code = "CONFLICT"               // somebody else changed it first
	CodeInvalidCredentials   Code = "INVALID_CREDENTIALS"    // email or password is wrong
	CodeTooManyAttempts      Code = "TOO_MANY_ATTEMPTS"      // wait; Params["retryAfterSeconds"]
	CodeSessionExpired       Code = "SESSION_EXPIRED"        // the refresh token is unknown, expired, revoked or was used before
	CodeServiceWindowClosed  Code = "SERVICE_WINDOW_CLOSED"  // Params["closedAt"]; a template is needed
	CodeChannelUnavailable   Code = "CHANNEL_UNAVAILABLE"    // the number cannot send; Params["status"]
	CodeIdempotencyKeyReused Code = "IDEMPOTENCY_KEY_REUSED" // the same key came with another input
	CodeAssigneeNotAllowed   Code = "ASSIGNEE_NOT_ALLOWED"   // the user may not reply on this channel, or is switched off
	CodeCursorExpired        Code = "CURSOR_EXPIRED"         // the feed no longer reaches back that far
	CodeAlreadyExists        Code = "ALREADY_EXISTS"         // something unique is taken; Field says which
	CodeMessageTooOld        Code = "MESSAGE_TOO_OLD"        // WhatsApp takes no reaction on it any more
	CodeMessageNotCancelable Code = "MESSAGE_NOT_CANCELABLE" // it is past QUEUED; Params["status"]
	CodeMessageNotRetryable  Code = "MESSAGE_NOT_RETRYABLE"  // it did not fail (Params["status"]), or failed for good (Params["failure"])

	CodeAttachmentTypeNotAllowed Code = "ATTACHMENT_TYPE_NOT_ALLOWED" // such files are not sent; Params["allowed"] lists those that are, ["found"] is what it was
	CodeAttachmentTooLarge       Code = "ATTACHMENT_TOO_LARGE"        // Params["maxBytes"] of files of Params["kind"]
	CodeAttachmentSizeMismatch   Code = "ATTACHMENT_SIZE_MISMATCH"    // other than announced; Params["expected"] and ["found"], in bytes
	CodeAttachmentHashMismatch   Code = "ATTACHMENT_HASH_MISMATCH"    // the bytes are not those that were announced
	CodeAttachmentUnsafe         Code = "ATTACHMENT_UNSAFE"           // an image that would unfold beyond measure; Params["maxPixels"]
	CodeAttachmentNotUploaded    Code = "ATTACHMENT_NOT_UPLOADED"     // nothing has arrived at the upload URL yet
	CodeAttachmentUploadExpired  Code = "ATTACHMENT_UPLOAD_EXPIRED"   // the upload took too long: begin again
	CodeAttachmentUnavailable    Code = "ATTACHMENT_UNAVAILABLE"      // it is not, or not yet, there to be used; Params["status"]

	CodeTemplateNotApproved Code = "TEMPLATE_NOT_APPROVED" // it cannot be sent; Params["status"]
	CodeTemplatePaused      Code = "TEMPLATE_PAUSED"       // for low quality, for some hours
	CodeTemplateDisabled    Code = "TEMPLATE_DISABLED"     // for low quality, for good
	CodeTemplateUnsupported Code = "TEMPLATE_UNSUPPORTED"  // it was made elsewhere, with parts that Recado cannot fill in
	CodeTemplateBusy        Code = "TEMPLATE_BUSY"         // Meta is being asked to do something with it
	CodeTemplateNotEditable Code = "TEMPLATE_NOT_EDITABLE" // not in this state: Params["status"]
	CodeTemplateEditLimit   Code = "TEMPLATE_EDIT_LIMIT"   // an approved one was edited too often; Params["until"]
	CodeTemplateNameBlocked Code = "TEMPLATE_NAME_BLOCKED" // that of an approved one that was deleted; Params["until"]

	CodeContactBlocked         Code = "CONTACT_BLOCKED"         // the team blocks this contact on this channel
	CodeConversationSuperseded Code = "CONVERSATION_SUPERSEDED" // a newer conversation took its place; Params["conversationId"]
	CodeLimitReached           Code = "LIMIT_REACHED"           // there are as many as there may be; Params["max"]
	CodeMentionNotAllowed      Code = "MENTION_NOT_ALLOWED"     // a user who is mentioned may not see the channel, or is switched off
	CodeUnknownVariable        Code = "UNKNOWN_VARIABLE"        // a text with one that there is not: Params["variable"]; ["known"] lists those that there are
	CodeEditionNotAllowed      Code = "EDITION_NOT_ALLOWED"     // the organization's edition is without it; Params["edition"]
	CodeStateInvalid           Code = "STATE_INVALID"           // the word that Meta sent back is unknown, used or too old
	CodeSetupEnded             Code = "SETUP_ENDED"             // it is over; Params["status"]
	CodeSetupStep              Code = "SETUP_STEP"              // it is not as far as that, or further; Params["status"]
	CodeNotConfigured          Code = "NOT_CONFIGURED"          // the operator has to set Params["setting"] first
	CodeValuesMissing          Code = "VALUES_MISSING"          // a text's variables have no value here, and no fallback; Params["variables"]
	CodeMarketingOptedOut      Code = "MARKETING_OPTED_OUT"     // the customer wants no marketing on the channel
	CodeMessagingLimitReached  Code = "MESSAGING_LIMIT_REACHED" // as many people were written to first as Meta lets in 24 hours: Params["limit"]; ["freeAt"] is when there is room again
	CodeContactUnreachable     Code = "CONTACT_UNREACHABLE"     // there is no way to reach the contact on the channel
	CodePhoneNumberRequired    Code = "PHONE_NUMBER_REQUIRED"   // the contact is known by a business-scoped id alone, to which one-time codes are not sent
	CodeInsufficientCredits    Code = "INSUFFICIENT_CREDITS"    // Params["needed"], ["available"] and ["shortfall"], in credits
	CodePaymentUnavailable     Code = "PAYMENT_UNAVAILABLE"     // the payment provider does not answer, or refuses the request
	CodePaymentNotPending      Code = "PAYMENT_NOT_PENDING"     // the purchase was paid, or is not paid by hand
)

// Error is a failure that a caller can understand and mend. Anything else that
// goes wrong is a fault: a plain wrapped error, shown to clients as "internal
// error" and explained in the log.
type Error struct {
	Code   Code
	Field  string            // input path in camelCase, empty when no single field is to blame
	Params map[string]string // what a message for people needs, by name
}

// Errorf-like constructors are deliberately absent: the text belongs to the
// edge, which knows the reader's language.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Code))
	if e.Field != "" {
		fmt.Fprintf(&b, " (%s)", e.Field)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Params)) {
		fmt.Fprintf(&b, " %s=%q", name, e.Params[name])
	}
	return b.String()
}

// Is makes errors.Is compare by code, so that a caller can ask for a kind of
// failure without knowing its field or parameters.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// NewError returns an Error with the code and, optionally, the field to blame.
func NewError(code Code, field string) *Error {
	return &Error{Code: code, Field: field}
}

// With returns a copy of e with one more parameter.
func (e *Error) With(name, value string) *Error {
	params := maps.Clone(e.Params)
	if params == nil {
		params = make(map[string]string, 1)
	}
	params[name] = value
	return &Error{Code: e.Code, Field: e.Field, Params: params}
}

// At returns a copy of e that blames the field.
func (e *Error) At(field string) *Error {
	return &Error{Code: e.Code, Field: field, Params: e.Params}
}

// Blame returns err as one that blames the field, if it is an Error. A fault, and nil,
// stay what they are.
func Blame(err error, field string) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.At(field)
	}
	return err
}

// CodeOf returns the code of the first Error in err's chain, or "" for a fault.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// ErrNotFound is the answer for every object that does not exist for the viewer,
// whether it is missing, belongs to another organization or lies on a channel
// the viewer may not see. The three look the same on purpose.
var ErrNotFound = NewError(CodeNotFound, "")
