//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"recado/models"
)

func runPeers(ctx context.Context, r *rig) error {
	figures := r.report.table("What becomes of messages", "experiment", "round", "sent", "acknowledged", "stored", "lost", "doubled",
		"after all was sent again: stored", "counted as unread", "events")
	experiments := []struct {
		name string
		end  func(*process) error // nil: the program lives, and everything is sent twice at once
	}{
		{"kill -9 under load", func(p *process) error { p.kill(); return nil }},
		{"SIGTERM under load", func(p *process) error {
			if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
				return fmt.Errorf("signal the program: %w", err)
			}
			<-p.ended
			return p.err
		}},
		{"every message twice at once", nil},
	}
	rounds := r.roundsOr(3, 1)
	broken := 0
	for i, experiment := range experiments {
		for round := range rounds {
			w, err := r.newWorld(ctx, fmt.Sprintf("peers_%d_%d", i, round), 1, 0)
			if err != nil {
				return err
			}
			t := &trial{rig: r, world: w, mint: r.newMint(w)}
			result, err := t.run(ctx, experiment.end)
			if err = errors.Join(err, w.db.Close()); err != nil {
				return fmt.Errorf("%s: %w", experiment.name, err)
			}
			figures.row(experiment.name, round+1, result.sent, result.acknowledged, result.stored, result.lost, result.doubled,
				result.again.messages, result.again.unread, result.again.events)
			if result.lost != 0 || result.doubled != 0 || !result.again.agree(result.sent) {
				broken++
			}
		}
	}
	r.report.goal("acknowledged messages lost, messages doubled", broken == 0, "0, 0", fmt.Sprintf("%d of %d rounds with any", broken, rounds*len(experiments)))
	if broken > 0 {
		return errors.New("messages were lost or doubled")
	}
	return nil
}

// trial is one round of one experiment.
type trial struct {
	*rig
	world *world
	mint  *mint
}

type trialResult struct {
	sent, acknowledged, stored, lost, doubled int
	again                                     tally
}

// tally is what the database holds.
type tally struct{ messages, distinct, unread, events int }

// agree tells whether every message is there once, was counted once and was told
// once.
func (t tally) agree(messages int) bool {
	return t == tally{messages: messages, distinct: messages, unread: messages, events: messages}
}

// run sends, ends the program in the midst of it, counts, and then sends
// everything again to a new process, as Meta does with what was not acknowledged,
// and more: nothing of what had been stored may be doubled by that.
func (t *trial) run(ctx context.Context, end func(*process) error) (trialResult, error) {
	p, err := t.serve(ctx, t.world.url)
	if err != nil {
		return trialResult{}, err
	}
	defer func() { p.kill() }()
	if _, err := t.send(ctx, p, t.mint.anybody(100, people), 16, 1, time.Minute, false); err != nil { // so that there is something to settle
		return trialResult{}, err
	}
	if err := settle(ctx, t.world.url); err != nil {
		return trialResult{}, err
	}
	warm, err := t.count(ctx)
	if err != nil {
		return trialResult{}, err
	}

	made := t.mint.anybody(100_000, people)
	times, lasting := 1, t.lasting(4*time.Second, 2*time.Second)
	if end == nil {
		made, times, lasting = made[:t.most(20_000, 2000)], 2, time.Minute
	}
	ended := make(chan error, 1)
	if end != nil {
		time.AfterFunc(lasting/2, func() { ended <- end(p) })
	} else {
		ended <- nil
	}
	statuses, err := t.send(ctx, p, made, 32, times, lasting, end != nil)
	if err = errors.Join(err, <-ended); err != nil {
		return trialResult{}, fmt.Errorf("%w\n%s", err, p.log)
	}
	made = made[:sentOf(statuses, times, len(made))]
	result := trialResult{sent: len(made)}
	stored, err := t.storedWAMIDs(ctx)
	if err != nil {
		return trialResult{}, err
	}
	for i, d := range made {
		copies := stored[d.wamid]
		result.stored += min(copies, 1)
		result.doubled += max(copies-1, 0)
		acknowledged := false
		for c := range times {
			acknowledged = acknowledged || statuses[i*times+c] == http.StatusOK
		}
		if acknowledged {
			result.acknowledged++
			if copies == 0 {
				result.lost++
			}
		}
	}

	if end != nil {
		p.kill()
		if p, err = t.serve(ctx, t.world.url); err != nil {
			return trialResult{}, fmt.Errorf("start again: %w", err)
		}
	}
	if _, err := t.send(ctx, p, made, 32, 1, 10*time.Minute, false); err != nil {
		return trialResult{}, fmt.Errorf("send again: %w\n%s", err, p.log)
	}
	now, err := t.count(ctx)
	if err != nil {
		return trialResult{}, err
	}
	result.again = tally{now.messages - warm.messages, now.distinct - warm.distinct, now.unread - warm.unread, now.events - warm.events}
	return result, p.stop()
}

func (t *trial) most(usual, short int) int {
	if t.short {
		return short
	}
	return usual
}

// send sends each delivery a number of times, its copies next to each other and so
// on different connections at the same time. It returns the status of every copy.
func (t *trial) send(ctx context.Context, p *process, deliveries []delivery, connections, times int, lasting time.Duration, mayBreak bool) ([]int16, error) {
	o, err := load{
		address: p.address, connections: connections, lasting: lasting, most: len(deliveries) * times, broken: mayBreak,
		request: func(i int) []byte { return deliveries[i/times].request },
		check: func(status int, body []byte) error {
			if status != http.StatusOK && !mayBreak {
				return fmt.Errorf("the program answers %d: %s", status, body)
			}
			return nil
		},
	}.run(ctx)
	return o.status, err
}

// sentOf is how many of the deliveries were, or may have been, sent: the one after
// the last that was answered may have been on its way on each connection.
func sentOf(statuses []int16, times, deliveries int) int {
	last := len(statuses)
	for last > 0 && statuses[last-1] == 0 {
		last--
	}
	return min((last+32+times-1)/times, deliveries)
}

func (t *trial) storedWAMIDs(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		WAMID string `gorm:"column:wamid"`
		Count int
	}
	if err := t.world.db.Read(ctx).Model(&models.Message{}).Select("wamid, count(*) AS count").Group("wamid").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read ids of messages: %w", err)
	}
	stored := make(map[string]int, len(rows))
	for _, row := range rows {
		stored[row.WAMID] = row.Count
	}
	return stored, nil
}

func (t *trial) count(ctx context.Context) (tally, error) {
	var c tally
	err := t.world.db.Pool().QueryRow(ctx, `SELECT (SELECT count(*) FROM messages), (SELECT count(DISTINCT wamid) FROM messages),
		(SELECT coalesce(sum(unread_count), 0) FROM conversations), (SELECT count(*) FROM events WHERE kind = $1)`, models.EventMessageAdded).
		Scan(&c.messages, &c.distinct, &c.unread, &c.events)
	if err != nil {
		return tally{}, fmt.Errorf("count what is stored: %w", err)
	}
	return c, nil
}
