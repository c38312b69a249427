//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that runs the server.
type account struct {
	name       string
	credential *syscall.Credential // Nil: the caller itself.
}

// serverAccount is the caller, or for root an account without privileges.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return account{}, fmt.Errorf("reading the account %s: %w", name, err)
		}
		return account{name: name, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody to run it as")
}

// own gives path to the account.
func (a account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	if err := os.Chown(path, int(a.credential.Uid), int(a.credential.Gid)); err != nil {
		return fmt.Errorf("giving %s to %s: %w", path, a.name, err)
	}
	return nil
}

// mayEnter reports whether the account can reach what lies in the folder: every folder on the way lets it through.
func (a account) mayEnter(dir string) bool {
	if a.credential == nil {
		return true
	}
	return walkUp(dir, func(info os.FileInfo) bool {
		const othersMayEnter = 0o001
		owner, known := info.Sys().(*syscall.Stat_t)
		return info.Mode().Perm()&othersMayEnter != 0 || known && owner.Uid == a.credential.Uid
	})
}
