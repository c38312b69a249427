package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

const prefix = "RECADO_"

// notOurs begin the names that tests and compose.yaml use around the program.
var notOurs = []string{"RECADO_TEST_", "RECADO_POSTGRES_"}

// Kubernetes and container links tell every container about a service called
// recado, or recado-something, in variables of these forms.
var (
	serviceVariable = regexp.MustCompile(`_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)
	servicePort     = regexp.MustCompile(`^(tcp|udp|sctp)://`) // the value of …_PORT
)

// settings returns the settings of the environment that are set, trimmed.
func settings(environ map[string]string) (map[string]string, error) {
	values := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		value := strings.TrimSpace(environ[name])
		switch {
		case !strings.HasPrefix(name, prefix) || isNotOurs(name, value):
			continue
		case !slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name }):
			return nil, unknown(name)
		case value != "":
			values[name] = value
		}
	}
	return values, nil
}

func isNotOurs(name, value string) bool {
	if slices.ContainsFunc(notOurs, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return true
	}
	return serviceVariable.MatchString(name) || (strings.HasSuffix(name, "_PORT") && servicePort.MatchString(value))
}

// unknown says that a variable is no setting, and which one it may have been meant
// to be.
func unknown(name string) error {
	const longest = 64
	nearest, least := "", max(2, (min(len(name), longest)-len(prefix))/2)+1
	for _, v := range variables {
		if distance := levenshtein.ComputeDistance(name[:min(len(name), longest)], v.Name); distance < least {
			nearest, least = v.Name, distance
		}
	}
	readable := strings.Trim(strconv.Quote(name), `"`) // one line, whatever it is
	if nearest != "" {
		return fmt.Errorf("%s is set, but there is no such setting: expected perhaps %s", readable, nearest)
	}
	return fmt.Errorf("%s is set, but there is no such setting: expected one of those that recado --help lists", readable)
}
