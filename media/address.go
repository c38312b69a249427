package media

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	"recado/models"
)

// Paths of this program below which signed addresses lie, each followed by a token.
const (
	FilesPath   = "/files/"
	UploadsPath = "/uploads/"
)

// Address is where something can be had, and until when.
type Address struct {
	URL       string
	ExpiresAt time.Time
}

// purpose is what a token is for.
type purpose byte

const (
	toUpload    purpose = 'u'
	toRead      purpose = 'f'
	toThumbnail purpose = 't'
)

// claim is what a token says.
type claim struct {
	purpose      purpose
	organization models.ID
	attachment   models.ID
	expires      time.Time // whole seconds
}

// signer makes and checks tokens.
type signer struct{ key []byte }

const (
	claimSize = 1 + 16 + 16 + 8
	macSize   = 16
)

func (s signer) token(c claim) string {
	text := make([]byte, 0, claimSize+macSize)
	text = append(text, byte(c.purpose))
	text = append(text, c.organization[:]...)
	text = append(text, c.attachment[:]...)
	text = binary.BigEndian.AppendUint64(text, uint64(c.expires.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(text, s.mac(text)...))
}

func (s signer) mac(text []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write(text) // a hash takes everything
	return mac.Sum(nil)[:macSize]
}

// open reads a token; false if it is not one of ours. Whether it has expired is for
// the caller to look at.
func (s signer) open(token string) (claim, bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(text) != claimSize+macSize {
		return claim{}, false
	}
	body, mac := text[:claimSize], text[claimSize:]
	if !hmac.Equal(mac, s.mac(body)) {
		return claim{}, false
	}
	c := claim{purpose: purpose(body[0]), expires: time.Unix(int64(binary.BigEndian.Uint64(body[33:])), 0).UTC()}
	copy(c.organization[:], body[1:])
	copy(c.attachment[:], body[17:])
	return c, true
}

// FileAddress is where the bytes of an attachment can be had; nil unless it is
// AVAILABLE. The caller has found that the viewer may see it.
func (s *Service) FileAddress(attachment models.Attachment) *Address {
	if attachment.Status != models.AttachmentAvailable {
		return nil
	}
	return s.address(toRead, attachment)
}

// ThumbnailAddress is where the thumbnail can be had; nil if there is none.
func (s *Service) ThumbnailAddress(attachment models.Attachment) *Address {
	if attachment.Status != models.AttachmentAvailable || attachment.ThumbnailKey == "" {
		return nil
	}
	return s.address(toThumbnail, attachment)
}

func (s *Service) address(purpose purpose, attachment models.Attachment) *Address {
	// The same for a third of its life, so that what shows it need not load it again.
	const step = URLLife / 3
	expires := s.clock().UTC().Truncate(step).Add(URLLife + step)
	token := s.signer.token(claim{purpose, attachment.OrganizationID, attachment.ID, expires})
	return &Address{URL: s.base + FilesPath + token, ExpiresAt: expires}
}

// Description is how a file is given out.
type Description struct {
	Name     string // may be empty
	MIMEType string
	Inline   bool
}

func describe(purpose purpose, attachment models.Attachment) Description {
	if purpose == toThumbnail {
		return Description{Name: "thumbnail.jpg", MIMEType: "image/jpeg", Inline: true}
	}
	return Description{Name: attachment.FileName, MIMEType: attachment.MIMEType, Inline: shownInline[attachment.MIMEType]}
}

// shownInline are types that a browser can show and that cannot run anything.
var shownInline = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true,
	"audio/mpeg": true, "audio/ogg": true, "audio/mp4": true, "audio/aac": true, "audio/amr": true,
	"video/mp4": true, "video/3gpp": true,
}

// Disposition is the value of Content-Disposition, with the name in both of the forms
// of RFC 6266: plain for old readers, and percent-encoded (RFC 8187).
func (d Description) Disposition() string {
	value := "attachment"
	if d.Inline {
		value = "inline"
	}
	name := models.SafeFileName(d.Name)
	if name == "" {
		return value
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
	return value + `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
