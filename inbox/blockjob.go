package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// BlockArgs ask for Meta to be told what the team wants of a contact on a channel: at
// the time of the call, which may be the opposite of what it was when they were
// enqueued.
type BlockArgs struct {
	OrganizationID models.ID `json:"organizationId"`
	ContactID      models.ID `json:"contactId"`
	ChannelID      models.ID `json:"channelId"`
}

// Kind names the job.
func (BlockArgs) Kind() string { return "inbox.block" }

const (
	// maxBlockAttempts is how often Meta may refuse for now, with the waits in between:
	// for about half an hour.
	maxBlockAttempts = 16
	// blockCallLimit is how long a call may be under way. Until then nobody makes
	// another one about the same contact, so that calls reach Meta in their order.
	blockCallLimit = 90 * time.Second
)

// codePhoneNumberUnknown is why Meta is not asked to block somebody who hides their
// number.
const codePhoneNumberUnknown = "PHONE_NUMBER_UNKNOWN"

type blockWorker struct {
	river.WorkerDefaults[BlockArgs]
	inbox *Service
}

// Work takes one step after another until Meta has it as the team wants it.
func (w *blockWorker) Work(ctx context.Context, job *river.Job[BlockArgs]) error {
	s := w.inbox
	for {
		attempt, err := s.beginBlockStep(ctx, job.Args)
		if err != nil {
			return fmt.Errorf("block contact %s: %w", job.Args.ContactID, err)
		}
		if attempt.wait > 0 {
			return river.JobSnooze(attempt.wait)
		}
		if attempt.step == models.StepNone {
			return nil
		}
		call := s.client.Unblock
		if attempt.step == models.StepBlock {
			call = s.client.Block
		}
		failure := call(ctx, attempt.credentials, attempt.address)
		// The answer must be kept even if the program is about to stop.
		wait, err := s.endBlockStep(context.WithoutCancel(ctx), job.Args, attempt, failure)
		if err != nil {
			return fmt.Errorf("block contact %s: %w", job.Args.ContactID, err)
		}
		if wait > 0 {
			return river.JobSnooze(wait)
		}
	}
}

// blockAttempt is what beginBlockStep decided.
type blockAttempt struct {
	step        models.BlockStep // StepNone: nothing is left to do
	wait        time.Duration    // not yet
	address     string
	version     int64      // of the wish
	before      *time.Time // AttemptedAt before this step
	credentials whatsapp.Credentials
	channel     models.Channel
}

// withBlock locks a block with its conversation, for decide to change both. One that is
// gone, or that Meta need not be told of, is left alone.
func (s *Service) withBlock(ctx context.Context, args BlockArgs, decide func(tx *store.Tx, block *models.ContactBlock, conversation *changing) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		changes := s.newChanges(tx)
		if err := changes.loadByContact([]contactKey{{args.OrganizationID, args.ChannelID, args.ContactID}}); err != nil {
			return err
		}
		blocks, err := changes.blocksOf(args.OrganizationID, args.ContactID)
		if err != nil {
			return err
		}
		block, known := blocks[args.ChannelID]
		conversation := changes.byContact[contactKey{args.OrganizationID, args.ChannelID, args.ContactID}]
		if !known || conversation == nil {
			return nil
		}
		before := block
		if err := decide(tx, &block, conversation); err != nil {
			return err
		}
		if block == before {
			return nil
		}
		if block.Status == before.Status && block.Next("") != models.StepNone { // nothing that readers see
			block.UpdatedAt = tx.Now()
			return tx.Save(&block).Error
		}
		if err := changes.keepBlock(conversation, block); err != nil {
			return err
		}
		return changes.save()
	})
}

// beginBlockStep decides what Meta is to be told now, and notes that it is being told.
func (s *Service) beginBlockStep(ctx context.Context, args BlockArgs) (blockAttempt, error) {
	var attempt blockAttempt
	err := s.withBlock(ctx, args, func(tx *store.Tx, block *models.ContactBlock, conversation *changing) error {
		attempt = blockAttempt{}
		if block.Status != models.BlockPending {
			return nil
		}
		if block.AttemptedAt != nil {
			if attempt.wait = block.AttemptedAt.Add(blockCallLimit).Sub(tx.Now()); attempt.wait > 0 {
				return nil
			}
			attempt.wait = 0
		}
		address := blockAddress(conversation.Conversation)
		step := block.Next(address)
		if step == models.StepNone {
			settle(block)
			return nil
		}
		if step == models.StepBlock && address == "" {
			fail(block, models.Failure{Code: codePhoneNumberUnknown})
			return nil
		}
		if err := tx.Take(&attempt.channel, "organization_id = ? AND id = ?", args.OrganizationID, args.ChannelID).Error; err != nil {
			return fmt.Errorf("read channel %s: %w", args.ChannelID, err)
		}
		switch attempt.channel.Status {
		case models.ChannelDisconnected:
			fail(block, models.Failure{Code: string(models.CodeChannelUnavailable)})
			return nil
		case models.ChannelReauthorizationRequired:
			attempt.wait = reauthorizationWait
			return nil
		}
		token, err := s.channels.AccessToken(attempt.channel)
		if err != nil {
			return err
		}
		attempt.credentials = whatsapp.Credentials{PhoneNumberID: attempt.channel.PhoneNumberID, AccessToken: token}
		attempt.step, attempt.version, attempt.before = step, block.Version, block.AttemptedAt
		if step == models.StepBlock {
			block.Address = address
		}
		attempt.address = block.Address
		block.AttemptedAt = new(tx.Now())
		block.Attempts++
		return nil
	})
	return attempt, err
}

// endBlockStep takes down what became of a call, and returns how long to wait before
// the block is looked at again; 0 means at once.
func (s *Service) endBlockStep(ctx context.Context, args BlockArgs, attempt blockAttempt, failure error) (time.Duration, error) {
	refusal, refused := errors.AsType[*whatsapp.Error](failure)
	if failure != nil && !refused {
		return 0, failure
	}
	if refused && refusal.Code == whatsapp.CodeTokenInvalid {
		if err := s.tokenRefused(ctx, attempt.channel, refusal); err != nil {
			return 0, err
		}
	}
	var wait time.Duration
	err := s.withBlock(ctx, args, func(_ *store.Tx, block *models.ContactBlock, conversation *changing) error {
		wait = 0
		switch {
		case !refused && attempt.step == models.StepBlock:
			block.Held, block.AttemptedAt = true, nil
		case !refused:
			block.Held, block.Address, block.AttemptedAt = false, "", nil
		case refusal.Uncertain && block.Attempts < maxBlockAttempts: // it may have been done: what follows waits for the call's limit
			wait = blockCallLimit
			return nil
		case refusal.Uncertain:
		default:
			block.AttemptedAt = attempt.before
		}
		if refused && neverReachedMeta(refusal) {
			block.Attempts--
		}
		switch {
		case block.Version != attempt.version: // the team has changed its mind: that is looked at next
		case !refused:
			if block.Next(blockAddress(conversation.Conversation)) == models.StepNone {
				settle(block)
			}
		case refusal.Code == whatsapp.CodeTokenInvalid:
			wait = reauthorizationWait
		case refusal.Code == whatsapp.CodeInterrupted:
			wait = time.Second
		case refusal.Retryable && block.Attempts < maxBlockAttempts:
			wait = max(refusal.RetryAfter, backOff(block.Attempts))
		case attempt.step == models.StepUnblock && block.Blocked: // who has another number need not be let in under the old one
			block.Held, block.Address, block.AttemptedAt = false, "", nil
		default:
			fail(block, *failureOf(refusal))
		}
		return nil
	})
	return wait, err
}

// settle notes that Meta has it as the team wants it. What it need not hold any more is
// deleted by keepBlock.
func settle(block *models.ContactBlock) { block.Status, block.Failure = models.BlockDone, nil }

func fail(block *models.ContactBlock, failure models.Failure) {
	block.Status, block.Failure = models.BlockFailed, &failure
}

// blockAddress is how Meta is told whom to block: by number alone
// (reference/whatsapp-cloud-api.md §8.5). It is empty for who hides theirs.
func blockAddress(conversation models.Conversation) string {
	to, _ := whatsapp.RecipientAddress(conversation.CustomerWAID, "")
	return to
}
