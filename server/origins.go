package server

import (
	"net/http"
	"net/url"
	"strings"
)

// allowOrigin lets pages of the origins on the list read the answer. Tokens do
// not travel by themselves, so credentials are never allowed.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); s.origins[origin] {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, "+requestIDHeader)
	}
}

// preflight answers a browser's question before a request from another origin.
// Foreign origins get no allowing header.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "POST, OPTIONS")
	if s.origins[r.Header.Get("Origin")] {
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Type, "+requestIDHeader)
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// mayUpgrade reports whether the page that opens a socket is ours or on the list.
// Programs that are no browsers name no origin.
func (s *Server) mayUpgrade(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || s.origins[origin] {
		return true
	}
	parsed, err := url.Parse(origin)
	return err == nil && parsed.Host != "" && strings.EqualFold(parsed.Host, r.Host)
}
