package inbox

import (
	"recado/store"
	"recado/templates"
	"recado/whatsapp"
)

// templateNews is what a delivery tells of a template.
type templateNews struct {
	in   *intake
	told templates.Told
}

func newsOf(in *intake, change whatsapp.Change) templateNews {
	told := templates.Told{WABAID: change.WABAID, At: change.Time, Update: *change.Template}
	if told.At.IsZero() {
		told.At = in.row.ReceivedAt
	}
	return templateNews{in, told}
}

// hearOfTemplates passes on what deliveries tell of templates.
func (s *Service) hearOfTemplates(tx *store.Tx, news []templateNews) error {
	if len(news) == 0 {
		return nil
	}
	if s.templates == nil {
		for _, each := range news {
			each.in.ignoref("template %s", each.told.Update.TemplateID)
		}
		return nil
	}
	told := make([]templates.Told, len(news))
	for i, each := range news {
		told[i] = each.told
	}
	ours, err := s.templates.Apply(tx, told)
	if err != nil {
		return err
	}
	for i, each := range news {
		if ours[i] {
			each.in.applied = true
		} else {
			each.in.ignoref("template %s of unknown account %s", each.told.Update.TemplateID, each.told.WABAID)
		}
	}
	return nil
}
