package graph

import (
	"context"

	"golang.org/x/text/language"

	"recado/accounts"
	"recado/models"
)

type contextKey int

const (
	identityKey contextKey = iota
	languageKey
	requestIDKey
	addressKey
	loadersKey
	streamKey
)

// WithIdentity returns a context for requests of somebody who is signed in.
func WithIdentity(ctx context.Context, identity accounts.Identity) context.Context {
	return context.WithValue(ctx, identityKey, identity)
}

// IdentityFrom returns who is signed in, or false if nobody is.
func IdentityFrom(ctx context.Context) (accounts.Identity, bool) {
	identity, ok := ctx.Value(identityKey).(accounts.Identity)
	return identity, ok
}

// WithLanguage returns a context whose texts for people are in the language; see
// Language.
func WithLanguage(ctx context.Context, tag language.Tag) context.Context {
	return context.WithValue(ctx, languageKey, tag)
}

func languageFrom(ctx context.Context) language.Tag {
	if tag, ok := ctx.Value(languageKey).(language.Tag); ok {
		return tag
	}
	return language.English
}

// WithRequestID returns a context whose faults are logged and answered with the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey, id)
}

func requestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// WithAddress returns a context whose sign-ins are counted for the client's IP
// address.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey, address)
}

func addressFrom(ctx context.Context) string {
	address, _ := ctx.Value(addressKey).(string)
	return address
}

// viewer returns who is asking, with their present rights. UNAUTHENTICATED if
// nobody is signed in, or no longer.
func (e *Edge) viewer(ctx context.Context) (models.Viewer, error) {
	if loaders, ok := ctx.Value(loadersKey).(*loaders); ok {
		return loaders.viewer()
	}
	return e.refreshed(ctx)
}

func (e *Edge) refreshed(ctx context.Context) (models.Viewer, error) {
	identity, ok := IdentityFrom(ctx)
	if !ok {
		return models.Viewer{}, models.NewError(models.CodeUnauthenticated, "")
	}
	return e.rooms.Accounts.Refreshed(ctx, identity.Viewer)
}
