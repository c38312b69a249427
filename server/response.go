package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The media types of answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaStream  = "text/event-stream"
)

// negotiate returns the media type of the answer that a client's Accept header
// prefers, or "" if it takes none of ours. Of equal preferences the first listed
// counts, so that a stream is only chosen by clients that want one.
func negotiate(accept string) string {
	if strings.TrimSpace(accept) == "" {
		return mediaJSON
	}
	best, weight := "", 0.0
	for offer := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(offer, ";")
		var media string
		switch strings.ToLower(strings.TrimSpace(name)) {
		case mediaJSON, "*/*", "application/*":
			media = mediaJSON
		case mediaGraphQL:
			media = mediaGraphQL
		case mediaStream:
			media = mediaStream
		default:
			continue
		}
		if q := quality(parameters); q > weight {
			best, weight = media, q
		}
	}
	return best
}

func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}

// statusOf is the HTTP status of an answer (reference/graphql-api.md §2). What
// failed before execution has no data.
func statusOf(media string, response *graphql.Response) int {
	if response.Data == nil && media == mediaGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// appendResponse encodes an answer. Without data, which means that nothing was
// executed, there is no data key.
func appendResponse(to []byte, response *graphql.Response) []byte {
	to = append(to, '{')
	comma := func() {
		if to[len(to)-1] != '{' {
			to = append(to, ',')
		}
	}
	if len(response.Errors) > 0 {
		to = append(to, `"errors":`...)
		to = appendJSON(to, response.Errors)
	}
	if response.Data != nil {
		comma()
		to = append(to, `"data":`...)
		to = append(to, response.Data...)
	}
	if len(response.Extensions) > 0 {
		comma()
		to = append(to, `"extensions":`...)
		to = appendJSON(to, response.Extensions)
	}
	return append(to, '}')
}

// appendJSON encodes a value that the edge or an error presenter made.
func appendJSON(to []byte, value any) []byte {
	encoded, err := json.Marshal(value)
	if err != nil { // an extension's value that JSON does not know
		return append(to, "null"...)
	}
	return append(to, encoded...)
}

// refuse answers a request that did not reach GraphQL.
func refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	media := mediaJSON
	if negotiate(r.Header.Get("Accept")) == mediaGraphQL {
		media = mediaGraphQL
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.WriteHeader(status)
	body := appendResponse(nil, &graphql.Response{Errors: gqlerror.List{codedError(code, message, r.Header.Get(requestIDHeader))}})
	_, _ = w.Write(body) // the client is gone if this fails
}

func codedError(code, message, requestID string) *gqlerror.Error {
	extensions := map[string]any{"code": code}
	if requestID != "" {
		extensions["requestId"] = requestID
	}
	return &gqlerror.Error{Message: message, Extensions: extensions}
}
