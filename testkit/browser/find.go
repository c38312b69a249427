//go:build unix

package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"recado/testkit/programs"
)

// EnvProgram names the variable that says which browser tests use: the path of a program of the family of Chromium, or
// the word "download" to pass over what the machine has and use a private copy from the distribution's packages.
const EnvProgram = "RECADO_BROWSER"

// Program is a browser.
type Program struct {
	Path string
	// Environment is what it needs beside the environment of this process; nil for a browser of the machine.
	Environment []string
}

// Find returns a browser and installs one if there is none: for root by the machine's package manager, otherwise in the
// user's cache.
func Find(ctx context.Context) (Program, error) {
	named := os.Getenv(EnvProgram)
	if named != "" && named != programs.Download {
		program := Program{Path: named}
		if err := program.check(ctx); err != nil {
			return Program{}, fmt.Errorf("%s=%s: %w", EnvProgram, named, err)
		}
		return program, nil
	}
	return programs.Find(ctx, programs.Program[Program]{
		Name:      "browser",
		Folder:    "browser",
		Installed: installed,
		Managers: []programs.Manager{
			{Program: "apt-get", NeedsRoot: true, Install: func(ctx context.Context) error {
				if err := programs.AptInstall(ctx, headlessPackage); err == nil {
					return nil
				}
				return programs.AptInstall(ctx, "chromium") // of a distribution without the smaller one
			}},
			{Program: "dnf", NeedsRoot: true, Install: func(ctx context.Context) error {
				return programs.Run(ctx, "", "dnf", "install", "-y", "chromium-headless")
			}},
			{Program: "apk", NeedsRoot: true, Install: func(ctx context.Context) error {
				return programs.Run(ctx, "", "apk", "add", "--no-cache", "chromium")
			}},
		},
		Packages: packages,
		Unpacked: unpacked,
		Private:  named == programs.Download,
		Missing:  errNoBrowser,
	}, slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

// headlessPackage is Debian's Chromium without what windows need.
const headlessPackage = "chromium-headless-shell"

// installed looks where PATH and the vendors' packages have it.
func installed(ctx context.Context) (Program, bool) {
	for _, name := range []string{
		"chromium-headless-shell", "chrome-headless-shell", "headless_shell", "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome",
		"/usr/lib64/chromium-browser/headless_shell", // Fedora
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		// Ubuntu has programs of these names that only say where the browser is to be had.
		if program := (Program{Path: path}); program.check(ctx) == nil {
			return program, true
		}
	}
	return Program{}, false
}

// check runs the program, so that a missing library shows here.
func (p Program) check(ctx context.Context) error {
	command := exec.CommandContext(ctx, p.Path, "--version")
	command.Env = append(os.Environ(), p.Environment...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s --version: %w: %s", p.Path, err, strings.TrimSpace(string(output)))
	}
	return nil
}

// packages are the browser, and the libraries and the letters that the machine lacks.
func packages(ctx context.Context, apt programs.Apt) ([]string, error) {
	missing, err := apt.Missing(ctx, headlessPackage)
	if err != nil {
		return nil, err
	}
	chosen := []string{headlessPackage, "chromium-common", font}
	for _, name := range missing {
		if programs.IsLibrary(name) {
			chosen = append(chosen, name)
		}
	}
	return chosen, nil
}

// font is a package with a font: Chromium shows no page without any.
const font = "fonts-dejavu-core"

// unpacked looks into a folder that holds the files of Debian packages.
func unpacked(ctx context.Context, root string) (Program, error) {
	libraries, err := programs.LibraryDirs(root)
	if err != nil {
		return Program{}, err
	}
	fonts := filepath.Join(root, "fonts.conf")
	for _, dir := range slices.Clone(libraries) {
		libraries = append(libraries, filepath.Join(dir, "pulseaudio")) // where its sound is, even if it makes none
	}
	if inherited := os.Getenv("LD_LIBRARY_PATH"); inherited != "" {
		libraries = append(libraries, inherited)
	}
	program := Program{
		Path: filepath.Join(root, "usr/lib/chromium/chromium-headless-shell"),
		Environment: []string{
			"LD_LIBRARY_PATH=" + strings.Join(libraries, string(os.PathListSeparator)),
			"FONTCONFIG_FILE=" + fonts,
		},
	}
	if err := program.check(ctx); err != nil {
		return Program{}, err
	}
	settings := `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>` + filepath.Join(root, "usr/share/fonts") + `</dir><cachedir>` + filepath.Join(root, "var/cache/fontconfig") + `</cachedir></fontconfig>
`
	if err := os.WriteFile(fonts, []byte(settings), 0o644); err != nil {
		return Program{}, fmt.Errorf("writing the settings of fonts: %w", err)
	}
	return program, nil
}

// errNoBrowser tells what a person can do about it.
var errNoBrowser = errors.New("no browser was found and none could be installed. " +
	"Install one (Debian: apt-get install chromium-headless-shell; Fedora: dnf install chromium-headless; " +
	"Alpine: apk add chromium; macOS: Chromium or Chrome), or name the program in " + EnvProgram)
