package whatsapp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/whatsapp/simulator"
)

var loginCode = Template{
	Name: "login_code", Language: "pt_BR", Category: "AUTHENTICATION", ParameterFormat: "POSITIONAL",
	OneTimeCode: &OneTimeCode{SecurityRecommendation: new(true), ExpirationMinutes: new(10)},
	Buttons:     []TemplateButton{{Type: "OTP", Text: "Copiar código"}},
}

func TestOneTimeCode(t *testing.T) {
	client, meta := newMeta(t)
	creds := Credentials{PhoneNumberID: "3319", AccessToken: "EAAdemo"}
	meta.GrantToken(simulator.Token{Value: creds.AccessToken, WABAIDs: []string{"2147"}})

	receipt, err := client.CreateTemplate(t.Context(), creds, "2147", loginCode)
	require.NoError(t, err)
	read, err := client.Template(t.Context(), creds, receipt.ID)
	require.NoError(t, err)
	require.False(t, read.Foreign)
	require.Equal(t, loginCode.OneTimeCode, read.OneTimeCode, "what was chosen comes back")
	require.Equal(t, loginCode.Buttons, read.Buttons)
	require.Equal(t, "*{{1}}* é seu código de verificação. Para sua segurança, não o compartilhe.", read.Body.Text)
	require.Equal(t, "Este código expira em 10 minutos.", read.Footer)

	words, err := client.OneTimeCodeWords(t.Context(), creds, "2147", "pt_BR", *loginCode.OneTimeCode)
	require.NoError(t, err)
	require.Equal(t, OneTimeCodeWords{Body: read.Body.Text, Footer: read.Footer}, words, "they are told beforehand as well")
	plain, err := client.OneTimeCodeWords(t.Context(), creds, "2147", "en", OneTimeCode{})
	require.NoError(t, err)
	require.Equal(t, OneTimeCodeWords{Body: "*{{1}}* is your verification code."}, plain)
	_, err = client.OneTimeCodeWords(t.Context(), creds, "x", "en", OneTimeCode{})
	require.Equal(t, CodeInvalidRequest, failure(t, err).Code)
}

func TestDecodeTemplate_oneTimeCode(t *testing.T) {
	const address = "https://www.whatsapp.com/otp/code/?"
	button := func(url string) string {
		return `{"type":"BUTTONS","buttons":[{"type":"URL","text":"Copy code","url":"` + url + `"}]}`
	}
	const body = `{"type":"BODY","text":"*{{1}}* is your code."}`
	for name, c := range map[string]struct {
		category, components string
		want                 *OneTimeCode
	}{
		"all told": {"AUTHENTICATION", `{"type":"BODY","text":"*{{1}}* is your code.","add_security_recommendation":true},{"type":"FOOTER","text":"10 minutes","code_expiration_minutes":10},` +
			button(address+"otp_type=COPY_CODE&code=otp{{1}}"), &OneTimeCode{new(true), new(10)}},
		"told by the address": {"AUTHENTICATION", body + `,{"type":"FOOTER","text":"10 minutes"},` + button(address+"otp_type=COPY_CODE&code_expiration_minutes=10&code=otp{{1}}"), &OneTimeCode{nil, new(10)}},
		"little told":         {"AUTHENTICATION", body + `,{"type":"FOOTER","text":"10 minutes"},` + button(address+"otp_type=COPY_CODE&code=otp{{1}}"), &OneTimeCode{}},
		"no footer":           {"AUTHENTICATION", body + `,` + button(address+"otp_type=COPY_CODE&code=otp{{1}}"), &OneTimeCode{nil, new(0)}},
		"a button as given":   {"AUTHENTICATION", body + `,{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copy code"}]}`, &OneTimeCode{nil, new(0)}},
		"an app's":            {"AUTHENTICATION", body + `,` + button(address+"otp_type=ONE_TAP&code=otp{{1}}"), nil},
		"another address":     {"AUTHENTICATION", body + `,` + button("https://example.org/?otp_type=COPY_CODE&code={{1}}"), nil},
		"another category":    {"UTILITY", body + `,` + button(address+"otp_type=COPY_CODE&code=otp{{1}}"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := decodeTemplate([]byte(`{"id":"1","name":"n","language":"en","category":"` + c.category + `","components":[` + c.components + `]}`))
			require.NoError(t, err)
			require.Equal(t, c.want, read.OneTimeCode)
			require.False(t, read.Foreign)
			if c.want != nil {
				require.Equal(t, []TemplateButton{{Type: "OTP", Text: "Copy code"}}, read.Buttons)
			} else {
				require.Equal(t, "URL", read.Buttons[0].Type)
			}
		})
	}
}
