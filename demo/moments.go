package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"time"

	"recado/whatsapp/simulator"
)

// What Marina sends besides words.
const (
	photoWidth, photoHeight = 640, 480
	caption                 = "Olha como a mesa ficou linda!"
	voiceSeconds            = 3
	heart                   = "❤️"
)

// photo is the picture of a table with something round on it.
func photo() []byte {
	picture := image.NewRGBA(image.Rect(0, 0, photoWidth, photoHeight))
	for y := range photoHeight {
		for x := range photoWidth {
			dx, dy := x-photoWidth/2, y-photoHeight/2
			paint := color.RGBA{R: 120, G: uint8(70 + y/16), B: 40, A: 255}
			if dx*dx+dy*dy < 150*150 {
				paint = color.RGBA{R: 235, G: 190, B: uint8(90 + x/16), A: 255}
			}
			picture.SetRGBA(x, y, paint)
		}
	}
	var encoded bytes.Buffer
	_ = jpeg.Encode(&encoded, picture, nil) // fails only if its writer does
	return encoded.Bytes()
}

func (s *story) marinaSendsPhoto(context.Context) (outcome, error) {
	s.photo = photo()
	id := s.stage.meta.CustomerByWAID(marina.WAID).SendMedia(number.ID, simulator.File{
		Kind: "image", MIMEType: "image/jpeg", Bytes: s.photo, Caption: caption,
	})
	if id == "" {
		return outcome{}, errors.New("the simulated Meta does not know the bakery's number")
	}
	return outcome{s.screen.speaks(), s.screen.said(caption) + " and a photo", ""}, nil
}

// anaSeesPhoto holds that the photo comes to be available with a thumbnail, and that
// what its address gives is what Marina sent.
func (s *story) anaSeesPhoto(ctx context.Context) (outcome, error) {
	file, err := s.fileBecomesAvailable(ctx, func(m message) bool { return m.Content.Caption == caption })
	if err != nil {
		return outcome{}, err
	}
	if file.Width == nil || file.Height == nil || *file.Width != photoWidth || *file.Height != photoHeight {
		return outcome{}, errors.New("it is not said to be as wide and high as it is")
	}
	content, err := s.ana.download(ctx, file.URL)
	if err != nil {
		return outcome{}, err
	}
	if !bytes.Equal(content, s.photo) {
		return outcome{}, fmt.Errorf("its address gives %d bytes that are not Marina's %d", len(content), len(s.photo))
	}
	small, err := s.ana.download(ctx, file.ThumbnailURL)
	if err != nil {
		return outcome{}, fmt.Errorf("its thumbnail: %w", err)
	}
	thumbnail, err := jpeg.DecodeConfig(bytes.NewReader(small))
	if err != nil {
		return outcome{}, fmt.Errorf("its thumbnail: %w", err)
	}
	return outcome{
		s.screen.done(), fmt.Sprintf("sees it, %d × %d, and its thumbnail, %d × %d", *file.Width, *file.Height, thumbnail.Width, thumbnail.Height),
		"signed addresses",
	}, nil
}

func (s *story) marinaSpeaks(context.Context) (outcome, error) {
	id := s.stage.meta.CustomerByWAID(marina.WAID).SendMedia(number.ID, simulator.File{
		Kind: "audio", MIMEType: "audio/ogg; codecs=opus", Bytes: silence(voiceSeconds * time.Second), Voice: true,
	})
	if id == "" {
		return outcome{}, errors.New("the simulated Meta does not know the bakery's number")
	}
	return outcome{s.screen.speaks(), "records a voice note", ""}, nil
}

// anaSeesVoiceNote holds that a voice note says how long it is.
func (s *story) anaSeesVoiceNote(ctx context.Context) (outcome, error) {
	file, err := s.fileBecomesAvailable(ctx, func(m message) bool { return m.Content.IsVoiceNote })
	if err != nil {
		return outcome{}, err
	}
	if file.DurationMS == nil || *file.DurationMS != voiceSeconds*1000 {
		return outcome{}, errors.New("it is not said how long it is")
	}
	content, err := s.ana.download(ctx, file.URL)
	if err == nil && !bytes.Equal(content, silence(voiceSeconds*time.Second)) {
		err = errors.New("its address gives something else")
	}
	return outcome{s.screen.done(), fmt.Sprintf("can play it, 0:%02d", voiceSeconds), "durationMs"}, err
}

// fileBecomesAvailable waits until Ana's socket told of a message, and that its
// file can be fetched.
func (s *story) fileBecomesAvailable(ctx context.Context, is func(message) bool) (attachment, error) {
	added, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool { return e.Kind == messageAdded && is(e.Message) })
	if err != nil {
		return attachment{}, fmt.Errorf("no event of the message on Ana's socket: %w", err)
	}
	if added.Message.Attachment == nil {
		return attachment{}, errors.New("the message has no file")
	}
	last := *added.Message.Attachment
	_, _, err = s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		if e.Kind != messageChanged || e.Message.ID != added.Message.ID || e.Message.Attachment == nil {
			return false
		}
		last = *e.Message.Attachment
		return last.Status != "PENDING"
	})
	switch {
	case err != nil:
		return last, fmt.Errorf("the file is %s: %w", last.Status, err)
	case last.Status != "AVAILABLE":
		return last, fmt.Errorf("the file is %s", last.Status)
	}
	return last, nil
}

func (s *story) marinaReacts(context.Context) (outcome, error) {
	customer := s.stage.meta.CustomerByWAID(marina.WAID)
	phone := customer.Inbox(number.ID)
	if len(phone) == 0 {
		return outcome{}, errors.New("there is nothing on her phone to react to")
	}
	customer.React(number.ID, phone[0].ID, heart)
	return outcome{s.screen.speaks(), heart + "  to Ana's answer", ""}, nil
}

// anaSeesReaction holds that the reaction hangs on Ana's answer, live.
func (s *story) anaSeesReaction(ctx context.Context) (outcome, error) {
	_, _, err := s.anasSocket.await(ctx, 0, func(e liveEvent) bool {
		if e.Kind != messageChanged || e.Message.ID != s.answer.ID {
			return false
		}
		for _, reaction := range e.Message.Reactions {
			if reaction.Direction == "INBOUND" && reaction.Emoji == heart {
				return true
			}
		}
		return false
	})
	if err != nil {
		return outcome{}, fmt.Errorf("no reaction on her answer: %w", err)
	}
	return outcome{s.screen.done(), "sees it on her message", "MessageChangedEvent"}, nil
}

// download fetches a file by its signed address, which needs no token.
func (a api) download(ctx context.Context, address *string) ([]byte, error) {
	if address == nil {
		return nil, errors.New("it has no address")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	url := *address
	if strings.HasPrefix(url, "/") {
		url = "http://" + a.address + url
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("fetch a file: %w", err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("read a file: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch a file: %s", answer.Status)
	}
	return content, nil
}
