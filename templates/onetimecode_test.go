package templates_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/templates"
)

// codeWish is a template for one-time codes.
func (s *shop) codeWish(name string, minutes int) templates.NewTemplate {
	return templates.NewTemplate{
		ChannelID: s.channel.ID, Name: name, Language: "pt_BR", Category: models.TemplateAuthentication, Content: models.TemplateContent{
			OneTimeCode: &models.OneTimeCode{SecurityRecommendation: true, ExpirationMinutes: minutes},
			Buttons:     []models.TemplateButton{{Kind: models.TemplateOTP, Text: "Copiar código"}},
		},
	}
}

func TestOneTimeCode(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		made, err := s.templates.Create(t.Context(), s.admin, s.codeWish("codigo", 10))
		require.NoError(t, err)
		require.Equal(t, models.ParametersPositional, made.Format, "as Meta has them")
		worded := s.becomes(made.ID, "WhatsApp told its words", func(t models.Template) bool { return t.Content.Worded() })
		code := models.TemplateValues{Fields: map[string]string{"code": "482913"}}

		t.Run("is shown in WhatsApp's words before it is submitted", func(t *testing.T) {
			require.Equal(t, made.Version, worded.Version, "which is nobody's edit")
			filled, err := s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{}, code)
			require.NoError(t, err)
			require.Equal(t, "*482913* é seu código de verificação. Para sua segurança, não o compartilhe.", filled.Sent.Body)
			require.Equal(t, "Este código expira em 10 minutos.", filled.Sent.Footer)
			require.Equal(t, []models.SentTemplateButton{{Kind: models.TemplateOTP, Text: "Copiar código", Code: "482913"}}, filled.Sent.Buttons)
			require.Nil(t, filled.Obstacle())
			long, err := s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{}, models.TemplateValues{Fields: map[string]string{"code": "1234567890123456"}})
			require.NoError(t, err)
			require.Equal(t, models.NewError(models.CodeInvalid, "values").With("max", "15"), long.Obstacle())
		})
		t.Run("is not for somebody without a phone number", func(t *testing.T) {
			scoped := models.NewID()
			s.Save(&models.Contact{OrganizationID: s.Organization.ID, ID: scoped, Name: "Sem número"}, &models.ContactIdentity{
				OrganizationID: s.Organization.ID, ChannelID: s.channel.ID, Kind: models.IdentityUser, Value: "BR.77190", MatchKey: "BR.77190", ContactID: scoped,
			})
			filled, err := s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{ContactID: &scoped}, code)
			require.NoError(t, err)
			require.Contains(t, filled.Obstacles(), models.NewError(models.CodePhoneNumberRequired, "contactId"))
			known := s.Conversation(s.channel, "Maria", s.clock.Now())
			filled, err = s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{ContactID: &known.ContactID}, code)
			require.NoError(t, err)
			require.NotContains(t, filled.Obstacles(), models.NewError(models.CodePhoneNumberRequired, "contactId"))
		})
		t.Run("is approved, and read as it was written", func(t *testing.T) {
			_, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			s.taken(made.ID)
			s.pass(3 * time.Second)
			s.becomes(made.ID, "approved", func(t models.Template) bool { return t.Status == models.TemplateApproved })
			before := s.now(made.ID)
			_, err = s.templates.Sync(t.Context(), s.admin, s.channel.ID)
			require.NoError(t, err)
			read := s.becomes(made.ID, "listed", func(t models.Template) bool { return t.SyncedAt != nil })
			require.Nil(t, read.Foreign)
			require.Equal(t, before.Content, read.Content)
			require.NotContains(t, s.history(made.ID), "CONTENT")
			_, err = s.templates.Sendable(s.db.Read(t.Context()), s.replier, s.channel, made.ID)
			require.NoError(t, err)
		})
		t.Run("is edited by its choices", func(t *testing.T) {
			same, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: s.codeWish("", 10).Content}, nil)
			require.NoError(t, err)
			require.Nil(t, same.Draft, "they are the same")
			_, err = s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: s.codeWish("", 5).Content}, nil)
			require.NoError(t, err)
			edited := s.becomes(made.ID, "WhatsApp told its words", func(t models.Template) bool { return t.Draft != nil && t.Draft.Worded() })
			require.Equal(t, "Este código expira em 5 minutos.", edited.Draft.Footer)
			require.Equal(t, "Este código expira em 10 minutos.", edited.Content.Footer, "what is sent stays")
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			require.Equal(t, 5, s.taken(made.ID).Content.OneTimeCode.ExpirationMinutes)
		})
		t.Run("stays one, and no other becomes one", func(t *testing.T) {
			for id, change := range map[models.ID]templates.TemplateChange{
				s.draft("outro").ID: {Content: s.codeWish("", 10).Content, Category: new(models.TemplateAuthentication)},
				s.codes("mais"):     {Content: ready(), Category: new(models.TemplateUtility)},
			} {
				_, err := s.templates.Update(t.Context(), s.admin, id, change, nil)
				require.Equal(t, error(models.NewError(models.CodeInvalid, "category")), err)
			}
			in := s.codeWish("livre", 10)
			in.Content.Body = "Seu código é #{code}, não o passe."
			_, err := s.templates.Create(t.Context(), s.admin, in)
			require.Equal(t, error(models.NewError(models.CodeInvalid, "body")), err)
		})
		t.Run("that was made elsewhere is taken over", func(t *testing.T) {
			s.elsewhereIn(models.TemplateAuthentication, "de_fora", `[{"type":"BODY","add_security_recommendation":true},{"type":"FOOTER","code_expiration_minutes":30},
				{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"COPY_CODE","text":"Copiar"}]}]`)
			s.pass(3 * time.Second) // its approval tells of it
			var found models.Template
			require.Eventually(t, func() bool { return s.db.Read(t.Context()).Take(&found, "name = ?", "de_fora").Error == nil }, patient, 5*time.Millisecond)
			require.Nil(t, found.Foreign)
			require.Equal(t, &models.OneTimeCode{SecurityRecommendation: true, ExpirationMinutes: 30}, found.Content.OneTimeCode)
			require.Equal(t, []string{"code"}, found.Content.Fields())
			require.NoError(t, found.Editable())
		})
		t.Run("gets its words with the template where nobody told them before", func(t *testing.T) {
			id := s.codes("mudo")
			mute := s.becomes(id, "WhatsApp told its words", func(t models.Template) bool { return t.Content.Worded() })
			mute.Content.Body, mute.Content.Footer = "#{code}", ""
			s.Save(&mute)
			_, err := s.templates.Submit(t.Context(), s.admin, id, nil)
			require.NoError(t, err)
			told := s.becomes(id, "WhatsApp told its words", func(t models.Template) bool { return t.Content.Worded() })
			require.Equal(t, worded.Content, told.Content)
		})
	})
}

// codes makes a template for one-time codes.
func (s *shop) codes(name string) models.ID {
	s.t.Helper()
	made, err := s.templates.Create(s.t.Context(), s.admin, s.codeWish(name, 10))
	require.NoError(s.t, err)
	return made.ID
}
