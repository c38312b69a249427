package whatsapp

import (
	"net/url"
	"strings"
)

// Limits of interactive messages, in characters and in number
// (reference/whatsapp-cloud-api.md §5.5).
const (
	MaxHeaderText         = 60
	MaxInteractiveBody    = 1024
	MaxListBody           = 4096
	MaxFooter             = 60
	MaxButtons            = 3
	MaxButtonTitle        = 20
	MaxButtonID           = 256
	MaxListSections       = 10
	MaxListRows           = 10 // in all sections together
	MaxListSectionTitle   = 24
	MaxListRowTitle       = 24
	MaxListRowDescription = 72
	MaxListRowID          = 200
)

// InteractiveMessage is a text with something to tap. Exactly one of Buttons,
// List and Link is set.
type InteractiveMessage struct {
	HeaderText  string        // up to [MaxHeaderText] characters; may be empty
	HeaderMedia *MediaMessage // an image, video or document instead, without caption; not with a list
	Body        string        // 1 to [MaxInteractiveBody] characters; [MaxListBody] with a list
	Footer      string        // up to [MaxFooter] characters; may be empty

	Buttons []ReplyButton
	List    *ChoiceList
	Link    *LinkButton
}

// ReplyButton is one of 1 to [MaxButtons] buttons. Tapping it sends its ID and
// title back.
type ReplyButton struct {
	ID    string `json:"id"`    // 1 to [MaxButtonID] characters, unique, no space around it
	Title string `json:"title"` // 1 to [MaxButtonTitle] characters, unique
}

// ChoiceList is a menu that opens on a tap.
type ChoiceList struct {
	Button   string        // what opens it, 1 to [MaxButtonTitle] characters
	Sections []ListSection // 1 to [MaxListSections]
}

// ListSection is a part of a menu, with at least one row.
type ListSection struct {
	Title string    `json:"title,omitempty"` // up to [MaxListSectionTitle] characters; needed where there are several sections
	Rows  []ListRow `json:"rows"`
}

// ListRow is one choice. Tapping it sends its ID, title and description back.
type ListRow struct {
	ID          string `json:"id"`                    // 1 to [MaxListRowID] characters, unique
	Title       string `json:"title"`                 // 1 to [MaxListRowTitle] characters
	Description string `json:"description,omitempty"` // up to [MaxListRowDescription] characters
}

// LinkButton opens a page. Meta does not tell when it is tapped.
type LinkButton struct {
	Title string // 1 to [MaxButtonTitle] characters
	URL   string // http or https
}

func (InteractiveMessage) kind() string { return "interactive" }

func (m InteractiveMessage) check() *Error {
	body := MaxInteractiveBody
	if m.List != nil {
		body = MaxListBody
	}
	return firstError(
		m.checkHeader(),
		length("the body", m.Body, 1, body),
		length("the footer", m.Footer, 0, MaxFooter),
		m.checkAction(),
	)
}

func (m InteractiveMessage) checkHeader() *Error {
	media := m.HeaderMedia
	switch {
	case media == nil:
		return length("the header", m.HeaderText, 0, MaxHeaderText)
	case m.HeaderText != "":
		return invalidRequest("the header is a text or a file, not both")
	case m.List != nil:
		return invalidRequest("the header of a list can only be a text")
	case media.Type == MediaAudio, media.Caption != "":
		return invalidRequest("the header can only be an image, video or document without caption")
	}
	return media.check()
}

func (m InteractiveMessage) checkAction() *Error {
	switch {
	case len(m.Buttons) > 0 && m.List == nil && m.Link == nil:
		return checkButtons(m.Buttons)
	case len(m.Buttons) == 0 && m.List != nil && m.Link == nil:
		return m.List.check()
	case len(m.Buttons) == 0 && m.List == nil && m.Link != nil:
		return m.Link.check()
	}
	return invalidRequest("there is not exactly one of buttons, list and link")
}

func checkButtons(buttons []ReplyButton) *Error {
	if len(buttons) > MaxButtons {
		return invalidRequest("%d buttons, more than %d", len(buttons), MaxButtons)
	}
	ids, titles := make(map[string]bool), make(map[string]bool)
	for _, b := range buttons {
		if ids[b.ID] || titles[b.Title] {
			return invalidRequest("two buttons have the same id or title")
		}
		ids[b.ID], titles[b.Title] = true, true
		if strings.TrimSpace(b.ID) != b.ID {
			return invalidRequest("the id of a button begins or ends with a space")
		}
		if e := firstError(
			length("the id of a button", b.ID, 1, MaxButtonID),
			length("the title of a button", b.Title, 1, MaxButtonTitle),
		); e != nil {
			return e
		}
	}
	return nil
}

func (l ChoiceList) check() *Error {
	if n := len(l.Sections); n == 0 || n > MaxListSections {
		return invalidRequest("%d sections, not 1 to %d", n, MaxListSections)
	}
	rows := 0
	ids := make(map[string]bool)
	for _, section := range l.Sections {
		least := 0
		if len(l.Sections) > 1 {
			least = 1
		}
		if e := length("the title of a section", section.Title, least, MaxListSectionTitle); e != nil {
			return e
		}
		if len(section.Rows) == 0 {
			return invalidRequest("a section has no rows")
		}
		rows += len(section.Rows)
		for _, row := range section.Rows {
			if ids[row.ID] {
				return invalidRequest("two rows have the same id")
			}
			ids[row.ID] = true
			if e := firstError(
				length("the id of a row", row.ID, 1, MaxListRowID),
				length("the title of a row", row.Title, 1, MaxListRowTitle),
				length("the description of a row", row.Description, 0, MaxListRowDescription),
			); e != nil {
				return e
			}
		}
	}
	if rows > MaxListRows {
		return invalidRequest("%d rows, more than %d", rows, MaxListRows)
	}
	return length("the button of the list", l.Button, 1, MaxButtonTitle)
}

func (l LinkButton) check() *Error {
	address, err := url.Parse(l.URL)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" {
		return invalidRequest("the link is no address of a page")
	}
	return length("the title of the link", l.Title, 1, MaxButtonTitle)
}

func firstError(errs ...*Error) *Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func (m InteractiveMessage) wire() any {
	out := map[string]any{"body": map[string]string{"text": m.Body}}
	switch {
	case m.HeaderMedia != nil:
		out["header"] = map[string]any{"type": m.HeaderMedia.Type, string(m.HeaderMedia.Type): m.HeaderMedia.wire()}
	case m.HeaderText != "":
		out["header"] = map[string]any{"type": "text", "text": m.HeaderText}
	}
	if m.Footer != "" {
		out["footer"] = map[string]string{"text": m.Footer}
	}
	switch {
	case m.List != nil:
		out["type"] = "list"
		out["action"] = map[string]any{"button": m.List.Button, "sections": m.List.Sections}
	case m.Link != nil:
		out["type"] = "cta_url"
		out["action"] = map[string]any{
			"name": "cta_url", "parameters": map[string]string{"display_text": m.Link.Title, "url": m.Link.URL},
		}
	default:
		buttons := make([]map[string]any, len(m.Buttons))
		for i, b := range m.Buttons {
			buttons[i] = map[string]any{"type": "reply", "reply": b}
		}
		out["type"] = "button"
		out["action"] = map[string]any{"buttons": buttons}
	}
	return out
}
