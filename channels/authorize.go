package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recado/models"
	"recado/store"
	"recado/whatsapp"
)

// LoginAnswer is what Meta sends a user back with.
type LoginAnswer struct {
	State  string
	Code   string `json:"-"`
	Denied string // Meta's words, if the user did not agree
}

// maxCode bounds Meta's code, in bytes.
const maxCode = 2000

// AnswerLogin takes Meta's answer to a login: the code becomes a token, which is
// looked at. What fails then is told by the connection that it returns, which is
// AUTHORIZED otherwise. It fails with STATE_INVALID for a state that is not ours, was
// used or is too old. It needs no viewer: the state says who began.
func (s *Service) AnswerLogin(ctx context.Context, answer LoginAnswer) (models.ChannelConnection, error) {
	connection, err := s.useState(ctx, answer.State)
	if err != nil {
		return connection, err
	}
	if answer.Code == "" || len(answer.Code) > maxCode {
		return s.fail(ctx, connection, models.ConnectionFailure{
			Step: models.StepAuthorize, Code: models.FailureDenied, Details: shorten(answer.Denied),
		})
	}
	return s.authorize(ctx, connection, answer.Code, s.redirectURI())
}

// CompleteConnection is AnswerLogin for a front end that took Meta's answer itself:
// the state that came back with the browser, or, with the popup, the ids that its
// window told. The ids come from a browser and prove nothing: they only say where to
// look, and what to propose.
//
// It is for the administrator who started (FORBIDDEN, NOT_FOUND). STATE_INVALID;
// REQUIRED (code); SETUP_ENDED; SETUP_STEP if the connection is past this.
func (s *Service) CompleteConnection(ctx context.Context, viewer models.Viewer, id models.ID, answer LoginAnswer, hints SignupHints) (models.ChannelConnection, error) {
	answer.Code = strings.TrimSpace(answer.Code)
	switch {
	case answer.Code == "":
		return models.ChannelConnection{}, models.NewError(models.CodeRequired, "code")
	case len(answer.Code) > maxCode:
		return models.ChannelConnection{}, models.NewError(models.CodeInvalid, "code")
	case hints.WABAID != "" && !isMetaID(hints.WABAID):
		return models.ChannelConnection{}, models.NewError(models.CodeInvalid, "wabaId")
	case hints.PhoneNumberID != "" && !isMetaID(hints.PhoneNumberID):
		return models.ChannelConnection{}, models.NewError(models.CodeInvalid, "phoneNumberId")
	}
	begun, err := s.Connection(ctx, viewer, id)
	if err != nil {
		return begun, err
	}
	if begun.StartedByID != viewer.UserID {
		return begun, models.NewError(models.CodeForbidden, "")
	}
	if begun.Method == models.ConnectByLogin {
		if _, named, _, _, ok := readState(answer.State); !ok || named != id {
			return begun, models.NewError(models.CodeStateInvalid, "state")
		}
		return s.AnswerLogin(ctx, answer)
	}
	connection, err := s.change(ctx, viewer, id, func(tx *store.Tx, connection *models.ChannelConnection) error {
		if err := usable(*connection, tx.Now()); err != nil {
			return err
		}
		if connection.Status != models.ConnectionStarted || connection.Nonce == nil {
			return wrongStep(*connection)
		}
		connection.Nonce = nil
		connection.WABAID, connection.PhoneNumberID = hints.WABAID, hints.PhoneNumberID
		return nil
	})
	if err != nil {
		return connection, err
	}
	return s.authorize(ctx, connection, answer.Code, "")
}

// SignupHints are the ids that the window of the embedded sign-up told; each may be
// empty.
type SignupHints struct {
	WABAID        string
	PhoneNumberID string
}

// authorize turns a code into a token and looks at it.
func (s *Service) authorize(ctx context.Context, connection models.ChannelConnection, code, redirectURI string) (models.ChannelConnection, error) {
	ctx = context.WithoutCancel(ctx) // a code works once: a browser that leaves must not spend it for nothing
	grant, err := s.client.ExchangeCode(ctx, code, redirectURI)
	if err != nil {
		return s.failed(ctx, connection, models.StepAuthorize, err)
	}
	connection, err = s.changeIn(ctx, connection.OrganizationID, connection.ID, func(tx *store.Tx, connection *models.ChannelConnection) error {
		connection.AccessToken = s.box.Seal([]byte(grant.AccessToken), boundToConnection(*connection))
		connection.AccessTokenHint = hint(grant.AccessToken)
		if grant.ExpiresIn > 0 {
			connection.TokenExpiresAt = new(tx.Now().Add(grant.ExpiresIn))
		}
		if connection.Status.Ended() { // given up meanwhile: the clean-up takes the token back
			connection.EndedAt = nil
			return s.enqueue(ctx, tx, CleanConnectionsArgs{})
		}
		return nil
	})
	if err != nil || connection.Status.Ended() {
		return connection, err
	}
	return s.inspect(ctx, connection)
}

// inspect finds out what a connection's token may be used for.
func (s *Service) inspect(ctx context.Context, connection models.ChannelConnection) (models.ChannelConnection, error) {
	token, err := s.connectionToken(connection)
	if err != nil {
		return connection, err
	}
	info, err := s.client.DebugToken(ctx, token)
	unknown := errors.Is(err, whatsapp.ErrNoApp)
	if err != nil && !unknown {
		return s.failed(ctx, connection, models.StepListAccounts, err)
	}
	if refusal := judgeToken(info, s.meta.AppID); refusal != nil && !unknown {
		return s.fail(ctx, connection, *refusal)
	}
	accounts, err := s.accountsOf(ctx, token, info, connection.WABAID)
	if err != nil {
		return s.failed(ctx, connection, models.StepListAccounts, err)
	}
	if len(accounts) == 0 {
		return s.fail(ctx, connection, models.ConnectionFailure{Step: models.StepListAccounts, Code: models.FailureNoAccounts})
	}
	return s.changeIn(ctx, connection.OrganizationID, connection.ID, func(tx *store.Tx, connection *models.ChannelConnection) error {
		if connection.Status.Ended() || connection.Reached != models.ConnectionStarted {
			return nil
		}
		reach(connection, models.ConnectionAuthorized, tx.Now())
		connection.Accounts, connection.TokenUserID = accounts, info.UserID
		if _, _, offered := connection.Offered(connection.WABAID, connection.PhoneNumberID); !offered {
			connection.WABAID, connection.PhoneNumberID = "", "" // what a browser told
		}
		if !info.ExpiresAt.IsZero() {
			connection.TokenExpiresAt = &info.ExpiresAt
		}
		return nil
	})
}

// judgeToken says why a token cannot be used, or nil.
func judgeToken(info whatsapp.TokenInfo, app string) *models.ConnectionFailure {
	switch missing := info.MissingScopes(); {
	case !info.Valid:
		return &models.ConnectionFailure{Step: models.StepAuthorize, Code: models.FailureTokenInvalid, Details: shorten(info.Problem.Message)}
	case info.AppID != app:
		return &models.ConnectionFailure{Step: models.StepAuthorize, Code: models.FailureOtherApp}
	case len(missing) > 0:
		return &models.ConnectionFailure{Step: models.StepAuthorize, Code: models.FailurePermissionMissing, Details: strings.Join(missing, ", ")}
	}
	return nil
}

// accountsOf lists the accounts of a token with their numbers. A token that is not
// limited to some accounts is asked for its portfolios.
func (s *Service) accountsOf(ctx context.Context, token string, info whatsapp.TokenInfo, hinted string) ([]models.OfferedAccount, error) {
	ids := slices.Clone(info.Accounts)
	if len(ids) == 0 {
		businesses, err := s.client.Businesses(ctx, token)
		if err != nil && !isRefusal(err, whatsapp.CodePermissionMissing) {
			return nil, err
		}
		for _, business := range businesses {
			accounts, err := s.client.AccountsOf(ctx, token, business.ID)
			if err != nil {
				return nil, err
			}
			for _, account := range accounts {
				ids = append(ids, account.ID)
			}
		}
	}
	if hinted != "" {
		ids = append(ids, hinted)
	}
	slices.Sort(ids)
	var offered []models.OfferedAccount
	for _, id := range slices.Compact(ids) {
		account, err := s.client.Account(ctx, token, id)
		if isRefusal(err, whatsapp.CodeObjectNotFound) || isRefusal(err, whatsapp.CodePermissionMissing) {
			continue // named, but not to be used
		}
		if err != nil {
			return nil, err
		}
		numbers, err := s.client.PhoneNumbers(ctx, token, id)
		if err != nil {
			return nil, err
		}
		shown := models.OfferedAccount{
			WABAID: account.ID, Name: account.Name, BusinessID: account.BusinessID, BusinessName: account.BusinessName,
			Currency: account.Currency, Review: account.ReviewStatus, Numbers: []models.OfferedNumber{},
		}
		for _, number := range numbers {
			shown.Numbers = append(shown.Numbers, offer(number))
		}
		offered = append(offered, shown)
	}
	return offered, nil
}

func offer(number whatsapp.PhoneNumber) models.OfferedNumber {
	display, ok := displayNumber("+" + whatsapp.Digits(number.DisplayPhoneNumber))
	if !ok {
		display = number.DisplayPhoneNumber
	}
	return models.OfferedNumber{
		PhoneNumberID: number.ID, DisplayNumber: display, VerifiedName: number.VerifiedName,
		Status: number.Status, Quality: number.QualityRating, BusinessApp: number.OnBusinessApp,
	}
}

// RetryConnection tries the step that failed again. Where only the user can help, it
// goes back to STARTED, with a new login. A PIN replaces the one that was refused.
// What has not failed stays as it is.
//
// Errors: FORBIDDEN, NOT_FOUND, SETUP_ENDED; INVALID (pin).
func (s *Service) RetryConnection(ctx context.Context, viewer models.Viewer, id models.ID, pin string) (models.ChannelConnection, error) {
	if pin != "" && !isPIN(pin) {
		return models.ChannelConnection{}, models.NewError(models.CodeInvalid, "pin")
	}
	connection, err := s.change(ctx, viewer, id, func(tx *store.Tx, connection *models.ChannelConnection) error {
		if err := usable(*connection, tx.Now()); err != nil {
			return err
		}
		if pin != "" {
			connection.PIN = s.box.Seal([]byte(pin), boundConnectionPIN(*connection))
		}
		if connection.Reached == models.ConnectionStarted && connection.Status == models.ConnectionFailed && connection.Method != models.ConnectByToken && startsAnew(connection.Failure) {
			connection.Status, connection.Failure, connection.Nonce = models.ConnectionStarted, nil, newNonce()
			connection.AccessToken, connection.ExpiresAt = nil, tx.Now().Add(loginPatience)
		}
		return nil
	})
	if err != nil || connection.Status != models.ConnectionFailed {
		return connection, err
	}
	if connection.Reached == models.ConnectionStarted {
		return s.inspect(ctx, connection)
	}
	return s.run(ctx, connection)
}

// startsAnew reports whether a failure before AUTHORIZED takes a new login, and not
// only another look.
func startsAnew(failure *models.ConnectionFailure) bool {
	return failure == nil || failure.Step == models.StepAuthorize || failure.Code == models.FailureNoAccounts ||
		failure.Code == models.FailureTokenInvalid || failure.Code == models.FailurePermissionMissing
}

// failed notes why a call to Meta failed.
func (s *Service) failed(ctx context.Context, connection models.ChannelConnection, step models.ConnectionStep, err error) (models.ChannelConnection, error) {
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	if !ok {
		return connection, fmt.Errorf("%s of connection %s: %w", strings.ToLower(string(step)), connection.ID, err)
	}
	failure := models.ConnectionFailure{Step: step, Code: failureCode(step, refusal), Details: shorten(wordsOf(refusal))}
	if refusal.RetryAfter > 0 {
		failure.RetryAt = new(s.db.Now().Add(refusal.RetryAfter))
	}
	return s.fail(context.WithoutCancel(ctx), connection, failure)
}

// fail notes why a step failed, unless the connection has moved on.
func (s *Service) fail(ctx context.Context, connection models.ChannelConnection, failure models.ConnectionFailure) (models.ChannelConnection, error) {
	s.log.WarnContext(ctx, "a connection failed", "connection", connection.ID, "organization", connection.OrganizationID,
		"step", failure.Step, "code", failure.Code)
	return s.changeIn(ctx, connection.OrganizationID, connection.ID, func(tx *store.Tx, current *models.ChannelConnection) error {
		if current.Status.Ended() || current.Reached != connection.Reached {
			return nil
		}
		failure.At = tx.Now()
		current.Status, current.Failure = models.ConnectionFailed, &failure
		if patience := tx.Now().Add(time.Hour); current.ExpiresAt.Before(patience) {
			current.ExpiresAt = patience
		}
		return nil
	})
}

// failureCode says in our words why Meta refused a step.
func failureCode(step models.ConnectionStep, refusal *whatsapp.Error) models.ConnectionFailureCode {
	const mismatch, invalidParameter = 36008, 100
	switch {
	case step == models.StepAuthorize && refusal.Meta.Subcode == mismatch:
		return models.FailureAddressMismatch
	case step == models.StepAuthorize && refusal.Meta.Code == invalidParameter:
		return models.FailureCodeRefused
	case refusal.Code == whatsapp.CodePINRefused && !refusal.Retryable:
		return models.FailurePINRefused
	case refusal.Code == whatsapp.CodePINRefused, refusal.Code == whatsapp.CodeLimitReached:
		return models.FailureTooManyTries
	case refusal.Retryable, refusal.Code == whatsapp.CodeInterrupted:
		return models.FailureMetaUnavailable
	case refusal.Code == whatsapp.CodeTokenInvalid:
		return models.FailureTokenInvalid
	case refusal.Code == whatsapp.CodePermissionMissing, refusal.Code == whatsapp.CodeObjectNotFound:
		return models.FailurePermissionMissing
	case refusal.Code == whatsapp.CodeNumberNotRegistered:
		return models.FailureNumberNotVerified
	}
	return models.FailureMetaRefused
}

// wordsOf are Meta's words for a refusal; the best there are for people.
func wordsOf(refusal *whatsapp.Error) string {
	for _, text := range []string{refusal.Meta.UserMessage, refusal.Meta.Details, refusal.Meta.Message} {
		if text != "" {
			return text
		}
	}
	return ""
}

func isRefusal(err error, code whatsapp.Code) bool {
	refusal, ok := errors.AsType[*whatsapp.Error](err)
	return ok && refusal.Code == code
}
