package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestOneTimeCode(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		admin := a.as(a.Administrator)
		const create = `mutation($channel: ID!, $content: TemplatePartsInput!, $category: TemplateCategory!) {templateCreate(input: {
			channelId: $channel, name: "codigo", language: "pt_BR", category: $category, content: $content
		}) {template {id category parameterFormat content {body footer buttons {kind text code} oneTimeCode {hasSecurityRecommendation expirationMinutes}}
			mergeFields {name isAutomatic} warnings {code}} userErrors {code field}}}`
		channel := public(models.PrefixChannel, a.Open.ID)
		asks := func(category string, content map[string]any) *answer {
			return admin.get(create, map[string]any{"channel": channel, "category": category, "content": content})
		}
		button := []any{map[string]any{"kind": "OTP", "text": "Copiar código"}}
		for name, c := range map[string]struct {
			category string
			content  map[string]any
			code     string
			field    []any
		}{
			"without its choices":   {"AUTHENTICATION", map[string]any{"buttons": button}, "REQUIRED", []any{"input", "content", "oneTimeCode"}},
			"with a text":           {"AUTHENTICATION", map[string]any{"body": "Oi", "oneTimeCode": map[string]any{}, "buttons": button}, "INVALID", []any{"input", "content", "body"}},
			"for two hours":         {"AUTHENTICATION", map[string]any{"oneTimeCode": map[string]any{"expirationMinutes": 120}, "buttons": button}, "INVALID", []any{"input", "content", "oneTimeCode", "expirationMinutes"}},
			"in another category":   {"UTILITY", map[string]any{"body": "Oi", "oneTimeCode": map[string]any{}}, "INVALID", []any{"input", "content", "oneTimeCode"}},
			"others need their own": {"UTILITY", map[string]any{}, "REQUIRED", []any{"input", "content", "body"}},
		} {
			t.Run(name, func(t *testing.T) {
				refused := asks(c.category, c.content)
				require.Equal(t, c.code, refused.at("templateCreate.userErrors.0.code"))
				require.Equal(t, c.field, refused.at("templateCreate.userErrors.0.field"))
			})
		}
		made := asks("AUTHENTICATION", map[string]any{"oneTimeCode": map[string]any{"expirationMinutes": 10}, "buttons": button})
		require.Empty(t, made.at("templateCreate.userErrors"))
		require.Equal(t, "POSITIONAL", made.at("templateCreate.template.parameterFormat"))
		require.Equal(t, map[string]any{"hasSecurityRecommendation": true, "expirationMinutes": float64(10)}, made.at("templateCreate.template.content.oneTimeCode"))
		require.Equal(t, []any{map[string]any{"kind": "OTP", "text": "Copiar código", "code": "#{code}"}}, made.at("templateCreate.template.content.buttons"))
		require.Equal(t, []any{map[string]any{"name": "code", "isAutomatic": false}}, made.at("templateCreate.template.mergeFields"))
		require.Empty(t, made.at("templateCreate.template.warnings"))

		scoped := models.NewID()
		a.Save(&models.Contact{OrganizationID: a.Organization.ID, ID: scoped, Name: "Sem número"}, &models.ContactIdentity{
			OrganizationID: a.Organization.ID, ChannelID: a.Open.ID, Kind: models.IdentityUser, Value: "BR.77190", MatchKey: "BR.77190", ContactID: scoped,
		})
		shown := a.as(a.Replier).get(`query($id: ID!, $contact: ID!) {templatePreview(templateId: $id, contactId: $contact, values: {fields: [{name: "code", value: "482913"}]}) {
			content {body buttons {kind code}} blockers {code message}}}`,
			map[string]any{"id": made.at("templateCreate.template.id"), "contact": public(models.PrefixContact, scoped)})
		require.Contains(t, shown.at("templatePreview.content.body"), "482913")
		require.Equal(t, []any{map[string]any{"kind": "OTP", "code": "482913"}}, shown.at("templatePreview.content.buttons"))
		require.Equal(t, "TEMPLATE_NOT_APPROVED", shown.at("templatePreview.blockers.0.code"))
		require.Equal(t, "PHONE_NUMBER_REQUIRED", shown.at("templatePreview.blockers.1.code"))
	})
}
