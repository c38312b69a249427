package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"recado/graph"
)

// refusal is why a request is not looked at any further.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

// readRequest reads the GraphQL request of a POST.
func (s *Server) readRequest(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	started := graphql.Now()
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON || parameters["charset"] != "" && !strings.EqualFold(parameters["charset"], "utf-8") {
		return nil, &refusal{http.StatusUnsupportedMediaType, graph.CodeUnsupportedMediaType, "send application/json in UTF-8"}
	}
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, graph.CodePayloadTooLarge, fmt.Sprintf("a request has at most %d bytes", maxRequest)}
	if r.ContentLength > maxRequest {
		return nil, tooLarge
	}
	var body bytes.Buffer
	if err := readBody(w, r, &body, maxRequest, s.timing.BodyRead); err != nil {
		if _, over := errors.AsType[*http.MaxBytesError](err); over {
			return nil, tooLarge
		}
		return nil, &refusal{http.StatusBadRequest, graph.CodeBadRequest, "the body broke off"}
	}
	params, refused := decodeRequest(body.Bytes())
	if refused != nil {
		return nil, refused
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: started, End: graphql.Now()}
	return params, nil
}

// decodeRequest decodes exactly one well-formed GraphQL request
// (reference/graphql-api.md §2). What it refuses is never repeated in the message.
func decodeRequest(body []byte) (*graphql.RawParams, *refusal) {
	malformed := func(message string) *refusal {
		return &refusal{http.StatusBadRequest, graph.CodeBadRequest, message}
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' || !utf8.Valid(body) {
		return nil, malformed("the body must be one JSON object in UTF-8")
	}
	var request struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
		Extensions    map[string]any `json:"extensions"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&request); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, malformed(fmt.Sprintf("%s has the wrong type", wrong.Field))
		}
		return nil, malformed("the body is not valid JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("the body goes on after the JSON object")
	}
	switch {
	case strings.TrimSpace(request.Query) == "":
		return nil, malformed("query must be a non-empty string")
	case len(request.Query) > maxDocument:
		return nil, &refusal{http.StatusBadRequest, graph.CodeDocumentLimitExceeded, fmt.Sprintf("a document has at most %d bytes", maxDocument)}
	}
	return &graphql.RawParams{
		Query: request.Query, OperationName: request.OperationName,
		Variables: request.Variables, Extensions: request.Extensions,
	}, nil
}
