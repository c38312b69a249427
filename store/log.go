package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// slowOnly logs statements that took long, without their parameters: those are
// what people wrote. One that failed is its caller's to judge: a duplicate key may
// be the expected answer, and a fault is logged with what was being attempted by
// whoever gives up.
type slowOnly struct {
	logger.Interface
	threshold time.Duration
}

var _ gorm.ParamsFilter = slowOnly{}

// LogMode changes the level.
func (l slowOnly) LogMode(level logger.LogLevel) logger.Interface {
	return slowOnly{l.Interface.LogMode(level), l.threshold}
}

// Trace logs a statement if it was slow. Its text is only made then, which takes
// GORM longer than the database takes for a small statement.
func (l slowOnly) Trace(ctx context.Context, begin time.Time, statement func() (sql string, rows int64), _ error) {
	if time.Since(begin) > l.threshold {
		l.Interface.Trace(ctx, begin, statement, nil)
	}
}

// ParamsFilter leaves the parameters out.
func (slowOnly) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
