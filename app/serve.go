package app

import (
	"context"
	"errors"

	"recado/graph"
	"recado/server"
)

func (a *App) newServer(options Options) (*server.Server, error) {
	edge := graph.New(
		graph.Rooms{Accounts: a.Accounts, Channels: a.Channels, Credits: a.Credits, CRM: a.CRM, Inbox: a.Inbox, Media: a.Media, Templates: a.Templates},
		graph.Options{Clock: options.Clock, Logger: options.Logger},
	)
	appSecrets := make([]string, len(a.Config.MetaAppSecrets))
	for i, secret := range a.Config.MetaAppSecrets {
		appSecrets[i] = string(secret)
	}
	return server.New(server.Options{
		Address: a.Config.HTTPAddr, OpsAddress: a.Config.OpsAddr,
		AllowedOrigins: a.Config.AllowedOrigins, GraphiQL: a.Config.GraphiQL,
		Sessions: a.Accounts,
		Webhook: server.Webhook{
			AppSecrets: appSecrets, VerifyToken: string(a.Config.MetaVerifyToken), Accept: a.Inbox.Accept,
		},
		GraphQL:      edge.Handler(),
		Files:        a.Media,
		Logins:       a.Channels,
		TakePayment:  a.Credits.TakePayment,
		CreditExport: a.Credits.Export,
		Ready: map[string]func(context.Context) error{
			"database": a.Store.Ping,
			"bus":      func(context.Context) error { return a.Bus.Healthy() },
			// The migrations are not asked for again: Open has made sure of them.
		},
		Metrics: a.Metrics, Clock: options.Clock, Logger: options.Logger, Timing: options.Timing,
	})
}

// Start listens, serves and works jobs until Drain or Close.
func (a *App) Start(ctx context.Context) error {
	if err := a.server.Start(ctx); err != nil {
		return err
	}
	if err := a.Queue.Start(ctx); err != nil {
		return err
	}
	if len(a.Config.MetaAppSecrets) == 0 {
		a.log.Warn("webhooks will be refused: RECADO_META_APP_SECRET is not set")
	}
	a.log.Info("ready", "http", a.Address(), "ops", a.OpsAddress(), "database", string(a.Store.Dialect()))
	return nil
}

// Address is the host:port of GraphQL and the webhooks, once started.
func (a *App) Address() string { return a.server.Address() }

// OpsAddress is the host:port of health, readiness and metrics, once started.
func (a *App) OpsAddress() string { return a.server.OpsAddress() }

// Run serves until ctx ends, and then drains. It returns an error if serving or
// draining failed. The caller still calls Close.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-a.server.Failed():
	}
	a.log.Info("draining", "within", drainWithin)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	return errors.Join(failure, a.Drain(last))
}

// Drain takes no more requests, finishes those under way and the jobs under way,
// and sends live connections elsewhere. When ctx ends first it returns an error;
// what was not finished then is as if the process had died: nothing acknowledged
// is lost.
func (a *App) Drain(ctx context.Context) error {
	return errors.Join(a.server.Drain(ctx), a.Queue.Stop(ctx))
}
