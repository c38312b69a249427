package gqlmodel

import "recado/models"

// Message is models.Message as clients see it.
type Message models.Message

// MessageRevision is models.MessageRevision as clients see it.
type MessageRevision models.MessageRevision

// PublicID is the id that clients see.
func (m *Message) PublicID() string { return models.PublicID(models.PrefixMessage, m.ID) }

// IsNode marks the type as a Node.
func (*Message) IsNode() {}

// WrittenBy says where the message was written.
func (m *Message) WrittenBy() models.MessageSource {
	switch {
	case m.Source != "":
		return m.Source
	case m.Direction == models.Inbound:
		return models.SourceCustomer
	}
	return models.SourceAgent
}

// IsReply reports whether the message answers one, known or not.
func (m *Message) IsReply() bool { return m.ReplyToWAMID != nil }

// Referral is the ad or post that the customer came from.
func (m *Message) Referral() *Referral {
	if m.Content == nil || m.Content.Referral == nil {
		return nil
	}
	r := m.Content.Referral
	return &Referral{
		SourceType: given(r.SourceType), SourceID: given(r.SourceID), SourceURL: given(r.SourceURL),
		Headline: given(r.Headline), Body: given(r.Body), MediaType: given(r.MediaType), ImageURL: given(r.ImageURL),
		VideoURL: given(r.VideoURL), ThumbnailURL: given(r.ThumbnailURL), ClickID: given(r.ClickID), WelcomeMessage: given(r.WelcomeMessage),
	}
}

// Product is the product that the message asks about.
func (m *Message) Product() *ProductInView {
	if m.Content == nil || m.Content.Product == nil {
		return nil
	}
	return &ProductInView{CatalogID: given(m.Content.Product.CatalogID), ProductID: given(m.Content.Product.ProductID)}
}

// StatusTimes tells when each step happened.
func (m *Message) StatusTimes() *MessageStatusTimes {
	return &MessageStatusTimes{
		AcceptedAt: m.AcceptedAt, SentAt: m.LeftAt, DeliveredAt: m.DeliveredAt,
		ReadAt: m.ReadAt, PlayedAt: m.PlayedAt, FailedAt: m.FailedAt,
		CanceledAt: m.CanceledAt,
	}
}
