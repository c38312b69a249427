package models_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

func TestDraft_Check(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ç", n) }
	text := func(body string) models.Draft { return models.Draft{Text: &models.TextDraft{Body: body}} }
	place := func(latitude, longitude float64, name, address string) models.Draft {
		return models.Draft{Location: &models.Location{Latitude: latitude, Longitude: longitude, Name: name, Address: address}}
	}
	cards := func(cards ...models.ContactCard) models.Draft {
		return models.Draft{Contacts: &models.ContactsDraft{Cards: cards}}
	}
	omar := models.ContactCard{Name: models.CardName{Formatted: "Omar Reyes"}}
	with := func(change func(*models.ContactCard)) models.Draft {
		card := omar
		change(&card)
		return cards(omar, card)
	}
	react := func(emoji string) models.Draft { return models.Draft{Reaction: &models.ReactionDraft{Emoji: emoji}} }
	tap := func(i models.Interactive) models.Draft {
		return models.Draft{Interactive: &models.InteractiveDraft{Interactive: i}}
	}
	buttons := func(buttons ...models.Choice) models.Draft {
		return tap(models.Interactive{Body: "When?", Buttons: buttons})
	}
	one, two := models.Choice{ID: "1", Title: "10:00"}, models.Choice{ID: "2", Title: "11:00"}
	list := func(sections ...models.ListSection) models.Draft {
		return tap(models.Interactive{Body: "When?", List: &models.InteractiveList{Button: "Choose", Sections: sections}})
	}
	rows := func(n int) (rows []models.Choice) {
		for i := range n {
			rows = append(rows, models.Choice{ID: strconv.Itoa(i), Title: "Row"})
		}
		return rows
	}
	link := func(text, url string) models.Draft {
		return tap(models.Interactive{Body: "Bill", Link: &models.InteractiveLink{Text: text, URL: url}})
	}
	invalid := func(field string) *models.Error { return models.NewError(models.CodeInvalid, field) }
	required := func(field string) *models.Error { return models.NewError(models.CodeRequired, field) }
	file := models.NewID()

	for _, test := range []struct {
		name  string
		draft models.Draft
		want  *models.Error // nil: nothing is wrong
	}{
		{"nothing", models.Draft{}, required("")},
		{"two things", models.Draft{Text: &models.TextDraft{Body: "Oi"}, Location: &models.Location{}}, invalid("")},
		{"text", text("Oi"), nil},
		{"longest text", text(long(4096)), nil},
		{"text too long", text(long(4097)), invalid("text.body").With("max", "4096")},
		{"blank text", text(" \n"), required("text.body")},
		{"text with NUL", text("a\x00"), invalid("text.body")},
		{"text that is no UTF-8", text("a\xff"), invalid("text.body")},
		{"file", models.Draft{Attachment: &models.AttachmentDraft{Caption: long(1024)}}, nil},
		{"caption too long", models.Draft{Attachment: &models.AttachmentDraft{Caption: long(1025)}}, invalid("attachment.caption").With("max", "1024")},
		{"place", place(-90, 180, "Quayside", "8 Southwark St"), nil},
		{"latitude", place(90.1, 0, "", ""), invalid("location.latitude")},
		{"longitude", place(0, -180.1, "", ""), invalid("location.longitude")},
		{"nowhere", place(math.NaN(), 0, "", ""), invalid("location.latitude")},
		{"address without a name", place(0, 0, "", "8 Southwark St"), required("location.name")},
		{"contact", cards(omar), nil},
		{"no contacts", cards(), required("contacts.cards")},
		{"too many contacts", cards(make([]models.ContactCard, 258)...), invalid("contacts.cards").With("maxItems", "257")},
		{"contact without name", with(func(c *models.ContactCard) { c.Name.Formatted = "" }), required("contacts.cards.1.name.formatted")},
		{"contact born on no day", with(func(c *models.ContactCard) { c.Birthday = "1990-02-30" }), invalid("contacts.cards.1.birthday")},
		{"contact with an empty phone", with(func(c *models.ContactCard) { c.Phones = []models.CardPhone{{Type: "CELL"}} }), required("contacts.cards.1.phones.0.phone")},
		{"contact with a written wa_id", with(func(c *models.ContactCard) { c.Phones = []models.CardPhone{{Phone: "1", WAID: "+44"}} }), invalid("contacts.cards.1.phones.0.waId")},
		{"thumb", react("👍🏽"), nil},
		{"heart", react("❤️"), nil},
		{"family", react("👩‍👩‍👧‍👦"), nil},
		{"flag", react("🇧🇷"), nil},
		{"keycap", react("1️⃣"), nil},
		{"taken back", react(""), nil},
		{"two emoji", react("👍👍"), invalid("reaction.emoji")},
		{"a letter", react("a"), invalid("reaction.emoji")},
		{"a digit", react("1"), invalid("reaction.emoji")},
		{"a space", react(" "), invalid("reaction.emoji")},
		{"buttons", buttons(one, two), nil},
		{"too many buttons", buttons(one, two, models.Choice{ID: "3", Title: "3"}, models.Choice{ID: "4", Title: "4"}), invalid("interactive.buttons").With("maxItems", "3")},
		{"button too long", buttons(one, two, models.Choice{ID: "3", Title: long(21)}), invalid("interactive.buttons.2.title").With("max", "20")},
		{"button without title", buttons(one, models.Choice{ID: "2"}), required("interactive.buttons.1.title")},
		{"button without id", buttons(models.Choice{Title: "x"}), required("interactive.buttons.0.id")},
		{"button id with a space", buttons(models.Choice{ID: "1 ", Title: "x"}), invalid("interactive.buttons.0.id")},
		{"button id twice", buttons(one, models.Choice{ID: "1", Title: "x"}), invalid("interactive.buttons.1.id").With("duplicate", "true")},
		{"button title twice", buttons(one, models.Choice{ID: "2", Title: "10:00"}), invalid("interactive.buttons.1.title").With("duplicate", "true")},
		{"nothing to tap", tap(models.Interactive{Body: "When?"}), required("interactive")},
		{"two ways to tap", tap(models.Interactive{Body: "x", Buttons: []models.Choice{one}, Link: &models.InteractiveLink{Text: "x", URL: "https://x.example"}}), invalid("interactive")},
		{"longest body", tap(models.Interactive{Body: long(1024), Buttons: []models.Choice{one}}), nil},
		{"body too long", tap(models.Interactive{Body: long(1025), Buttons: []models.Choice{one}}), invalid("interactive.body").With("max", "1024")},
		{"footer too long", tap(models.Interactive{Body: "x", Footer: long(61), Buttons: []models.Choice{one}}), invalid("interactive.footer").With("max", "60")},
		{"header too long", tap(models.Interactive{Header: &models.InteractiveHeader{Text: long(61)}, Body: "x", Buttons: []models.Choice{one}}), invalid("interactive.header.text").With("max", "60")},
		{"list with a file", models.Draft{Interactive: &models.InteractiveDraft{
			Interactive:        models.Interactive{Body: "x", List: &models.InteractiveList{Button: "x", Sections: []models.ListSection{{Rows: rows(1)}}}},
			HeaderAttachmentID: &file,
		}}, invalid("interactive.header.attachmentId")},
		{"ten rows", list(models.ListSection{Rows: rows(10)}), nil},
		{"eleven rows in one", list(models.ListSection{Rows: rows(11)}), invalid("interactive.list.sections.0.rows").With("maxItems", "10")},
		{"row twice", list(models.ListSection{Title: "a", Rows: rows(1)}, models.ListSection{Title: "b", Rows: rows(1)}), invalid("interactive.list.sections.1.rows.0.id").With("duplicate", "true")},
		{"section without title", list(models.ListSection{Title: "a", Rows: rows(1)}, models.ListSection{}), required("interactive.list.sections.1.title")},
		{"section without rows", list(models.ListSection{}), required("interactive.list.sections.0.rows")},
		{"row title too long", list(models.ListSection{Rows: []models.Choice{{ID: "1", Title: long(25)}}}), invalid("interactive.list.sections.0.rows.0.title").With("max", "24")},
		{"row description too long", list(models.ListSection{Rows: []models.Choice{{ID: "1", Title: "x", Description: long(73)}}}), invalid("interactive.list.sections.0.rows.0.description").With("max", "72")},
		{"link", link("Pay", "https://pay.example/12"), nil},
		{"link text too long", link(long(21), "https://pay.example"), invalid("interactive.link.text").With("max", "20")},
		{"link of another scheme", link("Pay", "javascript:alert(1)"), invalid("interactive.link.url")},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.draft.Check()
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			require.Equal(t, error(test.want), err)
		})
	}
}

func TestMessage_Cancel(t *testing.T) {
	for status, want := range map[models.MessageStatus]bool{
		models.StatusQueued: true, models.StatusSending: false, models.StatusUnconfirmed: false, models.StatusAccepted: false,
		models.StatusFailed: false, models.StatusCanceled: false, models.StatusReceived: false,
	} {
		message := models.Message{Direction: models.Outbound, Status: status}
		require.Equal(t, want, message.Cancel(canceledAt), status)
		if want {
			require.Equal(t, models.StatusCanceled, message.Status)
			require.False(t, message.Status.Pending())
			require.True(t, message.Apply(models.StatusChange{Status: models.StatusDelivered, At: canceledAt}), "what reached the customer did")
			require.Equal(t, models.StatusDelivered, message.Status)
		}
	}
}

var canceledAt = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
