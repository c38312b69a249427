package models

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MediaKind is what WhatsApp takes a file for, which decides how it is shown and
// how large it may be.
type MediaKind string

// The kinds of media (reference/whatsapp-cloud-api.md §3.4).
const (
	MediaImage    MediaKind = "IMAGE"
	MediaVideo    MediaKind = "VIDEO"
	MediaAudio    MediaKind = "AUDIO"
	MediaDocument MediaKind = "DOCUMENT"
	MediaSticker  MediaKind = "STICKER"
)

// MaxInboundBytes is the largest file that WhatsApp delivers
// (reference/whatsapp-cloud-api.md §6.5).
const MaxInboundBytes = 100 << 20

// maxBytes is how large a file may be that is sent
// (reference/whatsapp-cloud-api.md §6.5).
var maxBytes = map[MediaKind]int64{
	MediaImage: 5 << 20, MediaVideo: 16 << 20, MediaAudio: 16 << 20, MediaDocument: 100 << 20, MediaSticker: 500 << 10,
}

// MediaKindOf returns the kind of media that a message of Meta's type carries, and
// false if it carries none.
func MediaKindOf(messageKind string) (MediaKind, bool) {
	kind := MediaKind(strings.ToUpper(messageKind))
	_, ok := maxBytes[kind]
	return kind, ok && messageKind == kind.MessageKind()
}

// MessageKind is Meta's type of a message with such a file.
func (k MediaKind) MessageKind() string { return strings.ToLower(string(k)) }

// MaxBytes is how large a file of the kind may be to be sent.
func (k MediaKind) MaxBytes() int64 { return maxBytes[k] }

// outgoing is a type of file that the product sends.
type outgoing struct {
	mime       string
	kind       MediaKind
	extensions []string // the first one is the usual
}

var outgoingTypes = []outgoing{
	{"image/jpeg", MediaImage, []string{"jpg", "jpeg"}},
	{"image/png", MediaImage, []string{"png"}},
	{"application/pdf", MediaDocument, []string{"pdf"}},
	{"audio/mpeg", MediaAudio, []string{"mp3"}},
	{"video/mp4", MediaVideo, []string{"mp4"}},
	{"application/msword", MediaDocument, []string{"doc"}},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", MediaDocument, []string{"docx"}},
}

// AllowedUploads lists the extensions of files that can be sent, for people.
func AllowedUploads() string {
	var all []string
	for _, t := range outgoingTypes {
		all = append(all, t.extensions...)
	}
	return strings.ToUpper(strings.Join(all, ", "))
}

func outgoingOf(mime string) (outgoing, bool) {
	i := slices.IndexFunc(outgoingTypes, func(t outgoing) bool { return t.mime == mime })
	if i < 0 {
		return outgoing{}, false
	}
	return outgoingTypes[i], true
}

func (t outgoing) goesBy(fileName string) bool {
	return slices.Contains(t.extensions, extension(fileName))
}

// extension is that of a file name, in lower case and without the dot.
func extension(fileName string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(fileName), "."))
}

func notAllowed(field, found string) error {
	return NewError(CodeAttachmentTypeNotAllowed, field).With("allowed", AllowedUploads()).With("found", found)
}

func tooLarge(field string, kind MediaKind) error {
	return NewError(CodeAttachmentTooLarge, field).With("maxBytes", strconv.FormatInt(kind.MaxBytes(), 10)).With("kind", string(kind))
}

// ContentIs holds the type that the bytes of an upload were found to be against
// the one that was announced: ATTACHMENT_TYPE_NOT_ALLOWED with Params["allowed"]
// if they differ, whether or not the found one could be sent.
func ContentIs(announced, found string) error {
	if announced == found {
		return nil
	}
	return notAllowed("", found)
}

// maxFileName is the longest name that is kept, in bytes: what file systems take.
const maxFileName = 255

// SafeFileName is a name that a sender gave a file, fit to be shown, stored and
// written into a header: the part behind the last slash or backslash, without
// control and direction characters and whatever is not UTF-8, at most 255 bytes
// with the extension kept. What is left of "", "." and ".." is "".
func SafeFileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if strings.Trim(name, ".") == "" {
		return ""
	}
	if len(name) <= maxFileName {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > maxFileName/4 {
		ext = ""
	}
	stem := strings.ToValidUTF8(name[:maxFileName-len(ext)], "")
	return strings.TrimSpace(stem) + ext
}
