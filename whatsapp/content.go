package whatsapp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
)

// Content is the part of a message that its type names
// (reference/whatsapp-cloud-api.md §3.4): at most one member is set, and none for
// a text, an unknown type, or a part that is not the object it should be.
type Content struct {
	Media       *Media
	Location    *Location
	Cards       []ContactCard
	Button      *Button
	Interactive *InteractiveReply
	Reaction    *Reaction
	Order       *Order
	System      *System
	Unsupported *Unsupported
	Edit        *Edit
	Revoke      *Revoke
}

// Media is the file of an image, video, audio, document or sticker.
type Media struct {
	// ID is the handle of the file, good for 7 days. It may be missing from a
	// message with errors.
	ID       string
	MIMEType string // parameters included: "audio/ogg; codecs=opus"
	// SHA256 is in 64 lower-case hex digits, whatever Meta wrote; empty if it was
	// no such sum.
	SHA256   string
	Filename string // of a document, as the user named it
	Caption  string
	Voice    bool
	Animated bool
}

// Location is a place.
type Location struct {
	Latitude, Longitude float64
	Name, Address, URL  string
}

// ContactCard is a person's card. Any part of it may be missing.
type ContactCard struct {
	FormattedName, FirstName, LastName string
	Phones                             []CardPhone
	Emails                             []CardEmail
	Addresses                          []CardAddress
	URLs                               []CardURL
	Company, Title                     string
	Birthday                           string
}

// CardPhone is a number on a card; WAID is set if it uses WhatsApp.
type CardPhone struct{ Phone, WAID, Type string }

// CardEmail is an email address on a card.
type CardEmail struct{ Email, Type string }

// CardAddress is a postal address on a card.
type CardAddress struct{ Street, City, State, Zip, Country, Type string }

// CardURL is a web address on a card.
type CardURL struct{ URL, Type string }

// Button is a tap on a template's quick-reply button.
type Button struct{ Payload, Text string }

// InteractiveReply is the answer to an interactive message. Type is an open set.
type InteractiveReply struct {
	Type   string
	Button *Choice // button_reply
	List   *Choice // list_reply
	Flow   *NFM    // nfm_reply
}

// Choice is what was tapped.
type Choice struct{ ID, Title, Description string }

// NFM is the answer to a Flow and the like. ResponseJSON is text that should be
// JSON and is not always.
type NFM struct{ Name, Body, ResponseJSON string }

// Reaction is put on a message, or taken back if Emoji is empty.
type Reaction struct{ MessageID, Emoji string }

// Order is a cart.
type Order struct {
	CatalogID, Text string
	Items           []OrderItem
}

// OrderItem is a line of a cart; numbers keep their digits.
type OrderItem struct{ RetailerID, Quantity, Price, Currency string }

// System tells of a change of a customer's account. Type is an open set.
type System struct {
	Type, Body             string
	WAID                   string // the new number
	UserID, PreviousUserID string
}

// Unsupported is a message that Meta does not pass on; Kind names what it is, or
// is empty.
type Unsupported struct{ Kind string }

// Edit is a new version of a message.
type Edit struct {
	OriginalID string
	Type       string
	Text       string
	Content    Content
}

// Revoke deletes a message for everyone.
type Revoke struct{ OriginalID string }

// Referral is the ad or post that a customer came from
// (reference/whatsapp-cloud-api.md §3.3).
type Referral struct {
	SourceType, SourceID, SourceURL             string
	Headline, Body                              string
	MediaType, ImageURL, VideoURL, ThumbnailURL string
	ClickID                                     string
	WelcomeMessage                              string
}

// Product is a product of a catalogue that a message asks about.
type Product struct{ CatalogID, RetailerID string }

type wireContent struct {
	Type        flexible               `json:"type"`
	Text        loose[wireText]        `json:"text"`
	Image       loose[wireMedia]       `json:"image"`
	Video       loose[wireMedia]       `json:"video"`
	Audio       loose[wireMedia]       `json:"audio"`
	Document    loose[wireMedia]       `json:"document"`
	Sticker     loose[wireMedia]       `json:"sticker"`
	Location    loose[wireLocation]    `json:"location"`
	Contacts    looseList[wireCard]    `json:"contacts"`
	Button      loose[wireButton]      `json:"button"`
	Interactive loose[wireInteractive] `json:"interactive"`
	Reaction    loose[wireReaction]    `json:"reaction"`
	Order       loose[wireOrder]       `json:"order"`
	System      loose[wireSystem]      `json:"system"`
	Unsupported loose[wireUnsupported] `json:"unsupported"`
	Edit        loose[wireEdit]        `json:"edit"`
	Revoke      loose[wireRevoke]      `json:"revoke"`
}

type (
	wireText struct {
		Body flexible `json:"body"`
	}
	wireMedia struct {
		ID       flexible `json:"id"`
		MIMEType flexible `json:"mime_type"`
		SHA256   flexible `json:"sha256"`
		Filename flexible `json:"filename"`
		Caption  flexible `json:"caption"`
		Voice    flexible `json:"voice"`
		Animated flexible `json:"animated"`
	}
	wireLocation struct {
		Latitude  flexible `json:"latitude"`
		Longitude flexible `json:"longitude"`
		Name      flexible `json:"name"`
		Address   flexible `json:"address"`
		URL       flexible `json:"url"`
	}
	wireButton struct {
		Payload flexible `json:"payload"`
		Text    flexible `json:"text"`
	}
	wireChoice struct {
		ID          flexible `json:"id"`
		Title       flexible `json:"title"`
		Description flexible `json:"description"`
	}
	wireInteractive struct {
		Type        flexible          `json:"type"`
		ButtonReply loose[wireChoice] `json:"button_reply"`
		ListReply   loose[wireChoice] `json:"list_reply"`
		NFMReply    loose[struct {
			Name         flexible `json:"name"`
			Body         flexible `json:"body"`
			ResponseJSON flexible `json:"response_json"`
		}] `json:"nfm_reply"`
	}
	wireReaction struct {
		MessageID flexible `json:"message_id"`
		Emoji     flexible `json:"emoji"`
	}
	wireOrder struct {
		CatalogID flexible `json:"catalog_id"`
		Text      flexible `json:"text"`
		Items     looseList[struct {
			RetailerID flexible `json:"product_retailer_id"`
			Quantity   flexible `json:"quantity"`
			Price      flexible `json:"item_price"`
			Currency   flexible `json:"currency"`
		}] `json:"product_items"`
	}
	wireSystem struct {
		Type           flexible `json:"type"`
		Body           flexible `json:"body"`
		WAID           flexible `json:"wa_id"`
		NewWAID        flexible `json:"new_wa_id"` // of older payloads
		UserID         flexible `json:"user_id"`
		PreviousUserID flexible `json:"previous_user_id"`
	}
	wireUnsupported struct {
		Type flexible `json:"type"`
	}
	wireEdit struct {
		OriginalID flexible        `json:"original_message_id"`
		Message    json.RawMessage `json:"message"`
	}
	wireRevoke struct {
		OriginalID flexible `json:"original_message_id"`
	}
	wireReferral struct {
		SourceURL    flexible `json:"source_url"`
		SourceID     flexible `json:"source_id"`
		SourceType   flexible `json:"source_type"`
		Headline     flexible `json:"headline"`
		Body         flexible `json:"body"`
		MediaType    flexible `json:"media_type"`
		ImageURL     flexible `json:"image_url"`
		VideoURL     flexible `json:"video_url"`
		ThumbnailURL flexible `json:"thumbnail_url"`
		ClickID      flexible `json:"ctwa_clid"`
		Welcome      loose[struct {
			Text flexible `json:"text"`
		}] `json:"welcome_message"`
	}
	wireProduct struct {
		CatalogID  flexible `json:"catalog_id"`
		RetailerID flexible `json:"product_retailer_id"`
	}
)

// maxEdits bounds how deep an edit may hold another one; Meta's hold none.
const maxEdits = 1

// decodeContent reads the part of a message that its type names, and its text. An
// odd property costs that property; the raw message keeps it.
func decodeContent(raw json.RawMessage, edits int) (kind, text string, content Content) {
	var wire loose[wireContent]
	if json.Unmarshal(raw, &wire) != nil || wire.value == nil {
		return "", "", Content{}
	}
	w := wire.value
	kind = string(w.Type)
	media := map[string]*wireMedia{
		"image": w.Image.value, "video": w.Video.value, "audio": w.Audio.value, "document": w.Document.value, "sticker": w.Sticker.value,
	}
	if m := media[kind]; m != nil {
		content.Media = m.media()
	}
	switch kind {
	case "text":
		if w.Text.value != nil {
			text = string(w.Text.value.Body)
		}
	case "location":
		content.Location = w.Location.value.location()
	case "contacts":
		for _, card := range w.Contacts {
			content.Cards = append(content.Cards, card.card())
		}
	case "button":
		if b := w.Button.value; b != nil {
			content.Button = &Button{string(b.Payload), string(b.Text)}
		}
	case "interactive":
		content.Interactive = w.Interactive.value.reply()
	case "reaction":
		if r := w.Reaction.value; r != nil && r.MessageID != "" {
			content.Reaction = &Reaction{string(r.MessageID), string(r.Emoji)}
		}
	case "order":
		content.Order = w.Order.value.order()
	case "system":
		content.System = w.System.value.system()
	case "unsupported", "unknown":
		content.Unsupported = &Unsupported{}
		if u := w.Unsupported.value; u != nil {
			content.Unsupported.Kind = string(u.Type)
		}
	case "edit":
		if e := w.Edit.value; e != nil && e.OriginalID != "" && edits > 0 && len(e.Message) > 0 {
			edit := &Edit{OriginalID: string(e.OriginalID)}
			edit.Type, edit.Text, edit.Content = decodeContent(e.Message, edits-1)
			if edit.Type != "" {
				content.Edit = edit
			}
		}
	case "revoke":
		if r := w.Revoke.value; r != nil && r.OriginalID != "" {
			content.Revoke = &Revoke{string(r.OriginalID)}
		}
	}
	return kind, text, content
}

func (m *wireMedia) media() *Media {
	return &Media{
		ID: string(m.ID), MIMEType: string(m.MIMEType), SHA256: hexSum(string(m.SHA256)), Filename: string(m.Filename),
		Caption: string(m.Caption), Voice: m.Voice.bool(), Animated: m.Animated.bool(),
	}
}

// hexSum turns a SHA-256 in hex or Base64, both of which Meta writes
// (reference/whatsapp-cloud-api.md §3.4), into lower-case hex. Anything else gives
// "".
func hexSum(sum string) string {
	const size = 32
	if raw, err := hex.DecodeString(sum); err == nil && len(raw) == size {
		return strings.ToLower(sum)
	}
	standard := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(sum)
	if raw, err := base64.RawStdEncoding.DecodeString(standard); err == nil && len(raw) == size {
		return hex.EncodeToString(raw)
	}
	return ""
}

// location is nil without two coordinates on Earth.
func (l *wireLocation) location() *Location {
	if l == nil {
		return nil
	}
	latitude, err1 := strconv.ParseFloat(string(l.Latitude), 64)
	longitude, err2 := strconv.ParseFloat(string(l.Longitude), 64)
	if err1 != nil || err2 != nil || !(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) {
		return nil
	}
	return &Location{latitude, longitude, string(l.Name), string(l.Address), string(l.URL)}
}

func (i *wireInteractive) reply() *InteractiveReply {
	if i == nil {
		return nil
	}
	reply := &InteractiveReply{Type: string(i.Type), Button: i.ButtonReply.value.choice(), List: i.ListReply.value.choice()}
	if n := i.NFMReply.value; n != nil {
		reply.Flow = &NFM{string(n.Name), string(n.Body), string(n.ResponseJSON)}
	}
	return reply
}

func (c *wireChoice) choice() *Choice {
	if c == nil {
		return nil
	}
	return &Choice{string(c.ID), string(c.Title), string(c.Description)}
}

func (o *wireOrder) order() *Order {
	if o == nil {
		return nil
	}
	order := &Order{CatalogID: string(o.CatalogID), Text: string(o.Text)}
	for _, item := range o.Items {
		order.Items = append(order.Items, OrderItem{
			string(item.RetailerID), string(item.Quantity), string(item.Price), string(item.Currency),
		})
	}
	return order
}

func (s *wireSystem) system() *System {
	if s == nil {
		return nil
	}
	system := &System{
		Type: string(s.Type), Body: string(s.Body), WAID: string(s.WAID),
		UserID: string(s.UserID), PreviousUserID: string(s.PreviousUserID),
	}
	if system.WAID == "" {
		system.WAID = string(s.NewWAID)
	}
	return system
}

func (r *wireReferral) referral() *Referral {
	if r == nil {
		return nil
	}
	referral := &Referral{
		SourceURL: string(r.SourceURL), SourceID: string(r.SourceID), SourceType: string(r.SourceType),
		Headline: string(r.Headline), Body: string(r.Body), MediaType: string(r.MediaType), ImageURL: string(r.ImageURL),
		VideoURL: string(r.VideoURL), ThumbnailURL: string(r.ThumbnailURL), ClickID: string(r.ClickID),
	}
	if r.Welcome.value != nil {
		referral.WelcomeMessage = string(r.Welcome.value.Text)
	}
	return referral
}
