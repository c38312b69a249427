// Package models is what the business talks about: organizations, users,
// channels, contacts, conversations, messages and the events they leave behind,
// with the pure rules on them (service window, status order, permission levels).
//
// It does no I/O and imports no other room, so that every rule in it can be read
// and tested on its own. The structs are GORM models: their tags describe the
// schema that the migrations build, and a test holds the two together.
//
// Times are UTC with millisecond precision (see Clock). Identifiers are UUIDv7;
// clients see them prefixed and opaque (PublicID).
package models
