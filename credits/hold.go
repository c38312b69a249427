package credits

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"recado/models"
	"recado/store"
)

// HoldRequest is a message that is about to be queued.
type HoldRequest struct {
	OrganizationID models.ID
	MessageID      models.ID
	ChannelID      models.ID
	ContactID      models.ID
	Category       models.PricingCategory
	Country        string // of the recipient, ISO 3166-1 alpha-2; empty: not known
	TemplateName   string // empty: no template
	FreeEntryPoint bool   // the 72-hour window of a free entry point is open
}

// Hold keeps credits for a message, in the transaction that queues it: the dearest
// outcome by the card that is in force. A second call for the message changes
// nothing. INSUFFICIENT_CREDITS, with Params "needed", "available" and "shortfall", if
// there are not enough; then the transaction must not commit.
//
// The organization's accounts stay locked until the transaction ends, so Hold comes
// after the locks of conversations and shortly before the commit.
func (s *Service) Hold(ctx context.Context, tx *store.Tx, request HoldRequest) (models.CreditHold, error) {
	books, err := open(tx, request.OrganizationID)
	if err != nil {
		return models.CreditHold{}, err
	}
	earlier, err := holdsOf(tx, []holdKey{{request.OrganizationID, request.MessageID}})
	if err != nil || len(earlier) > 0 {
		return first(earlier), err
	}
	hold, err := newHold(tx, request, s.options.HoldLifetime)
	if err != nil {
		return models.CreditHold{}, err
	}
	offer := Offer{Quote: models.Quote{Dearest: hold.Amount}, Available: books.of(hold.OrganizationID).balances[models.AccountAvailable]}
	if shortfall := offer.Shortfall(); shortfall != nil {
		return models.CreditHold{}, shortfall
	}
	if err := tx.Create(&hold).Error; err != nil {
		return models.CreditHold{}, fmt.Errorf("store hold for message %s: %w", hold.MessageID, err)
	}
	err = books.book(hold.OrganizationID, models.CauseHold, hold.MessageID.String(), models.HoldCredits(hold.Amount))
	if err != nil {
		return models.CreditHold{}, err
	}
	return hold, s.finish(ctx, books)
}

// priced is a message with its price, and what the price follows from.
type priced struct {
	card    models.CardInForce
	session *models.CreditSession // with PER_CONVERSATION: the open one; nil if there is none
	quote   models.Quote
}

// price prices a message.
func price(db *gorm.DB, request HoldRequest, now time.Time) (found priced, err error) {
	if found.card, err = cardAt(db, request.OrganizationID, now); err != nil {
		return found, err
	}
	sending := models.Sending{
		At: now, Category: request.Category, Country: request.Country, FreeEntryPoint: request.FreeEntryPoint,
	}
	if found.card.Model == models.PerConversation {
		found.session, err = openSession(db, request.OrganizationID, request.ChannelID, request.ContactID, request.Category, now)
		sending.SessionOpen = found.session != nil
		sending.SessionPaid = found.session != nil && found.session.PaidByMessageID != nil
	} else {
		sending.AllowanceLeft, err = allowanceLeft(db, found.card, request.OrganizationID, request.ChannelID, request.Category, now)
	}
	if err != nil {
		return found, err
	}
	var known bool
	if found.quote, known = found.card.Quote(sending); !known {
		return found, fmt.Errorf("rate card %q has no price for %s", found.card.Name, request.Category)
	}
	return found, nil
}

// newHold prices a message and joins it to its session, or takes its place in the
// free allowance.
func newHold(tx *store.Tx, request HoldRequest, lifetime time.Duration) (models.CreditHold, error) {
	priced, err := price(tx.DB, request, tx.Now())
	if err != nil {
		return models.CreditHold{}, err
	}
	hold := models.CreditHold{
		OrganizationID: request.OrganizationID, MessageID: request.MessageID,
		ChannelID: request.ChannelID, ContactID: request.ContactID, CardID: priced.card.ID,
		Category: request.Category, Country: request.Country, TemplateName: request.TemplateName,
		Basis: priced.quote.Basis, Quoted: priced.quote.Price, Amount: priced.quote.Dearest,
		Status: models.HoldOpen, DueAt: new(tx.Now().Add(lifetime)), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if hold.Basis == models.BasisAllowance {
		return hold, countAllowance(tx, allowanceOf(priced.card, hold, 0, 1))
	}
	if priced.card.Model != models.PerConversation {
		return hold, nil
	}
	session := priced.session
	if session == nil {
		if session, err = newSession(tx, hold.OrganizationID, hold.ChannelID, hold.ContactID, hold.Category, tx.Now()); err != nil {
			return models.CreditHold{}, err
		}
	}
	hold.SessionID = &session.ID
	return hold, nil
}

// openSession finds the session of a category with a person that is open at a time;
// nil if there is none.
func openSession(db *gorm.DB, organization, channel, contact models.ID, category models.PricingCategory, at time.Time,
) (*models.CreditSession, error) {
	var sessions []models.CreditSession
	err := db.Where("organization_id = ? AND channel_id = ? AND contact_id = ? AND category = ? AND expires_at > ?",
		organization, channel, contact, category, at).Order("expires_at").Limit(1).Find(&sessions).Error
	if err != nil {
		return nil, fmt.Errorf("find session with contact %s: %w", contact, err)
	}
	if len(sessions) == 0 {
		return nil, nil //nolint:nilnil // none is open
	}
	return &sessions[0], nil
}

func newSession(tx *store.Tx, organization, channel, contact models.ID, category models.PricingCategory, at time.Time,
) (*models.CreditSession, error) {
	session := &models.CreditSession{
		OrganizationID: organization, ID: models.NewID(), ChannelID: channel, ContactID: contact, Category: category,
		ExpiresAt: at.Add(models.SessionLength), CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := tx.Create(session).Error; err != nil {
		return nil, fmt.Errorf("begin session with contact %s: %w", contact, err)
	}
	return session, nil
}

// HoldsByMessage returns what is or was held for messages on the channels that the
// viewer may see; what cost nothing is left out. Who sees a message may see its price:
// who sends templates has to know.
func (s *Service) HoldsByMessage(ctx context.Context, viewer models.Viewer, messageIDs []models.ID) (map[models.ID]models.CreditHold, error) {
	var holds []models.CreditHold
	err := s.db.Read(ctx).Where("organization_id = ?", viewer.OrganizationID).Where(store.OneOf("message_id", messageIDs)).Find(&holds).Error
	if err != nil {
		return nil, fmt.Errorf("read holds of %d messages: %w", len(messageIDs), err)
	}
	found := make(map[models.ID]models.CreditHold, len(holds))
	for _, hold := range holds {
		if viewer.Can(hold.ChannelID, models.LevelView) {
			found[hold.MessageID] = hold
		}
	}
	return found, nil
}

// holdKey names a hold.
type holdKey struct{ organization, message models.ID }

// holdsOf reads holds, those there are.
func holdsOf(tx *store.Tx, keys []holdKey) ([]models.CreditHold, error) {
	wanted := make([][]any, len(keys))
	for i, key := range keys {
		wanted[i] = []any{key.organization, key.message}
	}
	var holds []models.CreditHold
	err := tx.Where(store.InKeys([]string{"organization_id", "message_id"}, wanted)).Order("organization_id, message_id").Find(&holds).Error
	if err != nil {
		return nil, fmt.Errorf("read holds: %w", err)
	}
	return holds, nil
}

func first(holds []models.CreditHold) models.CreditHold {
	if len(holds) == 0 {
		return models.CreditHold{}
	}
	return holds[0]
}
