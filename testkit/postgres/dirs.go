//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// dirPattern names the folders of clusters.
const dirPattern = "recado-postgres-*"

// lockFile is held locked as long as the process lives that made the cluster.
const lockFile = "lock"

// parentDir is the folder in which the cluster's folder is made.
func parentDir(wanted string, account account) (string, error) {
	if wanted != "" {
		absolute, err := filepath.Abs(wanted)
		if err != nil {
			return "", fmt.Errorf("looking for a place for the PostgreSQL cluster: %w", err)
		}
		if !account.mayEnter(absolute) {
			return "", fmt.Errorf("the PostgreSQL cluster runs as %s, which cannot enter %s: name another folder", account.name, absolute)
		}
		return absolute, nil
	}
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if account.mayEnter(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the PostgreSQL cluster runs as %s, which cannot enter %s: set TMPDIR to a folder that everybody can enter", account.name, os.TempDir())
}

// makeDir makes the cluster's folder, owned by account, and locks it for this process.
func makeDir(parent string, account account) (string, *os.File, error) {
	dir, err := os.MkdirTemp(parent, dirPattern)
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for the PostgreSQL cluster: %w", err)
	}
	lock, err := lockDir(dir)
	if err == nil {
		err = account.own(dir)
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, lock, nil
}

func lockDir(dir string) (*os.File, error) {
	// The file gets its name only once it is locked: a file of that name without a lock is abandoned.
	unnamed := filepath.Join(dir, lockFile+".new")
	lock, err := os.OpenFile(unnamed, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's lock: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(unnamed, filepath.Join(dir, lockFile))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the cluster: %w", err), lock.Close())
	}
	return lock, nil
}

// removeAbandoned removes the clusters of processes that were killed before they could do so themselves. What cannot be
// removed (another user's) stays.
func removeAbandoned(parent string) {
	locks, err := filepath.Glob(filepath.Join(parent, dirPattern, lockFile))
	if err != nil {
		return
	}
	for _, path := range locks {
		lock, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = lock.Close()
	}
}

// walkUp reports whether every folder from dir to the root, after symbolic links, satisfies ok.
func walkUp(dir string, ok func(os.FileInfo) bool) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || !ok(info) {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}
