package accounts

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"

	"recado/models"
	"recado/store"
)

// Options configure a Service. Zero values stand for the defaults named here.
type Options struct {
	Clock               models.Clock     // the system's
	Keys                KeySet           // none: sign-in and access tokens fail, the rest works
	AccessTokenLifetime time.Duration    // 10 minutes
	SessionLifetime     time.Duration    // 30 days, from sign-in on; refreshing does not lengthen it
	SnapshotLifetime    time.Duration    // 10 seconds: how old the rights of a viewer may be
	Issuer              string           // "recado"
	Audience            string           // "recado"
	PasswordParams      *argon2id.Params // 64 MiB, 2 passes, 1 lane
	ConcurrentHashes    int              // as many as processors; each needs PasswordParams.Memory
	Limits              SignInLimits
	Logger              *slog.Logger // discards
}

// Service is the room's door. Make it with New.
type Service struct {
	db        *store.Store
	clock     models.Clock
	tokens    tokens
	passwords *passwords
	attempts  *attempts
	snapshots *snapshots
	lifetime  time.Duration // of sessions
	logger    *slog.Logger
}

// New returns a Service on a migrated database.
func New(db *store.Store, o Options) *Service {
	if o.Clock == nil {
		o.Clock = models.SystemClock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.PasswordParams == nil {
		o.PasswordParams = &argon2id.Params{Memory: 64 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	if o.ConcurrentHashes == 0 {
		o.ConcurrentHashes = runtime.NumCPU()
	}
	defaultTo(&o.AccessTokenLifetime, 10*time.Minute)
	defaultTo(&o.SessionLifetime, 30*24*time.Hour)
	defaultTo(&o.SnapshotLifetime, 10*time.Second)
	defaultTo(&o.Issuer, "recado")
	defaultTo(&o.Audience, "recado")
	return &Service{
		db:        db,
		clock:     o.Clock,
		tokens:    newTokens(o),
		passwords: newPasswords(*o.PasswordParams, o.ConcurrentHashes),
		attempts:  newAttempts(o.Limits, o.Clock),
		snapshots: newSnapshots(db, o.SnapshotLifetime, o.Clock),
		lifetime:  o.SessionLifetime,
		logger:    o.Logger,
	}
}

func defaultTo[T comparable](value *T, standard T) {
	var zero T
	if *value == zero {
		*value = standard
	}
}
