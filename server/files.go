package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"recado/media"
	"recado/models"
)

// Files gives out and takes in files at signed addresses; media.Service does.
type Files interface {
	// Open opens what a token below media.FilesPath names.
	Open(ctx context.Context, token string) (*media.File, error)
	// Receive takes the bytes of an upload at a token below media.UploadsPath.
	Receive(ctx context.Context, token string, said media.Received, body io.Reader) error
}

// fileTime is how long a file may take to go over the wire, up or down.
const fileTime = 10 * time.Minute

// fileStatus is the HTTP status of each refusal of a file; what is not listed is 422.
var fileStatus = map[models.Code]int{
	models.CodeNotFound:                 http.StatusNotFound,
	models.CodeConflict:                 http.StatusConflict,
	models.CodeAttachmentTypeNotAllowed: http.StatusUnsupportedMediaType,
}

// giveFile answers a signed address with its bytes, or with the range of them that is
// asked for. The address is the permission: there is no token to show.
func (s *Server) giveFile(c echo.Context) error {
	s.allowOrigin(c.Response(), c.Request())
	file, err := s.options.Files.Open(c.Request().Context(), c.Param("token"))
	if err != nil {
		return s.refuseFile(c, err)
	}
	defer file.Close()
	header := c.Response().Header()
	header.Set("Content-Type", file.MIMEType)
	header.Set("Content-Disposition", file.Disposition())
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "private, max-age=300, immutable")
	header.Set("ETag", file.ETag)
	http.ServeContent(c.Response(), c.Request(), "", file.ModifiedAt, file)
	return nil
}

// takeFile takes an upload in: 204 when it is here, else the reason as JSON.
func (s *Server) takeFile(c echo.Context) error {
	request := c.Request()
	s.allowOrigin(c.Response(), request)
	control := http.NewResponseController(c.Response())
	if err := control.SetReadDeadline(deadline(fileTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	err := s.options.Files.Receive(request.Context(), c.Param("token"), media.Received{
		ContentType: request.Header.Get("Content-Type"), ByteSize: request.ContentLength,
	}, request.Body)
	if err != nil {
		return s.refuseFile(c, err)
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// preflightUpload answers a browser's question whether a page of another origin may
// upload.
func (s *Server) preflightUpload(c echo.Context) error {
	s.allowOrigin(c.Response(), c.Request())
	header := c.Response().Header()
	header.Set("Allow", "PUT, OPTIONS")
	if s.origins[c.Request().Header.Get("Origin")] {
		header.Set("Access-Control-Allow-Methods", http.MethodPut)
		header.Set("Access-Control-Allow-Headers", "Content-Type")
		header.Set("Access-Control-Max-Age", "600")
	}
	return c.NoContent(http.StatusNoContent)
}

// refuseFile says why a file is not given or taken, in codes.
func (s *Server) refuseFile(c echo.Context, err error) error {
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if errors.Is(err, media.ErrAddressExpired) {
		return c.JSON(http.StatusGone, map[string]any{"code": "ADDRESS_EXPIRED"})
	}
	refusal, ok := errors.AsType[*models.Error](err)
	if !ok {
		if c.Request().Context().Err() == nil {
			s.log.Error("a file could not be given or taken", "error", err)
		}
		return tryLater(c, 5*time.Second)
	}
	status, ok := fileStatus[refusal.Code]
	if !ok {
		status = http.StatusUnprocessableEntity
	}
	return c.JSON(status, map[string]any{"code": refusal.Code, "params": refusal.Params})
}
