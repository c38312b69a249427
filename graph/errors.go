package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/events"
	"recado/models"
)

// Codes of errors, as in extensions.code. The list is closed
// (reference/graphql-api.md §5): adding one is a documented change.
const (
	CodeBadRequest                = "BAD_REQUEST"
	CodeCSRFPrevention            = "CSRF_PREVENTION"
	CodeMethodNotAllowed          = "METHOD_NOT_ALLOWED"
	CodeNotAcceptable             = "NOT_ACCEPTABLE"
	CodeUnsupportedMediaType      = "UNSUPPORTED_MEDIA_TYPE"
	CodePayloadTooLarge           = "PAYLOAD_TOO_LARGE"
	CodeParseFailed               = "GRAPHQL_PARSE_FAILED"
	CodeValidationFailed          = "GRAPHQL_VALIDATION_FAILED"
	CodeDocumentLimitExceeded     = "DOCUMENT_LIMIT_EXCEEDED"
	CodeComplexityLimitExceeded   = "COMPLEXITY_LIMIT_EXCEEDED"
	CodePersistedQueryNotFound    = "PERSISTED_QUERY_NOT_FOUND"
	CodePersistedQueryRequired    = "PERSISTED_QUERY_REQUIRED"
	CodeBadUserInput              = "BAD_USER_INPUT"
	CodeUnauthenticated           = "UNAUTHENTICATED"
	CodeForbidden                 = "FORBIDDEN"
	CodeNotFound                  = "NOT_FOUND"
	CodeConflict                  = "CONFLICT"
	CodeRateLimited               = "RATE_LIMITED"
	CodeSubscriptionLimitExceeded = "SUBSCRIPTION_LIMIT_EXCEEDED"
	CodeTimeout                   = "TIMEOUT"
	CodeUnavailable               = "UNAVAILABLE"
	CodeInternal                  = "INTERNAL"
)

// PublicCodes is the closed list of codes.
var PublicCodes = []string{
	CodeBadRequest, CodeCSRFPrevention, CodeMethodNotAllowed, CodeNotAcceptable, CodeUnsupportedMediaType,
	CodePayloadTooLarge, CodeParseFailed, CodeValidationFailed, CodeDocumentLimitExceeded, CodeComplexityLimitExceeded,
	CodePersistedQueryNotFound, CodePersistedQueryRequired, CodeBadUserInput, CodeUnauthenticated, CodeForbidden,
	CodeNotFound, CodeConflict, CodeRateLimited, CodeSubscriptionLimitExceeded, CodeTimeout, CodeUnavailable, CodeInternal,
}

// publicCode is the code under which the failures of rooms reach clients where
// they are no user errors. What is not listed is BAD_USER_INPUT.
var publicCode = map[models.Code]string{
	models.CodeNotFound:        CodeNotFound,
	models.CodeForbidden:       CodeForbidden,
	models.CodeUnauthenticated: CodeUnauthenticated,
	models.CodeConflict:        CodeConflict,
	models.CodeTooManyAttempts: CodeRateLimited,
}

const internalMessage = "internal error"

// errLogged stands for a fault that is in the log already.
var errLogged = errors.New(internalMessage)

// NewError returns an error that reaches clients as it is. The code is one of
// PublicCodes.
func NewError(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// PresentError turns any error into what clients may see of it: failures of rooms
// and errors of NewError with their code and a message in the reader's language;
// anything else is logged and becomes INTERNAL, with the id of the request.
func (e *Edge) PresentError(ctx context.Context, err error) *gqlerror.Error {
	located, _ := errors.AsType[*gqlerror.Error](err)
	presented := e.present(ctx, err, located)
	if located != nil {
		presented.Locations = located.Locations
		presented.Path = located.Path
	}
	if presented.Path == nil && graphql.HasOperationContext(ctx) {
		presented.Path = graphql.GetPath(ctx)
	}
	if len(presented.Path) > 0 && presented.Path[0] == ast.PathName("variable") {
		presented.Path = nil // gqlparser's way of naming a variable; a path is of the response
	}
	return presented
}

func (e *Edge) present(ctx context.Context, err error, located *gqlerror.Error) *gqlerror.Error {
	if failure, ok := errors.AsType[*models.Error](err); ok {
		return e.presentFailure(ctx, failure)
	}
	if located != nil {
		if code, ok := located.Extensions["code"].(string); ok && slices.Contains(PublicCodes, code) {
			return &gqlerror.Error{Message: located.Message, Extensions: located.Extensions}
		}
	}
	switch {
	case errors.Is(err, events.ErrTooSlow):
		presented := NewError(CodeUnavailable, e.text(ctx, "error.TOO_SLOW", nil))
		presented.Extensions["reason"] = "TOO_SLOW"
		return presented
	case errors.Is(err, context.DeadlineExceeded):
		return NewError(CodeTimeout, e.text(ctx, "error.TIMEOUT", nil))
	case isIntegerError(err):
		return NewError(CodeBadUserInput, e.text(ctx, "error.INTEGER", nil))
	}
	if !errors.Is(err, errLogged) && !errors.Is(err, context.Canceled) {
		e.logFault(ctx, "request failed", "error", err)
	}
	presented := NewError(CodeInternal, internalMessage)
	if id := requestIDFrom(ctx); id != "" {
		presented.Extensions["requestId"] = id
	}
	return presented
}

func (e *Edge) presentFailure(ctx context.Context, failure *models.Error) *gqlerror.Error {
	code, known := publicCode[failure.Code]
	if !known {
		code = CodeBadUserInput
	}
	presented := NewError(code, e.failureText(ctx, failure))
	if failure.Field != "" {
		presented.Extensions["argument"] = failure.Field
	}
	if code != string(failure.Code) {
		presented.Extensions["reason"] = string(failure.Code)
	}
	if seconds, ok := failure.Params["retryAfterSeconds"]; ok {
		presented.Extensions["retryAfterSeconds"] = seconds
	}
	return presented
}

// isIntegerError reports whether a literal did not fit into 32 bits.
func isIntegerError(err error) bool {
	if _, ok := errors.AsType[*graphql.IntegerError](err); ok {
		return true
	}
	_, ok := errors.AsType[*graphql.NumberOverflowError](err)
	return ok
}

// Recover logs a panic of a resolver and turns it into an error that is presented
// as INTERNAL.
func (e *Edge) Recover(ctx context.Context, panicked any) error {
	e.logFault(ctx, "resolver panicked", "error", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	return errLogged
}

func (e *Edge) logFault(ctx context.Context, message string, attributes ...any) {
	attributes = append(attributes, "requestId", requestIDFrom(ctx))
	if graphql.HasOperationContext(ctx) {
		attributes = append(attributes, "operation", graphql.GetOperationContext(ctx).OperationName)
	}
	if field := graphql.GetFieldContext(ctx); field != nil {
		attributes = append(attributes, "path", field.Path().String())
	}
	e.log.ErrorContext(ctx, message, attributes...)
}
