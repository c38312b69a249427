package whatsapp

import (
	"net/http"
	"time"
)

// entry is the meaning of a code of Meta, or of a range of codes.
type entry struct {
	// from and to are the first and the last code; to is 0 for a single one.
	from, to int
	class    Class
	code     Code
	next     NextAction
	// wait is how long to wait where Meta does not say; it is never so short
	// that it could be a quick repeat, except where it is zero.
	wait time.Duration
}

// error returns a new error with the meaning of the entry.
func (e entry) error() *Error {
	return &Error{
		Code:       e.code,
		Class:      e.class,
		NextAction: e.next,
		Retryable:  e.class == ClassBackoff || e.class == ClassDelay,
		RetryAfter: e.wait,
	}
}

// Short names keep a row of the catalogue on a line.
const (
	classN, classB, classD, classA, classX = ClassNever, ClassBackoff, ClassDelay, ClassAct, ClassRecipient

	noAction  = NextActionNone
	retry     = NextActionRetryLater
	reconnect = NextActionReconnectChannel
	fix       = NextActionFixRequest
	bill      = NextActionFixBilling
	ask       = NextActionContactMeta
	stop      = NextActionStopRecipient
)

// catalogue holds the codes of reference/whatsapp-cloud-api.md §11.3 to §11.5.
// A single code wins over a range that holds it. Where the reference leaves the
// class open (groups, calls, Flows) the careful one is taken: never repeat.
// CodeUnavailable marks the codes that speak of Meta's service as a whole.
var catalogue = []entry{
	// Authorisation and generic Graph codes, §11.3.
	{from: 0, class: classA, code: CodeTokenInvalid, next: reconnect},
	{from: 1, class: classB, code: CodeUnavailable, next: retry},
	{from: 2, class: classB, code: CodeUnavailable, next: retry},
	{from: 3, class: classA, code: CodePermissionMissing, next: reconnect},
	{from: 4, class: classB, code: CodeRateLimited, next: retry, wait: time.Minute},
	{from: 10, class: classA, code: CodePermissionMissing, next: reconnect},
	{from: 17, class: classB, code: CodeRateLimited, next: retry, wait: time.Minute},
	{from: 32, class: classB, code: CodeRateLimited, next: retry, wait: time.Minute},
	{from: 33, class: classA, code: CodeNumberNotFound, next: reconnect},
	{from: 100, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 102, class: classA, code: CodeTokenInvalid, next: reconnect},
	{from: 104, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 190, class: classA, code: CodeTokenInvalid, next: reconnect},
	{from: 200, to: 299, class: classA, code: CodePermissionMissing, next: reconnect},
	{from: 341, class: classB, code: CodeRateLimited, next: retry, wait: time.Minute},
	{from: 368, class: classA, code: CodePolicyBlocked, next: ask},
	{from: 506, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 613, class: classB, code: CodeRateLimited, next: retry, wait: time.Minute},
	{from: 803, class: classN, code: CodeObjectNotFound, next: fix},
	{from: 1026, class: classX, code: CodeRecipientUnreachable, next: stop},
	{from: 2200, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2500, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 80007, to: 80008, class: classD, code: CodeRateLimited, next: retry, wait: time.Hour},

	// Sending, §11.4.
	{from: 130429, class: classB, code: CodeRateLimited, next: retry},
	{from: 130472, class: classX, code: CodeRecipientRestricted, next: stop},
	{from: 130497, class: classX, code: CodeRecipientRestricted, next: stop},
	{from: 131000, class: classB, code: CodeUnavailable, next: retry},
	{from: 131005, class: classA, code: CodePermissionMissing, next: reconnect},
	{from: 131008, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131009, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131016, class: classB, code: CodeUnavailable, next: retry},
	{from: 131020, class: classN, code: CodeGroupRefused, next: fix},
	{from: 131021, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131026, class: classX, code: CodeRecipientUnreachable, next: stop},
	{from: 131030, class: classN, code: CodeRecipientNotAllowed, next: fix},
	{from: 131031, class: classA, code: CodePolicyBlocked, next: ask},
	{from: 131036, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131037, class: classA, code: CodeDisplayNameNotApproved, next: ask},
	{from: 131041, class: classN, code: CodeGroupRefused, next: fix},
	{from: 131042, class: classA, code: CodePaymentRequired, next: bill},
	{from: 131044, class: classA, code: CodePaymentRequired, next: bill},
	{from: 131045, class: classA, code: CodeNumberNotRegistered, next: reconnect},
	{from: 131047, class: classX, code: CodeWindowClosed, next: NextActionSendTemplate},
	{from: 131048, class: classD, code: CodeSpamRateLimited, next: retry, wait: 6 * time.Hour},
	{from: 131049, class: classX, code: CodeMarketingCapped, next: stop},
	{from: 131050, class: classX, code: CodeMarketingOptedOut, next: stop},
	{from: 131051, class: classN, code: CodeUnsupportedMessage, next: fix},
	{from: 131052, class: classN, code: CodeMediaUnavailable, next: fix},
	{from: 131053, class: classN, code: CodeMediaRejected, next: fix},
	{from: 131055, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131056, class: classB, code: CodePairRateLimited, next: retry, wait: 6 * time.Second},
	{from: 131057, class: classB, code: CodeNumberMaintenance, next: retry, wait: time.Minute},
	{from: 131059, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131060, class: classN, code: CodeUnsupportedMessage, next: noAction},
	{from: 131062, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 131063, class: classA, code: CodeMarketingDisabled, next: ask},
	{from: 131064, class: classA, code: CodePolicyBlocked, next: ask},
	{from: 131201, to: 131215, class: classN, code: CodeGroupRefused, next: fix},
	{from: 132000, class: classN, code: CodeTemplateMismatch, next: fix},
	{from: 132001, class: classN, code: CodeTemplateNotFound, next: fix},
	{from: 132005, class: classN, code: CodeTemplateMismatch, next: fix},
	{from: 132007, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 132008, class: classN, code: CodeTemplateMismatch, next: fix},
	{from: 132012, class: classN, code: CodeTemplateMismatch, next: fix},
	{from: 132015, class: classD, code: CodeTemplatePaused, next: retry, wait: 3 * time.Hour},
	{from: 132016, class: classA, code: CodeTemplateDisabled, next: fix},
	{from: 132018, class: classN, code: CodeTemplateMismatch, next: fix},
	{from: 132068, class: classA, code: CodeFlowBlocked, next: fix},
	{from: 132069, class: classD, code: CodeFlowBlocked, next: retry, wait: time.Hour},
	{from: 133000, class: classB, code: CodeNumberNotRegistered, next: retry},
	{from: 133004, class: classB, code: CodeUnavailable, next: retry},
	{from: 133005, class: classA, code: CodePINRefused, next: reconnect},
	{from: 133006, class: classA, code: CodeNumberNotRegistered, next: reconnect},
	{from: 133008, to: 133009, class: classD, code: CodePINRefused, next: retry, wait: time.Hour},
	{from: 133010, class: classA, code: CodeNumberNotRegistered, next: reconnect},
	{from: 133015, class: classD, code: CodeNumberMaintenance, next: retry, wait: 5 * time.Minute},
	{from: 133016, class: classD, code: CodeLimitReached, next: retry, wait: 72 * time.Hour},
	{from: 134011, class: classA, code: CodePaymentRequired, next: bill},
	{from: 134100, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 134101, class: classB, code: CodeTemplateSyncing, next: retry, wait: 10 * time.Minute},
	{from: 134102, to: 134103, class: classA, code: CodeMarketingDisabled, next: ask},
	{from: 135000, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 137000, class: classN, code: CodeIdentityKeyMismatch, next: fix},
	{from: 138000, to: 138018, class: classN, code: CodeCallRefused, next: fix},
	{from: 139000, to: 139004, class: classN, code: CodeFlowBlocked, next: fix},
	{from: 139100, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 139101, class: classN, code: CodeBlockListFull, next: fix},
	{from: 139102, to: 139103, class: classB, code: CodeBlockListBusy, next: retry},
	{from: 147001, to: 147005, class: classN, code: CodeUsernameRefused, next: fix},

	// Templates, phone numbers and synchronisation, §11.5; also as subcodes of 100.
	{from: 36007, to: 36009, class: classN, code: CodeTokenInvalid, next: reconnect},
	{from: 200005, to: 200007, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388001, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388012, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388019, class: classN, code: CodeLimitReached, next: fix},
	{from: 2388023, to: 2388024, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2388039, to: 2388040, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2388047, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2388072, to: 2388073, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2388091, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388093, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388103, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2388293, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2388299, class: classN, code: CodeTemplateInvalid, next: fix},
	{from: 2494100, class: classB, code: CodeNumberMaintenance, next: retry, wait: time.Minute},
	{from: 2593079, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2593085, class: classN, code: CodeInvalidRequest, next: fix},
	{from: 2593107, to: 2593109, class: classN, code: CodeInvalidRequest, next: fix},
}

// byCode holds the single codes of the catalogue, ranges those that span more.
var byCode, ranges = indexCatalogue()

func indexCatalogue() (map[int]entry, []entry) {
	single := make(map[int]entry, len(catalogue))
	var spans []entry
	for _, e := range catalogue {
		if e.to == 0 {
			single[e.from] = e
		} else {
			spans = append(spans, e)
		}
	}
	return single, spans
}

func lookUp(code int) (entry, bool) {
	if e, ok := byCode[code]; ok {
		return e, true
	}
	for _, e := range ranges {
		if e.from <= code && code <= e.to {
			return e, true
		}
	}
	return entry{}, false
}

// classify finds the meaning of an error of Meta. httpStatus is 0 for an error
// of a webhook.
func classify(meta MetaError, httpStatus int) *Error {
	e := meaning(meta, httpStatus).error()
	e.HTTPStatus = httpStatus
	e.Meta = meta
	return e
}

func meaning(meta MetaError, httpStatus int) entry {
	const invalidParameter, unknownObject = 100, 33
	if meta.Code == invalidParameter {
		if meta.Subcode == unknownObject {
			return entry{class: classN, code: CodeObjectNotFound, next: reconnect}
		}
		// The long codes of §11.5 come as subcodes too; short subcodes have
		// meanings of their own.
		if e, ok := lookUp(meta.Subcode); ok && meta.Subcode > 10_000 {
			return e
		}
	}
	// Code 0 is an invalid token, but also what a missing code looks like.
	if meta.Code != 0 || httpStatus == http.StatusUnauthorized {
		if e, ok := lookUp(meta.Code); ok {
			return e
		}
	}
	switch {
	case httpStatus == http.StatusTooManyRequests:
		return entry{class: classB, code: CodeRateLimited, next: retry}
	case httpStatus >= http.StatusInternalServerError:
		return entry{class: classB, code: CodeUnavailable, next: retry}
	case meta.Transient:
		return entry{class: classB, code: CodeUnknown, next: retry}
	}
	return entry{class: classN, code: CodeUnknown, next: ask}
}
