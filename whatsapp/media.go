package whatsapp

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Lives of Meta's ids of files (reference/whatsapp-cloud-api.md §6.1, §6.2).
const (
	// UploadedMediaLife is that of files that the business uploaded.
	UploadedMediaLife = 30 * 24 * time.Hour
	// ReceivedMediaLife is that of files that customers sent.
	ReceivedMediaLife = 7 * 24 * time.Hour
)

// Causes of failures of DownloadMedia, for errors.Is.
var (
	// ErrMediaURLExpired: ask for a new URL (reference/whatsapp-cloud-api.md §6.3).
	ErrMediaURLExpired = errors.New("the media URL has expired")
	// ErrMediaTooLarge: the file is larger than the caller allows.
	ErrMediaTooLarge = errors.New("the file is too large")
	// ErrForeignHost: the URL is not on a host that may see the token.
	ErrForeignHost = errors.New("the media URL is not on a host of Meta's")
)

// uploadTimeout bounds the upload of one file, which may have 100 MB.
const uploadTimeout = 4 * time.Minute

// MediaFile is what Meta knows of a file. What it does not say is zero.
type MediaFile struct {
	URL      string // serves for 5 minutes, with the token
	MIMEType string
	SHA256   []byte
	ByteSize int64
}

// Media asks for the address of a file. An id that is unknown or has expired is
// CodeObjectNotFound (reference/whatsapp-cloud-api.md §6.2).
func (c *Client) Media(ctx context.Context, creds Credentials, mediaID string) (MediaFile, error) {
	if e := checkMediaID(mediaID); e != nil {
		return MediaFile{}, e
	}
	var media MediaFile
	err := c.do(ctx, creds, call{
		name: "media", method: http.MethodGet, object: mediaID,
		query:      url.Values{"phone_number_id": {creds.PhoneNumberID}}.Encode(),
		repeatable: true,
		decode: func(answer []byte) error {
			var wire struct {
				URL      flexible `json:"url"`
				MIMEType flexible `json:"mime_type"`
				SHA256   flexible `json:"sha256"`
				FileSize flexible `json:"file_size"`
			}
			if err := json.Unmarshal(answer, &wire); err != nil {
				return err
			}
			if wire.URL == "" {
				return errors.New("no url")
			}
			media = MediaFile{
				URL: string(wire.URL), MIMEType: string(wire.MIMEType),
				SHA256: DecodeSHA256(string(wire.SHA256)), ByteSize: int64(wire.FileSize.int()),
			}
			return nil
		},
	})
	return media, err
}

// DecodeSHA256 reads a hash as Meta writes it: base64 in webhooks, hex elsewhere;
// the length tells (reference/whatsapp-cloud-api.md §15). It returns nil for
// anything else.
func DecodeSHA256(text string) []byte {
	var sum []byte
	var err error
	switch len(text) {
	case 64:
		sum, err = hex.DecodeString(text)
	case 44:
		sum, err = base64.StdEncoding.DecodeString(text)
	default:
		return nil
	}
	if err != nil || len(sum) != 32 {
		return nil
	}
	return sum
}

// DownloadMedia writes the bytes behind an address of Media to w, at most maxBytes
// of them, and returns how many there were. The token goes to Meta's hosts, or to
// the one of the client's base URL, and redirects are not followed. Bytes may have
// been written when it fails. The failure is an *Error; its cause may be one of
// ErrMediaURLExpired, ErrMediaTooLarge and ErrForeignHost. The caller's context
// bounds the time.
func (c *Client) DownloadMedia(ctx context.Context, creds Credentials, address string, maxBytes int64, w io.Writer) (int64, error) {
	if e := creds.check(""); e != nil {
		return 0, e
	}
	target, err := url.Parse(address)
	if err != nil || !c.mayKnowToken(target) {
		return 0, invalidRequest("download: %w", ErrForeignHost)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return 0, invalidRequest("building the request: %w", withoutURL(err))
	}
	request.Header.Set("Authorization", "Bearer "+creds.AccessToken)
	request.Header.Set("User-Agent", c.userAgent) // one without is refused at times (§6.3)
	response, err := c.http.Do(request)
	if err != nil {
		return 0, c.broken(ctx, withoutURL(err))
	}
	defer response.Body.Close()
	if e := c.judgeDownload(response); e != nil {
		return 0, e
	}
	if response.ContentLength > maxBytes {
		return 0, tooLarge(maxBytes)
	}
	n, err := io.Copy(w, io.LimitReader(response.Body, maxBytes+1))
	switch {
	case err != nil:
		return n, c.broken(ctx, err)
	case n > maxBytes:
		return n, tooLarge(maxBytes)
	}
	return n, nil
}

// mayKnowToken reports whether the token may be shown to an address
// (reference/whatsapp-cloud-api.md §6.3).
func (c *Client) mayKnowToken(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if own, err := url.Parse(c.root); err == nil && u.Scheme == own.Scheme && strings.EqualFold(u.Host, own.Host) {
		return true
	}
	host := "." + strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") &&
		(strings.HasSuffix(host, ".fbsbx.com") || strings.HasSuffix(host, ".facebook.com") || strings.HasSuffix(host, ".whatsapp.net"))
}

func (c *Client) judgeDownload(response *http.Response) *Error {
	var e *Error
	switch status := response.StatusCode; {
	case status == http.StatusOK:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		e = unavailable(false, ErrMediaURLExpired)
	case status == http.StatusUnauthorized:
		e = byCode[190].error()
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		e = unavailable(false, errors.New("the file was not given out"))
	default:
		e = entry{code: CodeMediaUnavailable, class: ClassNever, next: NextActionNone}.error()
	}
	e.HTTPStatus = response.StatusCode
	c.noteWait(e, response.Header)
	return e
}

// broken is a download that did not come to its end. Reading twice does no harm.
func (c *Client) broken(ctx context.Context, cause error) *Error {
	if ctx.Err() != nil {
		return interrupted(false, fmt.Errorf("%w: %w", ctx.Err(), cause))
	}
	return unavailable(false, cause)
}

func tooLarge(maxBytes int64) *Error {
	e := entry{code: CodeMediaRejected, class: ClassNever, next: NextActionNone}.error()
	e.cause = fmt.Errorf("%w: more than %d bytes", ErrMediaTooLarge, maxBytes)
	return e
}

// MediaUpload is a file to be handed to Meta.
type MediaUpload struct {
	MIMEType string
	FileName string
	ByteSize int64
	// Open returns the bytes from the start. It may be called several times.
	Open func() (io.ReadCloser, error)
}

// UploadMedia hands a file to Meta and returns its id there, which serves for
// UploadedMediaLife and for the phone number of the credentials
// (reference/whatsapp-cloud-api.md §6.1). Doing it twice makes two ids.
func (c *Client) UploadMedia(ctx context.Context, creds Credentials, upload MediaUpload) (string, error) {
	head, tail, contentType, err := multipartAround(upload)
	if err != nil {
		return "", invalidRequest("encoding the upload: %w", err)
	}
	var id string
	err = c.do(ctx, creds, call{
		name: "upload media", method: http.MethodPost, edge: "/media", timeout: uploadTimeout,
		stream: &stream{
			contentType: contentType,
			length:      int64(len(head)) + upload.ByteSize + int64(len(tail)),
			open: func() (io.ReadCloser, error) {
				file, err := upload.Open()
				if err != nil {
					return nil, err
				}
				return struct {
					io.Reader
					io.Closer
				}{io.MultiReader(strings.NewReader(head), io.LimitReader(file, upload.ByteSize), strings.NewReader(tail)), file}, nil
			},
		},
		repeatable: true,
		decode: func(answer []byte) error {
			var wire struct {
				ID flexible `json:"id"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if id = string(wire.ID); id == "" {
				return errors.New("no id")
			}
			return nil
		},
	})
	return id, err
}

// multipartAround writes what goes before and behind the bytes of a file.
func multipartAround(upload MediaUpload) (head, tail, contentType string, err error) {
	var text strings.Builder
	form := multipart.NewWriter(&text)
	for _, field := range [][2]string{{"messaging_product", "whatsapp"}, {"type", upload.MIMEType}} {
		if err := form.WriteField(field[0], field[1]); err != nil {
			return "", "", "", err
		}
	}
	name := mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": plainName(upload.FileName)})
	if _, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {name}, "Content-Type": {upload.MIMEType}}); err != nil {
		return "", "", "", err
	}
	before := text.Len()
	if err := form.Close(); err != nil {
		return "", "", "", err
	}
	return text.String()[:before], text.String()[before:], form.FormDataContentType(), nil
}

// plainName is a file name that every reader of a multipart form understands;
// customers see the name that the message carries, not this one.
func plainName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"\/%;`, r) {
			return '_'
		}
		return r
	}, name)
	if plain == "" {
		return "file"
	}
	return plain
}

// DeleteMedia has Meta forget a file. One that is unknown is CodeObjectNotFound
// (reference/whatsapp-cloud-api.md §6.4).
func (c *Client) DeleteMedia(ctx context.Context, creds Credentials, mediaID string) error {
	if e := checkMediaID(mediaID); e != nil {
		return e
	}
	return c.do(ctx, creds, call{
		name: "delete media", method: http.MethodDelete, object: mediaID,
		query:      url.Values{"phone_number_id": {creds.PhoneNumberID}}.Encode(),
		repeatable: true,
		decode:     decodeSuccess,
	})
}

// checkMediaID refuses an id that would change the path of a call.
func checkMediaID(id string) *Error {
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return invalidRequest("the media id %q is not a number", shorten(id))
	}
	return nil
}
