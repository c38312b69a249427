package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Variable is a setting, as people are told about it.
type Variable struct {
	Name        string // of the environment variable
	Default     string // empty: not set
	Description string
	Expected    string // completes "expected …"
	Secret      bool   // its value must not be shown

	field    string // of Config
	secrecy  secrecy
	optional bool // a secret of something that not everybody uses
}

type secrecy string

const (
	secretNot secrecy = ""
	secretURL secrecy = "url"
	secretAll secrecy = "all"
)

// variables is made from the tags of Config.
var variables = func() (all []Variable) {
	for field := range reflect.TypeFor[Config]().Fields() {
		if name, ok := field.Tag.Lookup("env"); ok {
			secret := secrecy(field.Tag.Get("secret"))
			all = append(all, Variable{
				Name: name, Default: field.Tag.Get("envDefault"), Description: field.Tag.Get("about"),
				Expected: field.Tag.Get("expect"), Secret: secret == secretAll, field: field.Name, secrecy: secret, optional: field.Tag.Get("optional") == "true",
			})
		}
	}
	return all
}()

// Variables lists the settings in the order in which people are told about them.
func Variables() []Variable { return slices.Clone(variables) }

// EnvExample is the text of the file .env.example: every setting with its default,
// commented out.
func EnvExample() string {
	var b strings.Builder
	b.WriteString("# Settings of Recado, each with its default. Uncomment and change what you need.\n" +
		"# The program reads them from its environment: docker run --env-file .env …, or in a\n" +
		"# shell: set -a; . ./.env; set +a\n")
	for _, v := range variables {
		fmt.Fprintf(&b, "\n# %s\n# Expected: %s.\n#%s=%s\n", v.Description, v.Expected, v.Name, v.Default)
	}
	b.WriteString("\n# For compose.yaml alone: the password of its PostgreSQL.\n# Expected: letters and digits.\n#RECADO_POSTGRES_PASSWORD=\n")
	return b.String()
}

func fieldOf(variable string) Variable {
	return variables[slices.IndexFunc(variables, func(v Variable) bool { return v.Name == variable })]
}

func fieldNamed(field string) Variable {
	return variables[slices.IndexFunc(variables, func(v Variable) bool { return v.field == field })]
}

// shown is a value as an error may show it.
func (v Variable) shown(value string) string {
	const most = 100
	switch v.secrecy {
	case secretAll:
		return fmt.Sprintf("set to %d characters that are not shown", len([]rune(value)))
	case secretURL:
		if safe, ok := withoutCredentials(value); ok {
			return fmt.Sprintf("%q (without credentials and query)", safe)
		}
		return fmt.Sprintf("set to %d characters that are not shown", len([]rune(value)))
	}
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

// loggable is the value of the setting in c, as a log may show it.
func (v Variable) loggable(c Config) any {
	value := reflect.ValueOf(c).FieldByName(v.field)
	switch v.secrecy {
	case secretAll:
		return redacted(value.Len())
	case secretURL:
		if safe, ok := withoutCredentials(value.String()); ok {
			return safe
		}
		return redacted(value.Len())
	}
	return value.Interface()
}

// withoutCredentials cuts user, password and query off addresses separated by
// commas. It reports false if it cannot be sure to know where they are.
func withoutCredentials(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	if path, ok := sqlitePath(text); ok {
		return "sqlite:" + path, true
	}
	var safe []string
	for part := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.Host == "" || strings.Contains(u.Path, "@") {
			return "", false
		}
		safe = append(safe, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String())
	}
	return strings.Join(safe, ","), true
}
