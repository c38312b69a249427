package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestContent_text(t *testing.T) {
	card := models.ContactCard{Name: models.CardName{Formatted: "Ana Lima"}, Phones: []models.CardPhone{{Phone: "+55 11 98765-4321"}}}
	for _, test := range []struct {
		name    string
		content *models.Content
		want    string
	}{
		{"nothing", nil, ""},
		{"empty", &models.Content{}, ""},
		{"file", &models.Content{Media: &models.Media{Caption: "Oferta", FileName: "a.pdf", MIME: "application/pdf"}}, "Oferta\na.pdf"},
		{"file without words", &models.Content{Media: &models.Media{MetaID: "1"}}, ""},
		{"place", &models.Content{Location: &models.Location{Latitude: 1, Name: "Mercado", Address: "Rua 1"}}, "Mercado\nRua 1"},
		{"cards", &models.Content{Contacts: []models.ContactCard{card, {Company: "Padaria"}}}, "Ana Lima\n+55 11 98765-4321\nPadaria"},
		{"tap on a template", &models.Content{Button: &models.ButtonTap{Payload: "p", Text: "Sim"}}, "Sim"},
		{"tap on a button", &models.Content{ButtonReply: &models.Choice{ID: "b", Title: "Hoje"}}, "Hoje"},
		{"row of a list", &models.Content{ListReply: &models.Choice{ID: "r", Title: "9:00", Description: "com Ana"}}, "9:00\ncom Ana"},
		{"Flow", &models.Content{FlowReply: &models.FlowReply{Body: "Sent", Response: "{}"}}, "Sent"},
		{"order", &models.Content{Order: &models.Order{Text: "antes do almoço"}}, "antes do almoço"},
		{"change of number", &models.Content{System: &models.SystemNotice{Text: "Ana changed"}}, "Ana changed"},
		{"question", &models.Content{Interactive: &models.Interactive{
			Header: &models.InteractiveHeader{Text: "Horários"}, Body: "Quando?", Footer: "Padaria", Buttons: []models.Choice{{Title: "Hoje"}},
		}}, "Horários\nQuando?\nPadaria\nHoje"},
		{"menu", &models.Content{Interactive: &models.Interactive{Body: "Quando?", List: &models.InteractiveList{
			Button: "Ver", Sections: []models.ListSection{{Title: "Manhã", Rows: []models.Choice{{Title: "9:00"}, {Title: "10:00"}}}},
		}}}, "Quando?\n9:00\n10:00"},
		{"link", &models.Content{Interactive: &models.Interactive{Body: "Conta", Link: &models.InteractiveLink{Text: "Pagar", URL: "https://p"}}}, "Conta\nPagar"},
		{"reaction", &models.Content{Reaction: &models.Reaction{Emoji: "👍"}}, ""},
		{"only spaces", &models.Content{Media: &models.Media{Caption: " \n"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, test.content.Text()) })
	}
	require.True(t, models.Content{}.IsZero())
	require.False(t, models.Content{Reaction: &models.Reaction{}}.IsZero())
}

func TestContactCard_display_name(t *testing.T) {
	phones := []models.CardPhone{{}, {Phone: "+55"}}
	for want, card := range map[string]models.ContactCard{
		"Ana Lima": {Name: models.CardName{Formatted: "Ana Lima", First: "Ana"}, Phones: phones},
		"Ana":      {Name: models.CardName{First: "Ana"}, Company: "Padaria"},
		"Lima":     {Name: models.CardName{Last: "Lima"}},
		"+55":      {Phones: phones, Company: "Padaria"},
		"Padaria":  {Company: "Padaria"},
		"":         {},
	} {
		require.Equal(t, want, card.DisplayName())
	}
}

func TestParsedJSON(t *testing.T) {
	for text, want := range map[string]bool{"": false, "{broken": false, `{"a":1}`: true, "null": true, "{}{}": false} {
		require.Equal(t, want, models.ParsedJSON(text), text)
	}
}

func TestMessageReaction_supersedes(t *testing.T) {
	at := func(seconds int, id string) models.MessageReaction {
		return models.MessageReaction{ReactedAt: noon.Add(time.Duration(seconds) * time.Second), ReactionWAMID: id}
	}
	require.True(t, at(1, "a").Supersedes(at(0, "b")), "the newer one")
	require.False(t, at(0, "b").Supersedes(at(1, "a")))
	require.True(t, at(0, "b").Supersedes(at(0, "a")), "the greater id in the same second")
	require.False(t, at(0, "a").Supersedes(at(0, "a")), "not itself")
}

func TestMessage_revise(t *testing.T) {
	wamid := "wamid.1"
	edit := func(id string, minute int, body string) models.MessageRevision {
		return models.MessageRevision{ID: id, Direction: models.Inbound, Body: body, RevisedAt: noon.Add(time.Duration(minute) * time.Minute)}
	}
	deletion := func(minute int) models.MessageRevision {
		revision := edit("wamid.del", minute, "")
		revision.Deletion = true
		return revision
	}
	of := func(by models.Direction, revision models.MessageRevision) models.MessageRevision {
		revision.Direction = by
		return revision
	}
	for _, test := range []struct {
		name      string
		revisions []models.MessageRevision
		body      string
		edited    *time.Time
		deleted   *time.Time
	}{
		{"nothing", nil, "Oi", nil, nil},
		{"its own first version", []models.MessageRevision{edit(wamid, 0, "Oi")}, "Oi", nil, nil},
		{"the newest edit", []models.MessageRevision{edit("a", 1, "um"), edit("b", 2, "dois")}, "dois", new(noon.Add(2 * time.Minute)), nil},
		{"the greater id in the same second", []models.MessageRevision{edit("a", 1, "um"), edit("b", 1, "dois")}, "dois", new(noon.Add(time.Minute)), nil},
		{"of somebody else's hand", []models.MessageRevision{of(models.Outbound, edit("a", 1, "um")), of(models.Outbound, deletion(2))}, "Oi", nil, nil},
		{"deleted: what it said stays", []models.MessageRevision{edit("a", 1, "um"), deletion(3), deletion(2)}, "um", new(noon.Add(time.Minute)), new(noon.Add(2 * time.Minute))},
	} {
		t.Run(test.name, func(t *testing.T) {
			for order := range permutations(test.revisions) {
				m := models.Message{Direction: models.Inbound, Body: "Oi", WAMID: &wamid}
				changed := m.Revise(order)
				require.Equal(t, test.edited != nil || test.deleted != nil, changed)
				require.Equal(t, test.body, m.Body)
				require.True(t, models.SameTime(test.edited, m.EditedAt))
				require.True(t, models.SameTime(test.deleted, m.DeletedAt))
				require.False(t, m.Revise(order), "again changes nothing")
			}
		})
	}

	t.Run("an edit of a caption leaves the file", func(t *testing.T) {
		media := models.Media{MetaID: "9", Caption: "Antes", FileName: "a.pdf"}
		m := models.Message{Direction: models.Inbound, Body: "Antes\na.pdf", Content: &models.Content{Media: &media}}
		require.True(t, m.Revise([]models.MessageRevision{edit("a", 1, "Depois")}))
		require.Equal(t, "Depois\na.pdf", m.Body)
		require.Equal(t, "9", m.Content.Media.MetaID)
		require.Equal(t, "Antes", media.Caption, "what others hold is not changed")
	})
}
