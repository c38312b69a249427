package whatsapp

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// Defaults of [Options].
const (
	DefaultBaseURL           = "https://graph.facebook.com"
	DefaultVersion           = "v26.0"
	DefaultTimeout           = 20 * time.Second
	DefaultMessagesPerSecond = 80
)

// Options configure a [Client]. The zero value is good for production.
type Options struct {
	// BaseURL is the Graph API's address without a version.
	BaseURL string
	// Version is written into every path (reference/whatsapp-cloud-api.md §1.2).
	Version string
	// HTTPClient makes the exchanges; redirects are never followed.
	HTTPClient *http.Client
	// Timeout bounds one HTTP exchange, from the connection to the last byte of
	// the answer. A call may make three of them; bound it by its context.
	Timeout time.Duration
	// Now reads the time for Retry-After dates.
	Now func() time.Time
	// MessagesPerSecond is the pace of one phone number
	// (reference/whatsapp-cloud-api.md §10.4).
	MessagesPerSecond int
	// AppSecret, if set, adds appsecret_proof to every call (§1.3).
	AppSecret string
	// AppID is the app's, for logins and what is asked in its own name.
	AppID string
	// LoginURL is the address of Meta's pages for people, without a version.
	LoginURL string
	// Logger gets repeats and changes of the circuit breaker; nil logs nothing.
	Logger *slog.Logger
}

// Client calls the Graph API. See the package's documentation for what a call
// passes through. It is safe for concurrent use; make one per process, since
// pacing and the circuit breaker are its own.
type Client struct {
	root      string
	http      *http.Client
	timeout   time.Duration
	now       func() time.Time
	version   string
	appID     string
	loginURL  string
	appSecret string
	logger    *slog.Logger
	userAgent string
	pace      *pace
	breaker   *breaker
}

// NewClient returns a client; nothing is called yet.
func NewClient(o Options) *Client {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.LoginURL == "" {
		o.LoginURL = DefaultLoginURL
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MessagesPerSecond <= 0 {
		o.MessagesPerSecond = DefaultMessagesPerSecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Transport: newTransport()}
	}
	// A redirected POST would take the message to a place nobody chose.
	httpClient := *o.HTTPClient
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		root:      strings.TrimRight(o.BaseURL, "/") + "/" + strings.Trim(o.Version, "/"),
		http:      &httpClient,
		timeout:   o.Timeout,
		now:       o.Now,
		version:   strings.Trim(o.Version, "/"),
		appID:     o.AppID,
		loginURL:  strings.TrimRight(o.LoginURL, "/"),
		appSecret: o.AppSecret,
		logger:    o.Logger,
		userAgent: "recado/" + buildVersion(),
		pace:      newPace(o.MessagesPerSecond),
		breaker:   newBreaker(o.Now, o.Logger),
	}
}

// CloseIdleConnections closes connections that no call is using.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Wait is how long the next message of a number would be held back now to keep
// its pace; 0 if it would leave at once.
func (c *Client) Wait(phoneNumberID string) time.Duration { return c.pace.left(phoneNumberID) }

// newTransport is like the default one but keeps as many connections to the one
// host as calls are usually made at once, and gives up early on a dead one.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   5 * time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   100,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "devel"
	}
	return strings.Trim(info.Main.Version, "()")
}

// call is one request to the Graph API before it is tied to a phone number.
type call struct {
	// name is for logs, as in "send text".
	name   string
	method string
	// object is the id that the path begins with; empty: the phone number's.
	object string
	// edge follows the object in the path: "/messages", or "".
	edge string
	// query is written as it is, already escaped.
	query string
	// body is JSON, or nil.
	body []byte
	// stream is a body that is too large to be held; nil: there is none.
	stream *stream
	// timeout bounds one exchange in place of the client's; 0: the client's.
	timeout time.Duration
	// asApp says that the call is made in the app's own name: its token needs no
	// proof.
	asApp bool
	// oauth says that the token goes under its older name (§6.6).
	oauth bool
	// headers are added to the request.
	headers map[string]string
	// message says that the call counts against the number's throughput.
	message bool
	// repeatable says that making the call twice is like making it once, so
	// that it may be repeated when its outcome is unknown.
	repeatable bool
	// decode reads the body of a 2xx answer. Its error means that the answer
	// is not readable, unless it is an *Error.
	decode func(body []byte) error
	// explain finds in the body of a refusal what says more than the error of the
	// request as a whole; nil: nothing does.
	explain func(body []byte) (MetaError, bool)
}

// stream is a body that is read anew for every exchange.
type stream struct {
	contentType string
	length      int64
	open        func() (io.ReadCloser, error)
}

// do makes a call and returns nil or an *Error.
func (c *Client) do(ctx context.Context, creds Credentials, call call) error {
	if e := creds.check(call.object); e != nil {
		return e
	}
	if e := c.withRepeats(ctx, creds, call); e != nil {
		return creds.scrub(e)
	}
	return nil
}
