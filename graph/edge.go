package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/ast"

	"recado/accounts"
	"recado/channels"
	"recado/credits"
	"recado/crm"
	"recado/graph/generated"
	"recado/inbox"
	"recado/media"
	"recado/models"
	"recado/templates"
)

// Rooms are the domain rooms that resolvers call.
type Rooms struct {
	Accounts *accounts.Service
	Channels *channels.Service
	Credits  *credits.Service
	CRM      *crm.Service
	Inbox    *inbox.Service
	Media    *media.Service

	Templates *templates.Service
}

// Options configure an Edge. The zero value serves.
type Options struct {
	Clock  models.Clock // nil: the system's
	Logger *slog.Logger // nil: discard
}

// Edge answers GraphQL operations. It is safe for concurrent use.
type Edge struct {
	rooms  Rooms
	clock  models.Clock
	log    *slog.Logger
	schema graphql.ExecutableSchema

	indirect bool // have gqlgen write everything, to compare
}

// New returns an Edge on the rooms.
func New(rooms Rooms, options Options) *Edge {
	if options.Clock == nil {
		options.Clock = models.SystemClock
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Edge{rooms: rooms, clock: options.Clock, log: options.Logger}
	e.schema = generated.NewExecutableSchema(generated.Config{Resolvers: resolvers{e}})
	return e
}

// Handler returns a GraphQL handler without transports, limits and caches, which
// are the server's to choose. Its errors are presented by PresentError.
func (e *Edge) Handler() *handler.Server {
	server := handler.New(e.schema)
	server.SetErrorPresenter(e.PresentError)
	server.SetRecoverFunc(e.Recover)
	server.Use(perResponse{e})
	return server
}

// Schema is the schema that the Edge answers on.
func (e *Edge) Schema() *ast.Schema { return e.schema.Schema() }

// perResponse gives each response loaders of its own, and tells a subscriber why
// their stream ended.
type perResponse struct{ *Edge }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
	graphql.RootFieldInterceptor
	graphql.FieldInterceptor
} = perResponse{}

// ExtensionName names the extension.
func (perResponse) ExtensionName() string { return "PerResponse" }

// Validate accepts any schema.
func (perResponse) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation gives a subscription a place to leave the reason of its end.
func (perResponse) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if isOperation(ctx, ast.Subscription) {
		ctx = context.WithValue(ctx, streamKey, new(streamEnd))
	}
	return next(ctx)
}

// InterceptResponse attaches fresh loaders. When a subscription's stream has
// failed, it makes the last response: the error.
func (p perResponse) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(p.withLoaders(ctx))
	if response != nil {
		return response
	}
	end, ok := ctx.Value(streamKey).(*streamEnd)
	if !ok {
		return nil
	}
	err := end.take()
	if err == nil {
		return nil
	}
	graphql.AddError(ctx, err)
	return &graphql.Response{Errors: graphql.GetErrors(ctx)}
}

// InterceptRootField attaches fresh loaders to each field of a mutation: what the
// one before it loaded may be out of date.
func (p perResponse) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if isOperation(ctx, ast.Mutation) {
		ctx = p.withLoaders(ctx)
	}
	return next(ctx)
}

func isOperation(ctx context.Context, kind ast.Operation) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	operation := graphql.GetOperationContext(ctx).Operation
	return operation != nil && operation.Operation == kind
}
