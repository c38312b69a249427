package models

import (
	"net/url"
	"strconv"
	"strings"
)

func (c *fieldCheck) interactive(d InteractiveDraft) {
	const field = "interactive"
	longest := MaxInteractiveBody
	if d.List != nil {
		longest = MaxListBody
	}
	c.text(field+".body", d.Body, 1, longest)
	c.text(field+".footer", d.Footer, 0, MaxFooter)
	if d.Header != nil {
		c.text(field+".header.text", d.Header.Text, 1, MaxHeaderText)
	}
	if d.HeaderAttachmentID != nil {
		c.require(d.Header == nil, field+".header")
		c.require(d.List == nil, field+".header.attachmentId")
	}
	actions := 0
	if len(d.Buttons) > 0 {
		actions++
		c.buttons(field+".buttons", d.Buttons)
	}
	if d.List != nil {
		actions++
		c.list(field+".list", *d.List)
	}
	if d.Link != nil {
		actions++
		c.link(field+".link", *d.Link)
	}
	if actions == 0 {
		c.fail(NewError(CodeRequired, field))
	}
	c.require(actions == 1, field)
}

func (c *fieldCheck) buttons(field string, buttons []Choice) {
	c.count(field, len(buttons), 1, MaxButtons)
	ids, titles := make(map[string]bool), make(map[string]bool)
	for i, button := range buttons {
		at := field + "." + strconv.Itoa(i)
		c.text(at+".id", button.ID, 1, MaxButtonID)
		c.require(strings.TrimSpace(button.ID) == button.ID, at+".id")
		c.once(at+".id", button.ID, ids)
		c.text(at+".title", button.Title, 1, MaxButtonTitle)
		c.once(at+".title", button.Title, titles)
	}
}

func (c *fieldCheck) list(field string, list InteractiveList) {
	c.text(field+".button", list.Button, 1, MaxButtonTitle)
	c.count(field+".sections", len(list.Sections), 1, MaxListSections)
	least, rows := 0, 0
	if len(list.Sections) > 1 {
		least = 1
	}
	ids := make(map[string]bool)
	for i, section := range list.Sections {
		at := field + ".sections." + strconv.Itoa(i)
		c.text(at+".title", section.Title, least, MaxListSectionTitle)
		rows += len(section.Rows)
		c.count(at+".rows", len(section.Rows), 1, MaxListRows)
		for j, row := range section.Rows {
			in := at + ".rows." + strconv.Itoa(j)
			c.text(in+".id", row.ID, 1, MaxListRowID)
			c.once(in+".id", row.ID, ids)
			c.text(in+".title", row.Title, 1, MaxListRowTitle)
			c.text(in+".description", row.Description, 0, MaxListRowDescription)
		}
	}
	c.count(field+".sections", rows, 0, MaxListRows)
}

func (c *fieldCheck) link(field string, link InteractiveLink) {
	c.text(field+".text", link.Text, 1, MaxButtonTitle)
	c.text(field+".url", link.URL, 1, MaxLinkURL)
	address, err := url.Parse(link.URL)
	c.require(err == nil && address.Host != "" && (address.Scheme == "http" || address.Scheme == "https"), field+".url")
}
