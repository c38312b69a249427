package channels

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

const (
	// checkInterval is how often each channel's health is looked at.
	checkInterval = time.Hour
	// expiryWarning is how long before its end a token is told to end soon.
	expiryWarning = 7 * 24 * time.Hour
)

// CheckAllArgs ask for the health of all channels to be looked at.
type CheckAllArgs struct{}

// Kind names the job.
func (CheckAllArgs) Kind() string { return "channels.check_all" }

type checkAllWorker struct {
	river.WorkerDefaults[CheckAllArgs]

	channels *Service
}

// Work has each channel looked at by a job of its own.
func (w *checkAllWorker) Work(ctx context.Context, _ *river.Job[CheckAllArgs]) error {
	s := w.channels
	var ids []models.ID
	err := s.db.Read(ctx).Model(&models.Channel{}).Where("status <> ?", models.ChannelDisconnected).Order("id").Pluck("id", &ids).Error
	if err != nil {
		return fmt.Errorf("list channels to check: %w", err)
	}
	for _, id := range ids {
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			return s.queue.EnqueueOnce(ctx, tx, CheckArgs{ChannelID: id}, checkInterval)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckArgs ask for a channel's health to be looked at.
type CheckArgs struct {
	ChannelID models.ID `json:"channelId"`
}

// Kind names the job.
func (CheckArgs) Kind() string { return "channels.check" }

type checkWorker struct {
	river.WorkerDefaults[CheckArgs]

	channels *Service
}

// Work does the job.
func (w *checkWorker) Work(ctx context.Context, job *river.Job[CheckArgs]) error {
	_, err := w.channels.check(ctx, job.Args.ChannelID)
	return err
}

// CheckChannel looks at a channel's health now: whether Meta takes the token, sends
// webhooks, and lets the number send, and what it says of it. A lost subscription is
// mended, and a channel whose token works again is CONNECTED again; what cannot be
// mended is in Channel.Problems. A channel that is disconnected stays as it is.
//
// Errors: FORBIDDEN to all but administrators; NOT_FOUND (channelId).
func (s *Service) CheckChannel(ctx context.Context, viewer models.Viewer, channelID models.ID) (models.Channel, error) {
	if err := requireAdministrator(viewer); err != nil {
		return models.Channel{}, err
	}
	found, err := s.ByID(ctx, viewer, []models.ID{channelID})
	if err != nil {
		return models.Channel{}, err
	}
	if _, ok := found[channelID]; !ok {
		return models.Channel{}, models.NewError(models.CodeNotFound, "channelId")
	}
	return s.check(ctx, channelID)
}

// finding is what a check found out.
type finding struct {
	at       time.Time // when it began: what is told later is newer
	number   *whatsapp.PhoneNumber
	token    *whatsapp.TokenInfo
	account  *whatsapp.Account
	problems []models.ChannelProblem
	refused  string // Meta's words, if it does not take the token; else empty
}

func (f *finding) problem(code models.ChannelProblemCode, details string) {
	f.problems = append(f.problems, models.ChannelProblem{Code: code, Details: shorten(details), Since: f.at})
}

func (s *Service) check(ctx context.Context, channelID models.ID) (models.Channel, error) {
	var found []models.Channel
	if err := s.db.Read(ctx).Find(&found, "id = ?", channelID).Error; err != nil {
		return models.Channel{}, fmt.Errorf("read channel %s: %w", channelID, err)
	}
	if len(found) == 0 || found[0].Status == models.ChannelDisconnected || s.client == nil {
		return slices.Concat(found, []models.Channel{{}})[0], nil
	}
	token, err := s.AccessToken(found[0])
	if err != nil {
		return found[0], err
	}
	finding, err := s.lookAt(ctx, found[0], token)
	if err != nil {
		return found[0], err
	}
	var channel models.Channel
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if channel, err = lock(tx, channelID); err != nil {
			return err
		}
		if channel.Status == models.ChannelDisconnected || !slices.Equal(channel.AccessToken, found[0].AccessToken) {
			return nil // what was found is of another time
		}
		if s.enter(&channel, finding) {
			return keep(tx, &channel)
		}
		return store.UpdateAll(tx, []models.Channel{channel}) // that it was looked at is no news
	})
	return channel, err
}

// lookAt asks Meta about a channel, and mends a lost subscription. It fails if Meta
// cannot be asked at the moment.
func (s *Service) lookAt(ctx context.Context, channel models.Channel, token string) (finding, error) {
	f := finding{at: s.db.Now()}
	info, err := s.client.DebugToken(ctx, token)
	switch {
	case errors.Is(err, whatsapp.ErrNoApp):
	case err != nil:
		return f, fmt.Errorf("look at token of channel %s: %w", channel.ID, err)
	case !info.Valid:
		f.refused = "The access token is not valid."
		if info.Problem.Message != "" {
			f.refused = info.Problem.Message
		}
		f.problem(models.ProblemTokenInvalid, f.refused)
		return f, nil
	default:
		f.token = &info
		if missing := info.MissingScopes(); len(missing) > 0 {
			f.problem(models.ProblemPermissionMissing, fmt.Sprint(missing))
		}
		if !info.ExpiresAt.IsZero() && info.ExpiresAt.Before(f.at.Add(expiryWarning)) {
			f.problem(models.ProblemTokenExpiresSoon, "")
		}
	}
	number, err := s.client.PhoneNumber(ctx, whatsapp.Credentials{PhoneNumberID: channel.PhoneNumberID, AccessToken: token})
	if code, over := f.judge(err); over || code == "" && err != nil {
		return f, err
	} else if code != "" {
		return f, nil
	}
	f.number = &number
	if number.Status != "" && number.Status != numberConnected {
		f.problem(models.ProblemNumberNotConnected, number.Status)
	}
	return f, s.lookAtAccount(ctx, channel, token, &f)
}

// lookAtAccount asks about the account of a number, and subscribes to it again if
// Meta has forgotten that.
func (s *Service) lookAtAccount(ctx context.Context, channel models.Channel, token string, f *finding) error {
	subscribed, err := s.client.Subscribed(ctx, token, channel.WABAID)
	if err == nil && !subscribed {
		s.log.WarnContext(ctx, "Meta had forgotten to send webhooks of an account", "channel", channel.ID, "waba", channel.WABAID)
		err = s.client.Subscribe(ctx, token, channel.WABAID)
	}
	if refusal, ok := errors.AsType[*whatsapp.Error](err); ok && !refusal.Retryable && refusal.Code != whatsapp.CodeInterrupted {
		f.problem(models.ProblemSubscriptionLost, wordsOf(refusal))
	} else if err != nil {
		return err
	}
	account, err := s.client.Account(ctx, token, channel.WABAID)
	if err == nil {
		f.account = &account
	}
	return nil // the account's name and review are not worth a failure
}

// judge reads the refusal of a call about the number. It reports whether the look is
// over because of it, and returns the problem that was found, if any.
func (f *finding) judge(err error) (code models.ChannelProblemCode, over bool) {
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	switch {
	case !ok, refusal.Retryable, refusal.Code == whatsapp.CodeInterrupted:
		return "", err != nil
	case refusal.Code == whatsapp.CodeTokenInvalid:
		f.refused, code = wordsOf(refusal), models.ProblemTokenInvalid
	case refusal.Code == whatsapp.CodePermissionMissing:
		code = models.ProblemPermissionMissing
	default:
		code = models.ProblemNumberNotFound
	}
	f.problem(code, wordsOf(refusal))
	return code, false
}

// enter writes what was found into a channel and reports whether readers have to
// know.
func (s *Service) enter(channel *models.Channel, f finding) bool {
	before := *channel
	facts := factsOf(*channel)
	if f.number != nil {
		learnNumber(&facts, *f.number, f.at)
	}
	if f.account != nil {
		learn(&facts.AccountReview, f.account.ReviewStatus, f.at)
		learn(&facts.Portfolio, f.account.BusinessID, f.at)
	}
	if facts.Disabled() {
		f.problem(models.ProblemAccountDisabled, facts.BanDate.Value)
	}
	channel.Facts, channel.CheckedAt = &facts, &f.at
	if f.token != nil {
		channel.TokenUserID, channel.TokenExpiresAt = f.token.UserID, nil
		if !f.token.ExpiresAt.IsZero() {
			channel.TokenExpiresAt = &f.token.ExpiresAt
		}
	}
	for i, problem := range f.problems { // since when it is there is known from the checks before
		for _, known := range before.Problems {
			if known.Code == problem.Code {
				f.problems[i].Since = known.Since
			}
		}
	}
	channel.Problems = f.problems
	switch {
	case f.refused != "":
		channel.Status, channel.StatusReason = models.ChannelReauthorizationRequired, shorten(f.refused)
	case channel.Status == models.ChannelReauthorizationRequired && f.number != nil:
		channel.Status, channel.StatusReason = models.ChannelConnected, ""
	}
	if channel.Status != before.Status {
		s.log.Warn("a check changed a channel's state", "channel", channel.ID, "organization", channel.OrganizationID, "status", channel.Status, "reason", channel.StatusReason)
	}
	return shown(before) != shown(*channel) || !reflect.DeepEqual(before.Problems, channel.Problems)
}

// shown is what readers see of a channel's facts and state, without the times for
// which it was told.
func shown(channel models.Channel) string {
	facts := factsOf(channel)
	return fmt.Sprint(channel.Status, channel.StatusReason, channel.TokenUserID, channel.TokenExpiresAt,
		facts.VerifiedName.Value, facts.NameStatus.Value, facts.QualityRating.Value, facts.MessagingLimit.Value,
		facts.Throughput.Value, facts.NumberStatus.Value, facts.BusinessApp.Value, facts.AccountReview.Value)
}
