package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/graph"
	"recado/inbox"
	"recado/models"
)

const buyCredits = `mutation($credits: Credits!, $key: String!) { creditPurchase(input: {credits: $credits, currency: "USD", idempotencyKey: $key}) {
	purchase { id status credits price { amount currency } provider paymentUrl requestedBy { name } } userErrors { code field message } } }`

const recordPayment = `mutation($id: ID!) { creditPaymentRecord(input: {purchaseId: $id, note: "transfer 4711"}) {
	purchase { id status reference paidAt } userErrors { code field } } }`

func TestCredits(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator, agent := a.as(a.Administrator), a.as(a.Replier)

		bought := administrator.get(buyCredits, map[string]any{"credits": "25", "key": "one"})
		require.Empty(t, bought.at("creditPurchase.userErrors"))
		require.Equal(t, "50.00", bought.at("creditPurchase.purchase.price.amount"))
		require.Equal(t, "MANUAL", bought.at("creditPurchase.purchase.provider"))
		require.Nil(t, bought.at("creditPurchase.purchase.paymentUrl"))
		require.Equal(t, "Ana", bought.at("creditPurchase.purchase.requestedBy.name"))
		id := bought.at("creditPurchase.purchase.id")

		paid := administrator.get(recordPayment, map[string]any{"id": id})
		require.Equal(t, "PAID", paid.at("creditPaymentRecord.purchase.status"))
		require.Equal(t, "transfer 4711", paid.at("creditPaymentRecord.purchase.reference"))
		again := administrator.get(recordPayment, map[string]any{"id": id})
		require.Equal(t, "PAYMENT_NOT_PENDING", again.at("creditPaymentRecord.userErrors.0.code"))
		a.Spend("aviso")

		account := administrator.get(`{ creditAccount { available held spent purchased granted owed isLow daysLeft
			rateCard { name model rates { category country price } } nextRateCard { effectiveFrom }
			freeAllowances { category countedBy monthly used channel { id } } prices { price { amount currency } }
			autoRecharge { isEnabled currency paymentMethod { id } lowBalanceThreshold version } paymentMethods { id }
			entries(first: 2) { nodes { id cause reference postings { account amount } } pageInfo { hasNextPage endCursor } }
			purchases(status: PAID) { edges { cursor node { id } } }
			usage(from: "`+time.Now().Add(-24*time.Hour).UTC().Format(time.RFC3339)+`", to: "`+time.Now().UTC().Format(time.RFC3339)+`", by: TEMPLATE) { templateName day charged messages billable }
			reconciliations { ours } } }`, nil)
		require.Equal(t, []any{"24", "0", "1", "25", "0", "0", false, 672.0}, []any{
			account.at("creditAccount.available"), account.at("creditAccount.held"), account.at("creditAccount.spent"),
			account.at("creditAccount.purchased"), account.at("creditAccount.granted"), account.at("creditAccount.owed"),
			account.at("creditAccount.isLow"), account.at("creditAccount.daysLeft"),
		})
		require.Equal(t, "PER_CONVERSATION", account.at("creditAccount.rateCard.model"))
		require.Nil(t, account.at("creditAccount.rateCard.rates.0.country"))
		require.EqualValues(t, 1000, account.at("creditAccount.freeAllowances.0.monthly"))
		require.Equal(t, "10", account.at("creditAccount.autoRecharge.lowBalanceThreshold"))
		require.Equal(t, "SETTLEMENT", account.at("creditAccount.entries.nodes.0.cause"))
		require.Equal(t, map[string]any{"account": "HELD", "amount": "-1"}, account.at("creditAccount.entries.nodes.0.postings.0"))
		require.Equal(t, true, account.at("creditAccount.entries.pageInfo.hasNextPage"))
		require.Equal(t, id, account.at("creditAccount.purchases.edges.0.node.id"))
		require.Equal(t, map[string]any{"templateName": "aviso", "day": nil, "charged": "1", "messages": 1.0, "billable": 1.0}, account.at("creditAccount.usage.0"))
		require.Equal(t, id, administrator.get(`query($id: ID!) { node(id: $id) { id ... on CreditPurchase { status } } }`, map[string]any{"id": id}).at("node.id"))

		t.Run("shows others what they need", func(t *testing.T) {
			seen := agent.get(`{ creditAccount { available isLow spent purchased rateCard { name } freeAllowances { used } } }`, nil)
			require.Equal(t, "24", seen.at("creditAccount.available"))
			require.Nil(t, seen.at("creditAccount.spent"))
			require.Nil(t, seen.at("creditAccount.purchased"))
			for _, field := range []string{
				`entries { nodes { id } }`, `purchases { nodes { id } }`, `autoRecharge { isEnabled }`, `paymentMethods { id }`, `daysLeft`,
				`reconciliations { ours }`, `usage(from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z") { charged }`,
			} {
				refused := agent.ask(`{ creditAccount { available `+field+` } }`, nil)
				require.Equal(t, "FORBIDDEN", refused.code(), field)
				require.Equal(t, "24", refused.at("creditAccount.available"))
			}
			require.Equal(t, "FORBIDDEN", agent.get(buyCredits, map[string]any{"credits": "5", "key": "two"}).at("creditPurchase.userErrors.0.code"))
			require.Equal(t, "FORBIDDEN", agent.get(recordPayment, map[string]any{"id": id}).at("creditPaymentRecord.userErrors.0.code"))
			require.Nil(t, agent.get(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": id}).at("node"))
			require.Equal(t, "UNAUTHENTICATED", a.anonymous().ask(`{ creditAccount { available } }`, nil).code())
		})

		t.Run("refuses amounts that are none", func(t *testing.T) {
			require.Equal(t, "INVALID", administrator.get(buyCredits, map[string]any{"credits": "0.5", "key": "k"}).at("creditPurchase.userErrors.0.code"))
			require.Equal(t, []any{"input", "credits"}, administrator.get(buyCredits, map[string]any{"credits": "-1", "key": "k"}).at("creditPurchase.userErrors.0.field"))
			require.NotEmpty(t, administrator.ask(buyCredits, map[string]any{"credits": "1e3", "key": "k"}).Errors)
		})

		t.Run("gives out an export", func(t *testing.T) {
			export := administrator.get(`mutation { creditUsageExport(input: {from: "2026-11-01T00:00:00Z", to: "2026-11-30T00:00:00Z"}) { url expiresAt userErrors { code } } }`, nil)
			require.Contains(t, export.at("creditUsageExport.url"), "/exports/credit-usage.csv?")
			refused := agent.get(`mutation { creditUsageExport(input: {from: "2026-11-01T00:00:00Z", to: "2026-11-30T00:00:00Z"}) { url userErrors { code } } }`, nil)
			require.Equal(t, "FORBIDDEN", refused.at("creditUsageExport.userErrors.0.code"))
		})
	})
}

func TestAutoRechargeSet(t *testing.T) {
	const set = `mutation($version: Int) { autoRechargeSet(input: {isEnabled: true, threshold: "5", amount: "10", monthlyCeiling: "50", currency: "BRL",
		lowBalanceThreshold: "7.5", expectedVersion: $version}) { autoRecharge { isEnabled threshold amount monthlyCeiling currency lowBalanceThreshold version
		paymentMethod { provider } } userErrors { code field } } }`
	onEach(t, func(t *testing.T, a *api) {
		administrator := a.as(a.Administrator)
		none := administrator.get(set, nil)
		require.Equal(t, "REQUIRED", none.at("autoRechargeSet.userErrors.0.code"))
		require.Equal(t, []any{"input", "paymentMethodId"}, none.at("autoRechargeSet.userErrors.0.field"))

		a.Save(&models.PaymentMethod{OrganizationID: a.Organization.ID, ID: models.NewID(), Provider: models.ProviderManual, CustomerRef: "c", MethodRef: "m"})
		done := administrator.get(set, map[string]any{"version": 0})
		require.Empty(t, done.at("autoRechargeSet.userErrors"))
		require.Equal(t, map[string]any{
			"isEnabled": true, "threshold": "5", "amount": "10", "monthlyCeiling": "50", "currency": "BRL", "lowBalanceThreshold": "7.5",
			"version": 1.0, "paymentMethod": map[string]any{"provider": "MANUAL"},
		}, done.at("autoRechargeSet.autoRecharge"))
		stale := administrator.get(set, map[string]any{"version": 0})
		require.Equal(t, "CONFLICT", stale.at("autoRechargeSet.userErrors.0.code"))
		require.EqualValues(t, 1, stale.at("autoRechargeSet.autoRecharge.version"), "the settings as they are")
		require.Equal(t, "FORBIDDEN", a.as(a.Replier).get(set, nil).at("autoRechargeSet.userErrors.0.code"))
	})
}

func TestCreditEvents(t *testing.T) {
	const listen = `subscription($after: String) { creditEvents(after: $after) { id cursor kind account { available spent } purchase { id status } reconciliations { ours } } }`
	onEach(t, func(t *testing.T, a *api) {
		administrator := a.as(a.Administrator)
		start := graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID})
		stream := administrator.subscribe(listen, map[string]any{"after": start})
		bought := administrator.get(buyCredits, map[string]any{"credits": "25", "key": "one"})
		id := bought.at("creditPurchase.purchase.id")
		administrator.get(recordPayment, map[string]any{"id": id})

		begun := stream.next()
		require.Equal(t, "PURCHASE_CHANGED", begun.at("creditEvents.kind"))
		require.Equal(t, "PENDING", begun.at("creditEvents.purchase.status"))
		paid := stream.next()
		require.Equal(t, "PAID", paid.at("creditEvents.purchase.status"))
		changed := stream.next()
		require.Equal(t, "BALANCE_CHANGED", changed.at("creditEvents.kind"))
		require.Equal(t, "25", changed.at("creditEvents.account.available"))

		resumed := administrator.subscribe(listen, map[string]any{"after": paid.at("creditEvents.cursor")})
		require.Equal(t, changed.at("creditEvents.id"), resumed.next().at("creditEvents.id"))
		require.Equal(t, "FORBIDDEN", a.as(a.Replier).subscribe(listen, nil).next().code())

		t.Run("reach neither the inbox of agents nor that of administrators", func(t *testing.T) {
			a.Spend("aviso")
			bystander := a.Conversation(a.Open, "Caio", time.Now())
			_, err := a.Inbox.CloseConversation(t.Context(), a.Viewer(a.Administrator), inbox.Close{ConversationID: bystander.ID})
			require.NoError(t, err)
			for _, user := range []models.User{a.Replier, a.Administrator} {
				listening := a.as(user).subscribe(`subscription($after: String) { inboxEvents(after: $after) { __typename } }`, map[string]any{"after": start})
				require.Equal(t, "ConversationChangedEvent", listening.next().at("inboxEvents.__typename"), "the first that they get")
			}
		})
	})
}
