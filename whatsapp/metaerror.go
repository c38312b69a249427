package whatsapp

import "encoding/json"

// MetaError is an error in Meta's own words. It has two shapes on the wire, that
// of a Graph API answer and that of the errors in webhooks
// (reference/whatsapp-cloud-api.md §11.1, §3.5); either leaves the properties of
// the other empty. Branch on [Error.Code], not on these.
type MetaError struct {
	Code    int
	Subcode int
	// Type is that of Graph answers: OAuthException, nearly always.
	Type string
	// Title is that of webhooks.
	Title   string
	Message string
	// Details is the best text for a human, but written for developers.
	Details string
	// Href leads to Meta's documentation and may be relative.
	Href string
	// TraceID is what Meta's support asks for.
	TraceID string
	// UserTitle and UserMessage are fit for display where Meta gives them.
	UserTitle   string
	UserMessage string
	// Transient is Meta's word that the same request may succeed later.
	Transient bool
}

type wireError struct {
	Code        flexible        `json:"code"`
	Subcode     flexible        `json:"error_subcode"`
	Type        flexible        `json:"type"`
	Title       flexible        `json:"title"`
	Message     flexible        `json:"message"`
	Data        json.RawMessage `json:"error_data"`
	Href        flexible        `json:"href"`
	TraceID     flexible        `json:"fbtrace_id"`
	UserTitle   flexible        `json:"error_user_title"`
	UserMessage flexible        `json:"error_user_msg"`
	Transient   flexible        `json:"is_transient"`
}

func (w wireError) metaError() MetaError {
	return MetaError{
		Code:        w.Code.int(),
		Subcode:     w.Subcode.int(),
		Type:        string(w.Type),
		Title:       string(w.Title),
		Message:     string(w.Message),
		Details:     w.details(),
		Href:        string(w.Href),
		TraceID:     string(w.TraceID),
		UserTitle:   string(w.UserTitle),
		UserMessage: string(w.UserMessage),
		Transient:   w.Transient.bool(),
	}
}

// details reads error_data, which is an object with details, an object without,
// or a string.
func (w wireError) details() string {
	if len(w.Data) == 0 {
		return ""
	}
	var text flexible
	if w.Data[0] != '{' {
		if json.Unmarshal(w.Data, &text) != nil {
			return ""
		}
		return string(text)
	}
	var data struct {
		Details flexible `json:"details"`
	}
	if json.Unmarshal(w.Data, &data) != nil {
		return ""
	}
	return string(data.Details)
}

func (d *decoder) metaErrors(raws []json.RawMessage, path string) []MetaError {
	var list []MetaError
	for i, raw := range raws {
		var wire wireError
		if d.decode(raw, at(path, i), &wire) {
			list = append(list, wire.metaError())
		}
	}
	return list
}
