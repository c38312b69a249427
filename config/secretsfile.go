package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"recado/secrets"
)

const (
	secretsSuffix      = ".secrets"
	maxSecretsFileSize = 64 << 10
)

// generated are the secrets that embedded mode makes by itself.
var generated = map[string]func() string{
	"RECADO_SECRET_KEY":        secrets.GenerateKey,
	"RECADO_JWT_KEYS":          func() string { return secrets.GenerateSigningKey().Text() },
	"RECADO_META_VERIFY_TOKEN": secrets.GenerateToken,
}

// missingSecrets lists the settings without which the program is not safe or does
// nothing, and which are not set. The app secret comes from Meta and cannot be
// made: in embedded mode the program starts without and refuses webhooks.
func missingSecrets(values map[string]string) (missing []string) {
	database, given := values["RECADO_DATABASE_URL"]
	_, sqlite := sqlitePath(database)
	for _, v := range variables {
		_, set := values[v.Name]
		_, made := generated[v.Name]
		if v.Secret && !v.optional && !set && (made || given && !sqlite) {
			missing = append(missing, v.Name)
		}
	}
	return missing
}

// keptSecrets returns the named secrets from the file at path. If there is no such
// file it is made, with just these: of several processes that try at the same time
// one makes it and all read the same.
func keptSecrets(path string, names []string) (kept map[string]string, made bool, err error) {
	all, err := readSecrets(path)
	if errors.Is(err, fs.ErrNotExist) {
		if made, err = makeSecrets(path, names); err == nil {
			all, err = readSecrets(path)
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s is not set, and the file that keeps it cannot be used: %w", names[0], err)
	}
	kept = make(map[string]string, len(names))
	for _, name := range names {
		if all[name] == "" {
			return nil, false, fmt.Errorf("%s is not set, and %s, which was made while it was, does not hold it: expected %s",
				name, path, fieldOf(name).Expected)
		}
		kept[name] = all[name]
	}
	return kept, made, nil
}

// readSecrets reads lines of NAME=VALUE. Its errors show no value.
func readSecrets(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, so that others can read or change it: expected 0600; run: chmod 600 %s", path, mode.Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSecretsFileSize))
	if err != nil {
		return nil, err
	}
	values := make(map[string]string)
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if _, known := generated[name]; !found || !known {
			return nil, fmt.Errorf("line %d of %s is not understood: expected NAME=VALUE with one of the names %s",
				i+1, path, strings.Join(generatedNames(), ", "))
		}
		values[name] = value
	}
	return values, nil
}

// makeSecrets writes new secrets to a file that does not exist yet, whole or not
// at all, and reports whether it did: false means that another process was first.
func makeSecrets(path string, names []string) (made bool, err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return false, err
	}
	var b strings.Builder
	b.WriteString("# Secrets of the database beside this file, made at the first start. Whoever has both\n" +
		"# can read everything. Keep a copy: without it, all channels must be connected again.\n")
	for _, name := range names {
		fmt.Fprintf(&b, "%s=%s\n", name, generated[name]())
	}
	draft, err := os.CreateTemp(folder, filepath.Base(path)+".*") // mode 0600, O_EXCL
	if err != nil {
		return false, err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(b.String())
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return false, err
	}
	// Unlike a rename, a link never replaces a file.
	if err := os.Link(draft.Name(), path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, syncFolder(folder)
}

// syncFolder makes the new name survive a power cut, as what is sealed with the
// keys will.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func generatedNames() (names []string) {
	for _, v := range variables {
		if _, ok := generated[v.Name]; ok {
			names = append(names, v.Name)
		}
	}
	return slices.Clip(names)
}
