package app

import (
	"cmp"

	"recado/config"
	"recado/credits"
	"recado/credits/stripe"
	"recado/secrets"
)

// openCredits makes the room, with Stripe if the settings have its key.
func (a *App) openCredits(options Options) error {
	c := a.Config
	key, err := secrets.Derive(c.SecretKey, "recado: addresses of credit exports")
	if err != nil {
		return err
	}
	a.Credits = credits.New(credits.Rooms{
		DB: a.Store, Queue: a.Queue, Bus: a.Bus, Meta: a.WhatsApp, AccessToken: a.Channels.AccessToken, Rights: a.Accounts.Refreshed,
	}, credits.Options{
		Clock: options.Clock, Logger: options.Logger, Provider: paymentProvider(c), ReturnURL: cmp.Or(c.StripeReturnURL, c.PublicURL),
		PublicURL: c.PublicURL, SigningKey: key,
	})
	return nil
}

// paymentProvider is Stripe if the settings have its key; otherwise nil: administrators
// record payments.
func paymentProvider(c config.Config) credits.Provider {
	if c.StripeSecretKey == "" {
		return nil
	}
	signing := make([]string, len(c.StripeWebhookSecrets))
	for i, secret := range c.StripeWebhookSecrets {
		signing[i] = string(secret)
	}
	return stripe.New(stripe.Options{SecretKey: string(c.StripeSecretKey), WebhookSecrets: signing, BaseURL: c.StripeURL})
}
