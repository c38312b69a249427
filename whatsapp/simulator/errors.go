package simulator

import (
	"cmp"
	"fmt"
	"net/http"
)

// graphError is one error answer of the Graph API (§11.1).
type graphError struct {
	Status      int // HTTP
	Code        int
	Subcode     int
	Type        string // OAuthException if empty
	Message     string
	Details     string
	Header      map[string]string // extra headers
	IsTransient bool
	UserTitle   string // words for people, of template calls
	UserMessage string
}

type errorBody struct {
	Error errorFields `json:"error"`
}

type errorFields struct {
	Message     string     `json:"message"`
	Type        string     `json:"type"`
	Code        int        `json:"code"`
	Subcode     int        `json:"error_subcode,omitempty"`
	IsTransient bool       `json:"is_transient,omitempty"`
	ErrorData   *errorData `json:"error_data,omitempty"`
	UserTitle   string     `json:"error_user_title,omitempty"`
	UserMessage string     `json:"error_user_msg,omitempty"`
	Trace       string     `json:"fbtrace_id"`
}

func (e *graphError) body(trace string) errorBody {
	f := errorFields{
		Message: e.Message, Type: e.Type, Code: e.Code, Subcode: e.Subcode,
		IsTransient: e.IsTransient, UserTitle: e.UserTitle, UserMessage: e.UserMessage, Trace: trace,
	}
	if f.Type == "" {
		f.Type = "OAuthException"
	}
	if e.Details != "" {
		f.ErrorData = &errorData{MessagingProduct: "whatsapp", Details: e.Details}
	}
	return errorBody{Error: f}
}

// known is what the simulator knows of an error code: HTTP status, title and
// details where they are documented (§11.3, §11.4, §11.6).
type known struct {
	status  int
	title   string
	details string
}

var catalogue = map[int]known{
	1:      {400, "An unknown error occurred", ""},
	2:      {503, "Service temporarily unavailable", ""},
	4:      {400, "Application request limit reached", ""},
	10:     {403, "Application does not have permission for this action", ""},
	100:    {400, "Invalid parameter", ""},
	190:    {401, "Error validating access token", ""},
	200:    {403, "You do not have the necessary permissions required to access this object", ""},
	368:    {403, "Temporarily blocked for policies violations", ""},
	80007:  {400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."},
	130429: {400, "Rate limit hit", "Cloud API message throughput has been reached."},
	130472: {400, "User's number is part of an experiment", "Failed to send message because this user's phone number is part of an experiment"},
	130497: {403, "Business account is restricted from messaging users in this country.", ""},
	131000: {500, "Something went wrong", ""},
	131005: {403, "Access denied", ""},
	131008: {400, "Required parameter is missing", ""},
	131009: {400, "Parameter value is not valid", ""},
	131016: {500, "Service unavailable", ""},
	131021: {400, "Recipient cannot be sender", "Recipient phone number is the same as the sender's."},
	131026: {400, "Message undeliverable", "Message Undeliverable."},
	131030: {400, "Recipient phone number not in allowed list", "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again."},
	131031: {403, "Account has been locked", ""},
	131037: {400, "Display name of the number is not approved", ""},
	131041: {400, "Group unknown", ""},
	131042: {400, "Business eligibility payment issue", "Message failed to send because there were one or more errors related to your payment method."},
	131045: {500, "Incorrect certificate", ""},
	131047: {400, "Re-engagement message", "Message failed to send because more than 24 hours have passed since the customer last replied to this number."},
	131048: {400, "Spam rate limit hit", "Message failed to send because there are restrictions on how many messages can be sent from this phone number."},
	131049: {400, "This message was not delivered to maintain healthy ecosystem engagement.", "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."},
	131050: {400, "User has stopped marketing messages", "Recipient has chosen to stop receiving marketing messages."},
	131051: {400, "Unsupported message type", ""},
	131052: {400, "Media download error", "Failed to download the media from the sender."},
	131053: {400, "Media upload error", "Media file could not be loaded."},
	131056: {400, "(Business Account, Consumer Account) pair rate limit hit", "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time."},
	131062: {400, "Business-scoped user id recipient is not supported for this message", ""},
	131057: {500, "Account in maintenance mode", ""},
	132000: {400, "Number of parameters does not match the expected number of params", ""},
	132001: {404, "Template name does not exist in the translation", ""},
	132005: {400, "Translated text too long", ""},
	132007: {400, "Template Format Character Policy Violated", ""},
	132012: {400, "Parameter format does not match format in the created template", ""},
	132018: {400, "There was an error with the template parameters", ""},
	131059: {400, "Invalid paging cursor", ""},
	132015: {400, "Template is paused", ""},
	132016: {400, "Template is disabled", ""},
	133005: {400, "Two-step verification PIN mismatch", "The two-step verification code that was sent does not match."},
	133006: {400, "Phone number re-verification needed", "The phone number needs to be verified before it is registered."},
	133008: {400, "Too many two-step verification PIN guesses", ""},
	133016: {400, "Account register/deregister rate limit exceeded", "Registration or deregistration failed because there were too many attempts for this phone number in a short period of time."},
	133010: {400, "Account not registered", ""},
	139100: {400, "Failed to block or unblock some users", ""},
	139101: {400, "Blocklist limit reached", ""},
	139102: {400, "Blocklist concurrent update", ""},
	139103: {500, "Internal error", ""},
}

// errorOf is the error answer for a code, with details of its own if given.
func errorOf(code int, details string) *graphError {
	k, ok := catalogue[code]
	if !ok {
		k = known{status: http.StatusBadRequest, title: "Simulated error"}
	}
	if details == "" {
		details = k.details
	}
	return &graphError{
		Status: k.status, Code: code, Message: fmt.Sprintf("(#%d) %s", code, k.title), Details: details,
		IsTransient: k.status >= http.StatusInternalServerError,
	}
}

// failureOf is the error of a failed status (§3.5), with details of its own if given.
func failureOf(code int, details string) statusError {
	k, ok := catalogue[code]
	if !ok {
		k = known{title: "Simulated error"}
	}
	e := statusError{
		Code: code, Title: k.title, Message: k.title,
		Href: "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
	}
	if details = cmp.Or(details, k.details); details != "" {
		e.ErrorData = &errorData{Details: details}
	}
	return e
}

// invalidParameter is code 100 with its text.
func invalidParameter(text string) *graphError {
	return &graphError{Status: http.StatusBadRequest, Code: 100, Message: "(#100) " + text}
}

// unsupported is the answer for an object that does not exist or may not be
// seen, and for a method it does not have (§11.6).
func unsupported(method, id string) *graphError {
	word := map[string]string{http.MethodPost: "post", http.MethodDelete: "delete"}[method]
	if word == "" {
		word = "get"
	}
	return &graphError{
		Status: http.StatusBadRequest, Code: 100, Subcode: 33, Type: "GraphMethodException",
		Message: fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api", word, id),
	}
}

func unknownPath(path string) *graphError {
	return &graphError{Status: http.StatusBadRequest, Code: 2500, Message: "Unknown path components: " + path}
}
