package models_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestCleanShortcut(t *testing.T) {
	for given, want := range map[string]string{
		"preco": "preco", "/Preço": "preco", "HORÁRIO": "horario", "bom-dia_2.b": "bom-dia_2.b", strings.Repeat("a", 32): strings.Repeat("a", 32),
	} {
		clean, err := models.CleanShortcut(given)
		require.NoError(t, err, given)
		require.Equal(t, want, clean)
	}
	for given, code := range map[string]models.Code{
		"": models.CodeRequired, "/": models.CodeRequired, "bom dia": models.CodeInvalid, "a/b": models.CodeInvalid, "😀": models.CodeInvalid,
		strings.Repeat("a", 33): models.CodeInvalid, "\u0301": models.CodeRequired, "a\xff": models.CodeInvalid,
	} {
		_, err := models.CleanShortcut(given)
		require.Equal(t, code, models.CodeOf(err), given)
	}
}

func TestMergeText(t *testing.T) {
	values := map[string]string{"contact.firstName": "Maria", "agent.name": "Ana Souza", "contact.name": ""}
	for name, c := range map[string]struct {
		text, want string
		missing    []string
	}{
		"plain":                    {"Bom dia!", "Bom dia!", nil},
		"a value":                  {"Olá, #{contact.firstName}!", "Olá, Maria!", nil},
		"spaces inside":            {"#{ contact.firstName | cliente }", "Maria", nil},
		"a fallback not needed":    {"#{contact.firstName|cliente}", "Maria", nil},
		"a fallback":               {"Olá, #{contact.name|cliente}!", "Olá, cliente!", nil},
		"an empty fallback":        {"Olá#{contact.name|}!", "Olá!", nil},
		"one that is missing":      {"#{contact.name}, #{contact.phone} e #{contact.name}", "#{contact.name}, #{contact.phone} e #{contact.name}", []string{"contact.name", "contact.phone"}},
		"what only looks like one": {`\#{contact.name} # { } {x}`, "#{contact.name} # { } {x}", nil},
		"two side by side":         {"#{contact.firstName}#{agent.name}", "MariaAna Souza", nil},
	} {
		t.Run(name, func(t *testing.T) {
			parsed, err := models.ParseMergeText(c.text, "body", models.ConversationVariables)
			require.NoError(t, err)
			text, missing := parsed.Render(values)
			require.Equal(t, c.want, text)
			require.Equal(t, c.missing, missing)
		})
	}
	t.Run("refuses a variable that is not known, and names those that are", func(t *testing.T) {
		for _, text := range []string{"#{order.total}", "#{}", "#{|x}", "#{Contact.name}", "a #{contact.name|x} #{x"} {
			_, err := models.ParseMergeText(text, "body", models.ConversationVariables)
			require.Error(t, err, text)
		}
		_, err := models.ParseMergeText("#{order.total|x}", "body", []string{"contact.name", "agent.name"})
		require.Equal(t, error(models.NewError(models.CodeUnknownVariable, "body").With("variable", "order.total").With("known", "contact.name, agent.name")), err)
		_, err = models.ParseMergeText("Olá #{contact.name", "body", models.ConversationVariables)
		require.Equal(t, error(models.NewError(models.CodeInvalid, "body")), err)
	})
	t.Run("leaves any text without variables as it is", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			text := strings.ReplaceAll(rapid.String().Draw(t, "text"), "#{", "")
			parsed, err := models.ParseMergeText(text, "body", nil)
			require.NoError(t, err)
			rendered, missing := parsed.Render(nil)
			require.Equal(t, text, rendered)
			require.Empty(t, missing)
		})
	})
}

func TestFirstName(t *testing.T) {
	require.Equal(t, "Maria", models.FirstName("  Maria  da Silva"))
	require.Empty(t, models.FirstName(" "))
}

func TestQuickReply(t *testing.T) {
	file := models.NewID()
	for name, c := range map[string]struct {
		reply models.QuickReply
		want  error
	}{
		"a text":                            {models.QuickReply{Body: "Olá, #{contact.firstName|cliente}!"}, nil},
		"a file alone":                      {models.QuickReply{AttachmentID: &file}, nil},
		"a file with a caption":             {models.QuickReply{Body: "O cardápio de hoje", AttachmentID: &file}, nil},
		"neither":                           {models.QuickReply{Body: "  "}, models.NewError(models.CodeRequired, "body")},
		"a text that is too long":           {models.QuickReply{Body: strings.Repeat("x", 4097)}, models.NewError(models.CodeInvalid, "body").With("max", "4096")},
		"a caption that is too long":        {models.QuickReply{Body: strings.Repeat("x", 1025), AttachmentID: &file}, models.NewError(models.CodeInvalid, "body").With("max", "1024")},
		"a text that databases do not take": {models.QuickReply{Body: "a\x00"}, models.NewError(models.CodeInvalid, "body")},
		"a variable left open":              {models.QuickReply{Body: "#{contact.name"}, models.NewError(models.CodeInvalid, "body")},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.reply.Check()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, err)
		})
	}
	t.Run("becomes a text, or a file with a caption", func(t *testing.T) {
		values := map[string]string{"contact.firstName": "Maria"}
		draft, missing := models.QuickReply{Body: "Olá, #{contact.firstName}!"}.Draft(values)
		require.Empty(t, missing)
		require.Equal(t, models.Draft{Text: &models.TextDraft{Body: "Olá, Maria!"}}, draft)
		draft, missing = models.QuickReply{Body: "#{agent.name}", AttachmentID: &file}.Draft(values)
		require.Equal(t, []string{"agent.name"}, missing)
		require.Equal(t, models.Draft{Attachment: &models.AttachmentDraft{AttachmentID: file, Caption: "#{agent.name}"}}, draft)
	})
}
