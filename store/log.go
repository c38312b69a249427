package store

import (
	"context"
	"time"

	"gorm.io/gorm/logger"
)

// slowOnly logs statements that took long. One that failed is its caller's to
// judge: a duplicate key may be the expected answer, and a fault is logged with
// what was being attempted by whoever gives up.
type slowOnly struct{ logger.Interface }

// LogMode changes the level.
func (l slowOnly) LogMode(level logger.LogLevel) logger.Interface {
	return slowOnly{l.Interface.LogMode(level)}
}

// Trace logs a statement if it was slow.
func (l slowOnly) Trace(ctx context.Context, begin time.Time, statement func() (sql string, rows int64), _ error) {
	l.Interface.Trace(ctx, begin, statement, nil)
}
