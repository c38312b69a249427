package templates_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/templates"
	"recado/testkit"
	"recado/whatsapp/simulator"
)

func TestSendable(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		made := s.approved("pedido_pronto")
		ask := func(viewer models.Viewer, channel models.Channel, id models.ID) error {
			_, err := s.templates.Sendable(s.db.Read(t.Context()), viewer, channel, id)
			return err
		}
		require.NoError(t, ask(s.admin, s.channel, made.ID))
		require.NoError(t, ask(s.replier, s.channel, made.ID))
		requireCode(t, models.CodeForbidden, ask(s.looker, s.channel, made.ID))
		requireCode(t, models.CodeNotFound, ask(s.outsider, s.channel, made.ID))
		requireCode(t, models.CodeNotFound, ask(s.stranger, s.channel, made.ID))
		require.Equal(t, error(models.NewError(models.CodeNotFound, "templateId")), ask(s.admin, s.Open, made.ID), "of another account")
		require.Equal(t, error(models.NewError(models.CodeNotFound, "templateId")), ask(s.admin, s.channel, models.NewID()))
		draft := s.draft("draft")
		require.Equal(t, error(models.NewError(models.CodeTemplateNotApproved, "templateId").With("status", "DRAFT")), ask(s.admin, s.channel, draft.ID))
		s.clock.Advance(time.Minute)
		require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "pedido_pronto", Language: "pt_BR", Event: "PAUSED"}))
		require.NoError(t, s.meta.Flush(t.Context()))
		require.Equal(t, error(models.NewError(models.CodeTemplatePaused, "templateId")), ask(s.admin, s.channel, made.ID))
	})
}

func TestPreview(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		in := s.wish("pedido_pronto")
		in.Content.Body = "Olá, #{contact.firstName|cliente}! Aqui é #{user.firstName} da #{organization.name}. O pedido #{order} saiu."
		made, err := s.templates.Create(t.Context(), s.admin, in)
		require.NoError(t, err)
		conversation := s.Conversation(s.channel, "Maria da Silva", s.clock.Now())
		t.Run("fills in what is known, and names what is missing", func(t *testing.T) {
			filled, err := s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{ContactID: &conversation.ContactID}, models.TemplateValues{})
			require.NoError(t, err)
			require.Equal(t, "Olá, Maria! Aqui é Bruno da Padaria Aurora. O pedido #{order} saiu.", filled.Sent.Body)
			require.Equal(t, []string{"order"}, filled.Missing)
			require.Equal(t, models.NewError(models.CodeValuesMissing, "values").With("variables", "order"), filled.Obstacle())
			filled, err = s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{ContactID: &conversation.ContactID}, models.TemplateValues{Fields: map[string]string{"order": "8841", "contact.firstName": "Mari"}})
			require.NoError(t, err)
			require.Equal(t, "Olá, Mari! Aqui é Bruno da Padaria Aurora. O pedido 8841 saiu.", filled.Sent.Body)
			require.Nil(t, filled.Obstacle())
			nobody, err := s.templates.Preview(t.Context(), s.looker, made.ID, templates.Subject{}, models.TemplateValues{})
			require.NoError(t, err)
			require.Contains(t, nobody.Sent.Body, "Olá, cliente!")
		})
		t.Run("is for those who may see the template and the contact", func(t *testing.T) {
			for _, viewer := range []models.Viewer{s.outsider, s.stranger} {
				_, err := s.templates.Preview(t.Context(), viewer, made.ID, templates.Subject{}, models.TemplateValues{})
				require.ErrorIs(t, err, models.ErrNotFound)
			}
			hidden := s.Conversation(s.Closed, "Escondida", s.clock.Now())
			_, err := s.templates.Preview(t.Context(), s.replier, made.ID, templates.Subject{ContactID: &hidden.ContactID}, models.TemplateValues{})
			require.Equal(t, error(models.NewError(models.CodeNotFound, "contactId")), err)
			other := testkit.NewWorld(t, s.db)
			theirs := other.Conversation(other.Open, "De outros", s.clock.Now())
			_, err = s.templates.Preview(t.Context(), s.admin, made.ID, templates.Subject{ContactID: &theirs.ContactID}, models.TemplateValues{})
			require.Equal(t, error(models.NewError(models.CodeNotFound, "contactId")), err)
		})
		t.Run("takes the sample of a header, or a file of the viewer's", func(t *testing.T) {
			in := s.wish("with_image")
			in.Content = models.TemplateContent{Body: "O cardápio de hoje.", Header: &models.TemplateHeader{Kind: models.TemplateHeaderImage, SampleID: new(s.picture(s.admin))}}
			image, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			filled, err := s.templates.Preview(t.Context(), s.replier, image.ID, templates.Subject{}, models.TemplateValues{})
			require.NoError(t, err)
			require.Equal(t, in.Content.Header.SampleID, filled.AttachmentID, "whoever may send it may use its sample")
			own := s.picture(s.replier)
			filled, err = s.templates.Preview(t.Context(), s.replier, image.ID, templates.Subject{}, models.TemplateValues{HeaderAttachmentID: &own})
			require.NoError(t, err)
			require.Equal(t, &own, filled.AttachmentID)
			filled, err = s.templates.Preview(t.Context(), s.replier, image.ID, templates.Subject{}, models.TemplateValues{HeaderAttachmentID: new(models.NewID())})
			require.NoError(t, err)
			require.Equal(t, models.NewError(models.CodeNotFound, "values.headerAttachmentId"), filled.Obstacle())
		})
	})
}

func TestList(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		row := func(name, language string, status models.TemplateStatus, category models.TemplateCategory, waba string) models.Template {
			s.clock.Advance(time.Second)
			return models.Template{
				OrganizationID: s.Organization.ID, ID: models.NewID(), WABAID: waba, Name: name, Language: language, Category: category,
				Format: models.ParametersNamed, Content: ready(), Quality: models.QualityUnknown, Status: status, Version: 1, CreatedAt: s.clock.Now(),
			}
		}
		rows := []models.Template{
			row("pedido_pronto", "pt_BR", models.TemplateApproved, models.TemplateUtility, wabaID),
			row("pedido_pronto", "en", models.TemplatePending, models.TemplateUtility, wabaID),
			row("promo_100", "pt_BR", models.TemplateRejected, models.TemplateMarketing, wabaID),
			row("sinalizado", "pt_BR", models.TemplateFlagged, models.TemplateMarketing, wabaID),
			row("de_outra_conta", "pt_BR", models.TemplateApproved, models.TemplateUtility, s.Open.WABAID),
			row("de_ninguem", "pt_BR", models.TemplateApproved, models.TemplateUtility, "5"),
		}
		s.Write(func(tx *store.Tx) error { return store.InsertAll(tx, rows) })
		names := func(viewer models.Viewer, filter templates.Filter) (found []string) {
			page, err := s.templates.List(t.Context(), viewer, filter, store.PageRequest{First: new(2)})
			require.NoError(t, err)
			for {
				for _, row := range page.Rows {
					found = append(found, row.Name+" "+row.Language)
				}
				if !page.HasNext {
					return found
				}
				page, err = s.templates.List(t.Context(), viewer, filter, store.PageRequest{First: new(2), After: new(page.Cursor(len(page.Rows) - 1))})
				require.NoError(t, err)
			}
		}
		all := []string{"sinalizado pt_BR", "promo_100 pt_BR", "pedido_pronto en", "pedido_pronto pt_BR"}
		require.Equal(t, append([]string{"de_outra_conta pt_BR"}, all...), names(s.admin, templates.Filter{}), "newest first, page by page")
		require.Equal(t, all, names(s.admin, templates.Filter{ChannelID: &s.channel.ID}))
		require.Empty(t, names(s.outsider, templates.Filter{}))
		require.Empty(t, names(s.stranger, templates.Filter{}))
		require.Equal(t, []string{"promo_100 pt_BR"}, names(s.admin, templates.Filter{Statuses: []models.TemplateStatus{models.TemplateRejected}}))
		require.Equal(t, all[:2], names(s.admin, templates.Filter{Categories: []models.TemplateCategory{models.TemplateMarketing}}))
		require.Equal(t, []string{"pedido_pronto en"}, names(s.admin, templates.Filter{Languages: []string{"en"}}))
		require.Equal(t, all[2:], names(s.admin, templates.Filter{Name: "Pedido pro"}))
		require.Empty(t, names(s.admin, templates.Filter{Name: "%"}))
		require.Equal(t, []string{"de_outra_conta pt_BR", "sinalizado pt_BR", "pedido_pronto pt_BR"}, names(s.admin, templates.Filter{Sendable: new(true)}))
		_, err := s.templates.List(t.Context(), s.outsider, templates.Filter{ChannelID: &s.channel.ID}, store.PageRequest{})
		require.Equal(t, error(models.NewError(models.CodeNotFound, "filter.channelId")), err)
	})
}
