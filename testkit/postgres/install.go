//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"recado/testkit/programs"
)

// serverProgram is how the server binaries are found and installed. private leaves the machine's own alone.
func serverProgram(account account, private bool) programs.Program[Binaries] {
	return programs.Program[Binaries]{
		Name:   "PostgreSQL server",
		Folder: "postgres",
		Installed: func(ctx context.Context) (Binaries, bool) {
			return installed(ctx, account)
		},
		Managers: managers,
		Packages: serverPackages,
		Unpacked: func(ctx context.Context, root string) (Binaries, error) {
			return inspectUnpacked(ctx, root, account)
		},
		Private: private,
		Missing: errNoServer,
	}
}

// managers install for the whole machine.
var managers = []programs.Manager{
	{Program: "apt-get", NeedsRoot: true, Install: aptInstall},
	{Program: "dnf", NeedsRoot: true, Install: func(ctx context.Context) error {
		return programs.Run(ctx, "", "dnf", "install", "-y", "postgresql-server")
	}},
	{Program: "apk", NeedsRoot: true, Install: func(ctx context.Context) error {
		return programs.Run(ctx, "", "apk", "add", "--no-cache", "postgresql")
	}},
	{Program: "brew", Install: func(ctx context.Context) error {
		return programs.Run(ctx, "", "brew", "install", "postgresql@17")
	}},
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
	return programs.AptInstall(ctx, "postgresql")
}

var serverPackage = regexp.MustCompile(`Depends: (postgresql-\d+)\b`)

// serverPackages are the distribution's server and the libraries that the machine lacks.
func serverPackages(ctx context.Context, apt programs.Apt) ([]string, error) {
	depends, err := apt.Depends(ctx, "postgresql")
	if err != nil {
		return nil, err
	}
	server := serverPackage.FindStringSubmatch(depends)
	if server == nil {
		return nil, fmt.Errorf("apt-cache names no server behind the package postgresql: %s", depends)
	}
	missing, err := apt.Missing(ctx, server[1])
	if err != nil {
		return nil, err
	}
	packages := []string{server[1], "libpq5"}
	for _, name := range missing {
		if programs.IsLibrary(name) {
			packages = append(packages, name)
		}
	}
	return packages, nil
}

// inspectUnpacked looks into a folder that holds the files of Debian packages.
func inspectUnpacked(ctx context.Context, root string, account account) (Binaries, error) {
	dirs, err := filepath.Glob(filepath.Join(root, "usr/lib/postgresql/*/bin"))
	if err != nil || len(dirs) == 0 {
		return Binaries{}, fmt.Errorf("no PostgreSQL server in %s", root)
	}
	libraries, err := programs.LibraryDirs(root)
	if err != nil {
		return Binaries{}, err
	}
	return inspect(ctx, dirs[0], libraries, account)
}
