package server

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/accounts"
	"recado/graph"
	"recado/models"
)

// operation is a query, mutation or subscription that runs on a socket.
type operation struct {
	id     string
	cancel context.CancelFunc
}

// subscribe starts an operation. A code other than 0 closes the socket.
func (s *socket) subscribe(m message) (websocket.StatusCode, string) {
	if s.identity == nil {
		return closeUnauthorized, "unauthorized"
	}
	if m.ID == "" || len(m.ID) > 128 {
		return closeInvalidMessage, "an id has 1 to 128 bytes"
	}
	params, refused := decodeRequest(m.Payload)
	if refused != nil && refused.code == graph.CodeBadRequest {
		return closeInvalidMessage, refused.message
	}
	ctx, cancel := context.WithCancel(s.ctx)
	op := &operation{id: m.ID, cancel: cancel}

	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken := s.operations[m.ID]
	switch {
	case taken:
		cancel()
		return closeDuplicateID, "an operation with this id is under way"
	case refused != nil:
		cancel()
		s.writeErrors(m.ID, gqlerror.List{codedError(refused.code, refused.message, "")})
		return 0, ""
	case len(s.operations) >= maxSocketOperations:
		cancel()
		s.writeErrors(m.ID, gqlerror.List{codedError(graph.CodeSubscriptionLimitExceeded, "too many operations on this connection", "")})
		return 0, ""
	}
	params.Headers = s.header
	s.operations[m.ID] = op
	s.server.live.operations.Add(1)
	s.attending.Go(func() {
		defer s.server.live.operations.Add(-1)
		defer cancel()
		s.operate(ctx, op, params)
	})
	return 0, ""
}

// operate runs an operation and sends what it yields.
func (s *socket) operate(ctx context.Context, op *operation, params *graphql.RawParams) {
	defer func() {
		if fault := recover(); fault != nil {
			s.server.log.Error("panic in an operation on a socket", "panic", fault, "stack", string(debug.Stack()),
				"requestId", s.header.Get(requestIDHeader))
			s.fail(op, gqlerror.List{codedError(graph.CodeInternal, "internal error", s.header.Get(requestIDHeader))})
		}
	}()
	// What the viewer may do can have changed since the socket was opened.
	viewer, err := s.server.options.Sessions.Refreshed(ctx, s.identity.Viewer)
	switch {
	case models.CodeOf(err) == models.CodeUnauthenticated:
		s.close(closeForbidden, errSessionEnded.Error())
		return
	case err != nil:
		s.fail(op, gqlerror.List{codedError(graph.CodeUnavailable, "cannot tell who is asking; ask again", s.header.Get(requestIDHeader))})
		return
	}
	ctx = graph.WithIdentity(ctx, accounts.Identity{Viewer: viewer, ExpiresAt: s.identity.ExpiresAt})
	ctx = graphql.StartOperationTrace(ctx)
	started := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: started, End: started}

	operation, errs := s.exec.CreateOperationContext(ctx, params)
	if errs != nil {
		s.fail(op, s.exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs).Errors)
		return
	}
	responses, ctx := s.exec.DispatchOperation(ctx, operation)
	for response := responses(ctx); response != nil; response = responses(ctx) {
		if response.Data == nil && len(response.Errors) > 0 { // it could not begin, or cannot go on
			s.fail(op, response.Errors)
			return
		}
		if !s.next(op, response) {
			return
		}
	}
	s.complete(op)
}

// next sends a response. It returns false if the operation is over.
func (s *socket) next(op *operation, response *graphql.Response) bool {
	data := appendResponse(appendHead(make([]byte, 0, 128+len(response.Data)), op.id, "next"), response)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[op.id] != op || s.closed.Load() {
		return false
	}
	s.write(append(data, '}'))
	return !s.closed.Load()
}

// fail ends an operation with errors; no complete follows.
func (s *socket) fail(op *operation, errs gqlerror.List) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[op.id] == op {
		delete(s.operations, op.id)
		s.writeErrors(op.id, errs)
	}
}

// complete ends an operation, unless the client did so first.
func (s *socket) complete(op *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[op.id] == op {
		delete(s.operations, op.id)
		s.write([]byte(`{"id":` + quoted(op.id) + `,"type":"complete"}`))
	}
}

// forget ends an operation at the client's wish: nothing more is sent for it.
func (s *socket) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op, known := s.operations[id]; known {
		delete(s.operations, id)
		op.cancel()
	}
}

// writeErrors sends an error message; s.mu is held.
func (s *socket) writeErrors(id string, errs gqlerror.List) {
	s.write(append(appendJSON(appendHead(nil, id, "error"), errs), '}'))
}

// appendHead begins a message up to its payload.
func appendHead(to []byte, id, kind string) []byte {
	to = append(to, `{"id":`...)
	to = append(to, quoted(id)...)
	to = append(to, `,"type":"`...)
	to = append(to, kind...)
	return append(to, `","payload":`...)
}

func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil { // strings always encode
		return `""`
	}
	return string(encoded)
}
