package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"recado/models"
	"recado/whatsapp"
)

// The room that knows Meta's wire format imports nothing of ours, and so both have the
// limits: what a draft may say is what the client sends.
func TestLimits_of_drafts_are_those_of_the_client(t *testing.T) {
	for name, limits := range map[string][2]int{
		"text":                 {models.MaxText, whatsapp.MaxTextBody},
		"caption":              {models.MaxCaption, whatsapp.MaxCaption},
		"contact cards":        {models.MaxContactCards, whatsapp.MaxContactCards},
		"header":               {models.MaxHeaderText, whatsapp.MaxHeaderText},
		"body":                 {models.MaxInteractiveBody, whatsapp.MaxInteractiveBody},
		"body of a list":       {models.MaxListBody, whatsapp.MaxListBody},
		"footer":               {models.MaxFooter, whatsapp.MaxFooter},
		"buttons":              {models.MaxButtons, whatsapp.MaxButtons},
		"title of a button":    {models.MaxButtonTitle, whatsapp.MaxButtonTitle},
		"id of a button":       {models.MaxButtonID, whatsapp.MaxButtonID},
		"sections":             {models.MaxListSections, whatsapp.MaxListSections},
		"rows":                 {models.MaxListRows, whatsapp.MaxListRows},
		"title of a section":   {models.MaxListSectionTitle, whatsapp.MaxListSectionTitle},
		"title of a row":       {models.MaxListRowTitle, whatsapp.MaxListRowTitle},
		"description of a row": {models.MaxListRowDescription, whatsapp.MaxListRowDescription},
		"id of a row":          {models.MaxListRowID, whatsapp.MaxListRowID},
	} {
		require.Equal(t, limits[1], limits[0], name)
	}
}
