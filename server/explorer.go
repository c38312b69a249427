package server

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:embed explorer
var explorerFiles embed.FS

// explorerRoutes serve a page on which the API can be tried. It loads nothing from
// elsewhere, so that it works on a machine without a network.
func (s *Server) explorerRoutes(e *echo.Echo) {
	files, err := fs.Sub(explorerFiles, "explorer")
	if err != nil { // the path is a constant
		s.log.Error("explorer page not served", "error", err)
		return
	}
	serve := http.StripPrefix("/graphiql/", http.FileServerFS(files))
	page := func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Cache-Control", "no-cache")
		header.Set("Referrer-Policy", "no-referrer")
		serve.ServeHTTP(c.Response(), c.Request())
		return nil
	}
	e.GET("/graphiql", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/graphiql/") })
	e.GET("/graphiql/*", page)
}
