//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"recado/models"
)

// people is how many customers write in ingest and live.
const people = 1000

// ingestRound is one measurement of the program.
type ingestRound struct {
	perSecond          float64
	p50, p99           time.Duration
	batch              float64 // deliveries per commit
	program, server    float64 // processor time per message in microseconds
	loadGenerator      float64
	baseline           float64 // pgbench's transactions per second
	baseline50, base99 time.Duration
}

type ingest struct {
	*rig
	world   *world
	process *process
	mint    *mint
	script  string

	rate         float64 // deliveries per second, for how many to make
	acknowledged int
	baseline     int    // transactions of pgbench
	loading      func() // called when a load begins
}

func runIngest(ctx context.Context, r *rig) error {
	w, err := r.newWorld(ctx, "ingest", 1, 0)
	if err != nil {
		return err
	}
	defer func() { _ = w.db.Close() }()
	if err := w.populate(ctx, people, func(int, *models.Conversation) []models.Message { return nil }); err != nil {
		return err
	}
	p, err := r.serve(ctx, w.url)
	if err != nil {
		return err
	}
	defer p.kill()
	in := &ingest{rig: r, world: w, process: p, mint: r.newMint(w), rate: 10_000, loading: func() {}}
	in.script = threeWrites(w, len(in.mint.from(0, text).request))

	r.sayf("warming up")
	warm, err := in.ours(ctx, 16, r.lasting(5*time.Second, time.Second))
	if err != nil {
		return err
	}
	in.rate = warm.perSecond
	if err := in.theirs(ctx, 16, r.lasting(3*time.Second, time.Second), &warm); err != nil {
		return err
	}
	if err := in.measure(ctx); err != nil {
		return err
	}
	if r.cpuProfile != "" {
		if err := in.profiled(ctx); err != nil {
			return err
		}
	}
	return in.verify(ctx)
}

// measure fills the report.
func (in *ingest) measure(ctx context.Context) error {
	clients := []int{16, 64}
	rounds := make(map[int][]ingestRound)
	in.report.notef("VACUUM (ANALYZE) and CHECKPOINT before each measurement of either, after a warm-up: without statistics a fresh table has bad plans.")
	in.report.notef("pgbench: -M prepared, one transaction per message: the raw delivery with a body of the same size, the message, the update of its conversation. The program also writes the events of the change feed, and keeps them in order.")
	lasting := in.lasting(8*time.Second, 2*time.Second)
	for round := range in.roundsOr(5, 1) {
		for _, connections := range clients {
			measured, err := in.round(ctx, connections, lasting, round%2 == 1)
			if err != nil {
				return err
			}
			in.sayf("round %d, %d connections: %.0f messages/s, p50 %s, p99 %s; pgbench %.0f/s", round+1, connections,
				measured.perSecond, cellText(measured.p50), cellText(measured.p99), measured.baseline)
			rounds[connections] = append(rounds[connections], measured)
		}
	}
	figures := in.report.table(
		fmt.Sprintf("Signed deliveries of one text each, %d contacts, medians of %d rounds of %s", people, len(rounds[16]), lasting),
		"connections", "messages/s", "p50", "p99", "pgbench tx/s", "pgbench p50", "pgbench p99", "ratio", "lowest", "highest")
	costs := in.report.table("Where the processor's time goes, per message", "connections", "messages per commit", "program µs", "PostgreSQL µs", "load generator µs")
	for _, connections := range clients {
		measured := rounds[connections]
		ratio := func(m ingestRound) float64 { return m.perSecond / m.baseline }
		lowest, highest := ratio(measured[0]), ratio(measured[0])
		for _, m := range measured {
			lowest, highest = min(lowest, ratio(m)), max(highest, ratio(m))
		}
		p99 := medianOf(measured, func(m ingestRound) time.Duration { return m.p99 })
		middle := medianOf(measured, ratio)
		figures.row(connections, medianOf(measured, func(m ingestRound) float64 { return m.perSecond }),
			medianOf(measured, func(m ingestRound) time.Duration { return m.p50 }), p99,
			medianOf(measured, func(m ingestRound) float64 { return m.baseline }),
			medianOf(measured, func(m ingestRound) time.Duration { return m.baseline50 }),
			medianOf(measured, func(m ingestRound) time.Duration { return m.base99 }), middle, lowest, highest)
		costs.row(connections, medianOf(measured, func(m ingestRound) float64 { return m.batch }),
			medianOf(measured, func(m ingestRound) float64 { return m.program }),
			medianOf(measured, func(m ingestRound) float64 { return m.server }),
			medianOf(measured, func(m ingestRound) float64 { return m.loadGenerator }))
		in.report.goal(fmt.Sprintf("messages/s of pgbench's transactions/s, %d connections", connections), middle >= 1, "1", middle)
		if connections == 16 {
			in.report.goal("p99 at 16 connections", p99 < 100*time.Millisecond, "under 100 ms", p99)
		}
	}
	return nil
}

// round measures both, one after the other.
func (in *ingest) round(ctx context.Context, connections int, lasting time.Duration, theirsFirst bool) (ingestRound, error) {
	var theirs ingestRound
	measureTheirs := func() error {
		if err := settle(ctx, in.world.url); err != nil {
			return err
		}
		return in.theirs(ctx, connections, lasting, &theirs)
	}
	if theirsFirst {
		if err := measureTheirs(); err != nil {
			return ingestRound{}, err
		}
	}
	if err := settle(ctx, in.world.url); err != nil {
		return ingestRound{}, err
	}
	ours, err := in.ours(ctx, connections, lasting)
	if err == nil && !theirsFirst {
		err = measureTheirs()
	}
	ours.baseline, ours.baseline50, ours.base99 = theirs.baseline, theirs.baseline50, theirs.base99
	return ours, err
}

// ours loads the program.
func (in *ingest) ours(ctx context.Context, connections int, lasting time.Duration) (ingestRound, error) {
	made := in.mint.anybody(int(in.rate*lasting.Seconds()*1.5)+1000, people)
	counted, commits, err := in.batches(ctx)
	if err != nil {
		return ingestRound{}, err
	}
	in.loading()
	program, server, own := cpuSeconds(in.process.pid(), false), familySeconds(in.postmaster), cpuSeconds(os.Getpid(), false)
	o, err := load{
		address: in.process.address, connections: connections, lasting: lasting, most: len(made),
		request: func(i int) []byte { return made[i].request },
		check: func(status int, body []byte) error {
			if status != http.StatusOK {
				return fmt.Errorf("the program answers %d: %s", status, body)
			}
			return nil
		},
	}.run(ctx)
	if err != nil {
		return ingestRound{}, fmt.Errorf("%w\n%s", err, in.process.log)
	}
	countedNow, commitsNow, err := in.batches(ctx)
	if err != nil {
		return ingestRound{}, err
	}
	acknowledged, latencies := o.answered(http.StatusOK), o.latencies()
	in.acknowledged += acknowledged
	each := func(seconds float64) float64 { return seconds * 1e6 / float64(acknowledged) }
	return ingestRound{
		perSecond: float64(acknowledged) / o.elapsed.Seconds(), p50: percentile(latencies, 50), p99: percentile(latencies, 99),
		batch:         (countedNow - counted) / max(1, commitsNow-commits),
		program:       each(cpuSeconds(in.process.pid(), false) - program),
		server:        each(familySeconds(in.postmaster) - server),
		loadGenerator: each(cpuSeconds(os.Getpid(), false) - own),
	}, nil
}

// batches is how many deliveries were committed, in how many groups.
func (in *ingest) batches(ctx context.Context) (deliveries, groups float64, err error) {
	if deliveries, err = in.process.metric(ctx, "recado_webhook_batch_size_sum"); err != nil {
		return 0, 0, err
	}
	groups, err = in.process.metric(ctx, "recado_webhook_batch_size_count")
	return deliveries, groups, err
}

// theirs loads PostgreSQL by pgbench.
func (in *ingest) theirs(ctx context.Context, clients int, lasting time.Duration, into *ingestRound) error {
	result, err := in.pgbench(ctx, pgbenchRun{url: in.world.url, script: in.script, clients: clients, lasting: lasting})
	if err != nil {
		return err
	}
	in.baseline += result.transactions
	into.baseline, into.baseline50, into.base99 = result.perSecond, percentile(result.latencies, 50), percentile(result.latencies, 99)
	return nil
}

// profiled loads the program once more, and profiles it meanwhile.
func (in *ingest) profiled(ctx context.Context) error {
	lasting := in.lasting(10*time.Second, 3*time.Second)
	in.sayf("profiling, 64 connections")
	profiled := make(chan error, 1)
	in.loading = func() { // once the deliveries are made
		go func() { profiled <- in.process.profile(ctx, lasting-time.Second, in.cpuProfile) }()
	}
	defer func() { in.loading = func() {} }()
	_, err := in.ours(ctx, 64, lasting)
	return errors.Join(err, <-profiled)
}

// timeOrderedID is an expression for an id like those of Recado: the time in
// milliseconds, then random bits. Random ones would scatter over the indexes and
// make pgbench slower than it need be.
const timeOrderedID = `encode(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3 FOR 6) FROM 1 FOR 6), 'hex')::uuid`

// baselineMark begins the wamids of pgbench's messages.
const baselineMark = "wamid.PGBENCH"

// threeWrites is the script of pgbench: per transaction what a message means at
// the least. The body of the delivery is a constant that is parsed once, so pgbench
// need not even send it.
func threeWrites(w *world, bodySize int) string {
	conversation := fmt.Sprintf("('%s' || lpad(:person::text, 12, '0'))::uuid", conversationIDPrefix)
	return fmt.Sprintf(`\set person random(0, %[1]d)
BEGIN;
INSERT INTO webhook_deliveries (id, body, outcome, reason, attempts, received_at, applied_at) VALUES (%[2]s, '\x%[3]s', 'PROCESSED', '', 1, now(), now());
INSERT INTO messages (organization_id, id, channel_id, conversation_id, direction, kind, body, preview_url, wamid, status, sent_at, attempts, created_at, updated_at) VALUES ('%[4]s', %[2]s, '%[5]s', %[6]s, 'INBOUND', 'text', '%[7]s', false, '%[8]s0000000000000' || gen_random_uuid(), 'RECEIVED', now(), 0, now(), now());
UPDATE conversations SET unread_count = unread_count + 1, last_message_at = now(), last_customer_message_at = now(), customer_wa_id_seen_at = now(), updated_at = now() WHERE organization_id = '%[4]s' AND id = %[6]s;
COMMIT;
`, people-1, timeOrderedID, fmt.Sprintf("%0*x", 2*bodySize, 0x52656361646f), w.organization, w.channels[0].ID, conversation, text, baselineMark)
}

// verify compares what was acknowledged with what is stored and with what clients
// see.
func (in *ingest) verify(ctx context.Context) error {
	var stored, distinct, failed, contacts int
	row := in.world.db.Pool().QueryRow(ctx, `SELECT count(*), count(DISTINCT wamid) FROM messages WHERE wamid NOT LIKE $1`, baselineMark+"%")
	if err := row.Scan(&stored, &distinct); err != nil {
		return fmt.Errorf("count messages: %w", err)
	}
	row = in.world.db.Pool().QueryRow(ctx, `SELECT (SELECT count(*) FROM webhook_deliveries WHERE outcome <> 'PROCESSED'), (SELECT count(*) FROM contacts)`)
	if err := row.Scan(&failed, &contacts); err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	in.sayf("counting %d messages through GraphQL", in.acknowledged+in.baseline)
	user, err := signIn(ctx, in.process.address, administrator)
	if err != nil {
		return err
	}
	visible, err := user.countMessages(ctx)
	if err != nil {
		return fmt.Errorf("count messages through GraphQL: %w", err)
	}
	in.report.table("Committed and visible, warm-up included", "acknowledged", "rows", "distinct", "deliveries not processed", "contacts",
		"pgbench transactions", "messages through GraphQL, of both").
		row(in.acknowledged, stored, distinct, failed, contacts, in.baseline, visible)
	if stored != in.acknowledged || distinct != stored || failed != 0 || contacts != people || visible != stored+in.baseline {
		return errors.New("what was acknowledged, what is stored and what is visible do not agree")
	}
	return nil
}
