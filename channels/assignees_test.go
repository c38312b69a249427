package channels_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/models"
	"recado/store"
	"recado/testkit"
)

func TestTurns(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := newWorld(t, db)
		var people []models.ID // three of the standard profile and an administrator
		for _, profile := range []models.ID{w.standard, w.standard, w.standard, w.admins} {
			people = append(people, w.user(t, profile))
		}
		a, b, c, admin := people[0], people[1], people[2], people[3]
		channelOf := func(t *testing.T, pool ...models.ID) models.Channel {
			t.Helper()
			channel := w.connect(t, "Vendas")
			w.permit(t, channel, models.LevelReply)
			require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, pool))
			return channel
		}

		t.Run("goes round in the order of the pool", func(t *testing.T) {
			channel := channelOf(t, c, a, b)
			require.Equal(t, []models.ID{c, a, b, c, a, b, c}, w.turns(t, channel, 7))
			assignees, err := w.service.Assignees(t.Context(), w.administrator(), channel.ID)
			require.NoError(t, err)
			require.Equal(t, []models.ID{c, a, b}, assignees)
		})

		t.Run("an empty pool has nobody", func(t *testing.T) {
			channel := channelOf(t)
			require.Empty(t, w.turns(t, channel, 2))
		})

		t.Run("each channel has its own turn", func(t *testing.T) {
			first, second := channelOf(t, a, b), channelOf(t, b, a)
			require.Equal(t, []models.ID{a}, w.turns(t, first, 1))
			require.Equal(t, []models.ID{b, a}, w.turns(t, second, 2))
			require.Equal(t, []models.ID{b}, w.turns(t, first, 1))
		})

		t.Run("passes over who is switched off, and comes back to them", func(t *testing.T) {
			channel := channelOf(t, a, b, c)
			w.setActive(t, b, false)
			require.Equal(t, []models.ID{a, c, a}, w.turns(t, channel, 3))
			w.setActive(t, b, true)
			require.Equal(t, []models.ID{b, c}, w.turns(t, channel, 2))
		})

		t.Run("passes over who may not reply", func(t *testing.T) {
			channel := channelOf(t, a, admin, b)
			w.permit(t, channel, models.LevelView)
			require.Equal(t, []models.ID{admin, admin}, w.turns(t, channel, 2))
			w.permit(t, channel, models.LevelNone)
			w.setActive(t, admin, false)
			require.Empty(t, w.turns(t, channel, 2))
			w.permit(t, channel, models.LevelReply)
			w.setActive(t, admin, true)
			require.Equal(t, []models.ID{b, a, admin}, w.turns(t, channel, 3), "the turns that nobody took did not count")
		})

		t.Run("a level on another channel does not count", func(t *testing.T) {
			channelOf(t, a)
			channel := w.connect(t, "Outro")
			require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, []models.ID{a, admin}))
			require.Equal(t, []models.ID{admin, admin}, w.turns(t, channel, 2))
		})

		t.Run("what is rolled back was nobody's turn", func(t *testing.T) {
			channel := channelOf(t, a, b)
			require.Error(t, db.Write(t.Context(), func(tx *store.Tx) error {
				if _, err := nextOf(tx, channel.PhoneNumberID); err != nil {
					return err
				}
				return models.ErrNotFound
			}))
			require.Equal(t, []models.ID{a, b}, w.turns(t, channel, 2))
		})

		t.Run("several in one transaction go on", func(t *testing.T) {
			channel := channelOf(t, a, b, c)
			var served []models.ID
			w.write(t, func(tx *store.Tx) error {
				served = nil
				locked, err := channels.LockByPhoneNumberID(tx, []string{channel.PhoneNumberID})
				if err != nil {
					return err
				}
				turns, err := channels.TakeTurns(tx, []*models.Channel{&locked[0]}, nil)
				if err != nil {
					return err
				}
				for range 4 {
					next, _ := turns.Next(channel.ID)
					served = append(served, *next)
				}
				return turns.Save()
			})
			require.Equal(t, []models.ID{a, b, c, a}, served)
			require.Equal(t, []models.ID{b}, w.turns(t, channel, 1))
		})

		t.Run("turns taken at the same time are spread evenly", func(t *testing.T) {
			channel := channelOf(t, a, b, c, admin)
			var (
				workers sync.WaitGroup
				mu      sync.Mutex
				served  = map[models.ID]int{}
			)
			for range 10 {
				workers.Go(func() {
					for range 4 {
						var next *models.ID
						err := db.Write(t.Context(), func(tx *store.Tx) (err error) {
							next, err = nextOf(tx, channel.PhoneNumberID)
							return err
						})
						if err != nil || next == nil {
							t.Error("nobody took the turn", err)
							return
						}
						mu.Lock()
						served[*next]++
						mu.Unlock()
					}
				})
			}
			workers.Wait()
			require.Equal(t, map[models.ID]int{a: 10, b: 10, c: 10, admin: 10}, served)
		})

		t.Run("a changed pool goes on where it was", func(t *testing.T) {
			channel := channelOf(t, a, b, c)
			require.Equal(t, []models.ID{a, b}, w.turns(t, channel, 2))
			require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, []models.ID{b, admin, a}))
			require.Equal(t, []models.ID{admin, a, b}, w.turns(t, channel, 3))
			require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, []models.ID{c, admin, a}))
			require.Equal(t, []models.ID{admin, a, c}, w.turns(t, channel, 3), "b was served last and left: admin was next")
		})
	})
}

func TestSetAssignees(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, foreign := newWorld(t, db), newWorld(t, db)
		channel := w.connect(t, "Vendas")
		mine, theirs := w.user(t, w.standard), foreign.user(t, foreign.standard)
		require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, []models.ID{mine}))

		for _, test := range []struct {
			name    string
			channel models.ID
			users   []models.ID
			want    error
		}{
			{"users of another organization", channel.ID, []models.ID{mine, theirs}, models.NewError(models.CodeNotFound, "userIds")},
			{"unknown users", channel.ID, []models.ID{models.NewID()}, models.NewError(models.CodeNotFound, "userIds")},
			{"a user twice", channel.ID, []models.ID{mine, mine}, models.NewError(models.CodeInvalid, "userIds")},
			{"an unknown channel", models.NewID(), []models.ID{mine}, models.ErrNotFound},
		} {
			t.Run(test.name, func(t *testing.T) {
				require.Equal(t, test.want, w.service.SetAssignees(t.Context(), test.channel, test.users))
				kept, err := w.service.Assignees(t.Context(), w.administrator(), channel.ID)
				require.NoError(t, err)
				require.Equal(t, []models.ID{mine}, kept)
			})
		}

		t.Run("nobody empties the pool", func(t *testing.T) {
			require.NoError(t, w.service.SetAssignees(t.Context(), channel.ID, nil))
			kept, err := w.service.Assignees(t.Context(), w.administrator(), channel.ID)
			require.NoError(t, err)
			require.Empty(t, kept)
		})
	})
}

func TestMayReply(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w, foreign := newWorld(t, db), newWorld(t, db)
		channel := w.connect(t, "Vendas")
		standard, admin := w.user(t, w.standard), w.user(t, w.admins)
		away := w.user(t, w.admins)
		w.setActive(t, away, false)
		theirs := foreign.user(t, foreign.admins)
		may := func(t *testing.T, user models.ID) (allowed bool) {
			t.Helper()
			w.write(t, func(tx *store.Tx) (err error) {
				allowed, err = channels.MayReply(tx, channel, user)
				return err
			})
			return allowed
		}
		require.False(t, may(t, standard), "no level")
		for level, want := range map[models.MessagingLevel]bool{
			models.LevelNone: false, models.LevelView: false, models.LevelReply: true,
		} {
			w.permit(t, channel, level)
			require.Equal(t, want, may(t, standard), level)
		}
		require.True(t, may(t, admin), "administrators may everywhere")
		require.False(t, may(t, away), "switched off")
		require.False(t, may(t, theirs), "of another organization")
		require.False(t, may(t, models.NewID()), "unknown")
	})
}

func TestLockByPhoneNumberID(t *testing.T) {
	testkit.OnEach(t, func(t *testing.T, db *store.Store) {
		w := newWorld(t, db)
		first, second := w.connect(t, "Primeiro"), w.connect(t, "Segundo")
		w.write(t, func(tx *store.Tx) error {
			locked, err := channels.LockByPhoneNumberID(tx, []string{second.PhoneNumberID, "1", first.PhoneNumberID, second.PhoneNumberID})
			require.NoError(t, err)
			require.Len(t, locked, 2)
			require.Equal(t, first.ID, locked[0].ID)
			require.Equal(t, second.ID, locked[1].ID)
			none, err := channels.LockByPhoneNumberID(tx, nil)
			require.NoError(t, err)
			require.Empty(t, none)
			return nil
		})
	})
}
