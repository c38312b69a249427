package whatsapp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// UploadSample hands Meta the sample of a template's header, through the upload of the
// app, and returns the handle for [TemplateHeader] (reference/whatsapp-cloud-api.md §6.6).
// It may hold several lines and is used as it is. Doing it twice makes two.
func (c *Client) UploadSample(ctx context.Context, creds Credentials, upload MediaUpload) (string, error) {
	if c.appID == "" {
		return "", invalidRequest("upload sample: %w", ErrNoApp)
	}
	var session string
	err := c.do(ctx, creds, call{
		name: "begin upload", method: http.MethodPost, object: c.appID, edge: "/uploads",
		query: url.Values{
			"file_name": {plainName(upload.FileName)}, "file_length": {strconv.FormatInt(upload.ByteSize, 10)}, "file_type": {upload.MIMEType},
		}.Encode(),
		repeatable: true,
		decode: func(answer []byte) error {
			var wire struct {
				ID flexible `json:"id"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if session = string(wire.ID); session == "" {
				return errors.New("no upload id")
			}
			return nil
		},
	})
	if err != nil {
		return "", err
	}
	object, signature, _ := strings.Cut(session, "?") // its id may carry a signature
	var handle string
	err = c.do(ctx, creds, call{
		name: "upload sample", method: http.MethodPost, object: object, query: signature, timeout: uploadTimeout, oauth: true,
		headers: map[string]string{"file_offset": "0"},
		stream: &stream{contentType: "application/octet-stream", length: upload.ByteSize, open: func() (io.ReadCloser, error) {
			file, err := upload.Open()
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{io.LimitReader(file, upload.ByteSize), file}, nil
		}},
		decode: func(answer []byte) error {
			var wire struct {
				Handle flexible `json:"h"`
			}
			if err := decodeAnswer(answer, &wire); err != nil {
				return err
			}
			if handle = string(wire.Handle); handle == "" {
				return errors.New("no handle")
			}
			return nil
		},
	})
	return handle, err
}
