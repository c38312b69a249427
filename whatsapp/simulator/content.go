package simulator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of §5.2 to §5.4.
const (
	maxText     = 4096
	maxCaption  = 1024
	maxContacts = 257
)

var mediaTypes = []string{"audio", "document", "image", "sticker", "video"}

// parseContent checks the object of the message's type.
func (req *sendRequest) parseContent(raw json.RawMessage) *graphError {
	req.content = raw
	if len(raw) == 0 || string(raw) == "null" {
		return missing("Parameter of type " + req.kind + " is missing.")
	}
	switch {
	case req.kind == "text":
		return req.parseText(raw)
	case req.kind == "template":
		return req.parseTemplate(raw)
	case slices.Contains(mediaTypes, req.kind):
		ref, caption, e := parseMedia(req.kind, req.kind, raw)
		req.body = caption
		req.files = append(req.files, ref)
		return e
	case req.kind == "location":
		return parseLocation(raw)
	case req.kind == "contacts":
		return parseContacts(raw)
	case req.kind == "reaction":
		return req.parseReaction(raw)
	default:
		return req.parseInteractive(raw)
	}
}

func (req *sendRequest) parseText(raw json.RawMessage) *graphError {
	var text struct {
		Body *string `json:"body"`
	}
	switch {
	case json.Unmarshal(raw, &text) != nil:
		return missing("Parameter of type text is missing.")
	case text.Body == nil || *text.Body == "":
		return missing("Parameter of type text is missing text value")
	case utf8.RuneCountInString(*text.Body) > maxText:
		return invalidParameter("Param text['body'] must be at most 4096 characters long.")
	}
	req.body = *text.Body
	return nil
}

func (req *sendRequest) parseTemplate(raw json.RawMessage) *graphError {
	var template struct {
		Name     string `json:"name"`
		Language struct {
			Code string `json:"code"`
		} `json:"language"`
		Components []sentComponent `json:"components"`
	}
	if json.Unmarshal(raw, &template) != nil || template.Name == "" || template.Language.Code == "" {
		return missing("template['name'] and template['language']['code'] are required.")
	}
	req.body = template.Name
	req.template = templateKey{template.Name, template.Language.Code}
	req.templateParts = template.Components
	file, found, e := templateFile(template.Components)
	if found && e == nil {
		req.files = append(req.files, file)
	}
	return e
}

// mediaRef is a file that a message names, by its id or by a link, and the type that
// it is to be shown as.
type mediaRef struct{ kind, id, link string }

// mimeTypes are what Meta shows as a type (§6.5). As a document anything goes.
var mimeTypes = map[string][]string{
	"audio":   {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
	"image":   {"image/jpeg", "image/png"},
	"video":   {"video/mp4", "video/3gpp"},
	"sticker": {"image/webp"},
}

// parseMedia checks an object that names a file by id or link (§5.3). path names
// it in errors.
func parseMedia(kind, path string, raw json.RawMessage) (ref mediaRef, caption string, e *graphError) {
	var media struct {
		ID       string  `json:"id"`
		Link     string  `json:"link"`
		Caption  *string `json:"caption"`
		FileName *string `json:"filename"`
		Voice    *bool   `json:"voice"`
	}
	if json.Unmarshal(raw, &media) != nil {
		return ref, "", missing("Parameter of type " + path + " is missing.")
	}
	switch {
	case (media.ID == "") == (media.Link == ""):
		return ref, "", wrongValue(path + " needs exactly one of id and link.")
	case media.Link != "" && !strings.HasPrefix(media.Link, "https://") && !strings.HasPrefix(media.Link, "http://"):
		return ref, "", wrongValue(path + "['link'] is not a valid URI.")
	case media.Caption != nil && (kind == "audio" || kind == "sticker"):
		return ref, "", unexpected(path, "caption")
	case media.FileName != nil && kind != "document":
		return ref, "", unexpected(path, "filename")
	case media.Voice != nil && kind != "audio":
		return ref, "", unexpected(path, "voice")
	}
	if media.Caption != nil {
		caption = *media.Caption
	}
	if utf8.RuneCountInString(caption) > maxCaption {
		return ref, "", invalidParameter("Param " + path + "['caption'] must be at most 1024 characters long.")
	}
	return mediaRef{kind, media.ID, media.Link}, caption, nil
}

func unexpected(path, key string) *graphError {
	return invalidParameter(fmt.Sprintf("Unexpected key %q on param %q.", key, path))
}

// parseLocation checks a place; its numbers may be strings (§5.4).
func parseLocation(raw json.RawMessage) *graphError {
	var place struct {
		Latitude  json.RawMessage `json:"latitude"`
		Longitude json.RawMessage `json:"longitude"`
		Name      string          `json:"name"`
		Address   string          `json:"address"`
	}
	if json.Unmarshal(raw, &place) != nil {
		return missing("Parameter of type location is missing.")
	}
	if len(place.Latitude) == 0 || len(place.Longitude) == 0 {
		return missing("location['latitude'] and location['longitude'] are required.")
	}
	for _, side := range []struct {
		name  string
		raw   json.RawMessage
		bound float64
	}{{"latitude", place.Latitude, 90}, {"longitude", place.Longitude, 180}} {
		degrees, err := strconv.ParseFloat(strings.Trim(string(side.raw), `"`), 64)
		if err != nil || !(degrees >= -side.bound && degrees <= side.bound) {
			return wrongValue("location['" + side.name + "'] is not valid.")
		}
	}
	return nil
}

// parseContacts checks cards of an address book (§5.4).
func parseContacts(raw json.RawMessage) *graphError {
	var cards []struct {
		Name   map[string]string `json:"name"`
		Phones []struct {
			Phone string `json:"phone"`
		} `json:"phones"`
	}
	if json.Unmarshal(raw, &cards) != nil || len(cards) == 0 {
		return missing("Parameter of type contacts is missing.")
	}
	if len(cards) > maxContacts {
		return invalidParameter("Param contacts must have at most 257 elements.")
	}
	for i, card := range cards {
		if card.Name["formatted_name"] == "" {
			return missing(fmt.Sprintf("contacts[%d]['name']['formatted_name'] is required.", i))
		}
		if len(card.Name) < 2 {
			return missing(fmt.Sprintf("contacts[%d]['name'] needs at least one more part than formatted_name.", i))
		}
	}
	return nil
}

// reaction is what a message of that kind says; an empty emoji takes one back.
type reaction struct{ on, emoji string }

func (req *sendRequest) parseReaction(raw json.RawMessage) *graphError {
	var wire struct {
		MessageID string  `json:"message_id"`
		Emoji     *string `json:"emoji"`
	}
	if json.Unmarshal(raw, &wire) != nil || wire.MessageID == "" {
		return missing("reaction['message_id'] is required.")
	}
	if wire.Emoji == nil {
		return missing("reaction['emoji'] is required.")
	}
	req.reaction = reaction{on: wire.MessageID, emoji: *wire.Emoji}
	return nil
}
