package server

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/graph"
)

// postTransport answers one request with one response.
type postTransport struct{ server *Server }

var _ graphql.Transport = postTransport{}

// Supports takes every POST, so that all that is wrong with one is answered here.
func (postTransport) Supports(r *http.Request) bool { return r.Method == http.MethodPost }

// Do answers a request.
func (t postTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media := negotiate(r.Header.Get("Accept"))
	if media == "" {
		refuse(w, r, http.StatusNotAcceptable, graph.CodeNotAcceptable, "accept "+mediaGraphQL+", "+mediaJSON+" or "+mediaStream)
		return
	}
	params, refused := t.server.readRequest(w, r)
	if refused != nil {
		refuse(w, r, refused.status, refused.code, refused.message)
		return
	}
	ctx := r.Context()
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs == nil && operation.Operation.Operation == ast.Subscription {
		errs = gqlerror.List{codedError(graph.CodeBadRequest, "a subscription needs a WebSocket, or Accept: "+mediaStream, "")}
	}
	var response *graphql.Response
	if errs != nil {
		response = exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)
	} else {
		responses, ctx := exec.DispatchOperation(ctx, operation)
		response = responses(ctx)
	}
	if response == nil { // the client left, and its operation with it
		return
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.WriteHeader(statusOf(media, response))
	_, _ = w.Write(appendResponse(nil, response)) // the client is gone if this fails
}
