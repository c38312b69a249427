package server

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"recado/channels"
	"recado/graph"
	"recado/models"
)

// Logins take Meta's answer to the login that began a connection; channels.Service
// does.
type Logins interface {
	AnswerLogin(ctx context.Context, answer channels.LoginAnswer) (models.ChannelConnection, error)
}

// loginTimeout bounds what is asked of Meta while a person waits. It is shorter than
// the 30 seconds that Meta's code lives.
const loginTimeout = 25 * time.Second

// takeLogin answers a browser that Meta sends back (reference/whatsapp-cloud-api.md
// §9.6): it is sent on to the front end that began, with setupId and status in
// the query, or shown a page if there is none to go to. The page is all that somebody
// gets who comes with a state that is not ours.
func (s *Server) takeLogin(c echo.Context) error {
	query := c.QueryParams()
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	c.Response().Header().Set(echo.HeaderReferrerPolicy, "no-referrer") // the address has Meta's code
	ctx, cancel := context.WithTimeout(c.Request().Context(), loginTimeout)
	defer cancel()
	connection, err := s.options.Logins.AnswerLogin(ctx, channels.LoginAnswer{
		State: query.Get("state"), Code: query.Get("code"), Denied: query.Get("error_description"),
	})
	switch {
	case models.CodeOf(err) == models.CodeStateInvalid:
		return loginPage(c, http.StatusBadRequest, loginInvalid)
	case err != nil:
		s.log.ErrorContext(ctx, "a login could not be taken", "error", err)
		return loginPage(c, http.StatusInternalServerError, loginBroken)
	case connection.ReturnURL == "" && connection.Status == models.ConnectionFailed:
		return loginPage(c, http.StatusOK, loginFailed)
	case connection.ReturnURL == "":
		return loginPage(c, http.StatusOK, loginDone)
	}
	target, err := url.Parse(connection.ReturnURL)
	if err != nil {
		return loginPage(c, http.StatusInternalServerError, loginBroken)
	}
	back := target.Query()
	back.Set("setupId", models.PublicID(models.PrefixChannelSetup, connection.ID))
	back.Set("status", string(connection.Status))
	target.RawQuery = back.Encode()
	return c.Redirect(http.StatusSeeOther, target.String())
}

// What the page can say.
const (
	loginDone    = "done"
	loginFailed  = "failed"
	loginInvalid = "invalid"
	loginBroken  = "broken"
)

var loginTexts = map[language.Tag]map[string]string{
	language.English: {
		loginDone:    "Thank you. You can close this window and go on where you began.",
		loginFailed:  "That did not work. You can close this window; where you began it says why.",
		loginInvalid: "This sign-in is unknown, was used before, or took too long. Please start again.",
		loginBroken:  "Something went wrong on our side. Please start again.",
	},
	language.BrazilianPortuguese: {
		loginDone:    "Obrigado. Você pode fechar esta janela e continuar onde começou.",
		loginFailed:  "Não deu certo. Você pode fechar esta janela; onde você começou está o motivo.",
		loginInvalid: "Este login é desconhecido, já foi usado ou demorou demais. Comece de novo.",
		loginBroken:  "Algo deu errado do nosso lado. Comece de novo.",
	},
}

var loginTemplate = template.Must(template.New("login").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>WhatsApp</title></head>
<body><p id="{{.Outcome}}">{{.Text}}</p></body>
</html>
`))

func loginPage(c echo.Context, status int, outcome string) error {
	tag := graph.Language(c.Request().Header.Get("Accept-Language"))
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
	header.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'")
	c.Response().WriteHeader(status)
	return loginTemplate.Execute(c.Response(), map[string]string{
		"Language": tag.String(), "Outcome": outcome, "Text": loginTexts[tag][outcome],
	})
}
