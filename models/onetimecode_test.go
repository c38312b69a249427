package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// codeContent is what somebody writes of a template of the category AUTHENTICATION.
func codeContent(minutes int, buttons ...models.TemplateButton) models.TemplateContent {
	return models.TemplateContent{
		OneTimeCode: &models.OneTimeCode{SecurityRecommendation: true, ExpirationMinutes: minutes}, Buttons: buttons,
	}
}

var copyCode = models.TemplateButton{Kind: models.TemplateOTP, Text: "Copiar código"}

func TestTemplateContent_For(t *testing.T) {
	with := func(change func(*models.TemplateContent)) models.TemplateContent {
		c := codeContent(10, copyCode)
		change(&c)
		return c
	}
	kept, err := codeContent(10, copyCode).For(models.TemplateAuthentication)
	require.NoError(t, err)
	require.Equal(t, []string{"code"}, kept.Fields())
	require.False(t, kept.Worded(), "its words are WhatsApp's")
	require.NoError(t, kept.Check())
	require.NoError(t, kept.CheckComplete(), "WhatsApp has its own sample")
	require.Empty(t, kept.Lint("pt_BR", models.TemplateAuthentication))
	for _, minutes := range []int{0, 1, 90} {
		_, err := codeContent(minutes, copyCode).For(models.TemplateAuthentication)
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		content  models.TemplateContent
		category models.TemplateCategory
		want     *models.Error
	}{
		"no choices":            {content("Seu código é #{code}."), models.TemplateAuthentication, models.NewError(models.CodeRequired, "oneTimeCode")},
		"another category":      {codeContent(10, copyCode), models.TemplateUtility, models.NewError(models.CodeInvalid, "oneTimeCode")},
		"a body":                {with(func(c *models.TemplateContent) { c.Body = "Seu código" }), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "body")},
		"a footer":              {with(func(c *models.TemplateContent) { c.Footer = "x" }), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "footer")},
		"media":                 {with(func(c *models.TemplateContent) { c.Header = header(models.TemplateHeaderImage, "") }), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "header")},
		"samples":               {with(func(c *models.TemplateContent) { c.Samples = map[string]string{"code": "1"} }), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "samples")},
		"less than a minute":    {codeContent(-1, copyCode), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "oneTimeCode.expirationMinutes")},
		"more than 90 minutes":  {codeContent(91, copyCode), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "oneTimeCode.expirationMinutes")},
		"no button":             {codeContent(10), models.TemplateAuthentication, models.NewError(models.CodeRequired, "buttons")},
		"two buttons":           {codeContent(10, copyCode, copyCode), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "buttons").With("maxItems", "1")},
		"another button":        {codeContent(10, models.TemplateButton{Kind: models.TemplateQuickReply, Text: "Oi"}), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "buttons.0.kind")},
		"no label":              {codeContent(10, models.TemplateButton{Kind: models.TemplateOTP}), models.TemplateAuthentication, models.NewError(models.CodeRequired, "buttons.0.text")},
		"an emoji in the label": {codeContent(10, models.TemplateButton{Kind: models.TemplateOTP, Text: "Copiar ✅"}), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "buttons.0.text")},
		"a code of its own":     {codeContent(10, models.TemplateButton{Kind: models.TemplateOTP, Text: "Copiar", Code: "123"}), models.TemplateAuthentication, models.NewError(models.CodeInvalid, "buttons.0.code")},
		"the button elsewhere":  {models.TemplateContent{Body: "Oi", Buttons: []models.TemplateButton{copyCode}}, models.TemplateUtility, models.NewError(models.CodeInvalid, "buttons.0.kind")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.content.For(c.category)
			require.Equal(t, error(c.want), err)
		})
	}
}

func TestOneTimeCode_words(t *testing.T) {
	kept, err := codeContent(10, copyCode).For(models.TemplateAuthentication)
	require.NoError(t, err)
	wired := models.WiredTemplate{
		Body: models.WiredText{Text: "*{{1}}* é seu código. Não o passe."}, Footer: "Expira em 10 minutos.",
		Buttons: []models.WiredButton{{Kind: models.TemplateOTP, Text: "Copiar código"}}, OneTimeCode: &models.WiredOneTimeCode{},
	}
	t.Run("come from Meta, and the choices stay where it does not tell them", func(t *testing.T) {
		read, whole := models.ContentOf(wired, models.ParametersPositional, models.TemplateAuthentication, kept)
		require.True(t, whole)
		require.Equal(t, "*#{code}* é seu código. Não o passe.", read.Body)
		require.Equal(t, "Expira em 10 minutos.", read.Footer)
		require.Equal(t, kept.OneTimeCode, read.OneTimeCode)
		require.True(t, read.Worded())
		require.True(t, kept.Rewords(read))
		require.Equal(t, read, kept.WordedLike(read), "the same choices have the same words")
		require.Equal(t, read, read.WordedLike(kept), "and keep them")
		other, err := codeContent(5, copyCode).For(models.TemplateAuthentication)
		require.NoError(t, err)
		require.Equal(t, other, other.WordedLike(read), "other choices have others")
	})
	t.Run("come with the choices where it does", func(t *testing.T) {
		wired := wired
		wired.OneTimeCode = &models.WiredOneTimeCode{SecurityRecommendation: new(false), ExpirationMinutes: new(30)}
		read, whole := models.ContentOf(wired, models.ParametersPositional, models.TemplateAuthentication, kept)
		require.True(t, whole)
		require.Equal(t, &models.OneTimeCode{ExpirationMinutes: 30}, read.OneTimeCode)
		require.False(t, kept.Rewords(read))
	})
	t.Run("need a place for the code", func(t *testing.T) {
		for _, body := range []string{"", "No code.", "{{1}} and {{1}}"} {
			wired := wired
			wired.Body.Text = body
			_, whole := models.ContentOf(wired, models.ParametersPositional, models.TemplateAuthentication, kept)
			require.False(t, whole, body)
		}
	})
	t.Run("are filled in with the code in body and button", func(t *testing.T) {
		read, _ := models.ContentOf(wired, models.ParametersPositional, models.TemplateAuthentication, kept)
		template := models.Template{Category: models.TemplateAuthentication, Format: models.ParametersPositional, Content: read}
		sent, missing := template.Render(models.TemplateValues{Fields: map[string]string{"code": "482913"}})
		require.Empty(t, missing)
		require.NoError(t, sent.Check())
		require.Equal(t, "*482913* é seu código. Não o passe.", sent.Body)
		require.Equal(t, []models.TemplateParameter{{Text: "482913"}}, sent.Values)
		require.Equal(t, []models.SentTemplateButton{{Kind: models.TemplateOTP, Text: "Copiar código", Code: "482913"}}, sent.Buttons)
		_, missing = template.Render(models.TemplateValues{})
		require.Equal(t, []string{"code"}, missing)
		for code, valid := range map[string]bool{"123456789012345": true, "1234567890123456": false, "12✅": false, "http://x.yz": false} {
			sent, _ := template.Render(models.TemplateValues{Fields: map[string]string{"code": code}})
			require.Equal(t, valid, sent.Check() == nil, code)
		}
	})
}

func TestTemplate_CheckRecipient(t *testing.T) {
	require.Nil(t, models.Template{Category: models.TemplateAuthentication}.CheckRecipient(true))
	require.Nil(t, models.Template{Category: models.TemplateUtility}.CheckRecipient(false))
	require.Equal(t, models.NewError(models.CodePhoneNumberRequired, ""), models.Template{Category: models.TemplateAuthentication}.CheckRecipient(false))
	foreign := models.Template{Category: models.TemplateAuthentication, Status: models.TemplateApproved, Content: content("*#{1}* is your code.")}
	require.NoError(t, foreign.Sendable(), "one that fills the code into an app is sent")
	require.Equal(t, models.CodeTemplateUnsupported, models.CodeOf(foreign.Editable()), "but not edited here")
}
