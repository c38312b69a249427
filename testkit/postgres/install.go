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
	"strings"
	"syscall"
	"time"
)

// install brings the server binaries onto the machine by its package manager: root installs the package, everybody else
// unpacks the same package into a folder of their own. onlyPrivate leaves the machine's packages alone for root too.
func install(ctx context.Context, account account, onlyPrivate bool, logger *slog.Logger) (Binaries, error) {
	failures := []error{errNoServer}
	if !onlyPrivate {
		for _, manager := range managers {
			if manager.needsRoot && os.Geteuid() != 0 {
				continue
			}
			if _, err := exec.LookPath(manager.program); err != nil {
				continue
			}
			logger.Info("No PostgreSQL server found, installing one", "by", manager.program)
			if err := manager.install(ctx); err != nil {
				failures = append(failures, err)
				continue
			}
			if binaries, ok := installed(ctx, account); ok {
				return binaries, nil
			}
			failures = append(failures, fmt.Errorf("%s installed no PostgreSQL server that can be used", manager.program))
		}
	}
	if _, err := exec.LookPath("apt-get"); err == nil {
		logger.Info("No PostgreSQL server found, unpacking one for this user", "by", "apt-get download")
		binaries, err := unpack(ctx, account)
		if err == nil {
			return binaries, nil
		}
		failures = append(failures, err)
	}
	return Binaries{}, errors.Join(failures...)
}

// lockInstall waits until no other test of this user installs, since package managers refuse to run twice at a time.
func lockInstall(ctx context.Context) (release func(), err error) {
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "install.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock for installing PostgreSQL: %w", err)
	}
	release = func() { _ = lock.Close() } // Closing releases the lock.
	const pause = 100 * time.Millisecond
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return release, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			release()
			return nil, fmt.Errorf("locking the installation of PostgreSQL: %w", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			release()
			return nil, fmt.Errorf("waiting for another installation of PostgreSQL: %w", ctx.Err())
		}
	}
}

// manager is a package manager that installs for the whole machine.
type manager struct {
	program   string
	needsRoot bool
	install   func(context.Context) error
}

var managers = []manager{
	{"apt-get", true, aptInstall},
	{"dnf", true, func(ctx context.Context) error { return run(ctx, "", "dnf", "install", "-y", "postgresql-server") }},
	{"apk", true, func(ctx context.Context) error { return run(ctx, "", "apk", "add", "--no-cache", "postgresql") }},
	{"brew", false, func(ctx context.Context) error { return run(ctx, "", "brew", "install", "postgresql@17") }},
}

// aptInstall installs Debian's package without the cluster that it would make and start by itself.
func aptInstall(ctx context.Context) (err error) {
	const noCluster = "/etc/postgresql-common/createcluster.d/recado.conf"
	if err := os.MkdirAll(filepath.Dir(noCluster), 0o755); err != nil {
		return fmt.Errorf("preparing the installation of PostgreSQL: %w", err)
	}
	if err := os.WriteFile(noCluster, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return fmt.Errorf("preparing the installation of PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(noCluster)) }()
	if err := run(ctx, "", "apt-get", "update"); err != nil {
		return err
	}
	return run(ctx, "", "apt-get", "install", "-y", "--no-install-recommends", "postgresql")
}

// run runs a package manager in dir. The error carries the end of what it printed.
func run(ctx context.Context, dir, program string, args ...string) error {
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
