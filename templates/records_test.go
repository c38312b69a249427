package templates_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/templates"
	"recado/testkit"
)

func TestPreview_records(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		records := crm.New(s.db)
		custom := func(of models.RecordType, key string, kind models.FieldKind) {
			_, err := records.CreateCustomField(t.Context(), s.admin, crm.NewField{RecordType: of, Key: key, Label: key, Kind: kind}, nil)
			require.NoError(t, err)
		}
		custom(models.RecordContact, "birthday", models.FieldDate)
		custom(models.RecordCompany, "vip", models.FieldBoolean)
		custom(models.RecordDeal, "weight", models.FieldNumber)
		maria := s.Conversation(s.channel, "Maria da Silva", s.clock.Now())
		company, err := records.CreateCompany(t.Context(), s.replier, crm.CompanyChange{
			Name: new("Café do Porto"), CustomValues: []models.CustomValueChange{{Key: "vip", Value: "true"}},
		}, nil)
		require.NoError(t, err)
		_, _, err = records.UpdateContact(t.Context(), s.replier, maria.ContactID, crm.ContactChange{
			CompanyID: crm.To(company.ID), CustomValues: []models.CustomValueChange{{Key: "birthday", Value: "1990-12-31"}},
		}, nil)
		require.NoError(t, err)
		deal, err := records.CreateDeal(t.Context(), s.replier, crm.DealChange{
			Name: new("Forno"), Price: crm.To(models.NewMoney(123456, "BRL")), ClosingDate: crm.To(models.Date("2026-12-05")),
			CustomValues: []models.CustomValueChange{{Key: "weight", Value: "12.5"}},
		}, nil)
		require.NoError(t, err)
		template := func(language, body string) models.ID {
			made, err := s.templates.Create(t.Context(), s.admin, templates.NewTemplate{
				ChannelID: s.channel.ID, Name: "registros_" + string(rune('a'+len(body)%26)), Language: language, Category: models.TemplateUtility,
				Content: models.TemplateContent{Body: body},
			})
			require.NoError(t, err)
			return made.ID
		}
		shown := func(id models.ID, about templates.Subject, fields map[string]string) (string, []string) {
			filled, err := s.templates.Preview(t.Context(), s.replier, id, about, models.TemplateValues{Fields: fields})
			require.NoError(t, err)
			return filled.Sent.Body, filled.Missing
		}
		whole := templates.Subject{ContactID: &maria.ContactID, DealID: &deal.ID}
		const body = "#{contact.firstName}, #{company.name} (#{company.custom.vip}): #{deal.name} de #{deal.amount}, #{deal.custom.weight} kg, até #{deal.closingDate}; #{contact.custom.birthday}."

		t.Run("gives values in the language of the template", func(t *testing.T) {
			text, missing := shown(template("pt_BR", body), whole, nil)
			require.Empty(t, missing)
			require.Equal(t, "Maria, Café do Porto (Sim): Forno de R$ 1.234,56, 12,5 kg, até 05/12/2026; 31/12/1990.", text)
			text, _ = shown(template("en", body), whole, nil)
			require.Equal(t, "Maria, Café do Porto (Yes): Forno de R$1,234.56, 12.5 kg, até Dec 5, 2026; Dec 31, 1990.", text)
		})
		t.Run("takes what is given by hand, then the record, then the fallback", func(t *testing.T) {
			id := template("pt_BR", "#{company.name|sua empresa} e #{deal.name|seu pedido} e #{deal.stage} e #{company.city}.")
			text, missing := shown(id, whole, map[string]string{"company.name": "Outra", "company.city": "Santos"})
			require.Empty(t, missing)
			require.Equal(t, "Outra e Forno e New e Santos.", text)
			text, missing = shown(id, templates.Subject{}, map[string]string{"deal.name": " "})
			require.Equal(t, []string{"deal.stage", "company.city"}, missing)
			require.Equal(t, "sua empresa e seu pedido e #{deal.stage} e #{company.city}.", text)
		})
		t.Run("knows no deal of others, and none that is not there", func(t *testing.T) {
			id := template("pt_BR", "Uma mensagem sem campos.")
			other := testkit.NewWorld(t, s.db)
			theirs, err := records.CreateDeal(t.Context(), other.Viewer(other.Administrator), crm.DealChange{Name: new("Deles")}, nil)
			require.NoError(t, err)
			for _, about := range []models.ID{theirs.ID, models.NewID()} {
				_, err := s.templates.Preview(t.Context(), s.admin, id, templates.Subject{DealID: &about}, models.TemplateValues{})
				require.Equal(t, error(models.NewError(models.CodeNotFound, "dealId")), err)
			}
		})
	})
}
