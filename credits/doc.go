// Package credits knows what messages cost and who has paid for them: the ledger, rate
// cards, holds, purchases, auto-recharge, free allowances, and the reports on them.
package credits
