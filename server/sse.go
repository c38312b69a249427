package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"recado/graph"
)

// streamTransport answers one request with server-sent events, in the
// distinct-connections mode of graphql-sse (reference/graphql-api.md §4).
type streamTransport struct{ server *Server }

var _ graphql.Transport = streamTransport{}

// Supports takes the requests of clients that would rather have a stream than
// anything else.
func (streamTransport) Supports(r *http.Request) bool {
	return r.Method == http.MethodPost && negotiate(r.Header.Get("Accept")) == mediaStream
}

// Why a stream ends before its operation does.
var (
	errGoingAway = errors.New("this process is going away")
	errGone      = errors.New("the client left, or reads too slowly")
)

// stream is the connection of one request.
type stream struct {
	server  *Server
	writer  http.ResponseWriter
	control *http.ResponseController
	end     context.CancelCauseFunc

	mu sync.Mutex // held while writing
}

// Do runs the operation and writes its events until it ends.
func (t streamTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	s := t.server
	params, refused := s.readRequest(w, r)
	if refused != nil {
		refuse(w, r, refused.status, refused.code, refused.message)
		return
	}
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	stream := &stream{server: s, writer: w, control: http.NewResponseController(w), end: end}
	connection := &connection{end: func() { end(errGoingAway) }, cut: func() { end(errGoingAway) }}
	if !s.live.enter(connection) {
		w.Header().Set("Retry-After", "1")
		refuse(w, r, http.StatusServiceUnavailable, graph.CodeUnavailable, "this process is going away; ask again")
		return
	}
	defer s.live.leave(connection)
	s.live.streams.Add(1)
	defer s.live.streams.Add(-1)

	w.Header().Set("Content-Type", mediaStream)
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if stream.write([]byte(":\n\n")) != nil { // so that the client sees the headers
		return
	}
	var attending sync.WaitGroup
	attending.Go(func() { stream.attend(ctx) })
	stream.run(ctx, exec, params)
	ended := context.Cause(ctx)
	end(nil)
	attending.Wait()
	stream.finish(ended)
}

// run writes the responses of the operation.
func (t *stream) run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams) {
	operation, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		_ = t.next(exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs)) // the client is gone if this fails
		return
	}
	responses, ctx := exec.DispatchOperation(ctx, operation)
	for response := responses(ctx); response != nil; response = responses(ctx) {
		over := response.Data == nil // it could not begin, or cannot go on
		if t.next(response) != nil || over {
			return
		}
	}
}

// finish says how the stream ended. Without the complete event a client knows
// that there is more to come and asks again.
func (t *stream) finish(ended error) {
	switch {
	case ended == nil:
		_ = t.write([]byte("event: complete\ndata:\n\n"))
	case errors.Is(ended, errTokenExpired), errors.Is(ended, errSessionEnded):
		if t.next(&graphql.Response{Errors: gqlerror.List{codedError(graph.CodeUnauthenticated, ended.Error(), "")}}) == nil {
			_ = t.write([]byte("event: complete\ndata:\n\n"))
		}
	}
	_ = t.control.SetWriteDeadline(time.Time{}) // the connection may carry another request
}

// attend keeps an idle stream alive and ends it with its session.
func (t *stream) attend(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	if identity, known := graph.IdentityFrom(ctx); known {
		watching.Go(func() {
			if err := t.server.watch(ctx, identity); err != nil {
				t.end(err)
			}
		})
	}
	ticker := time.NewTicker(t.server.timing.StreamComment)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if t.write([]byte(": alive\n\n")) != nil {
				return
			}
		}
	}
}

func (t *stream) next(response *graphql.Response) error {
	event := appendResponse([]byte("event: next\ndata: "), response)
	return t.write(append(event, "\n\n"...))
}

// write sends and flushes. A client that does not take it in time ends the stream.
func (t *stream) write(event []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.control.SetWriteDeadline(deadline(t.server.timing.Write))
	if err == nil {
		_, err = t.writer.Write(event)
	}
	if err == nil {
		err = t.control.Flush()
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.server.metrics.slow.Inc()
		}
		t.end(errGone)
	}
	return err
}
