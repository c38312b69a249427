package whatsapp

import (
	"context"
	"errors"
	"net/http"
)

// PhoneNumber is what Meta says of a business phone number
// (reference/whatsapp-cloud-api.md §8.2). Its texts are open sets and may be
// empty.
type PhoneNumber struct {
	ID string
	// DisplayPhoneNumber is written for humans, as in "+1 555-010-2030";
	// [Digits] gives the form that webhooks use.
	DisplayPhoneNumber string
	VerifiedName       string
	// Status is CONNECTED for a number that can send and receive.
	Status                 string
	QualityRating          string
	NameStatus             string
	CodeVerificationStatus string
	PlatformType           string
	// AccountMode is SANDBOX for a test number.
	AccountMode string
	// ThroughputLevel is STANDARD (80 messages a second), HIGH (1,000) or
	// NOT_APPLICABLE.
	ThroughputLevel         string
	MessagingLimit          string
	OfficialBusinessAccount bool
	PINEnabled              bool
	// OnBusinessApp says that the number is also used in the WhatsApp Business
	// app, at 20 messages a second.
	OnBusinessApp bool
}

const phoneNumberQuery = "fields=id,display_phone_number,verified_name,status,quality_rating,name_status," +
	"code_verification_status,platform_type,account_mode,throughput,whatsapp_business_manager_messaging_limit," +
	"is_official_business_account,is_pin_enabled,is_on_biz_app"

// PhoneNumber reads the phone number of the credentials, which also proves that
// the token is good for it.
func (c *Client) PhoneNumber(ctx context.Context, creds Credentials) (PhoneNumber, error) {
	var number PhoneNumber
	err := c.do(ctx, creds, call{
		name:       "read phone number",
		method:     http.MethodGet,
		query:      phoneNumberQuery,
		repeatable: true,
		decode: func(answer []byte) (err error) {
			number, err = decodePhoneNumber(answer)
			return err
		},
	})
	if err != nil {
		return PhoneNumber{}, err
	}
	return number, nil
}

func decodePhoneNumber(answer []byte) (PhoneNumber, error) {
	var wire struct {
		ID                     flexible `json:"id"`
		DisplayPhoneNumber     flexible `json:"display_phone_number"`
		VerifiedName           flexible `json:"verified_name"`
		Status                 flexible `json:"status"`
		QualityRating          flexible `json:"quality_rating"`
		NameStatus             flexible `json:"name_status"`
		CodeVerificationStatus flexible `json:"code_verification_status"`
		PlatformType           flexible `json:"platform_type"`
		AccountMode            flexible `json:"account_mode"`
		Throughput             struct {
			Level flexible `json:"level"`
		} `json:"throughput"`
		MessagingLimit          flexible `json:"whatsapp_business_manager_messaging_limit"`
		OfficialBusinessAccount flexible `json:"is_official_business_account"`
		PINEnabled              flexible `json:"is_pin_enabled"`
		OnBusinessApp           flexible `json:"is_on_biz_app"`
	}
	if err := decodeAnswer(answer, &wire); err != nil {
		return PhoneNumber{}, err
	}
	if wire.ID == "" {
		return PhoneNumber{}, errors.New("no phone number id")
	}
	return PhoneNumber{
		ID:                      string(wire.ID),
		DisplayPhoneNumber:      string(wire.DisplayPhoneNumber),
		VerifiedName:            string(wire.VerifiedName),
		Status:                  string(wire.Status),
		QualityRating:           string(wire.QualityRating),
		NameStatus:              string(wire.NameStatus),
		CodeVerificationStatus:  string(wire.CodeVerificationStatus),
		PlatformType:            string(wire.PlatformType),
		AccountMode:             string(wire.AccountMode),
		ThroughputLevel:         string(wire.Throughput.Level),
		MessagingLimit:          string(wire.MessagingLimit),
		OfficialBusinessAccount: wire.OfficialBusinessAccount.bool(),
		PINEnabled:              wire.PINEnabled.bool(),
		OnBusinessApp:           wire.OnBusinessApp.bool(),
	}, nil
}
