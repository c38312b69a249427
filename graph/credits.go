package graph

import (
	"context"

	"recado/credits"
	"recado/graph/gqlmodel"
	"recado/models"
)

// CreditAccount is what the organization has.
func (r queryResolver) CreditAccount(ctx context.Context) (*gqlmodel.CreditAccount, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	balances, err := r.rooms.Credits.Balances(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return &gqlmodel.CreditAccount{Balances: balances, Full: viewer.Administrator}, nil
}

// IsLow tells whether little is left.
func (r creditAccountResolver) IsLow(ctx context.Context, account *gqlmodel.CreditAccount) (*bool, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	low, err := r.rooms.Credits.IsLow(ctx, viewer, account.Available())
	return orNothing(&low, err)
}

// RateCard is what messages cost now.
func (r creditAccountResolver) RateCard(ctx context.Context, _ *gqlmodel.CreditAccount) (*gqlmodel.RateCard, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	card, err := r.rooms.Credits.Card(ctx, viewer)
	return orNothing(gqlmodel.NewRateCard(card), err)
}

// NextRateCard is the change that is planned.
func (r creditAccountResolver) NextRateCard(ctx context.Context, _ *gqlmodel.CreditAccount) (*gqlmodel.RateCardChange, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	next, err := r.rooms.Credits.NextCard(ctx, viewer)
	if err != nil || next == nil {
		return nil, err
	}
	return &gqlmodel.RateCardChange{EffectiveFrom: next.EffectiveFrom, RateCard: gqlmodel.NewRateCard(next.Card)}, nil
}

// FreeAllowances are those of this month.
func (r creditAccountResolver) FreeAllowances(ctx context.Context, _ *gqlmodel.CreditAccount) ([]gqlmodel.FreeAllowance, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	allowances, err := r.rooms.Credits.Allowances(ctx, viewer)
	if err != nil {
		return nil, err
	}
	shown := make([]gqlmodel.FreeAllowance, len(allowances))
	for i, allowance := range allowances {
		shown[i] = gqlmodel.FreeAllowance{
			Category: allowance.Category, CountedBy: allowance.Model, ChannelID: allowance.ChannelID,
			Monthly: allowance.Monthly, Used: allowance.Used,
		}
	}
	return shown, nil
}

// Channel is the number that an allowance belongs to.
func (r freeAllowanceResolver) Channel(ctx context.Context, allowance *gqlmodel.FreeAllowance) (*gqlmodel.Channel, error) {
	if allowance.ChannelID == nil {
		return nil, nil //nolint:nilnil // all share it
	}
	return loadChannel(ctx, *allowance.ChannelID)
}

// Prices are what a credit costs.
func (r creditAccountResolver) Prices(ctx context.Context, _ *gqlmodel.CreditAccount) ([]gqlmodel.CreditPrice, error) {
	prices, err := r.rooms.Credits.Prices(ctx)
	if err != nil {
		return nil, err
	}
	shown := make([]gqlmodel.CreditPrice, len(prices))
	for i, price := range prices {
		shown[i] = gqlmodel.CreditPrice(price)
	}
	return shown, nil
}

// DaysLeft is the forecast.
func (r creditAccountResolver) DaysLeft(ctx context.Context, _ *gqlmodel.CreditAccount) (*int32, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	days, err := r.rooms.Credits.Forecast(ctx, viewer)
	if err != nil || days == nil {
		return nil, err
	}
	const most = 1_000_000 // beyond a forecast's worth, and within 32 bits
	short := int32(min(*days, most))
	return &short, nil
}

// AutoRecharge is how credits are bought automatically.
func (r creditAccountResolver) AutoRecharge(ctx context.Context, _ *gqlmodel.CreditAccount) (*gqlmodel.AutoRecharge, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := r.rooms.Credits.Settings(ctx, viewer)
	return orNothing((*gqlmodel.AutoRecharge)(&settings), err)
}

// PaymentMethod is how they are paid.
func (r autoRechargeResolver) PaymentMethod(ctx context.Context, recharge *gqlmodel.AutoRecharge) (*gqlmodel.PaymentMethod, error) {
	methods, err := r.paymentMethods(ctx)
	if err != nil {
		return nil, err
	}
	for i := range methods {
		if models.IsID(recharge.PaymentMethodID, methods[i].ID) {
			return &methods[i], nil
		}
	}
	return nil, nil //nolint:nilnil // there is no way
}

// PaymentMethods are the ways to pay.
func (r creditAccountResolver) PaymentMethods(ctx context.Context, _ *gqlmodel.CreditAccount) ([]gqlmodel.PaymentMethod, error) {
	return r.paymentMethods(ctx)
}

func (e *Edge) paymentMethods(ctx context.Context) ([]gqlmodel.PaymentMethod, error) {
	viewer, err := e.viewer(ctx)
	if err != nil {
		return nil, err
	}
	methods, err := e.rooms.Credits.PaymentMethods(ctx, viewer)
	if err != nil {
		return nil, err
	}
	shown := make([]gqlmodel.PaymentMethod, len(methods))
	for i, method := range methods {
		shown[i] = gqlmodel.PaymentMethod(method)
	}
	return shown, nil
}

// Entries are the ledger.
func (r creditAccountResolver) Entries(ctx context.Context, _ *gqlmodel.CreditAccount, first *int32, after *string, last *int32, before *string) (*gqlmodel.CreditEntryConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	page, err := r.rooms.Credits.Entries(ctx, viewer, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	rows := make([]gqlmodel.CreditEntry, len(page.Rows))
	for i, row := range page.Rows {
		rows[i] = gqlmodel.CreditEntry(row)
	}
	return &gqlmodel.CreditEntryConnection{Rows: rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// Purchases are those of the organization.
func (r creditAccountResolver) Purchases(ctx context.Context, _ *gqlmodel.CreditAccount, status *models.PurchaseStatus, first *int32, after *string, last *int32, before *string) (*gqlmodel.CreditPurchaseConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	page, err := r.rooms.Credits.Purchases(ctx, viewer, status, pageRequest(first, after, last, before))
	if err != nil {
		return nil, err
	}
	return &gqlmodel.CreditPurchaseConnection{Rows: page.Rows, Cursor: page.Cursor, PageInfo: pageInfo(page)}, nil
}

// RequestedBy is who bought.
func (r creditPurchaseResolver) RequestedBy(ctx context.Context, purchase *gqlmodel.CreditPurchase) (*gqlmodel.User, error) {
	return loadUser(ctx, purchase.RequestedByID)
}

// Reconciliations are the days on which Meta counts otherwise.
func (r creditAccountResolver) Reconciliations(ctx context.Context, _ *gqlmodel.CreditAccount) ([]gqlmodel.CreditReconciliation, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.rooms.Credits.Reconciliations(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return gqlmodel.NewReconciliations(rows), nil
}

// CreditEvents are what happens to credits.
func (r subscriptionResolver) CreditEvents(ctx context.Context, after *string) (<-chan *gqlmodel.CreditEvent, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	position, err := feedPosition(viewer.OrganizationID, after)
	if err != nil {
		return nil, err
	}
	stream, err := r.rooms.Credits.Subscribe(ctx, viewer, position)
	if err != nil {
		return nil, err
	}
	events := make(chan *gqlmodel.CreditEvent)
	go follow(ctx, r.Edge, events, shown[credits.Change](stream, creditEvent))
	return events, nil
}

// creditEvent is what clients see of a change; nil for kinds that this version does
// not know.
func creditEvent(change credits.Change) (*gqlmodel.CreditEvent, error) {
	kind, known := creditEventKinds[change.Kind]
	if !known {
		return nil, nil
	}
	return &gqlmodel.CreditEvent{Event: change.Event, Kind: kind, Payload: change.Payload}, nil
}

// creditEventKinds are the kinds that this version of the schema knows.
var creditEventKinds = map[models.EventKind]gqlmodel.CreditEventKind{
	models.EventCreditsBalanceChanged:    gqlmodel.CreditEventKindBalanceChanged,
	models.EventCreditsLow:               gqlmodel.CreditEventKindLowBalance,
	models.EventCreditsPurchaseChanged:   gqlmodel.CreditEventKindPurchaseChanged,
	models.EventCreditsRechargeFailed:    gqlmodel.CreditEventKindRechargeFailed,
	models.EventCreditsRechargeStopped:   gqlmodel.CreditEventKindRechargeStopped,
	models.EventCreditsRechargeCeiling:   gqlmodel.CreditEventKindRechargeCeilingReached,
	models.EventCreditsReconciliationOff: gqlmodel.CreditEventKindReconciliationDiffers,
}

// Cursor is the event's place in the feed.
func (r creditEventResolver) Cursor(_ context.Context, event *gqlmodel.CreditEvent) (string, error) {
	return feedCursor(event.Event), nil
}

func creditError(p problem) gqlmodel.CreditUserError { return gqlmodel.CreditUserError(p) }

// creditErrors sorts the error of the room; see userErrors.
func (e *Edge) creditErrors(ctx context.Context, err error) ([]gqlmodel.CreditUserError, error) {
	return userErrors(ctx, e, err, "CreditErrorCode", inputPaths{"lowBalance": "lowBalanceThreshold"}, creditError)
}

// CreditPurchase buys credits.
func (r mutationResolver) CreditPurchase(ctx context.Context, input gqlmodel.CreditPurchaseInput) (*gqlmodel.CreditPurchasePayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	bought, err := r.rooms.Credits.Buy(ctx, viewer, credits.Purchase{
		Credits: input.Credits, Currency: input.Currency, IdempotencyKey: input.IdempotencyKey,
	})
	payload := &gqlmodel.CreditPurchasePayload{}
	payload.UserErrors, err = r.creditErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Purchase = (*gqlmodel.CreditPurchase)(&bought)
	}
	return orNothing(payload, err)
}

// CreditPaymentRecord records that a purchase was paid.
func (r mutationResolver) CreditPaymentRecord(ctx context.Context, input gqlmodel.CreditPaymentRecordInput) (*gqlmodel.CreditPaymentRecordPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	id := ids.parse(models.PrefixCreditPurchase, input.PurchaseID, "purchaseId")
	paid, err := models.CreditPurchase{}, ids.err
	if err == nil {
		paid, err = r.rooms.Credits.RecordPayment(ctx, viewer, id, input.Note)
	}
	payload := &gqlmodel.CreditPaymentRecordPayload{}
	payload.UserErrors, err = r.creditErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Purchase = (*gqlmodel.CreditPurchase)(&paid)
	}
	return orNothing(payload, err)
}

// AutoRechargeSet sets how credits are bought automatically.
func (r mutationResolver) AutoRechargeSet(ctx context.Context, input gqlmodel.AutoRechargeSetInput) (*gqlmodel.AutoRechargeSetPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var ids idParser
	wish := credits.AutoRecharge{
		Enabled: input.IsEnabled, Threshold: input.Threshold, Amount: input.Amount, MonthlyCeiling: input.MonthlyCeiling,
		Currency: input.Currency, PaymentMethodID: ids.optional(models.PrefixPaymentMethod, input.PaymentMethodID.Value(), "paymentMethodId"),
		LowBalance: input.LowBalanceThreshold.Value(), ExpectedVersion: version(input.ExpectedVersion),
	}
	settings, err := models.CreditSettings{}, ids.err
	if err == nil {
		settings, err = r.rooms.Credits.SetAutoRecharge(ctx, viewer, wish)
	}
	code := models.CodeOf(err)
	payload := &gqlmodel.AutoRechargeSetPayload{}
	payload.UserErrors, err = r.creditErrors(ctx, err)
	if err == nil && (code == "" || code == models.CodeConflict) {
		payload.AutoRecharge = (*gqlmodel.AutoRecharge)(&settings)
	}
	return orNothing(payload, err)
}
