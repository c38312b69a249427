package whatsapp

import (
	"fmt"
	"strings"
	"time"
)

// Code is our own name of a failure. It is stable: store it, branch on it, and
// show a text for it. Several codes of Meta share one.
type Code string

// The codes. Those of the catalogue follow reference/whatsapp-cloud-api.md §11.
const (
	// CodeUnknown is a refusal that the catalogue does not know.
	CodeUnknown Code = "UNKNOWN"
	// CodeUnavailable is a fault of Meta's service or of the way there.
	CodeUnavailable Code = "UNAVAILABLE"
	// CodeInterrupted means that the caller's context ended first.
	CodeInterrupted Code = "INTERRUPTED"

	CodeTokenInvalid      Code = "TOKEN_INVALID"
	CodePermissionMissing Code = "PERMISSION_MISSING"
	// CodeObjectNotFound is an id that is unknown or that the token may not see.
	CodeObjectNotFound Code = "OBJECT_NOT_FOUND"
	// CodeInvalidRequest is a request that Meta, or this package before any
	// call, finds wrong.
	CodeInvalidRequest     Code = "INVALID_REQUEST"
	CodeUnsupportedMessage Code = "UNSUPPORTED_MESSAGE"
	CodeLimitReached       Code = "LIMIT_REACHED"

	// CodeRateLimited is about the app, the account or the phone number.
	CodeRateLimited Code = "RATE_LIMITED"
	// CodePairRateLimited is about one recipient; others are not affected.
	CodePairRateLimited Code = "PAIR_RATE_LIMITED"
	// CodeSpamRateLimited follows many blocks and reports of the number.
	CodeSpamRateLimited Code = "SPAM_RATE_LIMITED"

	// CodeWindowClosed: 24 hours have passed since the customer last wrote.
	CodeWindowClosed Code = "WINDOW_CLOSED"
	// CodeRecipientUnreachable: not on WhatsApp, too old an app, or blocking us.
	CodeRecipientUnreachable Code = "RECIPIENT_UNREACHABLE"
	// CodeRecipientNotAllowed: a test number sends to a short list only.
	CodeRecipientNotAllowed Code = "RECIPIENT_NOT_ALLOWED"
	// CodeRecipientRestricted: Meta's experiment or a country's restriction.
	CodeRecipientRestricted Code = "RECIPIENT_RESTRICTED"
	// CodeMarketingCapped: the recipient got enough marketing for a day.
	CodeMarketingCapped     Code = "MARKETING_CAPPED"
	CodeMarketingOptedOut   Code = "MARKETING_OPTED_OUT"
	CodeMarketingDisabled   Code = "MARKETING_DISABLED"
	CodeIdentityKeyMismatch Code = "IDENTITY_KEY_MISMATCH"

	// CodeBlockListFull: a number blocks 64,000 users at most (§8.5).
	CodeBlockListFull Code = "BLOCK_LIST_FULL"
	// CodeBlockListBusy: somebody else changes the list, or Meta has trouble with it.
	CodeBlockListBusy Code = "BLOCK_LIST_BUSY"

	CodePolicyBlocked   Code = "POLICY_BLOCKED"
	CodePaymentRequired Code = "PAYMENT_REQUIRED"

	CodeNumberNotFound         Code = "NUMBER_NOT_FOUND"
	CodeNumberNotRegistered    Code = "NUMBER_NOT_REGISTERED"
	CodeNumberMaintenance      Code = "NUMBER_MAINTENANCE"
	CodeDisplayNameNotApproved Code = "DISPLAY_NAME_NOT_APPROVED"
	CodePINRefused             Code = "PIN_REFUSED"

	CodeMediaUnavailable Code = "MEDIA_UNAVAILABLE"
	CodeMediaRejected    Code = "MEDIA_REJECTED"

	CodeTemplateNotFound Code = "TEMPLATE_NOT_FOUND"
	CodeTemplateMismatch Code = "TEMPLATE_MISMATCH"
	CodeTemplateInvalid  Code = "TEMPLATE_INVALID"
	CodeTemplatePaused   Code = "TEMPLATE_PAUSED"
	CodeTemplateDisabled Code = "TEMPLATE_DISABLED"
	CodeTemplateSyncing  Code = "TEMPLATE_SYNCING"

	CodeFlowBlocked     Code = "FLOW_BLOCKED"
	CodeGroupRefused    Code = "GROUP_REFUSED"
	CodeCallRefused     Code = "CALL_REFUSED"
	CodeUsernameRefused Code = "USERNAME_REFUSED"
)

// NextAction is what can end a failure.
type NextAction string

// The next actions.
const (
	NextActionNone             NextAction = "NONE"
	NextActionRetryLater       NextAction = "RETRY_LATER"
	NextActionReconnectChannel NextAction = "RECONNECT_CHANNEL"
	NextActionFixRequest       NextAction = "FIX_REQUEST"
	NextActionSendTemplate     NextAction = "SEND_TEMPLATE"
	NextActionFixBilling       NextAction = "FIX_BILLING"
	NextActionContactMeta      NextAction = "CONTACT_META"
	NextActionStopRecipient    NextAction = "STOP_RECIPIENT"
)

// Class is the retry rule of a failure (reference/whatsapp-cloud-api.md §11.2).
type Class byte

// The classes, with the letters of the reference.
const (
	// ClassNever: never repeat unchanged.
	ClassNever Class = 'N'
	// ClassBackoff: repeat with exponential back-off and jitter, bounded.
	ClassBackoff Class = 'B'
	// ClassDelay: repeat only after the long wait in RetryAfter.
	ClassDelay Class = 'D'
	// ClassAct: a human or another system must act; pause the sender.
	ClassAct Class = 'A'
	// ClassRecipient: stop for this recipient only.
	ClassRecipient Class = 'X'
)

// String returns the letter.
func (c Class) String() string { return string(rune(c)) }

// Error is the failure of a call, or of a message that Meta had accepted.
// Every error of this package's [Client] is one. It never holds a token.
type Error struct {
	Code Code
	// Retryable says that the same request may succeed later: after RetryAfter
	// where that is set, else after a back-off of the caller's choice. It holds
	// for the classes B and D. Look at Uncertain first.
	Retryable  bool
	NextAction NextAction
	Class      Class
	// Uncertain says that the request may have reached Meta and that no
	// readable answer came: Meta may have acted on it. Repeating a send that is
	// uncertain may double the message.
	Uncertain bool
	// RetryAfter is how long to wait at least, by Meta's word or by the
	// catalogue; zero where nothing is known.
	RetryAfter time.Duration
	// HTTPStatus is 0 where there was no HTTP answer.
	HTTPStatus int
	// Meta is zero where the failure is not in Meta's words.
	Meta MetaError

	cause error
}

// Error describes the failure for logs: our code, Meta's words and its trace
// id. It holds no token; Meta's details may name a phone number.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("whatsapp: ")
	b.WriteString(string(e.Code))
	if e.Uncertain {
		b.WriteString(", outcome unknown")
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	}
	if e.Meta.Code != 0 {
		fmt.Fprintf(&b, ", code %d", e.Meta.Code)
	}
	if e.Meta.Subcode != 0 {
		fmt.Fprintf(&b, " subcode %d", e.Meta.Subcode)
	}
	if e.Meta.TraceID != "" {
		fmt.Fprintf(&b, ", trace %s", e.Meta.TraceID)
	}
	for _, text := range []string{e.Meta.Message, e.Meta.Details} {
		if text != "" {
			b.WriteString(": ")
			b.WriteString(text)
		}
	}
	if e.cause != nil {
		b.WriteString(": ")
		b.WriteString(e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause, such as a context's or a connection's error.
func (e *Error) Unwrap() error { return e.cause }

// ErrorFromMeta classifies an error of a webhook, such as that of a failed
// status, by the table that serves the answers of calls. The outcome is never
// uncertain: Meta says that the message failed.
func ErrorFromMeta(meta MetaError) *Error {
	return classify(meta, 0)
}

// invalidRequest is a request that is not worth a call.
func invalidRequest(format string, args ...any) *Error {
	e := entry{code: CodeInvalidRequest, class: ClassNever, next: NextActionFixRequest}.error()
	e.cause = fmt.Errorf(format, args...)
	return e
}

// unavailable is a fault of the service or of the way there.
func unavailable(uncertain bool, cause error) *Error {
	e := entry{code: CodeUnavailable, class: ClassBackoff, next: NextActionRetryLater}.error()
	e.Uncertain = uncertain
	e.cause = cause
	return e
}

// interrupted is the end of the caller's context.
func interrupted(uncertain bool, cause error) *Error {
	e := unavailable(uncertain, cause)
	e.Code = CodeInterrupted
	return e
}
