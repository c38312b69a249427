package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/graph"
	"recado/models"
	"recado/testkit"
)

func TestRecords(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		maria, hidden := a.Conversation(a.Open, "Maria", a.DB.Now()), a.Conversation(a.Closed, "João", a.DB.Now())
		admin, replier, looker := a.as(a.Administrator), a.as(a.Replier), a.as(a.Looker)
		contact, conversation := public(models.PrefixContact, maria.ContactID), public(models.PrefixConversation, maria.ID)
		admin.get(`mutation {
			birthday: customFieldCreate(input: {recordType: CONTACT, key: "birthday", label: "Birthday", kind: DATE}) {userErrors {code}}
			size: customFieldCreate(input: {recordType: DEAL, key: "size", label: "Size", kind: CHOICE, options: ["M", "L"], idempotencyKey: "k"}) {customField {id options} userErrors {code}}
			again: customFieldCreate(input: {recordType: DEAL, key: "size", label: "Size", kind: CHOICE, options: ["M", "L"], idempotencyKey: "k"}) {customField {id} userErrors {code}}
		}`, nil)
		fields := looker.get(`{customFields(recordType: DEAL) {nodes {id key label kind options version} pageInfo {hasNextPage}}}`, nil)
		require.Equal(t, []any{"M", "L"}, fields.at("customFields.nodes.0.options"))
		require.Len(t, fields.at("customFields.nodes"), 1)
		company := looker.get(`mutation {companyCreate(input: {name: "Padaria", website: "padaria.example"}) {company {id phone website version} userErrors {code}}}`, nil)
		companyID := company.at("companyCreate.company.id")
		require.Nil(t, company.at("companyCreate.company.phone"))
		require.Equal(t, "https://padaria.example", company.at("companyCreate.company.website"))

		t.Run("are kept of a contact", func(t *testing.T) {
			before := looker.get(`query($id: ID!) {contact(id: $id) {version company {id} customValues {value} deals {nodes {id}}}}`, map[string]any{"id": contact})
			require.Equal(t, map[string]any{"version": 0.0, "company": nil, "customValues": []any{}, "deals": map[string]any{"nodes": []any{}}}, before.at("contact"))
			kept := replier.get(`mutation($contact: ID!, $company: ID!) {contactUpdate(input: {contactId: $contact, companyId: $company, customValues: [{key: "birthday", value: "1990-02-28"}]}) {
				contact {name version company {name} customValues {field {key kind} value}} userErrors {code}}}`, map[string]any{"contact": contact, "company": companyID})
			require.Equal(t, map[string]any{
				"name": "Maria", "version": 1.0, "company": map[string]any{"name": "Padaria"},
				"customValues": []any{map[string]any{"field": map[string]any{"key": "birthday", "kind": "DATE"}, "value": "1990-02-28"}},
			}, kept.at("contactUpdate.contact"))
			late := replier.get(`mutation($contact: ID!) {contactUpdate(input: {contactId: $contact, companyId: null, expectedVersion: 0}) {contact {version company {name}} userErrors {code field message}}}`, map[string]any{"contact": contact})
			require.Equal(t, "CONFLICT", late.at("contactUpdate.userErrors.0.code"))
			require.Equal(t, "Padaria", late.at("contactUpdate.contact.company.name"), "as it is now")
			wrong := replier.get(`mutation($contact: ID!) {contactUpdate(input: {contactId: $contact, customValues: [{key: "birthday", value: "soon"}]}) {contact {id} userErrors {code field}}}`, map[string]any{"contact": contact})
			require.Equal(t, []any{"input", "customValues", "0", "value"}, wrong.at("contactUpdate.userErrors.0.field"))
		})

		t.Run("are deals, shown with all that they belong to as far as the viewer may see it", func(t *testing.T) {
			variables := map[string]any{"contact": contact, "conversation": conversation}
			made := replier.get(`mutation($conversation: ID!) {dealCreate(input: {name: "Forno", conversationId: $conversation, amount: {amount: "1234.5", currency: "BRL"},
				closingDate: "2026-12-31", customValues: [{key: "size", value: "L"}], idempotencyKey: "d"}) {deal {id
				name isOpen version amount {amount currency} closingDate stage {name kind pipeline {name isDefault}} pipeline {stages {name position}} owner {name} createdBy {name}
				contact {name} company {name} conversation {id} customValues {field {label} value}} userErrors {code}}}`, variables)
			deal := made.at("dealCreate.deal").(map[string]any) //nolint:errcheck // an object, by the schema
			id := deal["id"]
			delete(deal, "id")
			stages := deal["pipeline"].(map[string]any)["stages"] //nolint:errcheck // likewise
			require.Len(t, stages, len(models.DefaultStages))
			delete(deal, "pipeline")
			require.Equal(t, map[string]any{
				"name": "Forno", "isOpen": true, "version": 1.0, "amount": map[string]any{"amount": "1234.50", "currency": "BRL"}, "closingDate": "2026-12-31",
				"stage": map[string]any{"name": "New", "kind": "OPEN", "pipeline": map[string]any{"name": "Sales", "isDefault": true}},
				"owner": map[string]any{"name": "Bruno"}, "createdBy": map[string]any{"name": "Bruno"}, "contact": map[string]any{"name": "Maria"},
				"company": map[string]any{"name": "Padaria"}, "conversation": map[string]any{"id": conversation},
				"customValues": []any{map[string]any{"field": map[string]any{"label": "Size"}, "value": "L"}},
			}, deal)

			for _, list := range []string{"contact(id: $contact)", "conversation(id: $conversation)"} {
				found := looker.get(fmt.Sprintf(`query($contact: ID!, $conversation: ID!) {found: %s {id deals(first: 1) {edges {cursor node {name}} pageInfo {endCursor}}} 
					contact(id: $contact) {id} conversation(id: $conversation) {id}}`, list), variables)
				require.Equal(t, "Forno", found.at("found.deals.edges.0.node.name"))
				require.Equal(t, found.at("found.deals.pageInfo.endCursor"), found.at("found.deals.edges.0.cursor"))
			}
			node := a.as(a.Outsider).get(`query($id: ID!, $company: ID!) {node(id: $id) {... on Deal {name contact {name} conversation {id} company {deals {nodes {name}}}}} company(id: $company) {name}}`,
				map[string]any{"id": id, "company": companyID})
			require.Equal(t, map[string]any{
				"name": "Forno", "contact": nil, "conversation": nil, "company": map[string]any{"deals": map[string]any{"nodes": []any{map[string]any{"name": "Forno"}}}},
			}, node.at("node"), "who may not see the channel sees the deal alone")
			require.Nil(t, a.as(testkit.NewWorld(t, a.DB).Administrator).get(`query($id: ID!) {node(id: $id) {id} deal(id: $id) {id}}`, map[string]any{"id": id}).at("deal"))

			for input, want := range map[string][]any{
				`name: " "`: {"REQUIRED", []any{"input", "name"}},
				`amount: {amount: "1.234", currency: "BRL"}`: {"INVALID", []any{"input", "amount", "amount"}},
				`amount: {amount: "1", currency: "reais"}`:   {"INVALID", []any{"input", "amount", "currency"}},
				`stageId: "stage_1"`:                         {"NOT_FOUND", []any{"input", "stageId"}},
				`contactId: $hidden`:                         {"NOT_FOUND", []any{"input", "contactId"}},
				`customValues: [{key: "color", value: "x"}]`: {"NOT_FOUND", []any{"input", "customValues", "0", "key"}},
				`name: "Late", expectedVersion: 7`:           {"CONFLICT", []any{"input", "expectedVersion"}},
			} {
				refused := looker.get(fmt.Sprintf(`mutation($id: ID!, $hidden: ID) {dealUpdate(input: {dealId: $id, %s}) {deal {name} userErrors {code field message}} other: dealUpdate(input: {dealId: $id, contactId: $hidden}) {userErrors {code}}}`, input),
					map[string]any{"id": id, "hidden": public(models.PrefixContact, hidden.ContactID)})
				require.Equal(t, want, []any{refused.at("dealUpdate.userErrors.0.code"), refused.at("dealUpdate.userErrors.0.field")}, input)
				require.NotEmpty(t, refused.at("dealUpdate.userErrors.0.message"))
			}
			require.Equal(t, "BAD_USER_INPUT", looker.ask(`mutation {dealCreate(input: {name: "x", closingDate: "31/12/2026"}) {deal {id}}}`, nil).code())
		})

		t.Run("are arranged by administrators", func(t *testing.T) {
			require.Equal(t, "FORBIDDEN", replier.ask(`mutation {pipelineCreate(input: {name: "Renewals"}) {pipeline {id}}}`, nil).code())
			made := admin.get(`mutation {pipelineCreate(input: {name: "Renewals", stages: [{name: "Due", kind: OPEN}, {name: "Done", kind: WON}]}) {
				pipeline {id position stages {id name}} userErrors {code}}}`, nil)
			due, done := made.at("pipelineCreate.pipeline.stages.0.id"), made.at("pipelineCreate.pipeline.stages.1.id")
			deal := looker.get(`mutation($stage: ID!) {dealCreate(input: {name: "x", stageId: $stage, ownerId: null}) {deal {id isOpen closedAt owner {id}} userErrors {code}}}`, map[string]any{"stage": done})
			require.Equal(t, false, deal.at("dealCreate.deal.isOpen"))
			require.Nil(t, deal.at("dealCreate.deal.owner"))
			refused := admin.get(`mutation($stage: ID!) {pipelineStageDelete(input: {stageId: $stage}) {deletedStageId userErrors {code field}}}`, map[string]any{"stage": done})
			require.Equal(t, []any{"REQUIRED", []any{"input", "replacementStageId"}}, []any{refused.at("pipelineStageDelete.userErrors.0.code"), refused.at("pipelineStageDelete.userErrors.0.field")})
			admin.get(`mutation($stage: ID!, $to: ID!) {pipelineStageDelete(input: {stageId: $stage, replacementStageId: $to}) {deletedStageId userErrors {code}}}`, map[string]any{"stage": done, "to": due})
			found := looker.get(`query($stage: ID!) {deals(filter: {stageId: $stage, isOpen: true}) {nodes {id}} pipelines {name stages {name}}}`, map[string]any{"stage": due})
			require.Equal(t, deal.at("dealCreate.deal.id"), found.at("deals.nodes.0.id"))
			require.Equal(t, map[string]any{"name": "Renewals", "stages": []any{map[string]any{"name": "Due"}}}, found.at("pipelines.1"))
			deleted := admin.get(`mutation($id: ID!, $to: ID!, $pipeline: ID!) {
				dealDelete(input: {dealId: $id}) {deletedDealId userErrors {code}}
				pipelineUpdate(input: {pipelineId: $pipeline, position: 0}) {pipeline {position} userErrors {code}}
				pipelineStageUpdate(input: {stageId: $to, name: "Soon"}) {stage {name} userErrors {code}}
				pipelineDelete(input: {pipelineId: $pipeline}) {deletedPipelineId userErrors {code}}
			}`, map[string]any{"id": deal.at("dealCreate.deal.id"), "to": due, "pipeline": made.at("pipelineCreate.pipeline.id")})
			require.Equal(t, deal.at("dealCreate.deal.id"), deleted.at("dealDelete.deletedDealId"))
			require.Zero(t, deleted.at("pipelineUpdate.pipeline.position"))
			require.Equal(t, "Soon", deleted.at("pipelineStageUpdate.stage.name"))
			require.Equal(t, made.at("pipelineCreate.pipeline.id"), deleted.at("pipelineDelete.deletedPipelineId"))
		})
	})
}

// A page of deals costs a few statements, however many deals are on it.
func TestDeals_are_loaded_together(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		viewer := a.Viewer(a.Replier)
		for range 20 {
			conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
			company, err := a.CRM.CreateCompany(t.Context(), viewer, crm.CompanyChange{Name: new("Padaria")}, nil)
			require.NoError(t, err)
			_, err = a.CRM.CreateDeal(t.Context(), viewer, crm.DealChange{
				Name: new("Forno"), ConversationID: crm.To(conversation.ID), CompanyID: crm.To(company.ID),
			}, nil)
			require.NoError(t, err)
		}
		const most = 13
		statements, looker := testkit.CountStatements(t, a.DB), a.as(a.Looker)
		fewest := int64(1000)
		for try := 0; try < 10 && fewest > most; try++ { // loaders wait a moment for each other, so a busy machine may need some more now and then
			before := statements.Load()
			page := looker.get(`{deals {nodes {name owner {name} stage {name pipeline {name}} contact {name company {name} deals(first: 3) {nodes {name}}}
				company {name} conversation {id} customValues {value}}}}`, nil)
			fewest = min(fewest, statements.Load()-before)
			require.Equal(t, "Maria", page.at("deals.nodes.19.contact.name"))
			require.Equal(t, "Forno", page.at("deals.nodes.19.contact.deals.nodes.0.name"))
		}
		require.LessOrEqual(t, fewest, int64(most))
	})
}

func TestDealEvents(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		outsider, stranger := a.as(a.Outsider), testkit.NewWorld(t, a.DB)
		start := graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID})
		_, err := a.CRM.CreateDeal(t.Context(), stranger.Viewer(stranger.Administrator), crm.DealChange{Name: new("Theirs")}, nil)
		require.NoError(t, err)
		deal, err := a.CRM.CreateDeal(t.Context(), a.Viewer(a.Replier), crm.DealChange{Name: new("Forno")}, nil)
		require.NoError(t, err)
		_, err = a.CRM.CreatePipeline(t.Context(), a.Viewer(a.Administrator), crm.NewPipeline{Name: "Renewals"}, nil)
		require.NoError(t, err)
		require.NoError(t, a.CRM.DeleteDeal(t.Context(), a.Viewer(a.Replier), deal.ID))
		stream := outsider.subscribe(`subscription($after: String) {inboxEvents(after: $after) {__typename
			... on DealChangedEvent {cursor deal {name contact {id} stage {name}}} ... on DealDeletedEvent {deletedDealId} ... on PipelinesChangedEvent {id}}}`, map[string]any{"after": start})
		made := stream.next()
		require.Equal(t, "DealChangedEvent", made.at("inboxEvents.__typename"))
		require.Equal(t, map[string]any{"name": "Forno", "contact": nil, "stage": map[string]any{"name": "New"}}, made.at("inboxEvents.deal"))
		require.Equal(t, "PipelinesChangedEvent", stream.next().at("inboxEvents.__typename"))
		require.Equal(t, public(models.PrefixDeal, deal.ID), stream.next().at("inboxEvents.deletedDealId"))
	})
}
