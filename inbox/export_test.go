package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"recado/models"
	"recado/whatsapp"
)

// Attempt is a call to Meta under way.
type Attempt = sendAttempt

// BeginAttempt lets tests stop a send right before the call to Meta. It reports
// false if the call is not to be made now.
func (s *Service) BeginAttempt(ctx context.Context, message models.Message) (Attempt, bool, error) {
	attempt, err := s.beginAttempt(ctx, SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}, "")
	return attempt, !attempt.over && attempt.wait == 0, err
}

// EndAttempt lets tests play the answer of Meta at any time.
func (s *Service) EndAttempt(ctx context.Context, args SendArgs, attempt Attempt, result whatsapp.SendResult, failure error) error {
	_, err := s.endAttempt(ctx, args, attempt, result, failure)
	return err
}

// SendNow runs the send job of a message once, and returns after what time it
// wants to be run again; 0 means never.
func (s *Service) SendNow(ctx context.Context, message models.Message) (time.Duration, error) {
	args := SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
	return snoozed((&sendWorker{inbox: s}).Work(ctx, &river.Job[SendArgs]{JobRow: &rivertype.JobRow{}, Args: args}))
}

// MarkReadNow is SendNow for a read mark.
func (s *Service) MarkReadNow(ctx context.Context, message models.Message, createdAt time.Time) (time.Duration, error) {
	args := ReadArgs{OrganizationID: message.OrganizationID, ChannelID: message.ChannelID, WAMID: *message.WAMID}
	return snoozed((&readWorker{inbox: s}).Work(ctx, &river.Job[ReadArgs]{JobRow: &rivertype.JobRow{CreatedAt: createdAt}, Args: args}))
}

// WakeNow is SendNow for a conversation that was put off until a time.
func (s *Service) WakeNow(ctx context.Context, conversation models.Conversation, until time.Time) (time.Duration, error) {
	args := WakeArgs{OrganizationID: conversation.OrganizationID, ConversationID: conversation.ID, Until: until}
	return snoozed((&wakeWorker{inbox: s}).Work(ctx, &river.Job[WakeArgs]{JobRow: &rivertype.JobRow{}, Args: args}))
}

// TypeNow is SendNow for the sign that an answer is being written.
func (s *Service) TypeNow(ctx context.Context, message models.Message, createdAt time.Time) error {
	args := TypingArgs{OrganizationID: message.OrganizationID, ChannelID: message.ChannelID, WAMID: *message.WAMID}
	return (&typingWorker{inbox: s}).Work(ctx, &river.Job[TypingArgs]{JobRow: &rivertype.JobRow{CreatedAt: createdAt}, Args: args})
}

func snoozed(err error) (time.Duration, error) {
	if snooze, ok := errors.AsType[*river.JobSnoozeError](err); ok {
		return snooze.Duration, nil
	}
	return 0, err
}

// Credentials are what the call is made with.
func (a Attempt) Credentials() whatsapp.Credentials { return a.credentials }

// Message is what the call sends.
func (a Attempt) Message() whatsapp.OutboundMessage { return a.message }

// BeginWhole is BeginAttempt for a message that may have an attachment, which Meta is
// given first. It fails if the call is not to be made now.
func (s *Service) BeginWhole(ctx context.Context, message models.Message) (Attempt, error) {
	args := SendArgs{OrganizationID: message.OrganizationID, MessageID: message.ID}
	attempt, err := s.beginAttempt(ctx, args, "")
	if err == nil && attempt.file != nil {
		attempt, err = s.beginWithFile(ctx, args, attempt)
	}
	if err == nil && !attempt.begun {
		err = errors.New("the message is not to be sent now")
	}
	return attempt, err
}

// BlockNow is SendNow for what the team wants of a contact on a channel.
func (s *Service) BlockNow(ctx context.Context, args BlockArgs) (time.Duration, error) {
	return snoozed((&blockWorker{inbox: s}).Work(ctx, &river.Job[BlockArgs]{JobRow: &rivertype.JobRow{}, Args: args}))
}

// BlockAttempt is a call to Meta about a block.
type BlockAttempt = blockAttempt

// BeginBlockStep lets tests stop a block right before the call to Meta.
func (s *Service) BeginBlockStep(ctx context.Context, args BlockArgs) (BlockAttempt, error) {
	return s.beginBlockStep(ctx, args)
}

// EndBlockStep lets tests play the answer of Meta at any time.
func (s *Service) EndBlockStep(ctx context.Context, args BlockArgs, attempt BlockAttempt, failure error) error {
	_, err := s.endBlockStep(ctx, args, attempt, failure)
	return err
}

// Step is what the call asks for.
func (a BlockAttempt) Step() models.BlockStep { return a.step }

// Address is whom the call is about.
func (a BlockAttempt) Address() string { return a.address }

// Credentials are what the call is made with.
func (a BlockAttempt) Credentials() whatsapp.Credentials { return a.credentials }

// BoundLists has pages of conversations look at that few of them.
func (s *Service) BoundLists(walked, step, tagged int) {
	s.bounds = bounds{walked: walked, step: step, tagged: tagged}
}

// What a page of conversations looks at, at most.
var (
	ListStep       = listBounds.step
	ListStatements = listBounds.walked/listBounds.step + 2 // and what is asked about the tag
	ListTagged     = listBounds.tagged
)

// KeepCounts has counts of people who were written to first be kept from that many on.
func (s *Service) KeepCounts(people int) { s.outreach.dear = people }
