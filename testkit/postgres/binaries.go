//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recado/testkit/programs"
)

// EnvBinaries names the variable that says where the server binaries are: a folder with initdb and postgres, or the
// word "download" to pass over what the machine has and use a private copy from the distribution's packages.
const EnvBinaries = "RECADO_POSTGRES_BIN"

// oldestMajor is the oldest PostgreSQL whose behaviour Recado is written for.
const oldestMajor = 14

// Binaries is a folder with PostgreSQL's programs.
type Binaries struct {
	// Dir holds initdb, postgres and, in most packages, pgbench and psql.
	Dir string
	// Major is the major version, such as 17.
	Major int
	// Version is the version in full, such as "17.5".
	Version string
	// Libraries are folders for LD_LIBRARY_PATH that the programs need; nil if the system has all of them.
	Libraries []string
}

// Find returns the server binaries and installs them if there are none. It looks at EnvBinaries, then in PATH, then
// where distributions put them (the highest version first), then for a private copy of an earlier call.
func Find(ctx context.Context, logger *slog.Logger) (Binaries, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	account, err := serverAccount()
	if err != nil {
		return Binaries{}, err
	}
	return find(ctx, account, logger)
}

func find(ctx context.Context, account account, logger *slog.Logger) (Binaries, error) {
	named := os.Getenv(EnvBinaries)
	if named != "" && named != programs.Download {
		binaries, err := inspect(ctx, named, nil, account)
		if err != nil {
			return Binaries{}, fmt.Errorf("%s=%s: %w", EnvBinaries, named, err)
		}
		return binaries, nil
	}
	return programs.Find(ctx, serverProgram(account, named == programs.Download), logger)
}

// installed looks where PATH and the distributions' packages have the programs.
func installed(ctx context.Context, account account) (Binaries, bool) {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(target))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own RPM packages
		"/usr/libexec/postgresql*",                           // Alpine
		"/usr/lib/postgresql*/bin",                           // openSUSE
		"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // Homebrew on Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
		"/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", // built from source; Fedora, Arch
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return versionInPath(b) - versionInPath(a) })
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if binaries, err := inspect(ctx, dir, nil, account); err == nil {
			return binaries, true
		}
	}
	return Binaries{}, false
}

var lastNumber = regexp.MustCompile(`(\d+)(?:\.\d+)?(?:/bin)?$`)

// versionInPath reads the version that packages put into the folder's name; 0 if there is none.
func versionInPath(dir string) int {
	match := lastNumber.FindStringSubmatch(dir)
	if match == nil {
		return 0
	}
	version, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return version
}

var versionLine = regexp.MustCompile(`\) ((\d+)\S*)`)

// inspect reports what the folder holds, having run both programs, so that a missing library shows here.
func inspect(ctx context.Context, dir string, libraries []string, account account) (Binaries, error) {
	binaries := Binaries{Dir: dir, Libraries: libraries}
	if !account.mayEnter(dir) {
		return Binaries{}, fmt.Errorf("the server runs as %s, which cannot enter %s", account.name, dir)
	}
	var answer string
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return Binaries{}, fmt.Errorf("no PostgreSQL server: %w", err)
		}
		output, err := binaries.command(ctx, account, "/", program, "--version").CombinedOutput()
		if err != nil {
			return Binaries{}, fmt.Errorf("%s --version: %w: %s", program, err, strings.TrimSpace(string(output)))
		}
		answer = string(output)
	}
	match := versionLine.FindStringSubmatch(answer)
	if match == nil {
		return Binaries{}, fmt.Errorf("postgres --version answers %q", answer)
	}
	major, err := strconv.Atoi(match[2])
	if err != nil {
		return Binaries{}, fmt.Errorf("postgres --version answers %q: %w", answer, err)
	}
	if major < oldestMajor {
		return Binaries{}, fmt.Errorf("PostgreSQL %s in %s is older than %d", match[1], dir, oldestMajor)
	}
	binaries.Version, binaries.Major = match[1], major
	return binaries, nil
}

// errNoServer tells what a person can do about it.
var errNoServer = errors.New("no PostgreSQL server was found and none could be installed. " +
	"Install one (Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; " +
	"Alpine: apk add postgresql; macOS: brew install postgresql@17), or name the folder of initdb and postgres in " + EnvBinaries)
