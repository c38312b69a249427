package credits

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"recado/models"
	"recado/store"
)

// Report is what a status webhook says about a message's price.
type Report struct {
	OrganizationID models.ID
	MessageID      models.ID
	Delivered      bool                   // it says delivered, read or played; false: sent
	At             time.Time              // Meta's time of the status
	Pricing        *models.MessagePricing // nil: it does not speak of the price
}

// Settle takes in what statuses say, in the transaction that stores them: to be called
// for every sent, delivered, read and played, whether or not there is a hold. The
// first delivery whose price is known charges the message, once; what was kept beyond
// the price is available again. A delivery without a price waits for a status that has
// one, and is charged as quoted if none comes. One that comes after Release is charged
// all the same.
//
// The accounts of the organizations stay locked until the transaction ends, unless
// none of the messages has a hold.
func (s *Service) Settle(ctx context.Context, tx *store.Tx, reports ...Report) error {
	keys := make([]holdKey, len(reports))
	for i, report := range reports {
		keys[i] = holdKey{report.OrganizationID, report.MessageID}
	}
	return s.change(ctx, tx, keys, func(c *change) error {
		for _, report := range reports {
			hold := c.holds[holdKey{report.OrganizationID, report.MessageID}]
			if hold == nil || hold.Status == models.HoldSettled {
				continue
			}
			if hold.Pricing == nil && report.Pricing != nil {
				hold.Pricing = report.Pricing
				c.touch(hold)
			}
			if report.Delivered && (hold.DeliveredAt == nil || report.At.Before(*hold.DeliveredAt)) {
				hold.DeliveredAt = &report.At
				c.touch(hold)
			}
			switch {
			case hold.DeliveredAt == nil:
			case hold.Pricing == nil:
				hold.DueAt = models.Earlier(hold.DueAt, new(tx.Now().Add(s.options.PricingWait)))
			default:
				if err := c.settle(hold); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Release lets go what was kept for a message that failed or was canceled, in the
// transaction that stores so. A message that was delivered did not fail, whatever
// else is said: its hold stays. Repeating it is harmless, and so is a message without
// a hold.
func (s *Service) Release(ctx context.Context, tx *store.Tx, organization, message models.ID, reason models.ReleaseReason) error {
	key := holdKey{organization, message}
	return s.change(ctx, tx, []holdKey{key}, func(c *change) error {
		if hold := c.holds[key]; hold != nil && hold.Status == models.HoldOpen && hold.DeliveredAt == nil {
			return c.release(hold, reason)
		}
		return nil
	})
}

// change is a transaction's work on holds, under the lock of their organizations'
// accounts.
type change struct {
	tx      *store.Tx
	books   *books
	holds   map[holdKey]*models.CreditHold
	touched []*models.CreditHold
	cards   map[models.ID]models.CardInForce
}

// change locks the accounts behind those of the holds that exist, and runs decide on
// the holds as they are then.
func (s *Service) change(ctx context.Context, tx *store.Tx, keys []holdKey, decide func(*change) error) error {
	if len(keys) == 0 {
		return nil
	}
	if err := tx.Flush(); err != nil {
		return err
	}
	there, err := holdsOf(tx, keys)
	if err != nil || len(there) == 0 {
		return err
	}
	organizations := make([]models.ID, len(there))
	for i, hold := range there {
		organizations[i] = hold.OrganizationID
	}
	c := &change{tx: tx, holds: make(map[holdKey]*models.CreditHold), cards: make(map[models.ID]models.CardInForce)}
	if c.books, err = open(tx, organizations...); err != nil {
		return err
	}
	if there, err = holdsOf(tx, keys); err != nil {
		return err
	}
	for i := range there {
		c.holds[holdKey{there[i].OrganizationID, there[i].MessageID}] = &there[i]
	}
	if err := decide(c); err != nil {
		return err
	}
	rows := make([]models.CreditHold, len(c.touched))
	for i, hold := range c.touched {
		hold.UpdatedAt = tx.Now()
		rows[i] = *hold
	}
	if err := store.UpdateAll(tx, rows); err != nil {
		return err
	}
	return s.finish(ctx, c.books)
}

// touch notes that a hold changed.
func (c *change) touch(hold *models.CreditHold) {
	if !slices.Contains(c.touched, hold) {
		c.touched = append(c.touched, hold)
	}
}

// settle charges a hold whose message was delivered.
func (c *change) settle(hold *models.CreditHold) error {
	card, err := c.card(hold.CardID)
	if err != nil {
		return err
	}
	if err := c.useAllowance(card, hold); err != nil {
		return err
	}
	if hold.Charged, err = c.payInSession(hold, hold.Price(card)); err != nil {
		return err
	}
	movement, cause := models.SettleHold(hold.Amount, hold.Charged), models.CauseSettlement
	if hold.Status == models.HoldReleased {
		available := c.books.of(hold.OrganizationID).balances[models.AccountAvailable]
		movement, cause = models.ChargeLate(hold.Charged, available), models.CauseLateCharge
	}
	if err := c.books.book(hold.OrganizationID, cause, hold.MessageID.String(), movement); err != nil {
		return err
	}
	hold.Status, hold.DueAt, hold.ReleaseReason = models.HoldSettled, nil, ""
	c.touch(hold)
	return countUsage(c.tx, *hold)
}

// release lets a hold go.
func (c *change) release(hold *models.CreditHold, reason models.ReleaseReason) error {
	if hold.Basis == models.BasisAllowance {
		card, err := c.card(hold.CardID)
		if err != nil {
			return err
		}
		if err := countAllowance(c.tx, allowanceOf(card, *hold, 0, -1)); err != nil {
			return err
		}
	}
	movement := models.SettleHold(hold.Amount, 0)
	if err := c.books.book(hold.OrganizationID, models.CauseRelease, hold.MessageID.String(), movement); err != nil {
		return err
	}
	hold.Status, hold.ReleaseReason, hold.DueAt = models.HoldReleased, reason, nil
	c.touch(hold)
	return nil
}

// useAllowance turns what was reserved of the free allowance into use. A message that
// found none left gets a place that has become free meanwhile.
func (c *change) useAllowance(card models.CardInForce, hold *models.CreditHold) error {
	switch {
	case card.Model != models.PerMessage || card.AllowanceAt(hold.Category, hold.CreatedAt) == nil:
		return nil
	case hold.Basis == models.BasisAllowance && hold.Status == models.HoldOpen:
		return countAllowance(c.tx, allowanceOf(card, *hold, 1, -1))
	}
	left, err := allowanceLeft(c.tx.DB, card, hold.OrganizationID, hold.ChannelID, hold.Category, hold.CreatedAt)
	if err != nil {
		return err
	}
	if left > 0 || hold.Basis == models.BasisAllowance { // which was promised to it
		hold.Basis = models.BasisAllowance
		return countAllowance(c.tx, allowanceOf(card, *hold, 1, 0))
	}
	return nil
}

func (c *change) card(id models.ID) (models.CardInForce, error) {
	if known, ok := c.cards[id]; ok {
		return known, nil
	}
	read, err := card(c.tx.DB, id)
	if err == nil {
		c.cards[id] = read
	}
	return read, err
}

// payInSession returns what a message costs that would cost the price alone: nothing
// if another one of its session was charged. It keeps that this one was; then others
// are free for 24 hours from when the earliest of the charged was queued.
func (c *change) payInSession(hold *models.CreditHold, price models.Credits) (models.Credits, error) {
	if hold.SessionID == nil || price == 0 {
		return price, nil
	}
	var session models.CreditSession
	if err := c.tx.Take(&session, "organization_id = ? AND id = ?", hold.OrganizationID, *hold.SessionID).Error; err != nil {
		return 0, fmt.Errorf("read session of message %s: %w", hold.MessageID, err)
	}
	expires := hold.CreatedAt.Add(models.SessionLength)
	if session.PaidByMessageID == nil {
		session.PaidByMessageID = &hold.MessageID
	} else {
		price = 0
		expires = *models.Earlier(&session.ExpiresAt, &expires)
	}
	session.ExpiresAt, session.UpdatedAt = expires, c.tx.Now()
	if err := c.tx.Save(&session).Error; err != nil {
		return 0, fmt.Errorf("keep session of message %s: %w", hold.MessageID, err)
	}
	return price, nil
}

// countUsage adds a settled message to the report of its day.
func countUsage(tx *store.Tx, hold models.CreditHold) error {
	usage := models.CreditUsage{
		OrganizationID: hold.OrganizationID, Day: models.DayOf(hold.CreatedAt), ChannelID: hold.ChannelID,
		Category: hold.Category, Country: hold.Country, TemplateName: hold.TemplateName,
		Messages: 1, Charged: hold.Charged,
	}
	if hold.Pricing != nil && hold.Pricing.Charged() {
		usage.Billable = 1
	}
	add := func(column string) any { return gorm.Expr("credit_usages." + column + " + excluded." + column) }
	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{
			{Name: "organization_id"}, {Name: "day"}, {Name: "channel_id"}, {Name: "category"}, {Name: "country"}, {Name: "template_name"},
		},
		DoUpdates: clause.Assignments(map[string]any{
			"messages": add("messages"), "billable": add("billable"), "charged": add("charged"),
		}),
	}).Create(&usage).Error
	if err != nil {
		return fmt.Errorf("count usage: %w", err)
	}
	return nil
}
