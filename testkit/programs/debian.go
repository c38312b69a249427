//go:build unix

package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// attempts is how often apt-get is asked before a test gives up: networks and mirrors fail for a moment.
	attempts = 3
	// between is how long it is left alone after a failure.
	between = 5 * time.Second
)

// AptInstall installs packages of Debian for the whole machine. The lists of packages are fetched when those that are there
// do not do, and it is tried again when that does not help either.
func AptInstall(ctx context.Context, packages ...string) error {
	install := func() error {
		return Run(ctx, "", "apt-get", append([]string{
			"-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", "install", "-y", "--no-install-recommends",
		}, packages...)...)
	}
	if install() == nil {
		return nil
	}
	return again(ctx, func() error {
		if err := Run(ctx, "", "apt-get", "-o", "Acquire::Retries=3", "update"); err != nil {
			return err
		}
		return install()
	})
}

// again tries until it succeeds, a few times. It returns the last failure.
func again(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == attempts {
			return err
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// Run runs a package manager in dir. The error carries the end of what it printed.
func Run(ctx context.Context, dir, program string, args ...string) error {
	_, err := output(ctx, dir, program, args...)
	return err
}

func output(ctx context.Context, dir, program string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	// A package manager that is killed leaves the machine's packages half done.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	text, err := command.CombinedOutput()
	if err != nil {
		const most = 2000
		shown := strings.TrimSpace(string(text))
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, shown[max(0, len(shown)-most):])
	}
	return string(text), nil
}

// Apt asks the distribution for packages without touching the machine: it keeps its lists and archives in a folder that is
// thrown away after.
type Apt struct {
	work string
}

// Depends is what apt-cache prints of a package's dependencies.
func (a Apt) Depends(ctx context.Context, name string) (string, error) {
	return a.run(ctx, "apt-cache", "depends", name)
}

var plannedPackage = regexp.MustCompile(`(?m)^Inst (\S+)`)

// Missing names the packages that the machine would have to install for one of them, itself included unless it is there.
func (a Apt) Missing(ctx context.Context, name string) ([]string, error) {
	plan, err := a.run(ctx, "apt-get", "--simulate", "--no-install-recommends", "install", name)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, planned := range plannedPackage.FindAllStringSubmatch(plan, -1) {
		missing = append(missing, planned[1])
	}
	return missing, nil
}

func (a Apt) run(ctx context.Context, program string, args ...string) (string, error) {
	return output(ctx, a.work, program, append([]string{
		"-o", "Dir::State=" + filepath.Join(a.work, "state"),
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + filepath.Join(a.work, "cache"),
		"-o", "APT::Sandbox::User=", // Root would hand the download to an account that cannot write here.
		"-o", "Acquire::Retries=3",
	}, args...)...)
}

// unpack downloads the packages that choose names and unpacks them into final. Nothing of it needs root. The caller holds
// the lock.
func unpack(ctx context.Context, final string, choose func(context.Context, Apt) ([]string, error)) (err error) {
	work, err := os.MkdirTemp(filepath.Dir(final), "unpacking-*")
	if err != nil {
		return fmt.Errorf("making a folder for packages: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	for _, dir := range []string{"state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o700); err != nil {
			return fmt.Errorf("making a folder for apt-get: %w", err)
		}
	}
	apt := Apt{work}
	if err := again(ctx, func() error { return apt.fetch(ctx, choose) }); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil {
		return fmt.Errorf("looking for the downloaded packages: %w", err)
	}
	fresh := filepath.Join(work, "root")
	for _, file := range files {
		if err := Run(ctx, work, "dpkg-deb", "--extract", file, fresh); err != nil {
			return err
		}
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return fmt.Errorf("opening the unpacked packages to other accounts: %w", err)
	}
	// What lies there does not run: it is of an older system.
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("removing unusable programs: %w", err)
	}
	if err := os.Rename(fresh, final); err != nil {
		return fmt.Errorf("keeping the unpacked packages: %w", err)
	}
	return nil
}

// fetch downloads the packages into the folder.
func (a Apt) fetch(ctx context.Context, choose func(context.Context, Apt) ([]string, error)) error {
	if _, err := a.run(ctx, "apt-get", "update"); err != nil {
		return err
	}
	packages, err := choose(ctx, a)
	if err != nil {
		return err
	}
	packages = slices.Clone(packages)
	slices.Sort(packages)
	_, err = a.run(ctx, "apt-get", append([]string{"download"}, slices.Compact(packages)...)...)
	return err
}

// IsLibrary reports whether a package that a program depends on is needed to run it from a private folder. The C library must
// be the system's own; compilers and Perl are large and not needed to run; the rest sets up a whole machine.
func IsLibrary(name string) bool {
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

// LibraryDirs are the folders for LD_LIBRARY_PATH in a folder that holds the files of Debian's packages; nil if it has none.
func LibraryDirs(root string) ([]string, error) {
	var dirs []string
	for _, pattern := range []string{"usr/lib/*-linux-*", "lib/*-linux-*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, fmt.Errorf("looking for libraries in %s: %w", root, err)
		}
		dirs = append(dirs, found...)
	}
	return dirs, nil
}
