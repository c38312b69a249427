package templates

import (
	"recado/models"
	"recado/whatsapp"
)

// toMeta is a content as Meta gets it. handle is Meta's of the header's sample.
func toMeta(template models.Template, content models.TemplateContent, category models.TemplateCategory, handle string) whatsapp.Template {
	wired := content.Wired(template.Format)
	out := whatsapp.Template{
		Name: template.Name, Language: template.Language, Category: string(category), ParameterFormat: string(template.Format),
		Body: textToMeta(wired.Body), Footer: wired.Footer,
	}
	if wired.Header != nil {
		out.Header = &whatsapp.TemplateHeader{Format: string(wired.Header.Kind), Text: textToMeta(wired.Header.Text), Handle: handle}
	}
	if code := wired.OneTimeCode; code != nil {
		out.OneTimeCode = new(whatsapp.OneTimeCode(*code))
	}
	for _, button := range wired.Buttons {
		out.Buttons = append(out.Buttons, whatsapp.TemplateButton{
			Type: string(button.Kind), Text: button.Text, URL: button.URL, PhoneNumber: button.Phone, Sample: button.Sample,
		})
	}
	return out
}

func textToMeta(text models.WiredText) whatsapp.TemplateText {
	out := whatsapp.TemplateText{Text: text.Text}
	for _, sample := range text.Samples {
		out.Samples = append(out.Samples, whatsapp.TemplateSample(sample))
	}
	return out
}

// fromMeta is what Meta has, in models' words.
func fromMeta(template whatsapp.Template) models.WiredTemplate {
	wired := models.WiredTemplate{Body: textFromMeta(template.Body), Footer: template.Footer}
	if template.Header != nil {
		wired.Header = &models.WiredHeader{Kind: models.TemplateHeaderKind(template.Header.Format), Text: textFromMeta(template.Header.Text)}
	}
	if code := template.OneTimeCode; code != nil {
		wired.OneTimeCode = new(models.WiredOneTimeCode(*code))
	}
	for _, button := range template.Buttons {
		wired.Buttons = append(wired.Buttons, models.WiredButton{
			Kind: models.TemplateButtonKind(button.Type), Text: button.Text, URL: button.URL, Phone: button.PhoneNumber, Sample: button.Sample,
		})
	}
	return wired
}

func textFromMeta(text whatsapp.TemplateText) models.WiredText {
	wired := models.WiredText{Text: text.Text}
	for _, sample := range text.Samples {
		wired.Samples = append(wired.Samples, models.WiredSample(sample))
	}
	return wired
}

// takeContent makes what Meta has the template's content and reports whether that
// changed. What Content cannot hold is kept as it came.
func takeContent(template *models.Template, seen whatsapp.Template) bool {
	format := models.ParameterFormat(seen.ParameterFormat)
	content, whole := models.ContentOf(fromMeta(seen), format, template.Category, template.Content)
	var foreign []byte
	if !whole || seen.Foreign || !format.Valid() {
		foreign = seen.Components
		if foreign == nil {
			foreign = []byte("[]")
		}
	}
	if content.Equal(template.Content) && format == template.Format && (foreign == nil) == (template.Foreign == nil) {
		return false
	}
	template.Content, template.Format, template.Foreign = content, format, foreign
	return true
}
