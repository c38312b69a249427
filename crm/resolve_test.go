package crm_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/crm"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// company is an organization with two channels, seen from this room.
type company struct {
	db           *store.Store
	organization models.ID
	channels     [2]models.ID
}

func newCompany(t *testing.T, db *store.Store) *company {
	t.Helper()
	c := &company{db: db, organization: models.NewID(), channels: [2]models.ID{models.NewID(), models.NewID()}}
	require.NoError(t, db.Write(t.Context(), func(tx *store.Tx) error {
		return tx.Create(&models.Organization{ID: c.organization, Name: "Padaria Aurora"}).Error
	}))
	return c
}

func (c *company) sender(channel int, waID, userID, name string, at time.Time) crm.Sender {
	return crm.Sender{
		OrganizationID: c.organization, ChannelID: c.channels[channel], WAID: waID, UserID: userID, Name: name, SeenAt: at,
	}
}

// resolve has the senders seen in one transaction, merged contacts buried, and who
// changed indexed.
func (c *company) resolve(t testing.TB, senders ...crm.Sender) (contacts []models.Contact, merges []crm.Merge) {
	t.Helper()
	require.NoError(t, c.db.Write(t.Context(), func(tx *store.Tx) error {
		resolution, err := crm.Resolve(tx, senders)
		if err != nil {
			return err
		}
		contacts, merges = resolution.Contacts, resolution.Merges
		for _, merge := range merges {
			if err := crm.Bury(tx, merge); err != nil {
				return err
			}
		}
		changed := make(map[models.ID]models.ID)
		for _, contact := range resolution.Changed {
			changed[contact.ID] = contact.OrganizationID
		}
		return crm.Index(tx, changed)
	}))
	require.Len(t, contacts, len(senders))
	return contacts, merges
}

// people are the organization's contacts as they are stored.
func (c *company) people(t testing.TB) []models.Contact {
	t.Helper()
	var rows []models.Contact
	require.NoError(t, c.db.Read(t.Context()).Where("organization_id = ?", c.organization).Order("id").Find(&rows).Error)
	return rows
}

func (c *company) identities(t testing.TB, contact models.ID) []string {
	t.Helper()
	var rows []models.ContactIdentity
	require.NoError(t, c.db.Read(t.Context()).Where("organization_id = ? AND contact_id = ?", c.organization, contact).
		Find(&rows).Error)
	var lines []string
	for _, row := range rows {
		channel := 0
		if row.ChannelID == c.channels[1] {
			channel = 1
		}
		lines = append(lines, fmt.Sprint(channel, " ", row.Kind, " ", row.Value))
	}
	return lines
}

func TestResolve(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("somebody new becomes a contact", func(t *testing.T) {
			c := newCompany(t, db)
			contacts, merges := c.resolve(t, c.sender(0, "447700900456", "GB.1", "Iris", noon))
			require.Empty(t, merges)
			require.Equal(t, "Iris", contacts[0].Name)
			require.Equal(t, noon, contacts[0].NameSeenAt.UTC())
			require.ElementsMatch(t, []string{"0 WA_ID 447700900456", "0 BUSINESS_SCOPED_USER_ID GB.1"}, c.identities(t, contacts[0].ID))
		})

		t.Run("somebody known stays the same contact", func(t *testing.T) {
			c := newCompany(t, db)
			first, _ := c.resolve(t, c.sender(0, "447700900456", "", "Iris", noon))
			for _, again := range []crm.Sender{
				c.sender(0, "447700900456", "", "Iris", noon),
				c.sender(0, "447700900456", "GB.1", "Iris", noon), // now with a user id
				c.sender(0, "", "GB.1", "Iris", noon),             // now without the number
				c.sender(1, "447700900456", "", "Iris", noon),     // on another channel
				c.sender(1, "", "GB.1", "", noon),
			} {
				contacts, merges := c.resolve(t, again)
				require.Empty(t, merges)
				require.Equal(t, first[0].ID, contacts[0].ID)
			}
			require.Len(t, c.people(t), 1)
			require.ElementsMatch(t, []string{
				"0 WA_ID 447700900456", "1 WA_ID 447700900456", "0 BUSINESS_SCOPED_USER_ID GB.1", "1 BUSINESS_SCOPED_USER_ID GB.1",
			}, c.identities(t, first[0].ID))
		})

		t.Run("a user id alone is enough", func(t *testing.T) {
			c := newCompany(t, db)
			contacts, _ := c.resolve(t, c.sender(0, "", "GB.1", "iris.calder", noon), c.sender(0, "", "GB.2", "other", noon))
			require.NotEqual(t, contacts[0].ID, contacts[1].ID)
			require.ElementsMatch(t, []string{"0 BUSINESS_SCOPED_USER_ID GB.1"}, c.identities(t, contacts[0].ID))
		})

		t.Run("another organization has contacts of its own", func(t *testing.T) {
			c, other := newCompany(t, db), newCompany(t, db)
			mine, _ := c.resolve(t, c.sender(0, "447700900456", "GB.1", "Iris", noon))
			theirs, merges := other.resolve(t, other.sender(0, "447700900456", "GB.1", "Íris", noon.Add(time.Hour)))
			require.Empty(t, merges)
			require.NotEqual(t, mine[0].ID, theirs[0].ID)
			require.Equal(t, "Iris", c.people(t)[0].Name)
			// Even when one batch brings both.
			both, _ := c.resolve(t, c.sender(1, "447700900456", "", "", noon), other.sender(1, "447700900456", "", "", noon))
			require.Equal(t, []models.ID{mine[0].ID, theirs[0].ID}, []models.ID{both[0].ID, both[1].ID})
		})
	})
}

// The written forms of reference/whatsapp-cloud-api.md §13.
func TestResolve_forms_of_a_number(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		for _, test := range []struct {
			name  string
			forms [2]string
			same  bool
		}{
			{"Brazil with and without the ninth digit", [2]string{"5561998765432", "556198765432"}, true},
			{"Mexico with and without the 1", [2]string{"5215512345678", "525512345678"}, true},
			{"Argentina with and without the 9", [2]string{"5493515550001", "543515550001"}, true},
			{"two Brazilians", [2]string{"5561998765432", "5561998765433"}, false},
			{"a ninth digit elsewhere", [2]string{"4477009004561", "447009004561"}, false},
		} {
			t.Run(test.name, func(t *testing.T) {
				for _, forms := range [][2]string{test.forms, {test.forms[1], test.forms[0]}} {
					c := newCompany(t, db)
					first, _ := c.resolve(t, c.sender(0, forms[0], "", "A", noon))
					second, merges := c.resolve(t, c.sender(0, forms[1], "", "A", noon))
					require.Empty(t, merges)
					require.Equal(t, test.same, first[0].ID == second[0].ID)

					together := newCompany(t, db)
					both, _ := together.resolve(t, together.sender(0, forms[0], "", "A", noon), together.sender(0, forms[1], "", "A", noon))
					require.Equal(t, test.same, both[0].ID == both[1].ID, "in one batch too")
				}
			})
		}
	})
}

func TestResolve_merges_who_turns_out_to_be_one(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		t.Run("two stored contacts", func(t *testing.T) {
			c := newCompany(t, db)
			number, _ := c.resolve(t, c.sender(0, "447700900456", "", "Iris", noon))
			user, _ := c.resolve(t, c.sender(1, "", "GB.1", "Íris 🌷", noon.Add(time.Hour)))
			linked, merges := c.resolve(t, c.sender(0, "447700900456", "GB.1", "Iris C.", noon.Add(time.Minute)))
			require.Equal(t, []crm.Merge{{OrganizationID: c.organization, From: user[0].ID, Into: number[0].ID}}, merges)
			require.Equal(t, number[0].ID, linked[0].ID, "the older one stays")
			require.Equal(t, "Íris 🌷", linked[0].Name, "the newest name of both")
			people := c.people(t)
			require.Len(t, people, 1)
			require.Equal(t, "Íris 🌷", people[0].Name)
			require.ElementsMatch(t, []string{
				"0 WA_ID 447700900456", "0 BUSINESS_SCOPED_USER_ID GB.1", "1 BUSINESS_SCOPED_USER_ID GB.1",
			}, c.identities(t, number[0].ID))
		})

		t.Run("senders of one batch, in a chain and in any order", func(t *testing.T) {
			links := [][2]string{{"447700900456", ""}, {"", "GB.1"}, {"447700900456", "GB.1"}, {"447700900456", "GB.2"}, {"", "GB.2"}}
			for shift := range links {
				c := newCompany(t, db)
				var senders []crm.Sender
				for i := range links {
					link := links[(i+shift)%len(links)]
					senders = append(senders, c.sender(i%2, link[0], link[1], "", noon))
				}
				contacts, merges := c.resolve(t, senders...)
				require.Empty(t, merges, "nothing stored is replaced")
				for _, contact := range contacts {
					require.Equal(t, contacts[0].ID, contact.ID)
				}
				require.Len(t, c.people(t), 1)
			}
		})

		t.Run("three stored contacts at once", func(t *testing.T) {
			c := newCompany(t, db)
			first, _ := c.resolve(t, c.sender(0, "447700900456", "", "", noon))
			c.resolve(t, c.sender(0, "", "GB.1", "", noon))
			c.resolve(t, c.sender(0, "", "GB.2", "", noon))
			linked, merges := c.resolve(t, c.sender(0, "447700900456", "GB.2", "", noon), c.sender(0, "447700900456", "GB.1", "", noon))
			require.Len(t, merges, 2)
			require.Equal(t, first[0].ID, linked[0].ID)
			require.Equal(t, first[0].ID, linked[1].ID)
			require.Len(t, c.people(t), 1)
			require.Len(t, c.identities(t, first[0].ID), 3)
		})
	})
}

func TestResolve_newest_name_wins_in_any_order(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
		names := []string{"João", "João da Padaria", ""}
		for _, order := range orders {
			alone, together := newCompany(t, db), newCompany(t, db)
			var batch []crm.Sender
			for _, i := range order {
				at := noon.Add(time.Duration(i) * time.Minute)
				alone.resolve(t, alone.sender(0, "5511987650001", "", names[i], at))
				batch = append(batch, together.sender(0, "5511987650001", "", names[i], at))
			}
			contacts, _ := together.resolve(t, batch...)
			for _, contact := range append(contacts, alone.people(t)[0], together.people(t)[0]) {
				require.Equal(t, "João da Padaria", contact.Name, "order %v", order)
			}
		}
	})
}

// Two channels see the same people for the first time, in different words, at the
// same moment.
func TestResolve_at_the_same_time_on_two_channels(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		c := newCompany(t, db)
		const persons = 8
		var (
			workers sync.WaitGroup
			start   = make(chan struct{})
		)
		for person := range persons {
			number, user := fmt.Sprintf("44770090%04d", person), fmt.Sprintf("GB.%d", person)
			for channel := range c.channels {
				workers.Go(func() {
					<-start
					err := db.Write(t.Context(), func(tx *store.Tx) error {
						_, err := crm.Resolve(tx, []crm.Sender{c.sender(channel, number, user, fmt.Sprint("Name ", channel), noon.Add(time.Duration(channel)*time.Second))})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		close(start)
		workers.Wait()
		people := c.people(t)
		require.Len(t, people, persons)
		for _, contact := range people {
			require.Len(t, c.identities(t, contact.ID), 4)
			require.Equal(t, "Name 1", contact.Name)
		}
	})
}

// Two channels find out at the same moment that two contacts are one, although
// both know all of their identities.
func TestResolve_merges_once_when_two_channels_find_out(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		for range 5 {
			c := newCompany(t, db)
			for channel := range c.channels {
				c.resolve(t, c.sender(channel, "447700900456", "", "", noon))
				c.resolve(t, c.sender(channel, "", "GB.1", "", noon))
			}
			require.Len(t, c.people(t), 2)
			var (
				workers sync.WaitGroup
				mu      sync.Mutex
				merges  int
			)
			for channel := range c.channels {
				workers.Go(func() {
					var found int
					err := db.Write(t.Context(), func(tx *store.Tx) error {
						resolution, err := crm.Resolve(tx, []crm.Sender{c.sender(channel, "447700900456", "GB.1", "", noon)})
						found = len(resolution.Merges)
						for _, merge := range resolution.Merges {
							if err := crm.Bury(tx, merge); err != nil {
								return err
							}
						}
						return err
					})
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					merges += found
					mu.Unlock()
				})
			}
			workers.Wait()
			require.Equal(t, 1, merges)
			require.Len(t, c.people(t), 1)
		}
	})
}
