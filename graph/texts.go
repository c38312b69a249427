package graph

import (
	"context"
	"embed"
	"encoding/json"
	"maps"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"recado/models"
)

//go:embed texts/*.json
var textFiles embed.FS

// languages are those that texts exist in; the first is for everybody else.
var languages = []language.Tag{language.English, language.BrazilianPortuguese}

var languageMatcher = language.NewMatcher(languages)

// Language returns the language that suits an Accept-Language header best.
func Language(acceptLanguage string) language.Tag {
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return languages[0]
	}
	_, index, _ := languageMatcher.Match(wanted...)
	return languages[index]
}

// localizers give the texts of each of the languages.
var localizers = func() map[language.Tag]*i18n.Localizer {
	bundle := i18n.NewBundle(languages[0])
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	made := make(map[language.Tag]*i18n.Localizer, len(languages))
	for _, tag := range languages {
		if _, err := bundle.LoadMessageFileFS(textFiles, "texts/"+tag.String()+".json"); err != nil {
			panic(err) // the files are part of the program
		}
		made[tag] = i18n.NewLocalizer(bundle, tag.String())
	}
	return made
}()

// timeLayouts write a time for people. It is UTC: what the reader's clock shows is
// not known here.
var timeLayouts = map[language.Tag]string{
	language.English:             "2 January 2006, 15:04 UTC",
	language.BrazilianPortuguese: "02/01/2006 15:04 UTC",
}

// text returns a text in the reader's language. Without the text it returns the
// id; a test holds that all are there.
func (e *Edge) text(ctx context.Context, id string, params map[string]string) string {
	tag := languageFrom(ctx)
	localizer, ok := localizers[tag]
	if !ok {
		tag = languages[0]
		localizer = localizers[tag]
	}
	if len(params) > 0 {
		params = maps.Clone(params)
		for name, value := range params {
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				params[name] = at.UTC().Format(timeLayouts[tag])
			}
		}
	}
	text, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: params})
	if err != nil {
		e.log.WarnContext(ctx, "text is missing", "id", id, "language", tag, "error", err)
		return id
	}
	return text
}

// failureText says for people what went wrong.
func (e *Edge) failureText(ctx context.Context, failure *models.Error) string {
	return e.text(ctx, "error."+string(failure.Code), failure.Params)
}
