package inbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"recado/channels"
	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// RawDelivery is the body of one webhook POST whose signature was found right.
type RawDelivery struct {
	Body       []byte
	ReceivedAt time.Time
}

// Receive applies deliveries in one transaction and returns one error per
// delivery, all nil if everything is stored for good. If the transaction fails,
// each delivery is tried alone, so that one that hits a fault of ours does not
// take others along; it is then kept as FAILED, for replay. An error is returned
// only for a delivery that could not be kept at all: Meta must send it again.
func (s *Service) Receive(ctx context.Context, deliveries []RawDelivery) []error {
	batch := make([]*intake, len(deliveries))
	for i, delivery := range deliveries {
		batch[i] = takeIn(delivery)
	}
	return s.receive(ctx, batch)
}

func (s *Service) receive(ctx context.Context, batch []*intake) []error {
	failures := make([]error, len(batch))
	if err := s.applyAll(ctx, batch); err == nil {
		return failures
	} else if len(batch) > 1 {
		s.log.WarnContext(ctx, "a batch of deliveries failed and is tried one by one", "deliveries", len(batch), "error", err)
	}
	for i, in := range batch {
		failures[i] = s.applyOrKeep(ctx, in)
	}
	return failures
}

func (s *Service) applyAll(ctx context.Context, batch []*intake) (err error) {
	defer func() { // a payload that trips a mistake of ours must not stop the others
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	err = s.applyTogether(ctx, batch, besideOthers)
	if errors.Is(err, errNeedsChannels) || errors.Is(err, store.ErrNotNew) {
		err = s.applyTogether(ctx, batch, aloneOnChannels)
	}
	return err
}

func (s *Service) applyTogether(ctx context.Context, batch []*intake, how company) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if err := s.apply(tx, batch, how); err != nil {
			return err
		}
		rows := make([]models.WebhookDelivery, len(batch))
		for i, in := range batch {
			rows[i] = in.result(tx.Now())
		}
		return store.InsertAll(tx, rows)
	})
}

func (s *Service) applyOrKeep(ctx context.Context, in *intake) error {
	fault := s.applyAll(ctx, []*intake{in})
	if fault == nil || store.LostToAnother(fault) {
		return fault // nothing is wrong with the delivery: let it come again
	}
	s.log.ErrorContext(ctx, "a delivery could not be applied and is kept", "delivery", in.row.ID, "error", fault)
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		row := in.row
		row.Outcome, row.Reason, row.Attempts = models.DeliveryFailed, clip("fault: "+fault.Error()), row.Attempts+1
		return tx.Create(&row).Error
	})
	if err != nil {
		return errors.Join(fault, fmt.Errorf("keep delivery: %w", err))
	}
	return nil
}

// company says who else may be receiving on the same channels at the same time.
type company bool

const (
	// besideOthers is enough for nearly all traffic: new messages of known customers,
	// and statuses of known messages. Locks on their conversations keep them apart.
	besideOthers company = false
	// aloneOnChannels is needed where the absence of a row decides: for new customers,
	// for messages that come again, for statuses whose message is not there, and for
	// all that is not a customer's message (see traffic).
	aloneOnChannels company = true
)

// errNeedsChannels is what a transaction besideOthers ends with when it finds that
// it has to be aloneOnChannels.
var errNeedsChannels = errors.New("this delivery needs its channel to itself")

// apply works deliveries into the tables, except for their own rows. It may run
// again on the same intakes.
func (s *Service) apply(tx *store.Tx, batch []*intake, how company) error {
	numbers := make(map[string]*models.Channel)
	for _, in := range batch {
		in.reset()
		for _, change := range in.webhook.Changes {
			if change.Messages != nil {
				numbers[change.Messages.PhoneNumberID] = nil
			}
		}
	}
	updates, wabaIDs := updatesOf(batch)
	switch {
	case len(updates) == 0:
		if err := s.findChannels(tx, numbers, how); err != nil {
			return err
		}
	case how == besideOthers:
		return errNeedsChannels
	default:
		locked, err := s.lockChannels(tx, numbers, wabaIDs)
		if err != nil {
			return err
		}
		if err := s.applyUpdates(tx, locked, updates); err != nil {
			return err
		}
	}
	var traffic traffic
	for _, in := range batch {
		in.sort(numbers, &traffic)
	}
	if len(traffic.others) > 0 && how == besideOthers {
		return errNeedsChannels
	}
	changes := s.newChanges(tx)
	if err := changes.lockAhead(traffic); err != nil {
		return err
	}
	if err := takeMessages(traffic, changes, how); err != nil {
		return err
	}
	if err := takeStatuses(tx, traffic.statuses, changes, how); err != nil {
		return err
	}
	if err := s.expectFiles(tx, changes); err != nil {
		return err
	}
	if err := changes.reconsiderBlocks(); err != nil {
		return err
	}
	if err := changes.save(); err != nil {
		return err
	}
	if err := s.tellOfBlocks(tx.Statement.Context, tx, changes); err != nil {
		return err
	}
	if err := s.hearOfTemplates(tx, traffic.templates); err != nil {
		return err
	}
	return s.drainRelieved(tx.Statement.Context, tx, changes)
}

// findChannels fills in the channels of numbers; one that is unknown stays nil.
// Beside others, the channels may be as they were a while ago: a number does not
// change hands.
func (s *Service) findChannels(tx *store.Tx, numbers map[string]*models.Channel, how company) error {
	var missing []string
	for id := range numbers {
		if known, ok := s.numbers.Load(id); ok && how == besideOthers {
			numbers[id], _ = known.(*models.Channel)
		} else {
			missing = append(missing, id)
		}
	}
	find := channels.FindByPhoneNumberID
	if how == aloneOnChannels {
		find = channels.LockByPhoneNumberID
	}
	found, err := find(tx, missing)
	if err != nil {
		return err
	}
	for i := range found {
		numbers[found[i].PhoneNumberID] = &found[i]
		s.numbers.Store(found[i].PhoneNumberID, new(found[i]))
	}
	return nil
}

// intake is one delivery on its way in.
type intake struct {
	row     models.WebhookDelivery
	webhook whatsapp.Webhook
	broken  error // the body is no webhook at all
	applied bool
	ignored []string
	failed  []string

	channels map[models.ID]bool // whose numbers it is about
}

func takeIn(delivery RawDelivery) *intake {
	body := delivery.Body
	if body == nil {
		body = []byte{} // an empty body is kept too
	}
	return newIntake(models.WebhookDelivery{
		ID: models.NewID(), Body: body, ReceivedAt: delivery.ReceivedAt.UTC().Truncate(models.Precision),
	})
}

func newIntake(row models.WebhookDelivery) *intake {
	in := &intake{row: row}
	in.webhook, in.broken = whatsapp.DecodeWebhook(row.Body)
	return in
}

func (in *intake) reset() {
	in.applied, in.ignored, in.failed = false, nil, nil
	in.channels = make(map[models.ID]bool, 1)
}

// sort splits a delivery into messages and statuses, and notes what is left over.
func (in *intake) sort(numbers map[string]*models.Channel, traffic *traffic) {
	if in.broken != nil {
		in.failed = append(in.failed, in.broken.Error())
		return
	}
	if in.webhook.Object != "" && in.webhook.Object != whatsapp.ObjectWhatsApp {
		in.ignoref("object %s", in.webhook.Object)
		return
	}
	for _, malformed := range in.webhook.Malformed {
		in.failed = append(in.failed, malformed.Path+": "+malformed.Reason)
	}
	for _, change := range in.webhook.Changes {
		switch value := change.Messages; {
		case value == nil && whatsapp.BringsMessages(change.Field):
			// reported as malformed
		case change.Template != nil:
			traffic.templates = append(traffic.templates, newsOf(in, change))
		case change.Account != nil, value == nil && whatsapp.TellsOfAccount(change.Field):
			// worked in already, or reported as malformed
		case value == nil:
			in.ignoref("field %s", change.Field)
		case numbers[value.PhoneNumberID] == nil:
			in.ignoref("unknown phone number id %s", value.PhoneNumberID)
		default:
			in.channels[numbers[value.PhoneNumberID].ID] = true
			in.sortMessages(numbers[value.PhoneNumberID], value, traffic)
		}
	}
}

func (in *intake) ignoref(format string, args ...any) {
	in.ignored = append(in.ignored, fmt.Sprintf(format, args...))
}

// result is the delivery's row with its outcome.
func (in *intake) result(now time.Time) models.WebhookDelivery {
	row := in.row
	row.Attempts, row.AppliedAt = row.Attempts+1, &now
	switch {
	case len(in.failed) > 0:
		row.Outcome = models.DeliveryFailed
	case in.applied:
		row.Outcome = models.DeliveryProcessed
	default:
		row.Outcome = models.DeliveryIgnored
	}
	row.Reason = clip(strings.Join(append(in.failed, in.ignored...), "; "))
	return row
}

// clip bounds a reason: payloads may repeat a mistake a thousand times.
func clip(reason string) string {
	const limit = 1000
	reason = strings.ToValidUTF8(strings.ReplaceAll(reason, "\x00", ""), "�")
	if len(reason) > limit {
		return strings.ToValidUTF8(reason[:limit], "") + "…"
	}
	return reason
}
