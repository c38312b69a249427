package graph

import (
	"context"
	"fmt"

	"recado/channels"
	"recado/graph/gqlmodel"
	"recado/inbox"
	"recado/models"
)

// setupPaths say where the room's fields are in the inputs.
var setupPaths = inputPaths{"profileId": "permissions"}

func (e *Edge) setupErrors(ctx context.Context, err error) ([]gqlmodel.ChannelSetupUserError, error) {
	return userErrors(ctx, e, err, "ChannelSetupErrorCode", setupPaths,
		func(p problem) gqlmodel.ChannelSetupUserError { return gqlmodel.ChannelSetupUserError(p) })
}

// setupUnless is the setup, unless there are user errors.
func setupUnless(failed bool, setup models.ChannelConnection) *gqlmodel.ChannelSetup {
	if failed {
		return nil
	}
	return (*gqlmodel.ChannelSetup)(&setup)
}

// ChannelSetups are the numbers that are being connected.
func (r queryResolver) ChannelSetups(ctx context.Context) ([]gqlmodel.ChannelSetup, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	open, err := r.rooms.Channels.OpenConnections(ctx, viewer)
	if err != nil {
		return nil, err
	}
	setups := make([]gqlmodel.ChannelSetup, len(open))
	for i := range open {
		setups[i] = gqlmodel.ChannelSetup(open[i])
	}
	return setups, nil
}

// StartedBy is who started.
func (r channelSetupResolver) StartedBy(ctx context.Context, setup *gqlmodel.ChannelSetup) (*gqlmodel.User, error) {
	return loadUser(ctx, &setup.StartedByID)
}

// Login is how the user agrees at Meta.
func (r channelSetupResolver) Login(ctx context.Context, setup *gqlmodel.ChannelSetup) (*gqlmodel.ChannelLogin, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	current := models.ChannelConnection(*setup)
	if current.Status == models.ConnectionStarted && current.Nonce == nil { // of an event, which carries no secret
		stored, err := loadersFrom(ctx).setups.load(ctx, current.ID)
		if err != nil || stored == nil {
			return nil, err
		}
		current = *stored
	}
	login := r.rooms.Channels.LoginOf(viewer, current)
	if login == nil {
		return nil, nil //nolint:nilnil // not the next step, or not for this viewer
	}
	shown := &gqlmodel.ChannelLogin{AppID: login.AppID, ConfigID: login.ConfigID, GraphVersion: login.Version}
	if login.URL != "" {
		shown.URL, shown.State = &login.URL, &login.State
	}
	return shown, nil
}

// Failure is why the last step failed.
func (r channelSetupResolver) Failure(_ context.Context, setup *gqlmodel.ChannelSetup) (*gqlmodel.ChannelSetupFailure, error) {
	return setup.Failed(), nil
}

// Channel is what came of it.
func (r channelSetupResolver) Channel(ctx context.Context, setup *gqlmodel.ChannelSetup) (*gqlmodel.Channel, error) {
	if setup.ChannelID == nil {
		return nil, nil //nolint:nilnil // not yet
	}
	return loadChannel(ctx, *setup.ChannelID)
}

// Message says for people why a step failed.
func (r channelSetupFailureResolver) Message(ctx context.Context, failure *gqlmodel.ChannelSetupFailure) (string, error) {
	return r.text(ctx, "setup."+string(failure.Code), nil), nil
}

// Message says for people what is wrong with a channel.
func (r channelProblemResolver) Message(ctx context.Context, problem *gqlmodel.ChannelProblem) (string, error) {
	return r.text(ctx, "problem."+string(problem.Code), nil), nil
}

// ChannelConnect begins to connect a number.
func (r mutationResolver) ChannelConnect(ctx context.Context, input gqlmodel.ChannelConnectInput) (*gqlmodel.ChannelConnectPayload, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	setup, err := r.rooms.Channels.StartConnection(ctx, viewer, channels.ConnectionWish{
		Method: input.Method, ReturnURL: given(input.ReturnURL.Value()), AccessToken: given(input.AccessToken.Value()),
	})
	payload := &gqlmodel.ChannelConnectPayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup)
	return orNothing(payload, err)
}

// given is a text that may be absent.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// ChannelConnectComplete takes Meta's answer from the front end.
func (r mutationResolver) ChannelConnectComplete(ctx context.Context, input gqlmodel.ChannelConnectCompleteInput) (*gqlmodel.ChannelConnectCompletePayload, error) {
	setup, err := r.withSetup(ctx, input.SetupID, func(viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
		return r.rooms.Channels.CompleteConnection(ctx, viewer, id,
			channels.LoginAnswer{Code: input.Code, State: given(input.State.Value())},
			channels.SignupHints{WABAID: given(input.WabaID.Value()), PhoneNumberID: given(input.PhoneNumberID.Value())})
	})
	payload := &gqlmodel.ChannelConnectCompletePayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup)
	return orNothing(payload, err)
}

// withSetup reads a setup's id and acts on it for the viewer.
func (r mutationResolver) withSetup(ctx context.Context, text string, act func(models.Viewer, models.ID) (models.ChannelConnection, error)) (models.ChannelConnection, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return models.ChannelConnection{}, err
	}
	var ids idParser
	id := ids.parse(models.PrefixChannelSetup, text, "setupId")
	if ids.err != nil {
		return models.ChannelConnection{}, ids.err
	}
	return act(viewer, id)
}

// ChannelNumberChoose chooses a number.
func (r mutationResolver) ChannelNumberChoose(ctx context.Context, input gqlmodel.ChannelNumberChooseInput) (*gqlmodel.ChannelNumberChoosePayload, error) {
	setup, err := r.withSetup(ctx, input.SetupID, func(viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
		return r.rooms.Channels.ChooseNumber(ctx, viewer, id, channels.NumberChoice{
			WABAID: input.WabaID, PhoneNumberID: input.PhoneNumberID, PIN: given(input.Pin.Value()),
		})
	})
	payload := &gqlmodel.ChannelNumberChoosePayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup)
	return orNothing(payload, err)
}

// ChannelSetupRetry tries a failed step again.
func (r mutationResolver) ChannelSetupRetry(ctx context.Context, input gqlmodel.ChannelSetupRetryInput) (*gqlmodel.ChannelSetupRetryPayload, error) {
	setup, err := r.withSetup(ctx, input.SetupID, func(viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
		return r.rooms.Channels.RetryConnection(ctx, viewer, id, given(input.Pin.Value()))
	})
	payload := &gqlmodel.ChannelSetupRetryPayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup)
	return orNothing(payload, err)
}

// ChannelSetupCancel gives a setup up.
func (r mutationResolver) ChannelSetupCancel(ctx context.Context, input gqlmodel.ChannelSetupCancelInput) (*gqlmodel.ChannelSetupCancelPayload, error) {
	setup, err := r.withSetup(ctx, input.SetupID, func(viewer models.Viewer, id models.ID) (models.ChannelConnection, error) {
		return r.rooms.Channels.CancelConnection(ctx, viewer, id)
	})
	payload := &gqlmodel.ChannelSetupCancelPayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup)
	return orNothing(payload, err)
}

// ChannelSetupFinish makes the channel.
func (r mutationResolver) ChannelSetupFinish(ctx context.Context, input gqlmodel.ChannelSetupFinishInput) (*gqlmodel.ChannelSetupFinishPayload, error) {
	var channel models.Channel
	setup, err := r.withSetup(ctx, input.SetupID, func(viewer models.Viewer, id models.ID) (setup models.ChannelConnection, err error) {
		details := channels.ChannelDetails{Name: input.Name, ReopenPolicy: input.ReopenPolicy.Value()}
		var ids idParser
		if assignees := input.AssigneeIds.Value(); assignees != nil {
			details.AssigneeIDs = make([]models.ID, 0, len(assignees))
			for _, text := range assignees {
				details.AssigneeIDs = append(details.AssigneeIDs, ids.parse(models.PrefixUser, text, "assigneeIds"))
			}
		}
		if creation := input.RecordCreation.Value(); creation != nil {
			details.RecordCreation = new(recordCreationOf(*creation, &ids))
		}
		for _, permission := range input.Permissions.Value() {
			details.Permissions = append(details.Permissions, channels.ProfileLevel{
				ProfileID: ids.parse(models.PrefixProfile, permission.ProfileID, "permissions"), Level: permission.Level,
			})
		}
		if ids.err != nil {
			return setup, ids.err
		}
		setup, channel, err = r.rooms.Channels.FinishConnection(ctx, viewer, id, details)
		return setup, err
	})
	payload := &gqlmodel.ChannelSetupFinishPayload{}
	payload.UserErrors, err = r.setupErrors(ctx, err)
	if payload.Setup = setupUnless(len(payload.UserErrors) > 0, setup); payload.Setup != nil && err == nil {
		payload.Channel = (*gqlmodel.Channel)(&channel)
	}
	return orNothing(payload, err)
}

// ChannelDisconnect takes a number off.
func (r mutationResolver) ChannelDisconnect(ctx context.Context, input gqlmodel.ChannelDisconnectInput) (*gqlmodel.ChannelDisconnectPayload, error) {
	changed, err := r.withChannel(ctx, input.ChannelID, func(viewer models.Viewer, id models.ID) (models.Channel, error) {
		return r.rooms.Channels.Disconnect(ctx, viewer, id, input.Deregister)
	})
	payload := &gqlmodel.ChannelDisconnectPayload{}
	payload.UserErrors, err = r.channelErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&changed)
	}
	return orNothing(payload, err)
}

// ChannelCheck looks at a number's health.
func (r mutationResolver) ChannelCheck(ctx context.Context, input gqlmodel.ChannelCheckInput) (*gqlmodel.ChannelCheckPayload, error) {
	changed, err := r.withChannel(ctx, input.ChannelID, func(viewer models.Viewer, id models.ID) (models.Channel, error) {
		return r.rooms.Channels.CheckChannel(ctx, viewer, id)
	})
	payload := &gqlmodel.ChannelCheckPayload{}
	payload.UserErrors, err = r.channelErrors(ctx, err)
	if err == nil && len(payload.UserErrors) == 0 {
		payload.Channel = (*gqlmodel.Channel)(&changed)
	}
	return orNothing(payload, err)
}

func (r mutationResolver) withChannel(ctx context.Context, text string, act func(models.Viewer, models.ID) (models.Channel, error)) (models.Channel, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return models.Channel{}, err
	}
	var ids idParser
	id := ids.parse(models.PrefixChannel, text, "channelId")
	if ids.err != nil {
		return models.Channel{}, ids.err
	}
	return act(viewer, id)
}

func (e *Edge) channelErrors(ctx context.Context, err error) ([]gqlmodel.ChannelUserError, error) {
	return userErrors(ctx, e, err, "ChannelErrorCode", nil,
		func(p problem) gqlmodel.ChannelUserError { return gqlmodel.ChannelUserError(p) })
}

// Restrictions are what Meta forbids now.
func (r channelResolver) Restrictions(_ context.Context, channel *gqlmodel.Channel) ([]gqlmodel.ChannelRestriction, error) {
	return channel.RestrictedAt(r.clock()), nil
}

// ChannelEvents are what becomes of channels.
func (r subscriptionResolver) ChannelEvents(ctx context.Context, after *string) (<-chan gqlmodel.ChannelEvent, error) {
	viewer, err := r.viewer(ctx)
	if err != nil {
		return nil, err
	}
	subscription := inbox.Subscription{Channels: true}
	if subscription.After, err = feedPosition(viewer.OrganizationID, after); err != nil {
		return nil, err
	}
	stream, err := r.rooms.Inbox.Subscribe(ctx, viewer, subscription)
	if err != nil {
		return nil, err
	}
	events := make(chan gqlmodel.ChannelEvent)
	go follow(ctx, r.Edge, events, shown[inbox.Change](stream, channelEvent))
	return events, nil
}

// channelEvent is what clients see of a change; nil for kinds that this version does
// not know.
func channelEvent(change inbox.Change) (gqlmodel.ChannelEvent, error) {
	shown := gqlmodel.Change(change)
	switch change.Kind {
	case models.EventChannelChanged:
		if change.Payload.Channel == nil {
			return nil, fmt.Errorf("event %d of kind %s has no channel", change.Position, change.Kind)
		}
		return (*gqlmodel.ChannelChangedEvent)(&shown), nil
	case models.EventChannelSetupChanged:
		if change.Payload.Setup == nil {
			return nil, fmt.Errorf("event %d of kind %s has no setup", change.Position, change.Kind)
		}
		return (*gqlmodel.ChannelSetupChangedEvent)(&shown), nil
	}
	return nil, nil //nolint:nilnil // of a newer version
}

// Cursor is the event's place in the feed.
func (r channelChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.ChannelChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Channel is the channel after the event.
func (r channelChangedEventResolver) Channel(_ context.Context, event *gqlmodel.ChannelChangedEvent) (*gqlmodel.Channel, error) {
	return (*gqlmodel.Channel)(event.Payload.Channel), nil
}

// Cursor is the event's place in the feed.
func (r channelSetupChangedEventResolver) Cursor(_ context.Context, event *gqlmodel.ChannelSetupChangedEvent) (string, error) {
	return feedCursor(event.Event), nil
}

// Setup is the setup after the event.
func (r channelSetupChangedEventResolver) Setup(_ context.Context, event *gqlmodel.ChannelSetupChangedEvent) (*gqlmodel.ChannelSetup, error) {
	return (*gqlmodel.ChannelSetup)(event.Payload.Setup), nil
}
