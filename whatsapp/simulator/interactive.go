package simulator

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Choice is something on the customer's phone that can be tapped to answer: a
// reply button, or a row of a list.
type Choice struct {
	Kind        string `json:"kind"` // button_reply or list_reply, as in the answer (§3.4); button: a quick reply of a template, with its payload as ID
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// interactive is the content of an interactive message (§5.5).
type interactive struct {
	Type   string          `json:"type"`
	Header json.RawMessage `json:"header"`
	Body   *struct {
		Text string `json:"text"`
	} `json:"body"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Action json.RawMessage `json:"action"`
}

func (req *sendRequest) parseInteractive(raw json.RawMessage) *graphError {
	var in interactive
	if json.Unmarshal(raw, &in) != nil || in.Type == "" {
		return missing("Parameter of type interactive is missing.")
	}
	if in.Body != nil {
		req.body = in.Body.Text
	}
	longest := 1024
	switch in.Type {
	case "button", "cta_url":
	case "list":
		longest = 4096
	default:
		return nil
	}
	for _, e := range []*graphError{
		sized("interactive['body']['text']", req.body, 1, longest),
		req.parseHeader(in),
		in.checkFooter(),
	} {
		if e != nil {
			return e
		}
	}
	if len(in.Action) == 0 {
		return missing("interactive['action'] is required.")
	}
	switch in.Type {
	case "button":
		return req.parseButtons(in.Action)
	case "list":
		return req.parseList(in.Action)
	default:
		return parseLink(in.Action)
	}
}

// sized holds a text to its length in characters.
func sized(path, text string, least, most int) *graphError {
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && least > 0:
		return missing(path + " is required.")
	case n > most:
		return wrongValue(fmt.Sprintf("%s length invalid. Min length: %d, Max length: %d", path, least, most))
	}
	return nil
}

func (in interactive) checkFooter() *graphError {
	if in.Footer == nil {
		return nil
	}
	return sized("interactive['footer']['text']", in.Footer.Text, 1, 60)
}

func (req *sendRequest) parseHeader(in interactive) *graphError {
	if len(in.Header) == 0 {
		return nil
	}
	var header struct {
		Type  string          `json:"type"`
		Text  string          `json:"text"`
		Image json.RawMessage `json:"image"`
		Video json.RawMessage `json:"video"`
		File  json.RawMessage `json:"document"`
	}
	if json.Unmarshal(in.Header, &header) != nil {
		return missing("interactive['header'] is not an object.")
	}
	if header.Type == "text" {
		return sized("interactive['header']['text']", header.Text, 1, 60)
	}
	raw, known := map[string]json.RawMessage{"image": header.Image, "video": header.Video, "document": header.File}[header.Type]
	switch {
	case !known, in.Type == "list":
		return wrongValue("interactive['header']['type'] is not valid.")
	case len(raw) == 0:
		return missing("interactive['header']['" + header.Type + "'] is required.")
	}
	ref, _, e := parseMedia(header.Type, "interactive['header']['"+header.Type+"']", raw)
	req.files = append(req.files, ref)
	return e
}

func (req *sendRequest) parseButtons(raw json.RawMessage) *graphError {
	var action struct {
		Buttons []struct {
			Type  string `json:"type"`
			Reply Choice `json:"reply"`
		} `json:"buttons"`
	}
	if json.Unmarshal(raw, &action) != nil || len(action.Buttons) == 0 || len(action.Buttons) > 3 {
		return wrongValue("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range action.Buttons {
		if b.Type != "reply" {
			return wrongValue("interactive['action']['buttons']['type'] must be one of {REPLY}.")
		}
		if e := sized("Button title", b.Reply.Title, 1, 20); e != nil {
			return e
		}
		if e := sized("Button id", b.Reply.ID, 1, 256); e != nil {
			return e
		}
		if strings.TrimSpace(b.Reply.ID) != b.Reply.ID {
			return wrongValue("Button id must not have leading or trailing spaces.")
		}
		if ids[b.Reply.ID] || titles[b.Reply.Title] {
			return wrongValue("Duplicated button id or title.")
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
		req.choices = append(req.choices, Choice{Kind: "button_reply", ID: b.Reply.ID, Title: b.Reply.Title})
	}
	return nil
}

func (req *sendRequest) parseList(raw json.RawMessage) *graphError {
	var action struct {
		Button   string `json:"button"`
		Sections []struct {
			Title string   `json:"title"`
			Rows  []Choice `json:"rows"`
		} `json:"sections"`
	}
	if json.Unmarshal(raw, &action) != nil || len(action.Sections) == 0 || len(action.Sections) > 10 {
		return wrongValue("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
	}
	if e := sized("interactive['action']['button']", action.Button, 1, 20); e != nil {
		return e
	}
	ids := map[string]bool{}
	for _, section := range action.Sections {
		least := 0
		if len(action.Sections) > 1 {
			least = 1
		}
		if e := sized("Section title", section.Title, least, 24); e != nil {
			return e
		}
		if len(section.Rows) == 0 {
			return missing("Section rows are required.")
		}
		for _, row := range section.Rows {
			for _, e := range []*graphError{
				sized("Row id", row.ID, 1, 200), sized("Row title", row.Title, 1, 24), sized("Row description", row.Description, 0, 72),
			} {
				if e != nil {
					return e
				}
			}
			if ids[row.ID] {
				return wrongValue("Duplicated row id.")
			}
			ids[row.ID] = true
			row.Kind = "list_reply"
			req.choices = append(req.choices, row)
		}
	}
	if len(req.choices) > 10 {
		return wrongValue("Total row count exceed max allowed count: 10")
	}
	return nil
}

func parseLink(raw json.RawMessage) *graphError {
	var action struct {
		Name       string `json:"name"`
		Parameters struct {
			Title string `json:"display_text"`
			URL   string `json:"url"`
		} `json:"parameters"`
	}
	switch {
	case json.Unmarshal(raw, &action) != nil || action.Name != "cta_url":
		return wrongValue("interactive['action']['name'] must be cta_url.")
	case !strings.HasPrefix(action.Parameters.URL, "https://") && !strings.HasPrefix(action.Parameters.URL, "http://"):
		return wrongValue("interactive['action']['parameters']['url'] is not a valid URI.")
	}
	return sized("interactive['action']['parameters']['display_text']", action.Parameters.Title, 1, 20)
}
