//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// unpacked returns the private copy that an earlier call made.
func unpacked(ctx context.Context, account account) (Binaries, bool) {
	root, err := cacheDir()
	if err != nil {
		return Binaries{}, false
	}
	binaries, err := inspectUnpacked(ctx, filepath.Join(root, runtime.GOARCH), account)
	return binaries, err == nil
}

// unpack downloads the distribution's server package and the libraries that the machine lacks, and unpacks them into the
// user's cache. Nothing of it needs root: apt-get keeps its lists and archives in a folder that is thrown away after. The
// caller holds the lock of lockInstall.
func unpack(ctx context.Context, account account) (_ Binaries, err error) {
	root, err := cacheDir()
	if err != nil {
		return Binaries{}, err
	}
	work, err := os.MkdirTemp(root, "unpacking-*")
	if err != nil {
		return Binaries{}, fmt.Errorf("making a folder for the PostgreSQL packages: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	files, err := aptDownload(ctx, work)
	if err != nil {
		return Binaries{}, err
	}
	fresh, final := filepath.Join(work, "root"), filepath.Join(root, runtime.GOARCH)
	for _, file := range files {
		if err := run(ctx, work, "dpkg-deb", "--extract", file, fresh); err != nil {
			return Binaries{}, err
		}
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("opening the unpacked PostgreSQL to its account: %w", err)
	}
	// What lies there does not run: it is of an older system.
	if err := os.RemoveAll(final); err != nil {
		return Binaries{}, fmt.Errorf("removing an unusable PostgreSQL: %w", err)
	}
	if err := os.Rename(fresh, final); err != nil {
		return Binaries{}, fmt.Errorf("keeping the unpacked PostgreSQL: %w", err)
	}
	return inspectUnpacked(ctx, final, account)
}

// inspectUnpacked looks into a folder that holds the files of Debian packages.
func inspectUnpacked(ctx context.Context, root string, account account) (Binaries, error) {
	dirs, err := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin"))
	if err != nil || len(dirs) == 0 {
		return Binaries{}, fmt.Errorf("no PostgreSQL server in %s", root)
	}
	var libraries []string
	for _, pattern := range []string{"usr/lib/*-linux-*", "lib/*-linux-*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return Binaries{}, fmt.Errorf("looking for libraries in %s: %w", root, err)
		}
		libraries = append(libraries, found...)
	}
	return inspect(ctx, dirs[0], libraries, account)
}

var (
	serverPackage  = regexp.MustCompile(`Depends: (postgresql-\d+)\b`)
	plannedPackage = regexp.MustCompile(`(?m)^Inst (\S+)`)
)

// aptDownload fetches the packages into work and returns their files.
func aptDownload(ctx context.Context, work string) ([]string, error) {
	for _, dir := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o700); err != nil {
			return nil, fmt.Errorf("making a folder for apt-get: %w", err)
		}
	}
	private := []string{
		"-o", "Dir::State=" + filepath.Join(work, "state"),
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + filepath.Join(work, "cache"),
		"-o", "APT::Sandbox::User=", // Root would hand the download to an account that cannot write here.
	}
	apt := func(program string, args ...string) (string, error) {
		return output(ctx, work, program, append(slices.Clone(private), args...)...)
	}
	if _, err := apt("apt-get", "update"); err != nil {
		return nil, err
	}
	depends, err := apt("apt-cache", "depends", "postgresql")
	if err != nil {
		return nil, err
	}
	server := serverPackage.FindStringSubmatch(depends)
	if server == nil {
		return nil, fmt.Errorf("apt-cache names no server behind the package postgresql: %s", depends)
	}
	plan, err := apt("apt-get", "--simulate", "--no-install-recommends", "install", server[1])
	if err != nil {
		return nil, err
	}
	packages := []string{server[1], "libpq5"}
	for _, planned := range plannedPackage.FindAllStringSubmatch(plan, -1) {
		if isLibrary(planned[1]) {
			packages = append(packages, planned[1])
		}
	}
	slices.Sort(packages)
	if _, err := apt("apt-get", append([]string{"download"}, slices.Compact(packages)...)...); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return nil, fmt.Errorf("looking for the downloaded packages: %w", err)
	}
	return files, nil
}

// isLibrary reports whether a package that the server depends on is needed to run it from a private folder. The C library must
// be the system's own; the compiler behind JIT is large and switched off; the rest sets up a whole machine.
func isLibrary(name string) bool {
	if !strings.HasPrefix(name, "lib") || strings.HasSuffix(name, "-perl") {
		return false
	}
	for _, prefix := range []string{"libc6", "libc-", "libllvm", "libz3", "libperl"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}

// cacheDir is the folder for private copies: the user's cache, or one below the system's temporary folder for a user
// without a home. Root's must be open to the account that runs the server.
func cacheDir() (string, error) {
	mode := os.FileMode(0o700)
	var dirs []string
	if os.Geteuid() == 0 {
		mode = 0o755
		dirs = append(dirs, "/var/cache/recado")
	} else if cache, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(cache, "recado"))
	}
	dirs = append(dirs, filepath.Join(os.TempDir(), fmt.Sprintf("recado-cache-%d", os.Geteuid())))
	var failures []error
	for _, dir := range dirs {
		dir = filepath.Join(dir, "postgres")
		if err := os.MkdirAll(dir, mode); err != nil {
			failures = append(failures, err)
			continue
		}
		if err := checkOwner(dir); err != nil {
			failures = append(failures, err)
			continue
		}
		return dir, nil
	}
	return "", fmt.Errorf("no folder to keep PostgreSQL in: %w", errors.Join(failures...))
}

// checkOwner refuses a folder that another user has prepared: programs are run from it.
func checkOwner(dir string) error {
	for _, path := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Lstat(path)
		if err != nil {
			return fmt.Errorf("checking %s: %w", path, err)
		}
		const othersMayWrite = 0o022
		owner, known := info.Sys().(*syscall.Stat_t)
		if !known || int(owner.Uid) != os.Geteuid() || !info.IsDir() || info.Mode().Perm()&othersMayWrite != 0 {
			return fmt.Errorf("%s belongs to another user or is open to others", path)
		}
	}
	return nil
}
