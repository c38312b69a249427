package crm

import (
	"recado/store"
)

// Service is the room's front door. It is safe for concurrent use.
type Service struct {
	db *store.Store
}

// New returns a Service on db.
func New(db *store.Store) *Service { return &Service{db: db} }
