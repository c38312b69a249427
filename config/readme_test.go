package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"recado/config"
)

// The table of settings in README.md lies between these lines.
const (
	tableBegin = "<!-- settings: written by go test ./config -update -->\n"
	tableEnd   = "<!-- end of settings -->\n"
)

// settingsTable is every setting, for people who read the README.
func settingsTable() string {
	var table strings.Builder
	table.WriteString("\n| Variable | Default | What it is | Expected |\n|---|---|---|---|\n")
	for _, v := range config.Variables() {
		standard := "–"
		if v.Default != "" {
			standard = "`" + v.Default + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", v.Name, standard,
			strings.ReplaceAll(v.Description, "|", `\|`), strings.ReplaceAll(v.Expected, "|", `\|`))
	}
	return table.String() + "\n"
}

func TestREADME(t *testing.T) {
	t.Run("holds the table of settings (go test ./config -update writes it)", func(t *testing.T) {
		path := filepath.Join("..", "README.md")
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		before, rest, begins := strings.Cut(string(file), tableBegin)
		table, after, ends := strings.Cut(rest, tableEnd)
		require.True(t, begins && ends, "README.md lacks the lines around the table")
		if *update {
			table = settingsTable()
			require.NoError(t, os.WriteFile(path, []byte(before+tableBegin+table+tableEnd+after), 0o644))
		}
		require.Equal(t, settingsTable(), table)
	})
}
