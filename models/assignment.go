package models

import "time"

// Availability says whether a user wants new conversations now. It counts for
// automatic assignment only: by hand everybody can be given work.
type Availability string

// The kinds of availability.
const (
	Online Availability = "ONLINE" // takes new conversations; the default
	Away   Availability = "AWAY"   // takes none; what the user has stays theirs
)

// Valid reports whether a is one of the kinds.
func (a Availability) Valid() bool { return a == Online || a == Away }

// MaxCeiling is the highest ceiling that can be set.
const MaxCeiling = 10_000

// Workload is how much a user has to do and is willing to take. It lies apart from
// the user because every assignment and closing writes it. A user without a row is
// Online, without a ceiling, and has nothing.
type Workload struct {
	OrganizationID        ID           `gorm:"type:uuid;primaryKey"`
	UserID                ID           `gorm:"type:uuid;primaryKey"`
	Availability          Availability `gorm:"not null"`
	AvailabilityChangedAt *time.Time   // nil: never
	Ceiling               *int         // open conversations at which no more are assigned automatically, over all channels; nil: no ceiling
	OpenCount             int          `gorm:"not null"` // open conversations assigned to the user, on all channels, snoozed ones included
}

// IdleWorkload is that of a user without a row.
func IdleWorkload(organization, user ID) Workload {
	return Workload{OrganizationID: organization, UserID: user, Availability: Online}
}

// SkipReason says why somebody was not assigned a conversation automatically.
type SkipReason string

// The reasons. Of several that hold, the first counts.
const (
	SkipSwitchedOff SkipReason = "SWITCHED_OFF"
	SkipMayNotReply SkipReason = "MAY_NOT_REPLY" // not on this channel
	SkipAway        SkipReason = "AWAY"
	SkipAtCeiling   SkipReason = "AT_CEILING"
)

// Skip is somebody who was passed over.
type Skip struct {
	UserID ID         `json:"userId"`
	Reason SkipReason `json:"reason"`
}

// Candidate is somebody who could be assigned conversations of a channel.
type Candidate struct {
	UserID   ID
	Position int  // in the channel's pool; meaningless outside of one
	Active   bool // not switched off
	MayReply bool // on the channel
	Workload
}

// Obstacle is why the candidate cannot be given one more conversation now; empty
// if they can.
func (c Candidate) Obstacle() SkipReason {
	switch {
	case !c.Active:
		return SkipSwitchedOff
	case !c.MayReply:
		return SkipMayNotReply
	case c.Availability != Online:
		return SkipAway
	case c.Ceiling != nil && c.OpenCount >= *c.Ceiling:
		return SkipAtCeiling
	}
	return ""
}

// NextInTurn goes round the pool, which is ordered by Position, from the position
// served last. It returns the index of the first who can take a conversation, -1 if
// nobody can, and those who were passed over on the way.
func NextInTurn(pool []Candidate, lastPosition int) (index int, skipped []Skip) {
	start := 0
	for start < len(pool) && pool[start].Position <= lastPosition {
		start++
	}
	for i := range pool {
		index := (start + i) % len(pool)
		obstacle := pool[index].Obstacle()
		if obstacle == "" {
			return index, skipped
		}
		skipped = append(skipped, Skip{UserID: pool[index].UserID, Reason: obstacle})
	}
	return -1, skipped
}

// AssignmentCause says what led to an assignment.
type AssignmentCause string

// The causes.
const (
	AssignedRoundRobin AssignmentCause = "ROUND_ROBIN"     // it was their turn in the channel's pool
	AssignedFormer     AssignmentCause = "FORMER_ASSIGNEE" // the customer came back, and they had it before
	AssignedQueue      AssignmentCause = "QUEUE"           // it waited, and they became free
	AssignedWaiting    AssignmentCause = "WAITING"         // nobody in the pool could take it: it waits in the queue
	AssignedByHand     AssignmentCause = "BY_HAND"         // a user decided
	AssignedBulk       AssignmentCause = "BULK"            // a user decided over many at once
	AssignedNobody     AssignmentCause = "UNASSIGNED"      // nobody has it any more: a user took it away, or who had it cannot take it again and the channel has no pool
	AssignedMerge      AssignmentCause = "MERGE"           // it took over the assignment of one that was merged into it
)

// AssignmentEntry is a decision about who takes care of a conversation, written in
// the transaction that carried it out.
type AssignmentEntry struct {
	OrganizationID ID              `gorm:"type:uuid;primaryKey"`
	ID             ID              `gorm:"type:uuid;primaryKey"`
	ConversationID ID              `gorm:"type:uuid;not null"`
	Cause          AssignmentCause `gorm:"not null"`
	AssigneeID     *ID             `gorm:"type:uuid"` // nil: nobody
	PreviousID     *ID             `gorm:"type:uuid"` // who had it before; nil: nobody
	DecidedByID    *ID             `gorm:"type:uuid"` // the user who decided; nil: the rules did
	Skipped        []Skip          `gorm:"serializer:json"`
	CreatedAt      time.Time       `gorm:"not null"`
}
