package media_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/store"
	"recado/whatsapp/simulator"
)

// A file that cannot be had at once is tried again, by whichever process has the job.
func TestFetch_tries(t *testing.T) {
	onEachShop(t, func(t *testing.T, s *shop) {
		image := picture(64, 32)
		fetch := func(attachment models.Attachment) time.Duration {
			wait, err := s.media.FetchNow(t.Context(), attachment)
			require.NoError(t, err)
			return wait
		}
		comes := func() models.Attachment {
			return s.came("image", models.Media{MetaID: s.atMeta("image/png", image), MIME: "image/png"})
		}
		refuse := func() { // the client asks three times by itself
			s.meta.Faults().Refuse(3, simulator.Refusal{Code: 131016, On: simulator.EndpointMedia})
		}
		tried := func(attachment models.Attachment, times int) {
			s.Write(func(tx *store.Tx) error {
				return tx.Model(&models.Attachment{}).Where("id = ?", attachment.ID).Update("attempts", times).Error
			})
		}

		t.Run("are further and further apart, up to half an hour", func(t *testing.T) {
			file := comes()
			for before, least := range map[int]time.Duration{0: time.Second, 3: 8 * time.Second, 30: 30 * time.Minute} {
				tried(file, before)
				refuse()
				wait := fetch(file)
				require.GreaterOrEqual(t, wait, least)
				require.LessOrEqual(t, wait, least+least/4)
				now := s.now(file.ID)
				require.Equal(t, models.AttachmentPending, now.Status)
				require.Equal(t, before+1, now.Attempts)
				require.Empty(t, s.told, "readers see it as PENDING all the same")
			}
			require.Zero(t, fetch(file))
			require.Equal(t, models.AttachmentAvailable, s.heard().Status)
		})

		t.Run("end, and then it has failed for that reason", func(t *testing.T) {
			file := comes()
			tried(file, 54)
			refuse()
			require.Zero(t, fetch(file))
			failed := s.heard()
			require.Equal(t, models.AttachmentFailed, failed.Status)
			require.Equal(t, "UNAVAILABLE", failed.Failure.Code)
			require.Equal(t, 131016, failed.Failure.MetaCode)
			require.Zero(t, fetch(file), "a job that is left does nothing")
			require.Equal(t, 55, s.now(file.ID).Attempts)
		})

		t.Run("that a stopping process breaks off are another's to make, and do not count", func(t *testing.T) {
			file := comes()
			stopped, stop := context.WithCancel(t.Context())
			stop()
			_, err := s.media.FetchNow(stopped, file)
			require.Error(t, err, "the queue gives the job to another process")
			require.Zero(t, s.now(file.ID).Attempts)
			require.Zero(t, fetch(file))
			require.Equal(t, models.AttachmentAvailable, s.heard().Status)
		})

		t.Run("of two processes at once make one file, and readers hear of it once", func(t *testing.T) {
			file, before := comes(), len(s.files())
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					wait, err := s.media.FetchNow(t.Context(), file)
					require.NoError(t, err)
					require.Zero(t, wait)
				})
			}
			both.Wait()
			require.Equal(t, models.AttachmentAvailable, s.heard().Status)
			require.Empty(t, s.told)
			require.Len(t, s.files(), before+2)
		})

		t.Run("that lost their job get a new one", func(t *testing.T) {
			file := comes()
			require.NoError(t, s.db.Write(t.Context(), func(tx *store.Tx) error {
				return tx.Exec("DELETE FROM river_job WHERE kind = 'media.fetch'").Error
			}))
			s.clock.Advance(3 * time.Hour)
			require.NoError(t, s.media.Clean(t.Context()))
			s.work()
			got := s.heard()
			require.Equal(t, file.ID, got.ID)
			require.Equal(t, models.AttachmentAvailable, got.Status)
		})
	})
}
