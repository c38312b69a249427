package models_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func content(body string) models.TemplateContent { return models.TemplateContent{Body: body} }

func header(kind models.TemplateHeaderKind, text string) *models.TemplateHeader {
	return &models.TemplateHeader{Kind: kind, Text: text}
}

func TestTemplateContentCheck(t *testing.T) {
	button := func(kind models.TemplateButtonKind, text string) models.TemplateButton {
		return models.TemplateButton{Kind: kind, Text: text, URL: map[bool]string{true: "https://example.com/" + text}[kind == models.TemplateURLButton], Phone: map[bool]string{true: "+5511955550142"}[kind == models.TemplateCall]}
	}
	with := func(buttons ...models.TemplateButton) models.TemplateContent {
		return models.TemplateContent{Body: "Bom dia", Buttons: buttons}
	}
	many := func(n int) string {
		var b strings.Builder
		b.WriteString("Lista:")
		for i := range n {
			fmt.Fprintf(&b, " item #{item%d|nada} e", i)
		}
		return b.String() + " fim."
	}
	invalid := func(field string) *models.Error { return models.NewError(models.CodeInvalid, field) }
	for name, c := range map[string]struct {
		content models.TemplateContent
		want    *models.Error
	}{
		"a text":                            {content("Olá, #{contact.firstName|cliente}! Seu pedido #{orderNumber} saiu."), nil},
		"no text":                           {content(" "), models.NewError(models.CodeRequired, "body")},
		"900 characters":                    {content(strings.Repeat("é", 900)), nil},
		"901 characters":                    {content(strings.Repeat("é", 901)), invalid("body").With("max", "900")},
		"10 merge fields":                   {content(many(10)), nil},
		"11 merge fields":                   {content(many(11)), models.NewError(models.CodeLimitReached, "body").With("max", "10")},
		"a field twice counts once":         {content(many(9) + " #{item0|x} e #{extra|x}."), nil},
		"a field that there is not":         {content("Oi #{contact.shoeSize}."), models.NewError(models.CodeUnknownVariable, "body").With("variable", "contact.shoeSize").With("known", strings.Join(models.TemplateFields, ", "))},
		"fields of deals and custom ones":   {content("Oi #{deal.name|x}, #{company.city|x} e #{contact.custom.NIF|x}."), nil},
		"an empty fallback":                 {content("Oi #{contact.name|}."), invalid("body").With("variable", "contact.name")},
		"a field left open":                 {content("Oi #{contact.name."), invalid("body")},
		"a variable of Meta's":              {content("Oi {{1}}."), invalid("body")},
		"braces beside a field":             {content("Oi {#{x}}."), invalid("body")},
		"an escaped field":                  {content(`Escreva \#{assim}.`), nil},
		"a header text":                     {models.TemplateContent{Header: header(models.TemplateHeaderText, "Pedido #{order}"), Body: "Oi"}, nil},
		"two fields in a header":            {models.TemplateContent{Header: header(models.TemplateHeaderText, "#{a} #{b}"), Body: "Oi"}, invalid("header.text")},
		"a header of two lines":             {models.TemplateContent{Header: header(models.TemplateHeaderText, "a\nb"), Body: "Oi"}, invalid("header.text")},
		"an emoji in a header":              {models.TemplateContent{Header: header(models.TemplateHeaderText, "Oi 🍞"), Body: "Oi"}, invalid("header.text")},
		"a header of 61 characters":         {models.TemplateContent{Header: header(models.TemplateHeaderText, strings.Repeat("x", 61)), Body: "Oi"}, invalid("header.text").With("max", "60")},
		"an image with a text":              {models.TemplateContent{Header: header(models.TemplateHeaderImage, "x"), Body: "Oi"}, invalid("header.text")},
		"a header of no kind":               {models.TemplateContent{Header: header("SONG", ""), Body: "Oi"}, invalid("header.kind")},
		"a field in the footer":             {models.TemplateContent{Body: "Oi", Footer: "#{x}"}, invalid("footer")},
		"a footer of 61 characters":         {models.TemplateContent{Body: "Oi", Footer: strings.Repeat("x", 61)}, invalid("footer").With("max", "60")},
		"buttons of each kind":              {with(button("URL", "a"), button("URL", "b"), button("PHONE_NUMBER", "c"), models.TemplateButton{Kind: "COPY_CODE", Code: "PAO10"}, button("QUICK_REPLY", "d"), button("QUICK_REPLY", "e")), nil},
		"quick replies between others":      {with(button("URL", "a"), button("QUICK_REPLY", "b"), button("URL", "c")), invalid("buttons")},
		"three addresses":                   {with(button("URL", "a"), button("URL", "b"), button("URL", "c")), invalid("buttons").With("maxItems", "2")},
		"two numbers":                       {with(button("PHONE_NUMBER", "a"), button("PHONE_NUMBER", "b")), invalid("buttons").With("maxItems", "1")},
		"a label of 26 characters":          {with(button("QUICK_REPLY", strings.Repeat("x", 26))), invalid("buttons.0.text").With("max", "25")},
		"a label twice":                     {with(button("QUICK_REPLY", "a"), button("QUICK_REPLY", "a")), invalid("buttons.1.text").With("duplicate", "true")},
		"a field in a label":                {with(button("QUICK_REPLY", "#{x}")), invalid("buttons.0.text")},
		"an address that ends with a field": {with(models.TemplateButton{Kind: "URL", Text: "a", URL: "https://example.com/t/#{order}"}), nil},
		"a field within an address":         {with(models.TemplateButton{Kind: "URL", Text: "a", URL: "https://example.com/#{order}/x"}), invalid("buttons.0.url")},
		"a field alone as an address":       {with(models.TemplateButton{Kind: "URL", Text: "a", URL: "#{order}"}), invalid("buttons.0.url")},
		"what is no address":                {with(models.TemplateButton{Kind: "URL", Text: "a", URL: "example"}), invalid("buttons.0.url")},
		"what is no number":                 {with(models.TemplateButton{Kind: "PHONE_NUMBER", Text: "a", Phone: "11 x"}), invalid("buttons.0.phone")},
		"a code of 16 characters":           {with(models.TemplateButton{Kind: "COPY_CODE", Code: strings.Repeat("x", 16)}), invalid("buttons.0.code").With("max", "15")},
		"a code with a text beside":         {with(models.TemplateButton{Kind: "COPY_CODE", Code: "A#{x}"}), invalid("buttons.0.code")},
		"a button of no kind":               {with(button("DANCE", "a")), invalid("buttons.0.kind")},
		"11 buttons": {with(func() (all []models.TemplateButton) {
			for i := range 11 {
				all = append(all, button("QUICK_REPLY", strconv.Itoa(i)))
			}
			return all
		}()...), invalid("buttons").With("maxItems", "10")},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.content.Check()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, error(c.want), err)
		})
	}
}

func TestTemplateNames(t *testing.T) {
	require.NoError(t, models.CheckTemplateName("pedido_pronto_2"))
	for name, code := range map[string]models.Code{"": models.CodeRequired, "Pedido": models.CodeInvalid, "a b": models.CodeInvalid, "é": models.CodeInvalid, strings.Repeat("a", 513): models.CodeInvalid} {
		require.Equal(t, code, models.CodeOf(models.CheckTemplateName(name)), name)
	}
	require.NoError(t, models.CheckTemplateLanguage("pt_BR"))
	require.Error(t, models.CheckTemplateLanguage("pt-BR"))
	require.NoError(t, models.CheckTemplateCategory(models.TemplateAuthentication))
	require.Error(t, models.CheckTemplateCategory("SERVICE"))
}

func TestTemplateComplete(t *testing.T) {
	c := content("Oi #{contact.firstName|cliente}, o pedido #{order} saiu.")
	require.Equal(t, error(models.NewError(models.CodeRequired, "samples").With("variable", "order")), c.CheckComplete())
	c.Samples = map[string]string{"order": "8841"}
	require.NoError(t, c.CheckComplete())
	c.Header = header(models.TemplateHeaderImage, "")
	require.Equal(t, models.CodeRequired, models.CodeOf(c.CheckComplete()))
	c.Header.SampleID = new(models.NewID())
	require.NoError(t, c.CheckComplete())
}

func TestTemplateWired(t *testing.T) {
	c := models.TemplateContent{
		Header: header(models.TemplateHeaderText, "Pedido #{order}"), Footer: "Padaria",
		Body: "Oi #{contact.firstName|cliente}, seu pedido #{order} de #{contact.firstName} saiu.",
		Buttons: []models.TemplateButton{
			{Kind: models.TemplateURLButton, Text: "Seguir", URL: "https://example.com/t/#{order}"},
			{Kind: models.TemplateCopyCode, Code: "#{coupon|PAO10}"},
		},
		Samples: map[string]string{"order": "8841"},
	}
	buttons := []models.WiredButton{
		{Kind: models.TemplateURLButton, Text: "Seguir", URL: "https://example.com/t/{{1}}", Sample: "https://example.com/t/8841"},
		{Kind: models.TemplateCopyCode, Sample: "PAO10"},
	}
	require.Equal(t, models.WiredTemplate{
		Header: &models.WiredHeader{Kind: models.TemplateHeaderText, Text: models.WiredText{Text: "Pedido {{order}}", Samples: []models.WiredSample{{Name: "order", Value: "8841"}}}},
		Body: models.WiredText{
			Text:    "Oi {{contact_first_name}}, seu pedido {{order}} de {{contact_first_name_2}} saiu.",
			Samples: []models.WiredSample{{Name: "contact_first_name", Value: "cliente"}, {Name: "order", Value: "8841"}, {Name: "contact_first_name_2", Value: "cliente"}},
		},
		Footer: "Padaria", Buttons: buttons,
	}, c.Wired(models.ParametersNamed))
	require.Equal(t, models.WiredTemplate{
		Header: &models.WiredHeader{Kind: models.TemplateHeaderText, Text: models.WiredText{Text: "Pedido {{1}}", Samples: []models.WiredSample{{Name: "1", Value: "8841"}}}},
		Body: models.WiredText{
			Text:    "Oi {{1}}, seu pedido {{2}} de {{1}} saiu.",
			Samples: []models.WiredSample{{Name: "1", Value: "cliente"}, {Name: "2", Value: "8841"}},
		},
		Footer: "Padaria", Buttons: buttons,
	}, c.Wired(models.ParametersPositional))
}

// anyText makes texts of what matters to merge fields.
func anyText(pieces ...string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(append(pieces, "a", " ", "é", `\`, "#", "#{", "x}", "|", "\n")), 0, 8).Draw(t, "pieces"), "")
	})
}

func TestContentOf(t *testing.T) {
	t.Run("gives back what Recado made", rapid.MakeCheck(func(t *rapid.T) {
		format := rapid.SampledFrom([]models.ParameterFormat{models.ParametersNamed, models.ParametersPositional}).Draw(t, "format")
		c := models.TemplateContent{Body: "a" + anyText("#{contact.firstName|b}", "#{order}", "#{deal.name}", `\\#{order}`).Draw(t, "body") + "z", Footer: "f"}
		if rapid.Bool().Draw(t, "button") {
			c.Buttons = []models.TemplateButton{{Kind: models.TemplateURLButton, Text: "go", URL: "https://example.com/#{order}"}}
		}
		if c.Check() != nil {
			t.Skip("no content")
		}
		back, whole := models.ContentOf(c.Wired(format), format, models.TemplateUtility, c)
		require.True(t, whole)
		require.Equal(t, c, back)
		again, whole := models.ContentOf(c.Wired(format), format, models.TemplateUtility, models.TemplateContent{})
		require.True(t, whole || format == models.ParametersNamed, "positional parameters are read without knowing anything")
		if whole {
			require.True(t, again.Wired(format).Same(c.Wired(format)))
		}
	}))
	t.Run("says all that Meta has, or that it does not", rapid.MakeCheck(func(t *rapid.T) {
		format := rapid.SampledFrom([]models.ParameterFormat{models.ParametersNamed, models.ParametersPositional}).Draw(t, "format")
		variables := []string{"{{1}}", "{{2}}", "{{3}}"}
		if format == models.ParametersNamed {
			variables = []string{"{{first_name}}", "{{contact_name}}", "{{x_2}}", "{{x}}"}
		}
		wired := models.WiredTemplate{Body: models.WiredText{Text: anyText(variables...).Draw(t, "body")}}
		c, whole := models.ContentOf(wired, format, models.TemplateUtility, models.TemplateContent{})
		if whole {
			require.Equal(t, wired.Body.Text, c.Wired(format).Body.Text)
		}
	}))
	t.Run("recognizes fields, and keeps samples", func(t *testing.T) {
		wired := models.WiredTemplate{
			Header: &models.WiredHeader{Kind: models.TemplateHeaderText, Text: models.WiredText{Text: "Order {{1}}", Samples: []models.WiredSample{{Value: "8841"}}}},
			Body:   models.WiredText{Text: `Hi {{2}}, \{{1}} #{x}`, Samples: []models.WiredSample{{Value: "Tuesday"}, {Value: "Iris"}}},
			Buttons: []models.WiredButton{
				{Kind: models.TemplateURLButton, Text: "Track", URL: "https://example.org/t/{{1}}", Sample: "https://example.org/t/8841"},
				{Kind: models.TemplateCopyCode, Text: "Copy offer code", Sample: "TEA10"},
			},
		}
		c, whole := models.ContentOf(wired, models.ParametersPositional, models.TemplateUtility, models.TemplateContent{})
		require.True(t, whole)
		require.Equal(t, models.TemplateContent{
			Header: header(models.TemplateHeaderText, "Order #{header1}"), Body: `Hi #{2}, \\#{1} \#{x}`,
			Buttons: []models.TemplateButton{
				{Kind: models.TemplateURLButton, Text: "Track", URL: "https://example.org/t/#{button1}"},
				{Kind: models.TemplateCopyCode, Code: "TEA10"},
			},
			Samples: map[string]string{"1": "Tuesday", "2": "Iris", "header1": "8841", "button1": "8841"},
		}, c)
		named, whole := models.ContentOf(models.WiredTemplate{Body: models.WiredText{Text: "Hi {{contact_first_name}}, {{order_no}} it is."}},
			models.ParametersNamed, models.TemplateUtility, models.TemplateContent{})
		require.True(t, whole)
		require.Equal(t, "Hi #{contact.firstName}, #{order_no} it is.", named.Body)
	})
	t.Run("keeps fallbacks of fields when the text around them changed", func(t *testing.T) {
		known := content("Oi #{contact.firstName|cliente}, tudo bem?")
		changed := known.Wired(models.ParametersNamed)
		changed.Body.Text = "Olá {{contact_first_name}}, tudo bem?"
		c, whole := models.ContentOf(changed, models.ParametersNamed, models.TemplateUtility, known)
		require.True(t, whole)
		require.Equal(t, "Olá #{contact.firstName|cliente}, tudo bem?", c.Body)
	})
	t.Run("takes one value for both places of an authentication template that fills a code into an app", func(t *testing.T) {
		c, whole := models.ContentOf(models.WiredTemplate{
			Body:    models.WiredText{Text: "*{{1}}* is your verification code."},
			Buttons: []models.WiredButton{{Kind: models.TemplateURLButton, Text: "Copy code", URL: "https://www.whatsapp.com/otp/code/?code=otp{{1}}"}},
		}, models.ParametersPositional, models.TemplateAuthentication, models.TemplateContent{})
		require.True(t, whole)
		require.Equal(t, []string{"1"}, c.Fields())
	})
}

func FuzzTemplateText(f *testing.F) {
	f.Add("Oi #{contact.firstName|cliente}, \\#{x} \\\\#{order} {{1}}", "Maria")
	f.Add("#{a}#{b|}#{", "\n\t     x")
	f.Fuzz(func(t *testing.T, body, value string) {
		c := content(body)
		if c.Check() != nil {
			return
		}
		for _, format := range []models.ParameterFormat{models.ParametersNamed, models.ParametersPositional} {
			wired := c.Wired(format)
			back, whole := models.ContentOf(wired, format, models.TemplateUtility, c)
			require.True(t, whole)
			require.Equal(t, c, back)
			if format == models.ParametersPositional {
				again, whole := models.ContentOf(wired, format, models.TemplateUtility, models.TemplateContent{})
				require.True(t, whole, "%q", wired.Body.Text)
				require.True(t, again.Wired(format).Same(wired))
			}
			values := models.TemplateValues{Fields: map[string]string{}}
			for _, field := range c.Fields() {
				values.Fields[field] = value
			}
			sent, missing := models.Template{Format: format, Content: c}.Render(values)
			for _, name := range missing {
				require.Contains(t, c.Fields(), name)
			}
			for _, parameter := range sent.Values {
				require.NotContains(t, parameter.Text, "\n")
				require.NotContains(t, parameter.Text, "     ")
			}
		}
	})
}

func TestTemplateRender(t *testing.T) {
	template := models.Template{
		ID: models.NewID(), Name: "pedido", Language: "pt_BR", Category: models.TemplateUtility, Format: models.ParametersNamed,
		Content: models.TemplateContent{
			Header: header(models.TemplateHeaderText, "Pedido #{order}"), Footer: "Padaria",
			Body: "Oi #{contact.firstName|cliente}, #{order} sai às #{time}. Abraço, #{contact.firstName|cliente}!",
			Buttons: []models.TemplateButton{
				{Kind: models.TemplateURLButton, Text: "Seguir", URL: "https://example.com/t/#{order}"},
				{Kind: models.TemplateQuickReply, Text: "Obrigada"},
			},
		},
	}
	t.Run("fills in values and fallbacks, in the texts and for Meta alike", func(t *testing.T) {
		sent, missing := template.Render(models.TemplateValues{Fields: map[string]string{"order": "88\n41", "time": "9  h"}, Payloads: map[int]string{1: "ok:1"}})
		require.Empty(t, missing)
		require.NoError(t, sent.Check())
		require.Equal(t, models.SentTemplate{
			TemplateID: template.ID, Name: "pedido", Language: "pt_BR", Category: models.TemplateUtility,
			Header: &models.SentTemplateHeader{Text: "Pedido 88 41"}, HeaderText: &models.TemplateParameter{Name: "order", Text: "88 41"},
			Body: "Oi cliente, 88 41 sai às 9  h. Abraço, cliente!", Footer: "Padaria",
			Values: []models.TemplateParameter{{Name: "contact_first_name", Text: "cliente"}, {Name: "order", Text: "88 41"}, {Name: "time", Text: "9  h"}, {Name: "contact_first_name_2", Text: "cliente"}},
			Buttons: []models.SentTemplateButton{
				{Kind: models.TemplateURLButton, Text: "Seguir", URL: "https://example.com/t/88 41", Suffix: "88 41"},
				{Kind: models.TemplateQuickReply, Text: "Obrigada", Payload: "ok:1"},
			},
		}, sent)
		require.Equal(t, "Pedido 88 41\nOi cliente, 88 41 sai às 9  h. Abraço, cliente!\nPadaria\nSeguir\nObrigada", sent.Text())
		require.Equal(t, sent.Text(), (&models.Content{Template: &sent}).Text())
	})
	t.Run("names what is missing, each once", func(t *testing.T) {
		sent, missing := template.Render(models.TemplateValues{Fields: map[string]string{"contact.firstName": "Maria", "order": " "}})
		require.Equal(t, []string{"order", "time"}, missing)
		require.Equal(t, "Oi Maria, #{order} sai às #{time}. Abraço, Maria!", sent.Body)
	})
	t.Run("gives positional values in Meta's order", func(t *testing.T) {
		sent, missing := models.Template{Format: models.ParametersPositional, Content: content("Hi #{2}, see you on #{1}.")}.
			Render(models.TemplateValues{Fields: map[string]string{"1": "Tuesday", "2": "Iris"}})
		require.Empty(t, missing)
		require.Equal(t, []models.TemplateParameter{{Text: "Tuesday"}, {Text: "Iris"}}, sent.Values)
		require.Equal(t, "Hi Iris, see you on Tuesday.", sent.Body)
	})
	t.Run("needs the file or the place of a header", func(t *testing.T) {
		file := models.NewID()
		image := models.Template{Content: models.TemplateContent{Header: header(models.TemplateHeaderImage, ""), Body: "Oi"}}
		_, missing := image.Render(models.TemplateValues{})
		require.Equal(t, []string{"header.attachment"}, missing)
		require.Nil(t, image.AttachmentOf(models.TemplateValues{}))
		image.Content.Header.SampleID = &file
		sent, missing := image.Render(models.TemplateValues{})
		require.Empty(t, missing)
		require.Equal(t, "image", sent.Header.MediaKind)
		require.Equal(t, &file, image.AttachmentOf(models.TemplateValues{}))
		_, missing = models.Template{Content: models.TemplateContent{Header: header(models.TemplateHeaderLocation, ""), Body: "Oi"}}.Render(models.TemplateValues{})
		require.Equal(t, []string{"header.location"}, missing)
	})
	t.Run("may become too long", func(t *testing.T) {
		sent, _ := template.Render(models.TemplateValues{Fields: map[string]string{"order": strings.Repeat("x", 60), "time": "9"}})
		require.Equal(t, error(models.NewError(models.CodeInvalid, "header.text").With("max", "60")), sent.Check())
		sent, _ = template.Render(models.TemplateValues{Fields: map[string]string{"order": "1", "time": strings.Repeat("x", 1024)}})
		require.Equal(t, error(models.NewError(models.CodeInvalid, "body").With("max", "1024")), sent.Check())
	})
}

func TestTemplateLint(t *testing.T) {
	for name, c := range map[string]struct {
		body     string
		language string
		category models.TemplateCategory
		want     []models.TemplateWarningCode
	}{
		"nothing to say":          {"Olá, #{contact.firstName|cliente}! Seu pedido já está a caminho da sua casa.", "pt_BR", models.TemplateUtility, nil},
		"a field first":           {"#{contact.firstName}, seu pedido já saiu para a entrega.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnVariableFirst}},
		"a field last":            {"O horário da sua entrega de hoje é #{time}", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnVariableLast}},
		"two side by side":        {"Olá, o pedido #{a} #{b} já saiu para a sua casa hoje.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnVariablesAdjacent}},
		"few words":               {"Oi #{a} e #{b} ok.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnTooManyVariables}},
		"Portuguese as English":   {"Olá! Seu pedido já está a caminho e você recebe hoje.", "en_US", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLanguageMismatch}},
		"English as Portuguese":   {"Your order is on the way and will arrive at your house.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLanguageMismatch}},
		"marketing in utility":    {"Aproveite: hoje o pão de queijo está com 20% de desconto para você.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLooksLikeMarketing}},
		"English marketing":       {"Your order is here. Get a discount on the next one.", "en", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLooksLikeMarketing}},
		"marketing as marketing":  {"Aproveite: hoje o pão de queijo está com 20% de desconto para você.", "pt_BR", models.TemplateMarketing, nil},
		"a percentage of nothing": {"A bateria do seu aparelho está em 20% e precisa de carga.", "pt_BR", models.TemplateUtility, nil},
		"a code":                  {"Seu código de verificação é #{code}, não passe para ninguém.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLooksLikeCode}},
		"shouting":                {"SEU PEDIDO JÁ SAIU PARA A SUA CASA", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnLooksLikeSpam}},
		"a short link":            {"Seu pedido está em https://bit.ly/3xyz agora mesmo.", "pt_BR", models.TemplateUtility, []models.TemplateWarningCode{models.WarnShortLink}},
		"a language it knows not": {"Ihre Bestellung ist unterwegs und kommt heute an.", "de", models.TemplateUtility, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []models.TemplateWarningCode
			for _, warning := range content(c.body).Lint(c.language, c.category) {
				got = append(got, warning.Code)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTemplateHear(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 26, 9, 0, second, 0, time.UTC) }
	t.Run("ends the same in any order, however often it is told", rapid.MakeCheck(func(t *rapid.T) {
		status := rapid.SampledFrom([]models.TemplateStatus{models.TemplatePending, models.TemplateApproved, models.TemplateRejected, models.TemplatePaused, models.TemplateFlagged, models.TemplateDisabled, models.TemplateDeleted})
		category := rapid.SampledFrom([]models.TemplateCategory{models.TemplateMarketing, models.TemplateUtility})
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) models.TemplateNews {
			news := models.TemplateNews{At: at(rapid.IntRange(0, 6).Draw(t, "second"))}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				news.Quality = rapid.SampledFrom([]models.TemplateQuality{models.QualityGreen, models.QualityRed}).Draw(t, "quality")
			case 1:
				news.Category, news.PastCategory = models.TemplateMarketing, models.TemplateUtility
			case 2:
				news.Category, news.ComingCategory = models.TemplateUtility, category.Draw(t, "coming")
			default:
				news.Status = status.Draw(t, "status")
				news.PauseTitle = string(news.Status)
			}
			return news
		}), 1, 8).Draw(t, "news")
		start := models.Template{Status: models.TemplatePending, Category: models.TemplateUtility}
		once, again := start, start
		for _, news := range all {
			once.Hear(news)
		}
		shuffled := append(append([]models.TemplateNews{}, all...), all...)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, news := range shuffled {
			again.Hear(news)
		}
		require.Equal(t, once, again)
	}))
	t.Run("lets no late status win", func(t *testing.T) {
		template := models.Template{Status: models.TemplatePending}
		_, changed := template.Hear(models.TemplateNews{At: at(20), Status: models.TemplateApproved})
		require.True(t, changed)
		steps, changed := template.Hear(models.TemplateNews{At: at(10), Status: models.TemplateRejected, Rejection: &models.TemplateRejection{Reason: "SCAM"}})
		require.False(t, changed)
		require.Len(t, steps, 1, "but the history has it")
		require.Equal(t, models.TemplateApproved, template.Status)
		require.Equal(t, at(20), *template.ApprovedAt)
	})
	t.Run("keeps the reason of a rejection as long as that counts", func(t *testing.T) {
		template := models.Template{Status: models.TemplatePending}
		template.Hear(models.TemplateNews{At: at(1), Status: models.TemplateRejected, Rejection: &models.TemplateRejection{Reason: "SCAM"}})
		require.Equal(t, "SCAM", template.Rejection.Reason)
		template.Hear(models.TemplateNews{At: at(2), Status: models.TemplateInAppeal})
		require.Nil(t, template.Rejection)
	})
}

func TestTemplateSendable(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		template models.Template
		want     models.Code
	}{
		"approved":           {models.Template{Status: models.TemplateApproved}, ""},
		"flagged":            {models.Template{Status: models.TemplateFlagged}, ""},
		"draft":              {models.Template{Status: models.TemplateDraft}, models.CodeTemplateNotApproved},
		"pending":            {models.Template{Status: models.TemplatePending}, models.CodeTemplateNotApproved},
		"paused":             {models.Template{Status: models.TemplatePaused}, models.CodeTemplatePaused},
		"disabled":           {models.Template{Status: models.TemplateDisabled}, models.CodeTemplateDisabled},
		"deleted":            {models.Template{Status: models.TemplateApproved, DeletedAt: &now}, models.CodeTemplateNotApproved},
		"with foreign parts": {models.Template{Status: models.TemplateApproved, Foreign: []byte("[]")}, models.CodeTemplateUnsupported},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, models.CodeOf(c.template.Sendable())) })
	}
}

func TestTemplateCheckEdits(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	approved := models.Template{Status: models.TemplateApproved}
	days := func(ago ...float64) (edits []time.Time) {
		for _, d := range ago {
			edits = append(edits, now.Add(-time.Duration(d*float64(24*time.Hour))))
		}
		return edits
	}
	require.NoError(t, approved.CheckEdits(nil, now))
	require.NoError(t, approved.CheckEdits(days(1), now))
	require.Equal(t, error(models.NewError(models.CodeTemplateEditLimit, "").With("until", "2026-11-26T21:00:00Z")), approved.CheckEdits(days(0.5), now))
	require.NoError(t, approved.CheckEdits(days(2, 4, 6, 8, 10, 12, 14, 16, 18), now))
	require.Equal(t, error(models.NewError(models.CodeTemplateEditLimit, "").With("until", "2026-12-06T09:00:00Z")), approved.CheckEdits(days(2, 4, 6, 8, 10, 12, 14, 16, 18, 20), now))
	require.NoError(t, approved.CheckEdits(days(2, 4, 6, 8, 10, 12, 14, 16, 18, 30), now))
	require.NoError(t, models.Template{Status: models.TemplateRejected}.CheckEdits(days(0.1), now))
}
