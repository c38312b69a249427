package whatsapp

import (
	"math"
	"unicode/utf8"
)

// Limits of reference/whatsapp-cloud-api.md §5.2 to §5.4, in characters, and of
// contacts in a message.
const (
	MaxTextBody     = 4096
	MaxCaption      = 1024
	MaxContactCards = 257
)

// TextMessage is a text.
type TextMessage struct {
	// Body has 1 to [MaxTextBody] characters.
	Body string
	// PreviewURL renders the first URL of the body.
	PreviewURL bool
}

func (TextMessage) kind() string { return "text" }

func (m TextMessage) check() *Error { return length("the text", m.Body, 1, MaxTextBody) }

func (m TextMessage) wire() any {
	return struct {
		Body       string `json:"body"`
		PreviewURL bool   `json:"preview_url"`
	}{m.Body, m.PreviewURL}
}

// MediaType is how a file is shown.
type MediaType string

// The media types that a business sends (reference/whatsapp-cloud-api.md §5.3).
const (
	MediaImage    MediaType = "image"
	MediaVideo    MediaType = "video"
	MediaAudio    MediaType = "audio"
	MediaDocument MediaType = "document"
)

// MediaMessage is a file that was uploaded to Meta before.
type MediaMessage struct {
	Type MediaType
	// ID is Meta's id of the uploaded file.
	ID string
	// Caption, up to [MaxCaption] characters, goes below the file; not with audio.
	Caption string
	// FileName is shown with a document, and only there.
	FileName string
	// Voice shows audio as a voice message, and only audio.
	Voice bool
}

func (m MediaMessage) kind() string { return string(m.Type) }

func (m MediaMessage) check() *Error {
	switch m.Type {
	case MediaImage, MediaVideo, MediaAudio, MediaDocument:
	default:
		return invalidRequest("%q is no type of media", m.Type)
	}
	switch {
	case m.ID == "":
		return invalidRequest("the file has no id of Meta's")
	case m.Type == MediaAudio && m.Caption != "":
		return invalidRequest("audio has no caption")
	case m.Type != MediaDocument && m.FileName != "":
		return invalidRequest("only a document has a file name")
	case m.Type != MediaAudio && m.Voice:
		return invalidRequest("only audio can be a voice message")
	}
	return length("the caption", m.Caption, 0, MaxCaption)
}

func (m MediaMessage) wire() any {
	return struct {
		ID       string `json:"id"`
		Caption  string `json:"caption,omitempty"`
		FileName string `json:"filename,omitempty"`
		Voice    bool   `json:"voice,omitempty"`
	}{m.ID, m.Caption, m.FileName, m.Voice}
}

// LocationMessage is a place on the map.
type LocationMessage struct {
	// Latitude and Longitude are in degrees, up to 90 and 180 either way.
	Latitude, Longitude float64
	Name                string
	// Address is shown only together with a name.
	Address string
}

func (LocationMessage) kind() string { return "location" }

func (m LocationMessage) check() *Error {
	if !(math.Abs(m.Latitude) <= 90) || !(math.Abs(m.Longitude) <= 180) { // not a number is neither
		return invalidRequest("%g, %g is no place on Earth", m.Latitude, m.Longitude)
	}
	return nil
}

func (m LocationMessage) wire() any {
	return struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
		Name      string  `json:"name,omitempty"`
		Address   string  `json:"address,omitempty"`
	}{m.Latitude, m.Longitude, m.Name, m.Address}
}

// ReactionMessage puts an emoji on a message of either side, in place of an
// earlier one of the business's. Meta reports only that it was sent.
type ReactionMessage struct {
	// MessageID is Meta's, of a message not older than 30 days.
	MessageID string
	// Emoji is one emoji; empty takes the reaction back.
	Emoji string
}

func (ReactionMessage) kind() string { return "reaction" }

func (m ReactionMessage) check() *Error {
	if m.MessageID == "" {
		return invalidRequest("the reaction is on no message")
	}
	return nil
}

func (m ReactionMessage) wire() any {
	return struct {
		MessageID string `json:"message_id"`
		Emoji     string `json:"emoji"`
	}{m.MessageID, m.Emoji}
}

// length holds a text to its limits, in characters.
func length(what, text string, least, most int) *Error {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		return invalidRequest("%s has %d characters, not %d to %d", what, n, least, most)
	}
	return nil
}
