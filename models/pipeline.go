package models

import (
	"slices"
	"strconv"
	"time"
)

// Limits of pipelines.
const (
	MaxPipelines    = 50  // of an organization
	MaxStages       = 50  // of a pipeline
	MaxPipelineName = 100 // characters; also of a stage
)

// Pipeline is a way that deals go, stage by stage. Each organization has at least one,
// and exactly one is the default: deals start there unless they are put elsewhere.
type Pipeline struct {
	OrganizationID ID     `gorm:"type:uuid;primaryKey;uniqueIndex:pipelines_name_key,priority:1"`
	ID             ID     `gorm:"type:uuid;primaryKey"`
	Name           string `gorm:"not null"`                                           // as CleanName makes it
	NameKey        string `gorm:"not null;uniqueIndex:pipelines_name_key,priority:2"` // NameKey(Name)
	Position       int    `gorm:"not null"`                                           // in the list of pipelines; from 0
	IsDefault      bool   `gorm:"not null"`
	Version        int64  `gorm:"not null"` // grows with every change of it or of its stages; for expectedVersion
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// StageKind says what a stage means for the deals in it.
type StageKind string

// The kinds of stage.
const (
	StageOpen StageKind = "OPEN" // the deal is worked on
	StageWon  StageKind = "WON"
	StageLost StageKind = "LOST"
)

// Valid reports whether k is one of the kinds.
func (k StageKind) Valid() bool { return k == StageOpen || k == StageWon || k == StageLost }

// PipelineStage is a step of a pipeline. Its kind stays as it is made: whether deals are
// closed depends on it.
type PipelineStage struct {
	OrganizationID ID        `gorm:"type:uuid;primaryKey;uniqueIndex:pipeline_stages_name_key,priority:1"`
	ID             ID        `gorm:"type:uuid;primaryKey"`
	PipelineID     ID        `gorm:"type:uuid;not null;uniqueIndex:pipeline_stages_name_key,priority:2"`
	Name           string    `gorm:"not null"`
	NameKey        string    `gorm:"not null;uniqueIndex:pipeline_stages_name_key,priority:3"`
	Kind           StageKind `gorm:"not null"`
	Position       int       `gorm:"not null"` // in the pipeline; from 0
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// StageWish is a stage to be made.
type StageWish struct {
	Name string    `json:"name"`
	Kind StageKind `json:"kind"`
}

// DefaultPipelineName is what the pipeline is called that an organization has before it
// makes its own.
const DefaultPipelineName = "Sales"

// DefaultStages are the stages of a pipeline for which none are named, in their order.
var DefaultStages = []StageWish{
	{"New", StageOpen}, {"Qualified", StageOpen}, {"Proposal", StageOpen}, {"Negotiation", StageOpen}, {"Won", StageWon}, {"Lost", StageLost},
}

// CheckStages holds the stages of a pipeline to what it needs: one that is open, and at
// most MaxStages. INVALID or LIMIT_REACHED (stages).
func CheckStages(kinds []StageKind) error {
	if len(kinds) > MaxStages {
		return NewError(CodeLimitReached, "stages").With("max", strconv.Itoa(MaxStages))
	}
	if !slices.Contains(kinds, StageOpen) {
		return NewError(CodeInvalid, "stages")
	}
	return nil
}
