package graph

import (
	"context"

	"recado/accounts"
	"recado/graph/gqlmodel"
	"recado/models"
)

// SessionCreate signs a user in.
func (r mutationResolver) SessionCreate(ctx context.Context, input gqlmodel.SessionCreateInput) (*gqlmodel.SessionCreatePayload, error) {
	tokens, err := r.rooms.Accounts.SignIn(ctx, accounts.SignIn{
		Email: input.Email, Password: input.Password, Address: addressFrom(ctx),
	})
	var payload gqlmodel.SessionCreatePayload
	payload.Session, payload.UserErrors, err = r.session(ctx, tokens, err)
	return orNothing(&payload, err)
}

// SessionRefresh exchanges a refresh token for new tokens.
func (r mutationResolver) SessionRefresh(ctx context.Context, input gqlmodel.SessionRefreshInput) (*gqlmodel.SessionRefreshPayload, error) {
	tokens, err := r.rooms.Accounts.Refresh(ctx, input.RefreshToken)
	var payload gqlmodel.SessionRefreshPayload
	payload.Session, payload.UserErrors, err = r.session(ctx, tokens, err)
	return orNothing(&payload, err)
}

// SessionRevoke signs out.
func (r mutationResolver) SessionRevoke(ctx context.Context, input gqlmodel.SessionRevokeInput) (*gqlmodel.SessionRevokePayload, error) {
	var err error
	if token := input.RefreshToken.Value(); token != nil {
		err = r.rooms.Accounts.RevokeByToken(ctx, *token)
	} else {
		var viewer models.Viewer
		if viewer, err = r.viewer(ctx); err == nil {
			err = r.rooms.Accounts.SignOut(ctx, viewer)
		}
	}
	var payload gqlmodel.SessionRevokePayload
	_, payload.UserErrors, err = r.session(ctx, accounts.Tokens{}, err)
	return orNothing(&payload, err)
}

func (r mutationResolver) session(ctx context.Context, tokens accounts.Tokens, err error) (*gqlmodel.SessionTokens, []gqlmodel.SessionUserError, error) {
	problems, err := userErrors(ctx, r.Edge, err, "SessionErrorCode", nil,
		func(p problem) gqlmodel.SessionUserError { return gqlmodel.SessionUserError(p) })
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	return &gqlmodel.SessionTokens{
		AccessToken: tokens.AccessToken, ExpiresAt: tokens.ExpiresAt,
		RefreshToken: tokens.RefreshToken, SessionExpiresAt: tokens.SessionExpiresAt,
	}, problems, nil
}
