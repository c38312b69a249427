package templates_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp/simulator"
)

func TestApply(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		made := s.approved("pedido_pronto")
		about := simulator.TemplateEvent{WABAID: wabaID, Name: "pedido_pronto", Language: "pt_BR"}
		happens := func(change func(*simulator.TemplateEvent)) {
			event := about
			change(&event)
			s.clock.Advance(time.Minute)
			require.NoError(t, s.meta.Happen(event))
			require.NoError(t, s.meta.Flush(t.Context()))
		}
		t.Run("tells of pauses, flags and quality", func(t *testing.T) {
			happens(func(e *simulator.TemplateEvent) { e.Event, e.Title = "PAUSED", "FIRST_PAUSE" })
			paused := s.now(made.ID)
			require.Equal(t, models.TemplatePaused, paused.Status)
			require.Equal(t, "FIRST_PAUSE", paused.PauseTitle)
			requireCode(t, models.CodeTemplatePaused, paused.Sendable())
			happens(func(e *simulator.TemplateEvent) { e.Event = "FLAGGED" })
			require.NoError(t, s.now(made.ID).Sendable())
			happens(func(e *simulator.TemplateEvent) { e.Quality = "RED" })
			require.Equal(t, models.QualityRed, s.now(made.ID).Quality)
			happens(func(e *simulator.TemplateEvent) { e.Event = "REINSTATED" })
			require.Equal(t, models.TemplateApproved, s.now(made.ID).Status)
		})
		t.Run("tells of a category, before and after it is changed", func(t *testing.T) {
			happens(func(e *simulator.TemplateEvent) { e.Coming = "MARKETING" })
			coming := s.now(made.ID)
			require.Equal(t, models.TemplateUtility, coming.Category)
			require.Equal(t, models.TemplateMarketing, coming.ComingCategory)
			require.Equal(t, s.clock.Now().Add(24*time.Hour), *coming.ComingAt)
			happens(func(e *simulator.TemplateEvent) { e.Category = "MARKETING" })
			changed := s.now(made.ID)
			require.Equal(t, models.TemplateMarketing, changed.Category)
			require.Equal(t, models.TemplateUtility, changed.PastCategory)
			require.Empty(t, changed.ComingCategory)
		})
		t.Run("reads a text that was changed elsewhere", func(t *testing.T) {
			happens(func(e *simulator.TemplateEvent) {
				e.Body = "Oi, {{contact_first_name}}! Seu pedido {{order}} já está pronto para a retirada."
			})
			changed := s.becomes(made.ID, "read", func(t models.Template) bool { return t.Content.Body != ready().Body })
			require.Equal(t, "Oi, #{contact.firstName|cliente}! Seu pedido #{order} já está pronto para a retirada.", changed.Content.Body, "fallbacks stay")
			require.Nil(t, changed.Foreign)
		})
		t.Run("ignores accounts that nobody has", func(t *testing.T) {
			require.NoError(t, s.hears([]byte(`{"object":"whatsapp_business_account","entry":[{"id":"999","time":1795012345,"changes":[{"field":"message_template_status_update","value":{"event":"APPROVED","message_template_id":1}}]}]}`)))
		})
		t.Run("takes over what it has not heard of", func(t *testing.T) {
			s.elsewhere("made_elsewhere", `[{"type":"BODY","text":"Olá! Sua compra {{1}} chegou hoje na loja do centro.","example":{"body_text":[["42"]]}}]`)
			s.pass(3 * time.Second) // its approval
			var found models.Template
			require.Eventually(t, func() bool {
				return s.db.Read(t.Context()).Where("name = ?", "made_elsewhere").Limit(1).Find(&found).RowsAffected == 1
			}, patient, 5*time.Millisecond)
			require.Equal(t, models.TemplateApproved, found.Status)
			require.Equal(t, models.ParametersPositional, found.Format)
			require.Equal(t, "Olá! Sua compra #{1} chegou hoje na loja do centro.", found.Content.Body)
			require.Nil(t, found.CreatedByID)
		})
	})
}

// TestApplyInAnyOrder plays the webhooks of a template's life shuffled and doubled.
func TestApplyInAnyOrder(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		base := s.clock.Now().Unix()
		hook := func(second int, field string, value map[string]any) []byte {
			value["message_template_id"], value["message_template_name"], value["message_template_language"] = 77, "t", "pt_BR"
			body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
				"id": wabaID, "time": base + int64(second), "changes": []any{map[string]any{"field": field, "value": value}},
			}}})
			require.NoError(t, err)
			return body
		}
		const status, quality, category = "message_template_status_update", "message_template_quality_update", "template_category_update"
		life := [][]byte{
			hook(1, status, map[string]any{"event": "REJECTED", "reason": "SCAM"}),
			hook(2, status, map[string]any{"event": "APPROVED"}),
			hook(2, quality, map[string]any{"new_quality_score": "GREEN", "previous_quality_score": "UNKNOWN"}),
			hook(3, category, map[string]any{"new_category": "UTILITY", "correct_category": "MARKETING"}),
			hook(4, status, map[string]any{"event": "PAUSED", "other_info": map[string]any{"title": "FIRST_PAUSE"}}),
			hook(5, category, map[string]any{"previous_category": "UTILITY", "new_category": "MARKETING"}),
			hook(6, status, map[string]any{"event": "APPROVED"}),
			hook(6, quality, map[string]any{"new_quality_score": "RED", "previous_quality_score": "GREEN"}),
		}
		play := func(order []int) (models.Template, []string) {
			row := models.Template{
				OrganizationID: s.Organization.ID, ID: models.NewID(), WABAID: wabaID, MetaID: new("77"), Name: "t", Language: "pt_BR",
				Category: models.TemplateUtility, Format: models.ParametersNamed, Content: ready(), Quality: models.QualityUnknown,
				Status: models.TemplatePending, StatusAt: s.clock.Now(), Version: 1, CreatedAt: s.clock.Now(),
			}
			s.Write(func(tx *store.Tx) error { return tx.Create(&row).Error })
			for _, i := range order {
				require.NoError(t, s.hears(life[i]))
			}
			ended, steps := s.now(row.ID), s.history(row.ID)
			s.Exec("DELETE FROM template_steps")
			s.Exec("DELETE FROM templates")
			ended.ID, ended.Version = models.NoID, 0
			return ended, steps
		}
		in := []int{0, 1, 2, 3, 4, 5, 6, 7}
		want, wantSteps := play(in)
		require.Equal(t, models.TemplateApproved, want.Status)
		require.Equal(t, models.QualityRed, want.Quality)
		require.Equal(t, models.TemplateMarketing, want.Category)
		require.Len(t, wantSteps, len(life))
		for n := range 12 {
			order := append(append([]int{}, in...), in...)
			rand.New(rand.NewPCG(uint64(n), 7)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			got, steps := play(order)
			require.Equal(t, want, got, "%v", order)
			require.ElementsMatch(t, wantSteps, steps, "%v", order)
		}
	})
}

func TestSync(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		for i := range 60 { // two pages
			s.elsewhere(fmt.Sprintf("t_%02d", i), `[{"type":"BODY","text":"Olá! A loja abre hoje às oito."}]`)
		}
		s.elsewhere("carousel", `[{"type":"BODY","text":"Olá! Veja as novidades da loja."},{"type":"CAROUSEL","cards":[]}]`)
		s.pass(3 * time.Second)
		s.Exec("DELETE FROM river_job") // what the webhooks asked for
		draft := s.draft("carousel_2")
		s.elsewhere("carousel_2", `[{"type":"BODY","text":"Olá! Outro texto da loja."}]`)
		s.work()
		sync := func() {
			t.Helper()
			_, err := s.templates.Sync(t.Context(), s.admin, s.channel.ID)
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				var left int64
				require.NoError(t, s.db.Read(t.Context()).Raw("SELECT count(*) FROM river_job WHERE kind LIKE 'templates.%' AND finalized_at IS NULL").Scan(&left).Error)
				return left == 0
			}, patient, 5*time.Millisecond)
		}
		sync()
		count := func(condition string, args ...any) (n int64) {
			require.NoError(t, s.db.Read(t.Context()).Model(&models.Template{}).Where("organization_id = ? AND deleted_at IS NULL", s.Organization.ID).Where(condition, args...).Count(&n).Error)
			return n
		}
		t.Run("takes over all that Meta has", func(t *testing.T) {
			require.Equal(t, int64(62), count("meta_id IS NOT NULL"))
			require.Equal(t, int64(61), count("status = ?", models.TemplateApproved))
			require.Equal(t, int64(1), count("foreign_parts IS NOT NULL"), "what cannot be filled in is kept as it is")
		})
		t.Run("makes a draft of the same name an edit of what Meta has", func(t *testing.T) {
			adopted := s.now(draft.ID)
			require.NotNil(t, adopted.MetaID)
			require.Equal(t, "Olá! Outro texto da loja.", adopted.Content.Body)
			require.Equal(t, ready(), *adopted.Draft)
		})
		t.Run("changes nothing the second time", func(t *testing.T) {
			before := s.eventCount()
			sync()
			require.Equal(t, before, s.eventCount())
		})
		t.Run("hears of what no webhook told", func(t *testing.T) {
			s.clock.Advance(time.Hour)
			require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "t_00", Language: "pt_BR", Event: "PAUSED", Silent: true}))
			require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "t_01", Language: "pt_BR", Event: "DELETED", Silent: true}))
			require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "t_02", Language: "pt_BR", Quality: "YELLOW", Silent: true}))
			sync()
			require.Equal(t, int64(1), count("name = 't_00' AND status = ?", models.TemplatePaused))
			require.Equal(t, int64(0), count("name = 't_01'"))
			require.Equal(t, int64(1), count("name = 't_02' AND quality = ?", models.QualityYellow))
		})
		t.Run("belongs to the organization", func(t *testing.T) {
			var theirs int64
			require.NoError(t, s.db.Read(t.Context()).Model(&models.Template{}).Where("organization_id <> ?", s.Organization.ID).Count(&theirs).Error)
			require.Zero(t, theirs)
		})
		t.Run("notices a token that Meta refuses", func(t *testing.T) {
			s.meta.RevokeToken(token)
			sync()
			var channel models.Channel
			require.NoError(t, s.db.Read(t.Context()).Take(&channel, "id = ?", s.channel.ID).Error)
			require.Equal(t, models.ChannelReauthorizationRequired, channel.Status)
		})
	})
}

func TestTwoOrganizationsOfAnAccount(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		s.work()
		ours := s.approved("shared")
		other := testkit.NewWorld(t, s.db)
		theirs := models.Template{
			OrganizationID: other.Organization.ID, ID: models.NewID(), WABAID: wabaID, MetaID: ours.MetaID, Name: "shared", Language: "pt_BR",
			Category: models.TemplateUtility, Format: models.ParametersNamed, Content: ready(), Quality: models.QualityUnknown,
			Status: models.TemplatePending, Version: 1, CreatedAt: s.clock.Now(),
		}
		s.Write(func(tx *store.Tx) error { return tx.Create(&theirs).Error })
		s.clock.Advance(time.Minute)
		require.NoError(t, s.meta.Happen(simulator.TemplateEvent{WABAID: wabaID, Name: "shared", Language: "pt_BR", Event: "PAUSED"}))
		require.NoError(t, s.meta.Flush(t.Context()))
		require.Equal(t, models.TemplatePaused, s.now(ours.ID).Status)
		require.Equal(t, models.TemplatePaused, s.now(theirs.ID).Status)
	})
}
