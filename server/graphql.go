package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/labstack/echo/v4"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/accounts"
	"recado/graph"
	"recado/models"
)

// Limits of a GraphQL request (reference/graphql-api.md §8).
const (
	maxRequest          = 256 << 10 // bytes of a body or of a message on a socket
	maxDocument         = 32 << 10  // bytes of a document
	maxTokens           = 2000      // of a document
	maxSocketOperations = 50        // at once on one socket
	cachedDocuments     = 500
)

// prepare gives the GraphQL handler its transports and limits.
func (s *Server) prepare(engine *handler.Server) {
	engine.AddTransport(socketTransport{s})
	engine.AddTransport(streamTransport{s})
	engine.AddTransport(postTransport{s})
	engine.SetParserTokenLimit(maxTokens)
	engine.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	engine.SetDisableSuggestion(!s.options.GraphiQL)
	engine.Use(introspectionPolicy{open: s.options.GraphiQL})
}

// serveGraphQL serves /graphql: who is asking is found out first, then one of the
// transports takes over.
func (s *Server) serveGraphQL(c echo.Context) error {
	w, r := c.Response(), c.Request()
	w.Header().Set("Cache-Control", "no-store")
	s.allowOrigin(w, r)
	upgrade := r.Method == http.MethodGet && r.Header.Get("Upgrade") != ""
	switch {
	case r.Method == http.MethodOptions:
		s.preflight(w, r)
		return nil
	case r.Method != http.MethodPost && !upgrade:
		w.Header().Set("Allow", "POST, OPTIONS")
		refuse(w, r, http.StatusMethodNotAllowed, graph.CodeMethodNotAllowed, "use POST, or a WebSocket")
		return nil
	case s.draining.Load():
		w.Header().Set("Retry-After", "1")
		refuse(w, r, http.StatusServiceUnavailable, graph.CodeUnavailable, "this process is going away; ask again")
		return nil
	}

	ctx := graph.WithRequestID(r.Context(), r.Header.Get(requestIDHeader))
	ctx = graph.WithLanguage(ctx, graph.Language(r.Header.Get("Accept-Language")))
	ctx = graph.WithAddress(ctx, c.RealIP())
	token, err := bearer(r.Header.Get("Authorization"))
	if err == nil && token != "" {
		var identity accounts.Identity
		if identity, err = s.options.Sessions.Authenticate(ctx, token); err == nil {
			ctx = graph.WithIdentity(ctx, identity)
		}
	}
	switch {
	case models.CodeOf(err) == models.CodeUnauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="recado", error="invalid_token"`)
		refuse(w, r, http.StatusUnauthorized, graph.CodeUnauthenticated, "the access token is not valid, or no longer")
	case err != nil:
		s.log.WarnContext(ctx, "cannot authenticate", "error", err, "requestId", r.Header.Get(requestIDHeader))
		w.Header().Set("Retry-After", "1")
		refuse(w, r, http.StatusServiceUnavailable, graph.CodeUnavailable, "cannot tell who is asking; ask again")
	default:
		s.options.GraphQL.ServeHTTP(w, r.WithContext(ctx))
	}
	return nil
}

// bearer returns the token of an Authorization header; empty if there is no
// header, UNAUTHENTICATED if it holds something else.
func bearer(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", models.NewError(models.CodeUnauthenticated, "")
	}
	return token, nil
}

// introspectionPolicy shows the schema to those who are signed in, or to all.
type introspectionPolicy struct{ open bool }

var _ graphql.OperationContextMutator = introspectionPolicy{}

// ExtensionName names the extension.
func (introspectionPolicy) ExtensionName() string { return "IntrospectionPolicy" }

// Validate accepts every schema.
func (introspectionPolicy) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext decides for one operation.
func (p introspectionPolicy) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	_, known := graph.IdentityFrom(ctx)
	operation.DisableIntrospection = !p.open && !known
	return nil
}
