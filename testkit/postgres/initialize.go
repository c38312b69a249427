//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// initialize runs initdb and writes the settings.
func (c *Cluster) initialize(ctx context.Context, binaries Binaries, account account, options Options) error {
	passwordFile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing the password for initdb: %w", err)
	}
	if err := account.own(passwordFile); err != nil {
		return err
	}
	// C.UTF-8 sorts by code point and folds the case of every letter. Systems without it (older macOS) get C, which
	// sorts the same and folds ASCII only.
	err := c.initdb(ctx, binaries, account, passwordFile, "C.UTF-8")
	if err != nil && ctx.Err() == nil {
		if again := c.initdb(ctx, binaries, account, passwordFile, "C"); again != nil {
			return errors.Join(err, again)
		}
	} else if err != nil {
		return err
	}
	if err := os.Remove(passwordFile); err != nil {
		return fmt.Errorf("removing the password file: %w", err)
	}

	file, err := os.OpenFile(filepath.Join(dataDir(c.dir), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("opening the PostgreSQL settings: %w", err)
	}
	_, err = file.WriteString(settings(options))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing the PostgreSQL settings: %w", err)
	}
	return nil
}

func (c *Cluster) initdb(ctx context.Context, binaries Binaries, account account, passwordFile, locale string) error {
	command := binaries.command(ctx, account, c.dir, "initdb",
		"--pgdata="+dataDir(c.dir), "--username="+User, "--pwfile="+passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale="+locale, "--no-sync")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb with locale %s: %w\n%s", locale, err, output)
	}
	return nil
}

func settings(options Options) string {
	lines := []string{
		"",
		"listen_addresses = '127.0.0.1'",
		"unix_socket_directories = ''",
		fmt.Sprintf("max_connections = %d", options.MaxConnections),
		fmt.Sprintf("timezone = '%s'", timeZone("/usr/share/zoneinfo")),
		"jit = off",
		"logging_collector = off",
		"log_destination = 'stderr'",
	}
	if !options.Durable {
		lines = append(lines,
			"fsync = off",
			"synchronous_commit = off",
			"full_page_writes = off",
			// Files in the data folder: /dev/shm is only 64 MB in many containers, and a killed server would leave its segments there.
			"dynamic_shared_memory_type = mmap",
		)
	}
	return strings.Join(lines, "\n") + "\n"
}

// timeZone is never UTC. Debian's PostgreSQL reads the system's zones, which minimal machines lack; the rule for three hours
// west of Greenwich needs none.
func timeZone(zones string) string {
	const saoPaulo = "America/Sao_Paulo"
	if _, err := os.Stat(filepath.Join(zones, saoPaulo)); err != nil {
		return "<-03>3"
	}
	return saoPaulo
}
