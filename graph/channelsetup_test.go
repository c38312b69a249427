package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/graph"
	"recado/models"
	"recado/testkit"
)

func TestChannelHealth(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		channel := a.Open
		facts := models.ChannelFacts{}
		now := a.DB.Now()
		facts.VerifiedName.Learn("Padaria Aurora", now)
		facts.QualityRating.Learn("YELLOW", now)
		facts.MessagingLimit.Learn(2000, now)
		facts.Throughput.Learn("HIGH", now)
		facts.LearnAlert(models.Alert{Type: "PROFILE_PICTURE_LOST", Severity: "WARNING", Status: "ACTIVE"}, now)
		facts.Restrictions.Learn([]models.Restriction{{Type: "RESTRICTED_BIZ_INITIATED_MESSAGING"}}, now)
		channel.Facts, channel.AccessTokenHint = &facts, "ZD9q"
		channel.Problems = []models.ChannelProblem{{Code: models.ProblemTokenExpiresSoon, Since: now}}
		a.Save(&channel)
		const document = `query($id: ID!) {node(id: $id) {... on Channel {verifiedName qualityRating messagingLimit {customersPerDay isUnlimited} messagesPerSecond
			numberStatus restrictions {type expiresAt} alerts {type severity status description} messagingLimitUsed accessTokenLastFour health {isHealthy lastWebhookAt problems {code message}}}}}`
		id := map[string]any{"id": public(models.PrefixChannel, channel.ID)}
		looker := a.as(a.Looker)
		looker.language = "pt-BR"
		require.Equal(t, map[string]any{
			"verifiedName": "Padaria Aurora", "qualityRating": "YELLOW", "messagingLimit": map[string]any{"customersPerDay": 2000.0, "isUnlimited": false},
			"messagesPerSecond": 1000.0, "numberStatus": nil, "restrictions": []any{map[string]any{"type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiresAt": nil}},
			"alerts":             []any{map[string]any{"type": "PROFILE_PICTURE_LOST", "severity": "WARNING", "status": "ACTIVE", "description": nil}},
			"messagingLimitUsed": 0.0, "accessTokenLastFour": "ZD9q", "health": map[string]any{"isHealthy": false, "lastWebhookAt": nil, "problems": []any{map[string]any{
				"code": "TOKEN_EXPIRES_SOON", "message": "O token de acesso termina em breve. Conecte o número de novo antes disso.",
			}}},
		}, looker.get(document, id).at("node"))
		require.Nil(t, a.as(a.Outsider).get(document, id).at("node"))
	})
}

func TestChannelEvents(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		looker, inboxOf := a.as(a.Looker), a.as(a.Looker)
		position, err := a.DB.FeedPosition(t.Context(), a.Organization.ID)
		require.NoError(t, err)
		after := map[string]any{"after": graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID, Position: position})}
		events := looker.subscribe(`subscription($after: String) {channelEvents(after: $after) {... on ChannelChangedEvent {id cursor channel {id status statusReason}}}}`, after)
		others := inboxOf.subscribe(`subscription($after: String) {inboxEvents(after: $after) {... on Event {id}}}`, after)
		hidden := a.as(a.Administrator)
		for _, channel := range []models.Channel{a.Closed, a.Open} {
			answer := hidden.get(`mutation($id: ID!) {channelDisconnect(input: {channelId: $id}) {channel {status disconnectedAt} userErrors {code}}}`,
				map[string]any{"id": public(models.PrefixChannel, channel.ID)})
			require.Equal(t, "DISCONNECTED", answer.at("channelDisconnect.channel.status"))
			require.NotNil(t, answer.at("channelDisconnect.channel.disconnectedAt"))
		}
		told := events.next()
		require.Equal(t, public(models.PrefixChannel, a.Open.ID), told.at("channelEvents.channel.id"), "the other channel is not for this viewer")
		require.Equal(t, "DISCONNECTED", told.at("channelEvents.channel.status"))
		a.Conversation(a.Closed, "x", a.DB.Now())
		conversation := a.Conversation(a.Open, "Maria", a.DB.Now())
		looker.get(`mutation($id: ID!) {noteCreate(input: {conversationId: $id, body: "Oi"}) {userErrors {code}}}`, map[string]any{"id": public(models.PrefixConversation, conversation.ID)})
		require.NotNil(t, others.next().at("inboxEvents.id"), "of the inbox, what happened in it comes first")

		t.Run("sending stops with a reason, beforehand too, and the conversation stays", func(t *testing.T) {
			replier, ids := a.as(a.Replier), map[string]any{"id": public(models.PrefixConversation, conversation.ID)}
			sent := replier.get(`mutation($id: ID!) {messageSend(input: {conversationId: $id, idempotencyKey: "k", content: {text: {body: "Oi"}}}) {userErrors {code}}}`, ids)
			asked := replier.get(`query($id: ID!) {canSend(conversationId: $id, draft: {text: {body: "Oi"}}) {isAllowed blockers {code}} conversation(id: $id) {channel {status}}}`, ids)
			require.Contains(t, []any{"SERVICE_WINDOW_CLOSED", "CHANNEL_UNAVAILABLE"}, sent.at("messageSend.userErrors.0.code"))
			require.Contains(t, asked.at("canSend.blockers"), map[string]any{"code": "CHANNEL_UNAVAILABLE"})
			require.Equal(t, "DISCONNECTED", asked.at("conversation.channel.status"))
		})
		t.Run("is for administrators of the organization", func(t *testing.T) {
			const disconnect = `mutation($id: ID!) {channelDisconnect(input: {channelId: $id}) {channel {id} userErrors {code field}}}`
			id := map[string]any{"id": public(models.PrefixChannel, a.Open.ID)}
			require.Equal(t, "FORBIDDEN", a.as(a.Replier).ask(disconnect, id).code())
			other := testkit.NewWorld(t, a.DB)
			refused := a.as(other.Administrator).get(disconnect, id)
			require.Equal(t, "NOT_FOUND", refused.at("channelDisconnect.userErrors.0.code"))
			require.Equal(t, []any{"input", "channelId"}, refused.at("channelDisconnect.userErrors.0.field"))
		})
	})
}

func TestChannelSetups(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator := a.as(a.Administrator)
		setup := models.ChannelConnection{
			OrganizationID: a.Organization.ID, ID: models.NewID(), StartedByID: a.Administrator.ID, Method: models.ConnectByLogin,
			Status: models.ConnectionFailed, Reached: models.ConnectionSubscribed, ExpiresAt: a.DB.Now().Add(1e12), AccessTokenHint: "ZD9q", AccessToken: []byte("sealed"),
			Failure:  &models.ConnectionFailure{Step: models.StepRegister, Code: models.FailurePINRefused, At: a.DB.Now()},
			Accounts: []models.OfferedAccount{{WABAID: "1", Name: "Aurora", Numbers: []models.OfferedNumber{{PhoneNumberID: "2", DisplayNumber: "+5511912345678", Status: "CONNECTED", Quality: "GREEN"}}}},
		}
		a.Save(&setup)
		const fields = `id status reached startedBy {name} login {url} tokenLastFour accounts {wabaId name numbers {displayNumber isRegistered qualityRating}} failure {step code message} channel {id}`
		want := map[string]any{
			"id": public(models.PrefixChannelSetup, setup.ID), "status": "FAILED", "reached": "SUBSCRIBED", "startedBy": map[string]any{"name": "Ana"}, "login": nil, "tokenLastFour": "ZD9q",
			"accounts": []any{map[string]any{"wabaId": "1", "name": "Aurora", "numbers": []any{map[string]any{"displayNumber": "+5511912345678", "isRegistered": true, "qualityRating": "GREEN"}}}},
			"failure":  map[string]any{"step": "REGISTER", "code": "PIN_REFUSED", "message": "The number has a two-step PIN. Please enter it, or reset it in WhatsApp Manager."}, "channel": nil,
		}
		require.Equal(t, []any{want}, administrator.get(`{channelSetups {`+fields+`}}`, nil).at("channelSetups"))
		node := `query($id: ID!) {node(id: $id) {... on ChannelSetup {` + fields + `}}}`
		id := map[string]any{"id": want["id"]}
		require.Equal(t, want, administrator.get(node, id).at("node"))
		require.Nil(t, a.as(a.Replier).get(node, id).at("node"))
		require.Nil(t, a.as(testkit.NewWorld(t, a.DB).Administrator).get(node, id).at("node"))
		require.Equal(t, "FORBIDDEN", a.as(a.Replier).ask(`{channelSetups {id}}`, nil).code())
		require.Equal(t, "NOT_CONFIGURED", administrator.get(`mutation {channelConnect(input: {method: LOGIN}) {setup {id} userErrors {code message}}}`, nil).at("channelConnect.userErrors.0.code"))
		const listen = `subscription($after: String) {channelEvents(after: $after) {... on ChannelSetupChangedEvent {id cursor occurredAt setup {` + fields + `}}
			... on ChannelChangedEvent {channel {name}}}}`
		after := map[string]any{"after": graph.FeedCursor(models.Event{OrganizationID: a.Organization.ID})}
		steps, others := administrator.subscribe(listen, after), a.as(a.Looker).subscribe(listen, after)
		canceled := administrator.get(`mutation($id: ID!) {channelSetupCancel(input: {setupId: $id}) {setup {status} userErrors {code}}}`, id)
		require.Equal(t, "CANCELED", canceled.at("channelSetupCancel.setup.status"))
		retried := administrator.get(`mutation($id: ID!) {channelSetupRetry(input: {setupId: $id}) {setup {status} userErrors {code field}}}`, id)
		require.Equal(t, map[string]any{"code": "SETUP_ENDED", "field": []any{"input", "setupId"}}, retried.at("channelSetupRetry.userErrors.0"))

		t.Run("tells administrators of each step", func(t *testing.T) {
			want["status"] = "CANCELED"
			require.Equal(t, want, steps.next().at("channelEvents.setup"))
			administrator.get(`mutation($id: ID!) {channelDisconnect(input: {channelId: $id}) {channel {id}}}`, map[string]any{"id": public(models.PrefixChannel, a.Open.ID)})
			require.Equal(t, a.Open.Name, others.next().at("channelEvents.channel.name"), "others hear of channels alone")
		})
	})
}

func TestProfiles(t *testing.T) {
	onEach(t, func(t *testing.T, a *api) {
		administrator, replier := a.as(a.Administrator), a.as(a.Replier)
		const create = `mutation($name: String!) {profileCreate(input: {name: $name}) {profile {id name isAdministrator channelPermissions {level}} userErrors {code field}}}`
		made := administrator.get(create, map[string]any{"name": " Vendas "})
		require.Equal(t, "Vendas", made.at("profileCreate.profile.name"))
		require.Equal(t, []any{}, made.at("profileCreate.profile.channelPermissions"))
		vendas := made.at("profileCreate.profile.id")
		require.Equal(t, "ALREADY_EXISTS", administrator.get(create, map[string]any{"name": "Vendas"}).at("profileCreate.userErrors.0.code"))
		require.Equal(t, "FORBIDDEN", replier.ask(create, map[string]any{"name": "x"}).code())
		require.Equal(t, "FORBIDDEN", replier.ask(`{profiles {nodes {id}}}`, nil).code())

		const update = `mutation($id: ID!, $name: String!) {profileUpdate(input: {profileId: $id, name: $name}) {profile {name} userErrors {code field}}}`
		require.Equal(t, "Balcão", administrator.get(update, map[string]any{"id": vendas, "name": "Balcão"}).at("profileUpdate.profile.name"))
		require.Equal(t, "REQUIRED", administrator.get(update, map[string]any{"id": vendas, "name": " "}).at("profileUpdate.userErrors.0.code"))
		stranger := a.as(testkit.NewWorld(t, a.DB).Administrator)
		require.Equal(t, "NOT_FOUND", stranger.get(update, map[string]any{"id": vendas, "name": "x"}).at("profileUpdate.userErrors.0.code"))

		mine := administrator.get(`{profiles {nodes {id name channelPermissions {channel {name} level}}}}`, nil).at("profiles.nodes")
		require.Contains(t, mine, map[string]any{"id": public(models.PrefixProfile, a.Replier.ProfileID), "name": "Profile of Bruno", "channelPermissions": []any{map[string]any{"channel": map[string]any{"name": "Balcão"}, "level": "REPLY"}}})

		const remove = `mutation($id: ID!, $to: ID!) {profileDelete(input: {profileId: $id, replacementId: $to}) {deletedProfileId replacement {id} userErrors {code field}}}`
		try := func(who *caller, id, to any) *answer { return who.get(remove, map[string]any{"id": id, "to": to}) }
		brunos, admins := public(models.PrefixProfile, a.Replier.ProfileID), public(models.PrefixProfile, a.Administrator.ProfileID)
		require.Equal(t, []any{"input", "profileId"}, try(administrator, admins, vendas).at("profileDelete.userErrors.0.field"), "somebody has to stay")
		require.Equal(t, "INVALID", try(administrator, brunos, brunos).at("profileDelete.userErrors.0.code"))
		require.Equal(t, "NOT_FOUND", try(stranger, brunos, vendas).at("profileDelete.userErrors.0.code"))
		require.Equal(t, brunos, try(administrator, brunos, vendas).at("profileDelete.deletedProfileId"))
		var user models.User
		require.NoError(t, a.DB.Read(t.Context()).Take(&user, "id = ?", a.Replier.ID).Error)
		require.Equal(t, vendas, public(models.PrefixProfile, user.ProfileID))
		require.Empty(t, a.Viewer(user).Levels)
	})
}
