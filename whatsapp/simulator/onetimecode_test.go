package simulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// login is a template of the category AUTHENTICATION.
func login(components ...any) object {
	if len(components) == 0 {
		components = []any{
			object{"type": "BODY", "add_security_recommendation": true}, object{"type": "FOOTER", "code_expiration_minutes": 10}, otpButton("COPY_CODE", "Copy code"),
		}
	}
	return object{"name": "login", "language": "en", "category": "AUTHENTICATION", "components": components}
}

func otpButton(kind, text string) object {
	return object{"type": "BUTTONS", "buttons": []any{object{"type": "OTP", "otp_type": kind, "text": text}}}
}

func TestOneTimeCode_rules(t *testing.T) {
	body := object{"type": "BODY"}
	for name, c := range map[string]struct {
		in   object
		code int
	}{
		"the choices":      {login(), 0},
		"the least":        {login(body, otpButton("COPY_CODE", "Copy")), 0},
		"a free body":      {login(object{"type": "BODY", "text": "Your code is {{1}}, keep it."}, otpButton("COPY_CODE", "Copy")), 100},
		"a free footer":    {login(body, object{"type": "FOOTER", "text": "Bye"}, otpButton("COPY_CODE", "Copy")), 100},
		"91 minutes":       {login(body, object{"type": "FOOTER", "code_expiration_minutes": 91}, otpButton("COPY_CODE", "Copy")), 100},
		"a header":         {login(object{"type": "HEADER", "format": "TEXT", "text": "Hi"}, body, otpButton("COPY_CODE", "Copy")), 100},
		"no button":        {login(body), 100},
		"another button":   {login(body, object{"type": "BUTTONS", "buttons": []any{object{"type": "QUICK_REPLY", "text": "Hi"}}}), 100},
		"an app's button":  {login(body, otpButton("ONE_TAP", "Copy")), 100},
		"a label too long": {login(body, otpButton("COPY_CODE", "01234567890123456789012345")), 100},
		"the button elsewhere": {object{"name": "t", "language": "en", "category": "UTILITY", "components": []any{
			object{"type": "BODY", "text": "Hi"}, otpButton("COPY_CODE", "Copy"),
		}}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.template(c.in)
			require.Equal(t, c.code, a.code(), a.raw)
		})
	}
}

func TestOneTimeCode_send(t *testing.T) {
	message := func(code string) object {
		value := []any{object{"type": "text", "text": code}}
		return object{
			"messaging_product": "whatsapp", "to": irisWAID, "type": "template", "template": object{"name": "login", "language": object{"code": "en"}, "components": []any{
				object{"type": "body", "parameters": value}, object{"type": "button", "sub_type": "url", "index": "0", "parameters": value},
			}},
		}
	}
	scoped := with(message("482913"), "to", nil)
	scoped["recipient"] = "GB.7719034482215608"
	half := message("482913")
	components, _ := objectOf(half["template"])["components"].([]any)
	objectOf(half["template"])["components"] = components[:1]
	for name, c := range map[string]struct {
		body object
		code int
	}{
		"a code":                       {message("482913"), 0},
		"16 characters":                {message("1234567890123456"), 132018},
		"not in the button":            {half, 131008},
		"to a business-scoped user id": {scoped, 131062},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.approved(login())
			a := w.send(c.body)
			require.Equal(t, c.code, a.code(), a.raw)
			if c.code != 0 {
				return
			}
			w.pass(time.Second)
			got := w.meta.CustomerByWAID(irisWAID).Inbox(numberID)
			require.Len(t, got, 1)
			require.Equal(t, "*482913* is your verification code. For your security, do not share this code.", got[0].Body)
		})
	}
}
