package whatsapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// maxAnswer bounds the body of an answer, after decompression.
const maxAnswer = 1 << 20

// errTooLong is an answer beyond maxAnswer.
var errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)

// exchange makes one HTTP request and reads its answer.
func (c *Client) exchange(parent context.Context, creds Credentials, call call) *Error {
	ctx, cancel := context.WithTimeout(parent, cmp.Or(call.timeout, c.timeout))
	defer cancel()
	var way connection
	req, err := c.newRequest(httptrace.WithClientTrace(ctx, way.trace()), creds, call)
	if err != nil {
		return invalidRequest("building the request: %w", withoutURL(err))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = withoutURL(err)
		uncertain := !way.neverMade(err)
		if parent.Err() != nil {
			return interrupted(uncertain, fmt.Errorf("%w: %w", parent.Err(), err))
		}
		return unavailable(uncertain, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLong
	}
	if err != nil {
		return c.truncated(parent, resp, fmt.Errorf("reading the answer: %w", err))
	}
	return c.judge(resp, body, call)
}

func (c *Client) newRequest(ctx context.Context, creds Credentials, call call) (*http.Request, error) {
	var body io.Reader
	if call.body != nil {
		body = bytes.NewReader(call.body)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, c.root+"/"+cmp.Or(call.object, creds.PhoneNumberID)+call.edge, body)
	if err != nil {
		return nil, err
	}
	if req.URL.Host == "" || req.URL.Scheme != "https" && req.URL.Scheme != "http" {
		return nil, errors.New("the base URL is not an http or https address")
	}
	req.URL.RawQuery = call.query
	if c.appSecret != "" && !call.asApp {
		proof := "appsecret_proof=" + fmt.Sprintf("%x", digest(c.appSecret, []byte(creds.AccessToken)))
		if req.URL.RawQuery != "" {
			proof = "&" + proof
		}
		req.URL.RawQuery += proof
	}
	req.Header.Set("Authorization", "Bearer "+creds.AccessToken)
	if call.oauth {
		req.Header.Set("Authorization", "OAuth "+creds.AccessToken)
	}
	for name, value := range call.headers {
		req.Header[name] = []string{value} // as Meta writes it
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Accept", "application/json")
	if call.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if call.stream != nil {
		req.Header.Set("Content-Type", call.stream.contentType)
		req.ContentLength = call.stream.length
		if req.Body, err = call.stream.open(); err != nil { // the last that can fail: whoever sends the request closes it
			return nil, err
		}
	}
	return req, nil
}

// judge decides what a complete answer means.
func (c *Client) judge(resp *http.Response, body []byte, call call) *Error {
	if meta, ok := graphError(body); ok {
		if call.explain != nil {
			if closer, found := call.explain(body); found {
				closer.TraceID = meta.TraceID
				meta = closer
			}
		}
		e := classify(meta, resp.StatusCode)
		c.noteWait(e, resp.Header)
		return e
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.foreign(resp, errors.New("the answer is not in the Graph API's words"))
	}
	if err := call.decode(body); err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			e.HTTPStatus = resp.StatusCode
			return e
		}
		return c.foreign(resp, fmt.Errorf("decoding the answer: %w", err))
	}
	return nil
}

// truncated is an answer of which only the beginning came. A status of 3xx or
// 4xx tells that the request was refused, though not why; behind any other
// Meta may have acted.
func (c *Client) truncated(parent context.Context, resp *http.Response, cause error) *Error {
	uncertain := !refused(resp.StatusCode)
	e := unavailable(uncertain, cause)
	if parent.Err() != nil {
		e = interrupted(uncertain, fmt.Errorf("%w: %w", parent.Err(), cause))
	}
	e.HTTPStatus = resp.StatusCode
	c.noteWait(e, resp.Header)
	return e
}

// foreign is an answer that is not Meta's JSON, such as the page of a proxy.
// Its status is believed where it says that the request was refused.
func (c *Client) foreign(resp *http.Response, cause error) *Error {
	var e *Error
	switch status := resp.StatusCode; {
	case !refused(status):
		e = unavailable(true, cause)
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly:
		e = unavailable(false, cause)
	default:
		e = meaning(MetaError{Code: noCode}, status).error()
		e.cause = cause
	}
	e.HTTPStatus = resp.StatusCode
	c.noteWait(e, resp.Header)
	return e
}

// refused reports whether a status alone says that nothing was done.
func refused(status int) bool { return 300 <= status && status < 500 }

// decodeAnswer decodes the object of an answer. A property of an unexpected
// type is left empty: a send is not lost because of an oddity beside its id.
func decodeAnswer(answer []byte, v any) error {
	err := json.Unmarshal(answer, v)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return nil
	}
	return err
}

// noCode is a code that Meta does not have.
const noCode = -1

// graphError reads the error of a Graph answer, if the body is one.
func graphError(body []byte) (MetaError, bool) {
	var wire struct {
		Error *wireError `json:"error"`
	}
	if json.Unmarshal(body, &wire) != nil || wire.Error == nil {
		return MetaError{}, false
	}
	meta := wire.Error.metaError()
	return meta, meta != MetaError{}
}

// connection follows one request to find out whether any of it may have left
// this machine. The hooks may be called by several goroutines.
type connection struct {
	wanted, made atomic.Bool
}

func (w *connection) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.made.Store(true) },
	}
}

// neverMade reports whether it is certain that the request had no connection to
// be sent on: the name was not resolved, the host refused, TLS failed. Without
// evidence, as with a RoundTripper that does not trace, it is not certain.
func (w *connection) neverMade(err error) bool {
	if w.made.Load() {
		return false
	}
	if w.wanted.Load() {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// withoutURL takes the URL, which may hold the app secret's proof, out of err.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
