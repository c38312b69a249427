package inbox

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// mostBranches is how many walks are merged, at most: each costs a descent into the
// index, and time to plan.
const mostBranches = 8

// bounds are what a page may cost.
type bounds struct {
	walked int // conversations that are looked at, at most
	step   int // of them in one statement
	tagged int // conversations with a tag that are read and sorted, at most; a tag that more have is looked for on a walk
}

// listBounds are what pages of conversations may cost. A step is small, because for
// many more rows PostgreSQL would rather read and sort a table that is not very large.
var listBounds = bounds{walked: 2_000, step: 500, tagged: 2_000}

// route says how a list is read: along an index, each walk of which gives rows in the
// list's order.
type route struct {
	branches [][]clause.Expression // the conditions of one walk each; their rows are merged
	constant []string              // columns that stand before the order's own in the index, and are NULL, see store.Range.Order
	rest     []clause.Expression   // what rows have to fulfil besides, looked at on the way
}

// routeFor chooses the index. The migrations say what each of them is for.
func (s ConversationSort) routeFor(all []restriction) route {
	switch s {
	case SortWaiting:
		return along(all, s.lists(), []aspect{ofStatus})
	case SortWindowEnd:
		return along(all, s.lists(), []aspect{ofStatus, ofWindow})
	}
	// The narrowest first; each of those about status has both states beside each other.
	for _, index := range [][]aspect{
		{ofSnoozed}, {ofAssignee, ofStatus}, {ofNobody, ofStatus}, {ofUnread}, {ofBusiness}, {ofChannel, ofStatus}, {ofStatus},
	} {
		if !slices.ContainsFunc(all, func(r restriction) bool { return r.about == index[0] }) {
			continue
		}
		if r := along(all, "", append(index, ofMessage)); len(r.branches) <= mostBranches {
			return r
		}
	}
	return along(all, "", []aspect{ofMessage})
}

// lists is the condition on what the sort lists at all; empty: everything. It is
// spelled out as in the partial index, which is then seen to serve.
func (s ConversationSort) lists() string {
	switch s {
	case SortWaiting:
		return "waiting_since IS NOT NULL"
	case SortWindowEnd:
		return "status = 'OPEN' AND window_expires_at IS NOT NULL"
	default:
		return ""
	}
}

// along is the route by an index that serves restrictions about some aspects.
func along(all []restriction, partial string, served []aspect) route {
	r := route{branches: [][]clause.Expression{nil}}
	if partial != "" {
		r.branches[0] = append(r.branches[0], gorm.Expr(partial))
	}
	both := served[0] == ofAssignee || served[0] == ofNobody || served[0] == ofChannel
	for _, restriction := range all {
		if !slices.Contains(served, restriction.about) {
			r.rest = append(r.rest, restriction.whole)
			continue
		}
		both = both && restriction.about != ofStatus
		if partial == "" || restriction.about != ofStatus { // which the partial index implies
			r.fork(restriction.either)
		}
		if restriction.about == ofNobody {
			r.constant = []string{"assignee_id"}
		}
	}
	if both { // the index has the state before the time
		r.fork([]clause.Expression{gorm.Expr("status = ?", models.ConversationOpen), gorm.Expr("status = ?", models.ConversationClosed)})
	}
	return r
}

// fork has each walk become one for each of the conditions.
func (r *route) fork(either []clause.Expression) {
	var forked [][]clause.Expression
	for _, branch := range r.branches {
		for _, condition := range either {
			forked = append(forked, append(slices.Clone(branch), condition))
		}
	}
	r.branches = forked
}

// walked is a conversation that a walk came by.
type walked struct {
	models.Conversation
	Walked int  // its number on the way, from 1
	Kept   bool // it fulfils the rest
}

// read returns the page that the range wants of the conversations.
func (r route) read(conversations *gorm.DB, wanted store.Range, most bounds, place func(*models.Conversation) store.Place) (Page[models.Conversation], error) {
	var rows []models.Conversation
	if len(r.rest) == 0 {
		err := r.walk(conversations, wanted, wanted.Rows()).Find(&rows).Error
		return store.PageOf(wanted, rows, place), err
	}
	left := wanted
	for range most.walked / most.step {
		var found []walked
		if err := r.look(conversations, left, most.step, wanted.Rows()-len(rows)).Find(&found).Error; err != nil {
			return Page[models.Conversation]{}, err
		}
		for i := range found {
			if found[i].Kept {
				rows = append(rows, found[i].Conversation)
			}
		}
		if len(rows) == wanted.Rows() || len(found) == 0 || found[len(found)-1].Walked < most.step {
			return store.PageOf(wanted, rows, place), nil
		}
		left = left.Beyond(place(&found[len(found)-1].Conversation))
	}
	return store.PageUpTo(wanted, rows, left.Place(), place), nil
}

// walk reads so many conversations along the index.
func (r route) walk(conversations *gorm.DB, wanted store.Range, most int) *gorm.DB {
	branch := func(conditions []clause.Expression) *gorm.DB {
		query := wanted.Within(conversations.Session(&gorm.Session{}))
		for _, condition := range conditions {
			query = query.Where(condition)
		}
		return query
	}
	if len(r.branches) == 1 {
		return branch(r.branches[0]).Order(wanted.Order(r.constant...)).Limit(most)
	}
	branches := make([]any, len(r.branches))
	for i, conditions := range r.branches {
		branches[i] = branch(conditions).Order(wanted.Order(r.constant...)) // without it PostgreSQL sorts instead of merging
	}
	const branchOf = " UNION ALL SELECT * FROM (?) AS branch"
	merged := strings.Repeat(branchOf, len(branches))[len(" UNION ALL "):]
	return conversations.Session(&gorm.Session{NewDB: true}).Table("("+merged+") AS conversations", branches...).
		Order(wanted.Order(r.constant...)).Limit(most)
}

// look walks a step and returns, in order, up to so many conversations that
// fulfil the rest; after them, if it came so far, the step's last one in any case.
func (r route) look(conversations *gorm.DB, wanted store.Range, step, most int) *gorm.DB {
	fresh := conversations.Session(&gorm.Session{NewDB: true})
	order := wanted.Order(r.constant...)
	numbered := fresh.Table("(?) AS conversations", r.walk(conversations, wanted, step)).
		Select("*, row_number() OVER (ORDER BY "+order+") AS walked, (?) AS kept", clause.And(r.rest...))
	return fresh.Table("(?) AS conversations", numbered).Where("kept OR walked = ?", step).Order(order).Limit(most)
}

// fewTagged returns the conversations with a tag, if they are few.
func (s *Service) fewTagged(ctx context.Context, organization, tag models.ID) (ids []models.ID, few bool, err error) {
	db := s.db.Read(ctx)
	tagged := db.Model(&models.ConversationTag{}).Where("organization_id = ? AND tag_id = ?", organization, tag)
	var more []int // the row after so many
	if err := tagged.Session(&gorm.Session{}).Select("1").Offset(s.bounds.tagged).Limit(1).Find(&more).Error; err != nil || len(more) > 0 {
		return nil, false, err
	}
	return ids, true, tagged.Session(&gorm.Session{}).Limit(s.bounds.tagged).Pluck("conversation_id", &ids).Error
}

// among reads the range of a few conversations, and sorts them.
func among(fresh, few *gorm.DB, most int, sort ConversationSort, all []restriction, wanted store.Range) (rows []models.Conversation, err error) {
	// The limit, which they do not reach, keeps the database from looking for them on a walk.
	query := fresh.Table("(?) AS conversations", few.Limit(most)).Where(sort.lists())
	for _, restriction := range all {
		query = query.Where(restriction.whole)
	}
	return rows, wanted.Apply(query).Find(&rows).Error
}
