package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// controlMessage has a customer write: a text, a file, or anything that Meta has a
// type for.
func (s *Simulator) controlMessage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		NumberID  string          `json:"numberId"`
		Name      string          `json:"name"`
		Text      string          `json:"text"`
		Type      string          `json:"type"`
		Content   json.RawMessage `json:"content"`
		File      *controlFile    `json:"file"`
		Referral  json.RawMessage `json:"referral"`
		Forwarded int             `json:"forwarded"`
		ReplyTo   string          `json:"replyTo"`
		At        *time.Time      `json:"at"`
	}
	if !readControl(w, r, &in) || !s.hasNumber(w, in.NumberID) {
		return
	}
	if in.Text == "" && in.Type == "" {
		controlError(w, http.StatusBadRequest, "text must not be empty, unless there is a type")
		return
	}
	if in.File != nil && !slices.Contains(mediaTypes, in.Type) {
		controlError(w, http.StatusBadRequest, "only audio, document, image, sticker and video have a file")
		return
	}
	writer, err := s.writer(r.PathValue("waId"), in.Name)
	if err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	opts := []SendOption{Forwarded(in.Forwarded)}
	if in.ReplyTo != "" {
		opts = append(opts, ReplyTo(in.ReplyTo))
	}
	if in.At != nil {
		opts = append(opts, At(*in.At))
	}
	if in.Referral != nil {
		opts = append(opts, FromAd(in.Referral))
	}
	var id string
	switch {
	case in.File != nil:
		id = writer.SendMedia(in.NumberID, in.File.file(in.Type), opts...)
	case in.Type == "unsupported":
		var content struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal(in.Content, &content) // without a type there is no name of the kind
		id = writer.SendUnsupported(in.NumberID, content.Type, opts...)
	case in.Content == nil && slices.Contains(mediaTypes, in.Type):
		id = writer.SendBrokenMedia(in.NumberID, in.Type, opts...)
	case in.Type != "":
		id = writer.Send(in.NumberID, in.Type, in.Content, opts...)
	default:
		id = writer.SendText(in.NumberID, in.Text, opts...)
	}
	controlAnswer(w, http.StatusCreated, map[string]string{"id": id})
}

// controlFile is a File in JSON, the bytes in Base64.
type controlFile struct {
	MIMEType string `json:"mimeType"`
	Bytes    []byte `json:"bytes"`
	Caption  string `json:"caption"`
	FileName string `json:"fileName"`
	Voice    bool   `json:"voice"`
	Animated bool   `json:"animated"`
}

func (f controlFile) file(kind string) File {
	return File{
		Kind: kind, MIMEType: f.MIMEType, Bytes: f.Bytes, Caption: f.Caption, FileName: f.FileName, Voice: f.Voice, Animated: f.Animated,
	}
}

// controlEcho has the business write on its phone.
func (s *Simulator) controlEcho(w http.ResponseWriter, r *http.Request) {
	var in struct {
		NumberID string          `json:"numberId"`
		Text     string          `json:"text"`
		Type     string          `json:"type"`
		Content  json.RawMessage `json:"content"`
	}
	if !readControl(w, r, &in) || !s.hasNumber(w, in.NumberID) {
		return
	}
	if in.Text == "" && (in.Type == "" || in.Content == nil) {
		controlError(w, http.StatusBadRequest, "there must be a text, or a type and its content")
		return
	}
	reader, err := s.writer(r.PathValue("waId"), "")
	if err != nil {
		controlError(w, http.StatusBadRequest, err.Error())
		return
	}
	var id string
	if in.Type != "" {
		id = reader.Hear(in.NumberID, in.Type, in.Content)
	} else {
		id = reader.HearText(in.NumberID, in.Text)
	}
	controlAnswer(w, http.StatusCreated, map[string]string{"id": id})
}

// controlChangeNumber moves a customer to another number.
func (s *Simulator) controlChangeNumber(w http.ResponseWriter, r *http.Request) {
	var in struct {
		WAID string `json:"waId"`
	}
	if !readControl(w, r, &in) {
		return
	}
	c := s.knownCustomer(w, r.PathValue("waId"))
	if c == nil {
		return
	}
	if err := c.ChangeNumber(in.WAID); err != nil {
		controlError(w, http.StatusConflict, err.Error())
		return
	}
	controlAnswer(w, http.StatusOK, done)
}
