package cli

import (
	"fmt"

	"recado/secrets"
)

type keyCommand struct {
	Generate keyGenerateCommand `cmd:"" help:"Print fresh secrets as lines for an environment file."`
}

type keyGenerateCommand struct{}

// Run prints the secrets that Recado itself chooses.
func (keyGenerateCommand) Run(p *program) error {
	_, err := fmt.Fprintf(p.stdout, "RECADO_SECRET_KEY=%s\nRECADO_JWT_KEYS=%s\nRECADO_META_VERIFY_TOKEN=%s\n",
		secrets.GenerateKey(), secrets.GenerateSigningKey().Text(), secrets.GenerateToken())
	return err
}
