package whatsapp

type wireCard struct {
	Name loose[struct {
		Formatted flexible `json:"formatted_name"`
		First     flexible `json:"first_name"`
		Last      flexible `json:"last_name"`
	}] `json:"name"`
	Phones looseList[struct {
		Phone flexible `json:"phone"`
		WAID  flexible `json:"wa_id"`
		Type  flexible `json:"type"`
	}] `json:"phones"`
	Emails looseList[struct {
		Email flexible `json:"email"`
		Type  flexible `json:"type"`
	}] `json:"emails"`
	Addresses looseList[struct {
		Street  flexible `json:"street"`
		City    flexible `json:"city"`
		State   flexible `json:"state"`
		Zip     flexible `json:"zip"`
		Country flexible `json:"country"`
		Type    flexible `json:"type"`
	}] `json:"addresses"`
	URLs looseList[struct {
		URL  flexible `json:"url"`
		Type flexible `json:"type"`
	}] `json:"urls"`
	Org loose[struct {
		Company flexible `json:"company"`
		Title   flexible `json:"title"`
	}] `json:"org"`
	Birthday flexible `json:"birthday"`
}

func (w wireCard) card() ContactCard {
	card := ContactCard{Birthday: string(w.Birthday)}
	if n := w.Name.value; n != nil {
		card.FormattedName, card.FirstName, card.LastName = string(n.Formatted), string(n.First), string(n.Last)
	}
	if o := w.Org.value; o != nil {
		card.Company, card.Title = string(o.Company), string(o.Title)
	}
	for _, p := range w.Phones {
		card.Phones = append(card.Phones, CardPhone{string(p.Phone), string(p.WAID), string(p.Type)})
	}
	for _, e := range w.Emails {
		card.Emails = append(card.Emails, CardEmail{string(e.Email), string(e.Type)})
	}
	for _, a := range w.Addresses {
		card.Addresses = append(card.Addresses, CardAddress{
			string(a.Street), string(a.City), string(a.State), string(a.Zip), string(a.Country), string(a.Type),
		})
	}
	for _, u := range w.URLs {
		card.URLs = append(card.URLs, CardURL{string(u.URL), string(u.Type)})
	}
	return card
}
