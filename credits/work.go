package credits

import (
	"time"

	"recado/jobs"
)

// registerJobs has the queue know what this room does later.
func (s *Service) registerJobs() {
	jobs.Register(s.queue, &dueWorker{credits: s})
	jobs.Register(s.queue, &rechargeWorker{credits: s})
	jobs.Register(s.queue, &reconcileWorker{credits: s})
	s.queue.Every(10*time.Minute, DueArgs{})
	s.queue.Every(24*time.Hour, ReconcileArgs{})
}
