//go:build unix

// Package programs brings programs that tests need onto a machine where nobody prepared one.
//
// Find looks for the program on the machine, then for a private copy of an earlier call. If there is neither, root installs
// it by the machine's package manager; everybody else, and root where that fails, unpacks the packages of Debian or Ubuntu
// into a folder of their own, which needs no rights. A test that cannot have its program fails.
//
// Concurrency: any number of callers, in one process or in many, may look for the same or for different programs at once.
// One of them installs at a time; the others wait for it.
//
// Production code must not import this package; a linter rule holds that.
package programs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Download is the word by which the variables that name a program ask for a private copy, whatever the machine has.
const Download = "download"

// Program is one that tests need; T is what they know of it once it is found.
type Program[T any] struct {
	// Name says what it is, such as "PostgreSQL server".
	Name string
	// Folder is the name that private copies have in the cache, such as "postgres".
	Folder string
	// Installed looks for it where the machine has its programs.
	Installed func(context.Context) (T, bool)
	// Managers install it for the whole machine. Each that is there is asked in turn until one succeeds.
	Managers []Manager
	// Packages chooses the packages of Debian that make a private copy.
	Packages func(context.Context, Apt) ([]string, error)
	// Unpacked looks into a folder that holds the files of those packages.
	Unpacked func(ctx context.Context, root string) (T, error)
	// Private passes over what the machine has and leaves its packages alone.
	Private bool
	// Missing tells people what they can do if it cannot be had.
	Missing error
}

// Manager is a package manager, and how it installs a program.
type Manager struct {
	Program   string // such as apt-get
	NeedsRoot bool
	Install   func(context.Context) error
}

// Find returns the program, and installs it if it has to; see the package's comment. That can take minutes. What is done is
// logged.
func Find[T any](ctx context.Context, program Program[T], logger *slog.Logger) (T, error) {
	var none T
	root, err := CacheDir(program.Folder)
	if err != nil {
		return none, err
	}
	final := filepath.Join(root, runtime.GOARCH)
	present := func() (T, bool) {
		if !program.Private {
			if found, ok := program.Installed(ctx); ok {
				return found, true
			}
		}
		found, err := program.Unpacked(ctx, final)
		return found, err == nil
	}
	if found, ok := present(); ok {
		return found, nil
	}
	release, err := lock(ctx)
	if err != nil {
		return none, err
	}
	defer release()
	if found, ok := present(); ok { // Another test installed it while this one waited.
		return found, nil
	}
	return install(ctx, program, final, logger)
}

// install brings the program onto the machine. The caller holds the lock.
func install[T any](ctx context.Context, program Program[T], final string, logger *slog.Logger) (T, error) {
	var none T
	failures := []error{program.Missing}
	managers := program.Managers
	if program.Private {
		managers = nil
	}
	for _, manager := range managers {
		if manager.NeedsRoot && os.Geteuid() != 0 {
			continue
		}
		if _, err := exec.LookPath(manager.Program); err != nil {
			continue
		}
		logger.Info("No "+program.Name+" found, installing one", "by", manager.Program)
		if err := manager.Install(ctx); err != nil {
			failures = append(failures, err)
			continue
		}
		if found, ok := program.Installed(ctx); ok {
			return found, nil
		}
		failures = append(failures, fmt.Errorf("%s installed no %s that can be used", manager.Program, program.Name))
	}
	if _, err := exec.LookPath("apt-get"); err == nil {
		logger.Info("No "+program.Name+" found, unpacking one for this user", "by", "apt-get download")
		err := unpack(ctx, final, program.Packages)
		if err == nil {
			found, err := program.Unpacked(ctx, final)
			if err == nil {
				return found, nil
			}
			failures = append(failures, err)
		} else {
			failures = append(failures, err)
		}
	}
	return none, errors.Join(failures...)
}

// lock waits until no other test of this user installs anything, since package managers refuse to run twice at a time.
func lock(ctx context.Context) (release func(), err error) {
	dir, err := CacheDir("")
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "install.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock for installing programs: %w", err)
	}
	release = func() { _ = file.Close() } // Closing releases the lock.
	const pause = 100 * time.Millisecond
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return release, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			release()
			return nil, fmt.Errorf("locking the installation of programs: %w", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			release()
			return nil, fmt.Errorf("waiting for another installation: %w", ctx.Err())
		}
	}
}

// CacheDir is a folder for what is kept from one run of the tests to the next: the user's cache, or one below the system's
// temporary folder for a user without a home. Root's can be entered by everybody, since servers run as another account.
func CacheDir(name string) (string, error) {
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
	for _, base := range dirs {
		dir := filepath.Join(base, name)
		err := os.MkdirAll(dir, mode)
		if err == nil {
			err = errors.Join(checkOwner(base), checkOwner(dir))
		}
		if err == nil {
			return dir, nil
		}
		failures = append(failures, err)
	}
	return "", fmt.Errorf("no folder to keep programs in: %w", errors.Join(failures...))
}

// checkOwner refuses a folder that another user has prepared: programs are run from it.
func checkOwner(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("checking %s: %w", dir, err)
	}
	const othersMayWrite = 0o022
	owner, known := info.Sys().(*syscall.Stat_t)
	if !known || int(owner.Uid) != os.Geteuid() || !info.IsDir() || info.Mode().Perm()&othersMayWrite != 0 {
		return fmt.Errorf("%s belongs to another user or is open to others", dir)
	}
	return nil
}
