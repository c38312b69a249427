package crm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestSearchContacts(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		service := crm.New(db)
		c, other := newCompany(t, db), newCompany(t, db)
		administrator := models.Viewer{OrganizationID: c.organization, Administrator: true}
		agent := func(channels ...int) models.Viewer {
			viewer := models.Viewer{OrganizationID: c.organization, Levels: make(map[models.ID]models.MessagingLevel)}
			for _, channel := range channels {
				viewer.Levels[c.channels[channel]] = models.LevelView
			}
			return viewer
		}
		find := func(viewer models.Viewer, typed string, channels ...models.ID) []string {
			t.Helper()
			page, err := service.SearchContacts(t.Context(), viewer, crm.ContactSearch{Text: typed, ChannelIDs: channels})
			require.NoError(t, err)
			found := []string{}
			for _, contact := range page.Rows {
				var b strings.Builder
				for _, segment := range contact.Snippet {
					if segment.IsMatch {
						b.WriteString("[" + segment.Text + "]")
					} else {
						b.WriteString(segment.Text)
					}
				}
				found = append(found, b.String())
			}
			return found
		}
		c.resolve(t, c.sender(0, "5511987654321", "", "João Conceição", noon))
		c.resolve(t, c.sender(1, "447700900456", "GB.1234", "Iris Calder", noon))
		other.resolve(t, other.sender(0, "5511987654321", "", "João dos outros", noon))

		for typed, want := range map[string][]string{
			"joao":                   {"[João] Conceição"},
			"JOÃO conc":              {"[João] [Conceição]"},
			"ceição":                 {},
			"5511987654321":          {"+[5511987654321]"},
			"+55 11 98765-4321":      {"+[55]11987654321"},
			"(11) 98765-4321":        {"+55[11]987654321"},
			"11 8765-4321":           {"+55[11]987654321"}, // without the ninth digit
			"4321":                   {"+551198765[4321]"},
			"321":                    {"+5511987654[321]"},
			"98765 joao":             {"[João] Conceição"},
			"99999":                  {},
			"gb.1234":                {"[GB].[1234]"},
			"iris calder":            {"[Iris] [Calder]"},
			"i":                      {"[Iris] Calder"},
			"":                       {},
			"joao OR iris":           {},
			`"conceicao joao"`:       {},
			"outros":                 {},
			strings.Repeat("9", 100): {},
		} {
			t.Run("finds by "+typed, func(t *testing.T) { require.Equal(t, want, find(administrator, typed)) })
		}

		t.Run("finds whom the viewer may see", func(t *testing.T) {
			require.Len(t, find(agent(0), "joao"), 1)
			require.Empty(t, find(agent(1), "joao"))
			require.Empty(t, find(agent(), "joao"))
			require.Len(t, find(agent(0, 1), "iris"), 1)
			require.Empty(t, find(agent(0), "joao", c.channels[1]))
			require.Empty(t, find(administrator, "joao", c.channels[1]))
			require.Empty(t, find(administrator, "joao", other.channels[0]))
		})

		t.Run("follows names", func(t *testing.T) {
			c.resolve(t, c.sender(0, "5511987654321", "", "Joana Silva", noon.Add(time.Hour)))
			require.Empty(t, find(administrator, "conceicao"))
			require.Equal(t, []string{"[Joana] Silva"}, find(administrator, "joana"))
		})

		t.Run("finds by what is known on channels that the viewer may see", func(t *testing.T) {
			c.resolve(t, c.sender(1, "5511987654321", "BR.777", "", noon))
			require.Equal(t, []string{"BR.[777]"}, find(agent(1), "777"))
			require.Empty(t, find(agent(0), "777"))
			require.Equal(t, []string{"[Joana] Silva"}, find(administrator, "joana"), "on two channels, and found once")
		})

		t.Run("finds merged contacts once, by all that they have", func(t *testing.T) {
			c.resolve(t, c.sender(0, "", "BR.888", "Jô", noon))
			require.Len(t, find(administrator, "888"), 1)
			c.resolve(t, c.sender(0, "5511987654321", "BR.888", "Joana Silva", noon.Add(2*time.Hour)))
			require.Len(t, c.people(t), 2)
			require.Equal(t, []string{"BR.[888]"}, find(administrator, "888"))
			require.Equal(t, []string{"[Joana] Silva"}, find(agent(0), "joana"))
			require.Empty(t, find(administrator, "jo\u0302 x"))
		})

		t.Run("comes newest first, in pages that join", func(t *testing.T) {
			for _, name := range []string{"Ana Um", "Ana Dois", "Ana Três"} {
				c.resolve(t, c.sender(0, "55119000"+string(rune('0'+len(name)))+"0001", "", name, noon))
			}
			require.Equal(t, []string{"[Ana] Três", "[Ana] Dois", "[Ana] Um"}, find(administrator, "ana"))
			search := crm.ContactSearch{Text: "ana", Page: store.PageRequest{First: new(2)}}
			page, err := service.SearchContacts(t.Context(), administrator, search)
			require.NoError(t, err)
			require.True(t, page.HasNext)
			search.Page.After = new(page.Cursor(1))
			rest, err := service.SearchContacts(t.Context(), administrator, search)
			require.NoError(t, err)
			require.Len(t, rest.Rows, 1)
			require.Equal(t, "Ana Um", rest.Rows[0].Name)
			search.Text = "an"
			_, err = service.SearchContacts(t.Context(), administrator, search)
			require.Equal(t, models.CodeInvalid, models.CodeOf(err))
		})
	})
}
