package templates_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/templates"
	"recado/whatsapp/simulator"
)

func TestCreate(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		t.Run("makes a draft that those who may see the account see", func(t *testing.T) {
			made := s.draft("pedido_pronto")
			require.Equal(t, models.TemplateDraft, made.Status)
			require.Equal(t, wabaID, made.WABAID)
			require.Equal(t, models.ParametersNamed, made.Format)
			for viewer, sees := range map[*models.Viewer]bool{&s.admin: true, &s.replier: true, &s.looker: true, &s.outsider: false, &s.stranger: false} {
				found, err := s.templates.ByID(t.Context(), *viewer, []models.ID{made.ID})
				require.NoError(t, err)
				require.Equal(t, sees, len(found) == 1)
				page, err := s.templates.List(t.Context(), *viewer, templates.Filter{}, store.PageRequest{})
				require.NoError(t, err)
				require.Equal(t, sees, len(page.Rows) == 1)
			}
			require.Equal(t, []string{"CREATED"}, s.history(made.ID))
			require.Equal(t, 1, s.events(made.ID))
		})
		t.Run("is for administrators", func(t *testing.T) {
			for viewer, code := range map[*models.Viewer]models.Code{
				&s.replier: models.CodeForbidden, &s.looker: models.CodeForbidden, &s.outsider: models.CodeNotFound, &s.stranger: models.CodeNotFound,
			} {
				_, err := s.templates.Create(t.Context(), *viewer, s.wish("x"))
				requireCode(t, code, err)
			}
		})
		t.Run("takes a name once per language", func(t *testing.T) {
			_, err := s.templates.Create(t.Context(), s.admin, s.wish("pedido_pronto"))
			require.Equal(t, error(models.NewError(models.CodeAlreadyExists, "name")), err)
			other := s.wish("pedido_pronto")
			other.Language = "en"
			_, err = s.templates.Create(t.Context(), s.admin, other)
			require.NoError(t, err)
		})
		t.Run("makes one for a key", func(t *testing.T) {
			in := s.wish("once")
			in.IdempotencyKey = "k1"
			first, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			again, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			require.Equal(t, first.ID, again.ID)
			in.Name = "twice"
			_, err = s.templates.Create(t.Context(), s.admin, in)
			requireCode(t, models.CodeIdempotencyKeyReused, err)
		})
		t.Run("holds what is written to the rules", func(t *testing.T) {
			for field, change := range map[string]func(*templates.NewTemplate){
				"name":     func(in *templates.NewTemplate) { in.Name = "Pedido Pronto" },
				"language": func(in *templates.NewTemplate) { in.Language = "pt-BR" },
				"category": func(in *templates.NewTemplate) { in.Category = "SERVICE" },
				"format":   func(in *templates.NewTemplate) { in.Format = "OTHER" },
				"body":     func(in *templates.NewTemplate) { in.Content.Body = "Oi {{1}}" },
			} {
				in := s.wish("wrong")
				change(&in)
				_, err := s.templates.Create(t.Context(), s.admin, in)
				require.Equal(t, error(models.NewError(models.CodeInvalid, field)), err)
			}
		})
		t.Run("takes an upload of the right kind as a sample", func(t *testing.T) {
			in := s.wish("with_image")
			in.Content.Header = &models.TemplateHeader{Kind: models.TemplateHeaderImage, SampleID: new(s.picture(s.admin))}
			_, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			in.Name, in.Content.Header = "with_video", &models.TemplateHeader{Kind: models.TemplateHeaderVideo, SampleID: in.Content.Header.SampleID}
			_, err = s.templates.Create(t.Context(), s.admin, in)
			require.Equal(t, error(models.NewError(models.CodeInvalid, "header.sampleId")), err)
			in.Content.Header.SampleID = new(models.NewID())
			_, err = s.templates.Create(t.Context(), s.admin, in)
			require.Equal(t, error(models.NewError(models.CodeNotFound, "header.sampleId")), err)
		})
	})
}

func TestUpdate(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		changed := ready()
		changed.Body = "Olá, #{contact.firstName|cliente}! O pedido #{order} já pode ser retirado na loja."
		t.Run("changes a draft", func(t *testing.T) {
			made := s.draft("a")
			updated, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed, Category: new(models.TemplateMarketing)}, &made.Version)
			require.NoError(t, err)
			require.Equal(t, changed, updated.Content)
			require.Nil(t, updated.Draft)
			require.Equal(t, models.TemplateMarketing, updated.Category)
			require.Equal(t, int64(2), updated.Version)
			same, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed}, nil)
			require.NoError(t, err)
			require.Equal(t, int64(2), same.Version, "nothing changed")
			stale, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: ready()}, &made.Version)
			requireCode(t, models.CodeConflict, err)
			require.Equal(t, int64(2), stale.Version, "it comes with the present one")
		})
		t.Run("is for administrators", func(t *testing.T) {
			made := s.draft("b")
			for viewer, code := range map[*models.Viewer]models.Code{
				&s.replier: models.CodeForbidden, &s.outsider: models.CodeNotFound, &s.stranger: models.CodeNotFound,
			} {
				_, err := s.templates.Update(t.Context(), *viewer, made.ID, templates.TemplateChange{Content: changed}, nil)
				requireCode(t, code, err)
				_, err = s.templates.Submit(t.Context(), *viewer, made.ID, nil)
				requireCode(t, code, err)
				_, err = s.templates.Delete(t.Context(), *viewer, made.ID)
				requireCode(t, code, err)
				_, err = s.templates.Sync(t.Context(), *viewer, s.channel.ID)
				requireCode(t, code, err)
			}
		})
		t.Run("of an approved one lies beside it until Meta has taken it", func(t *testing.T) {
			made := s.approved("c")
			updated, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed}, nil)
			require.NoError(t, err)
			require.Equal(t, models.TemplateApproved, updated.Status)
			require.Equal(t, ready(), updated.Content)
			require.Equal(t, &changed, updated.Draft)
			require.NoError(t, updated.Sendable(), "it is sent as it was")
			_, err = s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed, Category: new(models.TemplateMarketing)}, nil)
			require.Equal(t, error(models.NewError(models.CodeInvalid, "category")), err, "that of an approved one stays")
			back, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: ready()}, nil)
			require.NoError(t, err)
			require.Nil(t, back.Draft)
		})
	})
}

func TestSubmit(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		t.Run("goes from draft over pending to approved", func(t *testing.T) {
			made := s.draft("pedido_pronto")
			pending, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			require.Equal(t, models.TemplatePending, pending.Status)
			require.Equal(t, s.clock.Now(), *pending.SubmittedAt)
			taken := s.taken(made.ID)
			require.NotNil(t, taken.MetaID)
			require.Equal(t, models.TemplatePending, taken.Status)
			s.pass(3 * time.Second)
			approved := s.becomes(made.ID, "approved", func(t models.Template) bool { return t.Status == models.TemplateApproved })
			require.Equal(t, s.clock.Now(), *approved.ApprovedAt)
			require.Equal(t, []string{"CREATED", "SUBMITTED", "STATUS PENDING", "STATUS APPROVED"}, s.history(made.ID))
			require.NotZero(t, s.events(made.ID))
		})
		t.Run("is rejected with a reason, corrected and approved", func(t *testing.T) {
			s.meta.PlanReview(simulator.Review{Name: "promo", Event: "REJECTED", Reason: "TAG_CONTENT_MISMATCH", Text: "Language.", Recommendation: "Write it in the language you chose."})
			made := s.submitted("promo")
			s.pass(3 * time.Second)
			rejected := s.becomes(made.ID, "rejected", func(t models.Template) bool { return t.Status == models.TemplateRejected })
			require.Equal(t, &models.TemplateRejection{Reason: "TAG_CONTENT_MISMATCH", Text: "Language.", Recommendation: "Write it in the language you chose."}, rejected.Rejection)
			_, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			requireCode(t, models.CodeTemplateNotEditable, err)

			changed := ready()
			changed.Body = "Olá, #{contact.firstName|cliente}! Seu pedido #{order} já pode ser retirado na loja."
			_, err = s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed, Category: new(models.TemplateMarketing)}, nil)
			require.NoError(t, err)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			pending := s.taken(made.ID)
			require.Equal(t, models.TemplatePending, pending.Status)
			require.Equal(t, changed, pending.Content)
			require.Equal(t, models.TemplateMarketing, pending.Category)
			require.Nil(t, pending.Draft)
			s.pass(3 * time.Second)
			s.becomes(made.ID, "approved", func(t models.Template) bool { return t.Status == models.TemplateApproved && t.Rejection == nil })
		})
		t.Run("may be approved in another category", func(t *testing.T) {
			s.meta.PlanReview(simulator.Review{Name: "other", Category: "MARKETING"})
			made := s.submitted("other")
			s.pass(3 * time.Second)
			changed := s.becomes(made.ID, "recategorized", func(t models.Template) bool { return t.Category == models.TemplateMarketing })
			require.Equal(t, models.TemplateUtility, changed.PastCategory, "the status had another category, so Meta was asked")
		})
		t.Run("needs a sample for each merge field", func(t *testing.T) {
			in := s.wish("no_samples")
			in.Content.Samples = nil
			made, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.Equal(t, error(models.NewError(models.CodeRequired, "samples").With("variable", "order")), err)
		})
		t.Run("hands in the sample of a header", func(t *testing.T) {
			in := s.wish("with_image")
			in.Content.Header = &models.TemplateHeader{Kind: models.TemplateHeaderImage, SampleID: new(s.picture(s.admin))}
			made, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			require.Nil(t, s.taken(made.ID).Refusal)
		})
		t.Run("keeps what Meta refuses, in its words", func(t *testing.T) {
			in := s.wish("refused")
			in.Content.Body = "#{order} é o número do seu pedido, que já saiu para entrega."
			made, err := s.templates.Create(t.Context(), s.admin, in)
			require.NoError(t, err)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			refused := s.taken(made.ID)
			require.Equal(t, models.TemplateRejected, refused.Status)
			require.Nil(t, refused.MetaID)
			require.Equal(t, "TEMPLATE_INVALID", refused.Refusal.Code)
			require.Equal(t, 2388299, refused.Refusal.MetaCode)
			require.Contains(t, refused.Refusal.Text, "words before the first")
			_, err = s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: ready()}, nil)
			require.NoError(t, err)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			again := s.taken(made.ID)
			require.Nil(t, again.Refusal)
			require.NotNil(t, again.MetaID)
		})
		t.Run("makes one when the answer was lost", func(t *testing.T) {
			s.meta.Faults().DropAnswers(1)
			made := s.submitted("lost")
			require.NotNil(t, made.MetaID)
			require.Nil(t, made.Refusal)
			count := 0
			for _, state := range s.meta.TemplatesOf(wabaID) {
				if state.Name == "lost" {
					count++
				}
			}
			require.Equal(t, 1, count)
		})
		t.Run("edits approved ones within Meta's limit", func(t *testing.T) {
			made := s.approved("edited")
			edit := func(n int) (models.Template, error) {
				changed := ready()
				changed.Footer = fmt.Sprint("Versão ", n)
				_, err := s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: changed}, nil)
				require.NoError(t, err)
				return s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			}
			_, err := edit(1)
			require.NoError(t, err)
			require.Equal(t, models.TemplatePending, s.taken(made.ID).Status)
			s.pass(3 * time.Second)
			s.becomes(made.ID, "approved again", func(t models.Template) bool { return t.Status == models.TemplateApproved })
			_, err = edit(2)
			requireCode(t, models.CodeTemplateEditLimit, err)
			s.pass(24 * time.Hour)
			_, err = edit(3)
			require.NoError(t, err)
			require.Nil(t, s.taken(made.ID).Refusal)
		})
		t.Run("needs a number that is connected", func(t *testing.T) {
			made := s.draft("offline")
			s.Exec("UPDATE channels SET status = ? WHERE id = ?", models.ChannelDisconnected, s.channel.ID)
			_, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.Equal(t, error(models.NewError(models.CodeChannelUnavailable, "").With("status", "DISCONNECTED")), err)
			s.Exec("UPDATE channels SET status = ? WHERE id = ?", models.ChannelConnected, s.channel.ID)
		})
	})
}

func TestSubmitWithoutJobs(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		t.Run("leaves the template alone while Meta is asked", func(t *testing.T) {
			made := s.draft("busy")
			first, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			again, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
			require.Equal(t, first.Version, again.Version)
			_, err = s.templates.Update(t.Context(), s.admin, made.ID, templates.TemplateChange{Content: models.TemplateContent{Body: "x"}}, nil)
			requireCode(t, models.CodeTemplateBusy, err)
			_, err = s.templates.Delete(t.Context(), s.admin, made.ID)
			requireCode(t, models.CodeTemplateBusy, err)
		})
		t.Run("holds the account to 200", func(t *testing.T) {
			made := s.draft("one_too_many")
			rows := make([]models.Template, 199) // busy is one more
			for i := range rows {
				rows[i] = models.Template{
					OrganizationID: s.Organization.ID, ID: models.NewID(), WABAID: wabaID, MetaID: new(fmt.Sprint("7", i)), Name: fmt.Sprint("t_", i), Language: "pt_BR",
					Category: models.TemplateUtility, Format: models.ParametersNamed, Content: ready(), Quality: models.QualityUnknown, Version: 1, CreatedAt: s.clock.Now(),
					Status: []models.TemplateStatus{models.TemplateApproved, models.TemplateRejected, models.TemplatePending}[i%3],
				}
			}
			s.Write(func(tx *store.Tx) error { return store.InsertAll(tx, rows) })
			_, err := s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.Equal(t, error(models.NewError(models.CodeLimitReached, "").With("max", "200")), err)
			s.Exec("UPDATE templates SET deleted_at = ?, status = 'DELETED' WHERE id = ?", s.clock.Now(), rows[0].ID)
			_, err = s.templates.Submit(t.Context(), s.admin, made.ID, nil)
			require.NoError(t, err)
		})
	})
}

func TestDelete(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		t.Run("takes a draft away at once", func(t *testing.T) {
			made := s.draft("gone")
			deleted, err := s.templates.Delete(t.Context(), s.admin, made.ID)
			require.NoError(t, err)
			require.NotNil(t, deleted.DeletedAt)
			_, err = s.templates.Delete(t.Context(), s.admin, made.ID)
			requireCode(t, models.CodeNotFound, err)
			s.draft("gone")
		})
		t.Run("has Meta delete it, and blocks the name of one that was approved", func(t *testing.T) {
			made := s.approved("approved_once")
			asked, err := s.templates.Delete(t.Context(), s.admin, made.ID)
			require.NoError(t, err)
			require.Equal(t, models.TemplateRequestDelete, asked.Request)
			s.becomes(made.ID, "deleted", func(t models.Template) bool { return t.DeletedAt != nil })
			require.Empty(t, s.meta.TemplatesOf(wabaID))
			_, err = s.templates.Create(t.Context(), s.admin, s.wish("approved_once"))
			requireCode(t, models.CodeTemplateNameBlocked, err)
			found, err := s.templates.ByID(t.Context(), s.looker, []models.ID{made.ID})
			require.NoError(t, err)
			require.Len(t, found, 1, "messages that were sent with it still show it")
			s.pass(30 * 24 * time.Hour)
			s.draft("approved_once")
		})
		t.Run("leaves a disabled one", func(t *testing.T) {
			made := s.approved("disabled")
			require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "disabled", Language: "pt_BR", Event: "DISABLED"}))
			s.becomes(made.ID, "disabled", func(t models.Template) bool { return t.Status == models.TemplateDisabled })
			_, err := s.templates.Delete(t.Context(), s.admin, made.ID)
			requireCode(t, models.CodeTemplateNotEditable, err)
		})
	})
}
