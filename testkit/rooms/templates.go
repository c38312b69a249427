package rooms

import (
	"time"

	"recado/store"
	"recado/templates"
	"recado/whatsapp"
)

// RejectTemplate has Meta reject a template of the account of Open, two seconds from
// now. The text is what its reviewer wrote.
func (r *Rooms) RejectTemplate(metaID, reason, text string) {
	r.Write(func(tx *store.Tx) error {
		_, err := r.Templates.Apply(tx, []templates.Told{{WABAID: r.Open.WABAID, At: tx.Now().Add(2 * time.Second), Update: whatsapp.TemplateUpdate{
			TemplateID: metaID, Event: "REJECTED", Reason: reason, RejectionText: text,
		}}})
		return err
	})
}
