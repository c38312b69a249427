package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/channels"
	"recado/jobs"
	"recado/media"
	"recado/models"
	"recado/secrets"
	"recado/store"
	"recado/testkit"
	"recado/whatsapp"
	"recado/whatsapp/simulator"
)

const (
	number = "331908274466120"
	token  = "EAAoffice-token-of-the-padaria"
)

// shop is an organization with one number, a simulated Meta, and a place for files.
// Jobs run only after work was called.
type shop struct {
	*testkit.World

	t       *testing.T
	db      *store.Store
	clock   *simulator.ManualClock
	meta    *simulator.Simulator
	client  *whatsapp.Client
	queue   *jobs.Queue
	media   *media.Service
	blobs   blobStore
	channel models.Channel
	told    chan models.Attachment // every change that messages' readers are told of
}

func onEachShop(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	for _, dialect := range testkit.Databases {
		for kind, blobs := range blobStores {
			t.Run(string(dialect)+" and "+kind, func(t *testing.T) { test(t, newShop(t, testkit.URL(t, dialect), blobs(t))) })
		}
	}
}

func newShop(t *testing.T, url string, blobs blobStore) *shop {
	t.Helper()
	s := &shop{
		t: t, clock: simulator.NewManualClock(time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)),
		blobs: blobs, told: make(chan models.Attachment, 100),
	}
	s.db = testkit.Open(t, url, s.clock.Now)
	s.World = testkit.NewWorld(t, s.db)
	s.meta = simulator.New(simulator.Options{Clock: s.clock})
	graph := httptest.NewServer(s.meta)
	t.Cleanup(graph.Close)
	t.Cleanup(func() { require.NoError(t, s.meta.Close()) })
	s.client = whatsapp.NewClient(whatsapp.Options{BaseURL: graph.URL})
	t.Cleanup(s.client.CloseIdleConnections)
	require.NoError(t, s.meta.AddNumber(simulator.Number{
		ID: number, DisplayNumber: "551133190827", WABAID: "214705829341166", VerifiedName: "Padaria Aurora", Token: token,
	}))
	box, err := secrets.NewBox(make([]byte, secrets.KeySize))
	require.NoError(t, err)
	numbers := channels.New(s.db, box, channels.Options{})
	s.channel, err = numbers.Connect(t.Context(), channels.NewChannel{
		OrganizationID: s.Organization.ID, Name: "Loja", PhoneNumberID: number, WABAID: "214705829341166",
		DisplayNumber: "+551133190827", AccessToken: token,
	})
	require.NoError(t, err)
	s.Save(&models.ChannelPermission{
		OrganizationID: s.Organization.ID, ProfileID: s.Looker.ProfileID, ChannelID: s.channel.ID, Level: models.LevelView,
	})
	bucket, err := media.OpenBucket(t.Context(), blobs.address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	s.queue = jobs.New(s.db, jobs.Options{})
	s.media = media.New(media.Rooms{DB: s.db, Channels: numbers, Queue: s.queue, Client: s.client, Bucket: bucket},
		media.Options{Clock: s.clock.Now, Key: []byte("key")})
	s.media.OnChange(func(_ *store.Tx, attachment models.Attachment) error {
		s.told <- attachment
		return nil
	})
	return s
}

func (s *shop) work() {
	s.t.Helper()
	require.NoError(s.t, s.queue.Start(s.t.Context()))
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(s.t, s.queue.Stop(ctx))
	})
}

// atMeta puts a file where Meta keeps those of messages, and returns its id.
func (s *shop) atMeta(mime string, content []byte) string {
	s.t.Helper()
	id, err := s.client.UploadMedia(s.t.Context(), whatsapp.Credentials{PhoneNumberID: number, AccessToken: token}, whatsapp.MediaUpload{
		MIMEType: mime, ByteSize: int64(len(content)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	})
	require.NoError(s.t, err)
	return id
}

// came stores the attachment of a message with a file, as the inbox does.
func (s *shop) came(kind string, file models.Media) models.Attachment {
	s.t.Helper()
	attachment, ok := media.ForMessage(models.Message{
		OrganizationID: s.Organization.ID, ID: models.NewID(), ChannelID: s.channel.ID, Direction: models.Inbound,
		Kind: kind, Content: &models.Content{Media: &file}, CreatedAt: s.clock.Now(),
	})
	require.True(s.t, ok)
	s.Write(func(tx *store.Tx) error { return s.media.Expect(tx, []models.Attachment{attachment}) })
	return attachment
}

// heard waits for the next change that readers are told of, which may not be committed
// yet.
func (s *shop) heard() models.Attachment {
	s.t.Helper()
	select {
	case attachment := <-s.told:
		return attachment
	case <-time.After(time.Minute):
		require.Fail(s.t, "nobody was told of anything")
		return models.Attachment{}
	}
}

// changed waits for the next change, after which there is none for now, and for its
// commit.
func (s *shop) changed() models.Attachment {
	s.t.Helper()
	attachment := s.heard()
	require.Eventually(s.t, func() bool { return s.now(attachment.ID).Status == attachment.Status }, 20*time.Second, time.Millisecond)
	return attachment
}

func (s *shop) now(id models.ID) models.Attachment {
	s.t.Helper()
	found, err := s.media.Load(s.t.Context(), s.Organization.ID, []models.ID{id})
	require.NoError(s.t, err)
	require.Contains(s.t, found, id)
	return found[id]
}

// files lists what is in the blob store.
func (s *shop) files() []string {
	s.t.Helper()
	return s.blobs.files(s.t)
}

func picture(width, height int) []byte {
	image := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		image.Set(x, x%height, color.RGBA{R: 200, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

func sum(content []byte) []byte {
	hash := sha256.Sum256(content)
	return hash[:]
}

func hexOf(content []byte) string { return fmt.Sprintf("%x", sum(content)) }
