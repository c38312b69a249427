//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	pageSize     = 50
	pageDocument = `query Inbox($filter: ConversationFilter, $first: Int, $after: String) {
  conversations(filter: $filter, first: $first, after: $after) {
    nodes {
      id status unreadCount lastMessageAt
      contact { id name }
      assignee { id name }
      lastMessage { id direction status sentAt content { __typename ... on TextContent { body } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`
)

// pageCase is a page that is measured.
type pageCase struct {
	name      string
	email     string
	variables map[string]any
	depth     int // conversations to page past before
	// tables are what its statements read, one each, in the order of their names. A
	// page that asks for more, or twice, is not what is measured here.
	tables []string

	request    []byte
	length     int // of the answer
	script     string
	parameters map[string]string
}

// pageRound is one measurement.
type pageRound struct {
	perSecond, baseline float64
	p50, p99            time.Duration
	base50, base99      time.Duration
	program, server     float64 // processor time per page in microseconds
}

func runPage(ctx context.Context, r *rig) error {
	conversations := 100_000
	if r.short {
		conversations = 10_000
	}
	w, err := r.newWorld(ctx, "page", 5, 20)
	if err != nil {
		return err
	}
	defer func() { _ = w.db.Close() }()
	r.sayf("making %d conversations", conversations)
	if err := w.populate(ctx, conversations, w.past(rand.New(rand.NewPCG(3, 4)), 3)); err != nil {
		return err
	}
	if err := settle(ctx, w.url); err != nil {
		return err
	}
	everything := []string{"contacts", "conversations", "messages", "users"}
	nobody := []string{"contacts", "conversations", "messages"}
	cases := []*pageCase{
		{name: "first page, everything", email: administrator, tables: everything},
		{name: fmt.Sprintf("page after %d", conversations/2), email: administrator, depth: conversations / 2, tables: everything},
		{name: "first page, agent, mine and open", email: agentEmail(0), tables: everything, variables: map[string]any{"filter": map[string]any{"view": "MINE", "status": "OPEN"}}},
		{name: "first page, agent, unassigned and unread", email: agentEmail(0), tables: nobody, variables: map[string]any{"filter": map[string]any{"view": "UNASSIGNED", "isUnread": true}}},
	}
	if err := r.preparePages(ctx, w, cases); err != nil {
		return err
	}
	p, err := r.serve(ctx, w.url)
	if err != nil {
		return err
	}
	defer p.kill()
	for _, c := range cases {
		if err := c.connect(ctx, p); err != nil {
			return err
		}
	}
	return r.measurePages(ctx, w, p, cases, conversations)
}

// preparePages learns which SQL the program runs for each page, by having the
// server log what one that is started for this alone asks for.
func (r *rig) preparePages(ctx context.Context, w *world, cases []*pageCase) error {
	p, err := r.serve(ctx, w.url+"&options=-c%20log_statement%3Dall")
	if err != nil {
		return err
	}
	defer p.kill()
	for _, c := range cases {
		if err := c.goDeep(ctx, p); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.connect(ctx, p); err != nil { // what the first one asks for besides is remembered now
			return fmt.Errorf("%s: %w", c.name, err)
		}
		wire, err := dial(ctx, p.address)
		if err != nil {
			return err
		}
		r.clusterLog.start()
		_, _, err = wire.exchange(c.request)
		time.Sleep(100 * time.Millisecond) // until the log has come through the pipe
		lines := r.clusterLog.stop()
		wire.close()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.learn(lines); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return p.stop()
}

// housekeeping are the tables that periodic work reads beside a page; the page itself
// reads none of them.
var housekeeping = []string{
	"", "events", "feed_heads", "idempotency_records", "parked_statuses", "pg_stat_user_tables", "sessions", "webhook_deliveries",
}

// learn makes the script of pgbench from the server's log of one request.
func (c *pageCase) learn(lines []string) error {
	statements, err := readStatements(lines)
	if err != nil {
		return err
	}
	statements = slices.DeleteFunc(statements, func(s statement) bool { // the program's own housekeeping
		table := tableOf(s.text)
		return strings.HasPrefix(table, "river_") || slices.Contains(housekeeping, table)
	})
	var tables []string
	for _, s := range statements {
		tables = append(tables, tableOf(s.text))
	}
	slices.Sort(tables)
	if !slices.Equal(tables, c.tables) {
		return fmt.Errorf("the page reads %v where one statement on each of %v is expected", tables, c.tables)
	}
	c.script, c.parameters, err = scriptOf(statements)
	return err
}

// goDeep finds the cursor to begin after.
func (c *pageCase) goDeep(ctx context.Context, p *process) error {
	user, err := signIn(ctx, p.address, c.email)
	if err != nil {
		return err
	}
	if c.variables == nil {
		c.variables = make(map[string]any)
	}
	for range c.depth / 100 {
		var data struct {
			Conversations page `json:"conversations"`
		}
		if err := user.ask(ctx, conversationsDocument, c.variables, &data); err != nil {
			return err
		}
		c.variables["after"] = data.Conversations.PageInfo.EndCursor
	}
	c.variables["first"] = pageSize
	return nil
}

// connect makes the request for a process, and looks closely at its answer once.
func (c *pageCase) connect(ctx context.Context, p *process) error {
	user, err := signIn(ctx, p.address, c.email)
	if err != nil {
		return err
	}
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var data struct {
		Conversations struct {
			Nodes []struct {
				Contact     *named `json:"contact"`
				Assignee    *named `json:"assignee"`
				LastMessage *struct {
					Content struct {
						Body string `json:"body"`
					} `json:"content"`
				} `json:"lastMessage"`
			} `json:"nodes"`
		} `json:"conversations"`
	}
	if err := user.ask(ctx, pageDocument, c.variables, &data); err != nil {
		return err
	}
	assigned := 0
	for _, node := range data.Conversations.Nodes {
		if node.Contact == nil || node.Contact.Name == "" || node.LastMessage == nil || node.LastMessage.Content.Body == "" {
			return errors.New("a row has no contact or no last message")
		}
		if node.Assignee != nil {
			assigned++
		}
	}
	if len(data.Conversations.Nodes) != pageSize {
		return fmt.Errorf("the page has %d rows", len(data.Conversations.Nodes))
	}
	if c.request, err = user.request(pageDocument, c.variables); err != nil {
		return err
	}
	wire, err := dial(ctx, p.address)
	if err != nil {
		return err
	}
	defer wire.close()
	status, body, err := wire.exchange(c.request)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the program answers %d", status)
	}
	c.length = len(body)
	return err
}

func (r *rig) measurePages(ctx context.Context, w *world, p *process, cases []*pageCase, conversations int) error {
	lasting := r.lasting(6*time.Second, 2*time.Second)
	r.report.notef("pgbench sends the statements that the program was seen to send for the same page, with the same parameters, one after the other; -M prepared.")
	figures := r.report.table(fmt.Sprintf("Pages of %d of %d conversations with contact, last message and assignee, medians of the rounds of %s", pageSize, conversations, lasting),
		"page", "connections", "pages/s", "p50", "p99", "pgbench pages/s", "pgbench p50", "pgbench p99", "ratio", "program µs", "PostgreSQL µs")
	for _, c := range cases {
		for _, connections := range []int{1, 8} {
			var rounds []pageRound
			for round := range r.roundsOr(5, 1) {
				if err := settle(ctx, w.url); err != nil {
					return err
				}
				measured, err := r.pageRound(ctx, w, p, c, connections, lasting, round%2 == 1)
				if err != nil {
					return fmt.Errorf("%s: %w\n%s", c.name, err, p.log)
				}
				r.sayf("%s, round %d, %d connections: %.0f pages/s, pgbench %.0f", c.name, round+1, connections, measured.perSecond, measured.baseline)
				rounds = append(rounds, measured)
			}
			duration := func(of func(pageRound) time.Duration) time.Duration { return medianOf(rounds, of) }
			number := func(of func(pageRound) float64) float64 { return medianOf(rounds, of) }
			ratio := number(func(m pageRound) float64 { return m.perSecond / m.baseline })
			figures.row(c.name, connections, number(func(m pageRound) float64 { return m.perSecond }),
				duration(func(m pageRound) time.Duration { return m.p50 }), duration(func(m pageRound) time.Duration { return m.p99 }),
				number(func(m pageRound) float64 { return m.baseline }),
				duration(func(m pageRound) time.Duration { return m.base50 }), duration(func(m pageRound) time.Duration { return m.base99 }), ratio,
				number(func(m pageRound) float64 { return m.program }), number(func(m pageRound) float64 { return m.server }))
			r.report.goal(fmt.Sprintf("pages/s of pgbench's, %s, %d connections", c.name, connections), ratio >= 1.0/3, "0.33", ratio)
		}
	}
	if r.cpuProfile == "" {
		return nil
	}
	profiled := make(chan error, 1)
	go func() { profiled <- p.profile(ctx, lasting, r.cpuProfile) }()
	_, err := r.loadPage(ctx, p, cases[0], 8, lasting+time.Second)
	return errors.Join(err, <-profiled)
}

func (r *rig) pageRound(ctx context.Context, w *world, p *process, c *pageCase, connections int, lasting time.Duration, theirsFirst bool) (pageRound, error) {
	var m pageRound
	theirs := func() error {
		result, err := r.pgbench(ctx, pgbenchRun{url: w.url, script: c.script, clients: connections, lasting: lasting, variables: c.parameters})
		m.baseline, m.base50, m.base99 = result.perSecond, percentile(result.latencies, 50), percentile(result.latencies, 99)
		return err
	}
	ours := func() error {
		if _, err := r.loadPage(ctx, p, c, connections, time.Second); err != nil { // warms connections up
			return err
		}
		program, server := cpuSeconds(p.pid(), false), familySeconds(r.postmaster)
		o, err := r.loadPage(ctx, p, c, connections, lasting)
		if err != nil {
			return err
		}
		latencies := o.latencies()
		each := func(seconds float64) float64 { return seconds * 1e6 / float64(max(1, len(latencies))) }
		m.perSecond, m.p50, m.p99 = float64(len(latencies))/o.elapsed.Seconds(), percentile(latencies, 50), percentile(latencies, 99)
		m.program, m.server = each(cpuSeconds(p.pid(), false)-program), each(familySeconds(r.postmaster)-server)
		return nil
	}
	order := []func() error{ours, theirs}
	if theirsFirst {
		slices.Reverse(order)
	}
	for _, step := range order {
		if err := step(); err != nil {
			return m, err
		}
	}
	return m, nil
}

// loadPage asks for the same page over and over, and holds that it is the same.
func (r *rig) loadPage(ctx context.Context, p *process, c *pageCase, connections int, lasting time.Duration) (outcome, error) {
	return load{
		address: p.address, connections: connections, lasting: lasting, most: int(lasting.Seconds() * 20_000),
		request: func(int) []byte { return c.request },
		check: func(status int, body []byte) error {
			if status != http.StatusOK || len(body) != c.length {
				return fmt.Errorf("the program answers %d and %d bytes instead of %d", status, len(body), c.length)
			}
			return nil
		},
	}.run(ctx)
}
