package crm

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"gorm.io/gorm"

	"recado/models"
	"recado/whatsapp"
)

// Reach finds how to reach somebody on a channel at whom the business writes first:
// a contact whom the viewer may see, or a phone number, international or as it is
// written in the channel's own country. Failures: REQUIRED (contactId) if neither is
// given and INVALID if both are, NOT_FOUND (contactId), CONTACT_UNREACHABLE (contactId)
// for somebody who is known by a business-scoped id of another channel alone, INVALID
// (phone).
func Reach(db *gorm.DB, viewer models.Viewer, channel models.Channel, contact *models.ID, phone string) (Sender, error) {
	person := Sender{OrganizationID: channel.OrganizationID, ChannelID: channel.ID}
	switch {
	case contact == nil && phone == "":
		return person, models.NewError(models.CodeRequired, "contactId")
	case contact != nil && phone != "":
		return person, models.NewError(models.CodeInvalid, "phone")
	case contact == nil:
		digits, ok := dialled(phone, whatsapp.Country(channel.DisplayNumber))
		if !ok {
			return person, models.NewError(models.CodeInvalid, "phone")
		}
		person.WAID = digits
		return person, nil
	}
	known, err := knownAs(db, viewer, channel, *contact)
	if err != nil {
		return person, err
	}
	for _, identity := range known {
		switch {
		case identity.Kind == models.IdentityWAID && person.WAID == "":
			person.WAID = identity.Value
		case identity.Kind == models.IdentityUser && identity.ChannelID == channel.ID && person.UserID == "":
			person.UserID = identity.Value
		}
	}
	if person.WAID == "" && person.UserID == "" {
		return person, models.NewError(models.CodeContactUnreachable, "contactId")
	}
	return person, nil
}

// knownAs reads the identities of a contact on the channels that the viewer may see,
// those of the channel first, the newest of them first.
func knownAs(db *gorm.DB, viewer models.Viewer, channel models.Channel, contact models.ID) ([]models.ContactIdentity, error) {
	var all []models.ContactIdentity
	err := db.Where("organization_id = ? AND contact_id = ?", viewer.OrganizationID, contact).Find(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read identities of contact %s: %w", contact, err)
	}
	known := slices.DeleteFunc(all, func(identity models.ContactIdentity) bool { return !viewer.Can(identity.ChannelID, models.LevelView) })
	if len(known) == 0 {
		return nil, models.NewError(models.CodeNotFound, "contactId")
	}
	elsewhere := func(identity models.ContactIdentity) int {
		if identity.ChannelID == channel.ID {
			return 0
		}
		return 1
	}
	slices.SortFunc(known, func(a, b models.ContactIdentity) int {
		return cmp.Or(elsewhere(a)-elsewhere(b), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.Value, b.Value))
	})
	return known, nil
}

// maxPhone bounds what is taken for a phone number, in characters.
const maxPhone = 40

// dialled turns a phone number as people write it into the digits that Meta takes
// (reference/whatsapp-cloud-api.md §13.1). Without a country code it is one of the
// given country.
func dialled(phone, country string) (string, bool) {
	if utf8.RuneCountInString(phone) > maxPhone {
		return "", false
	}
	number, err := phonenumbers.Parse(phone, country)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", false
	}
	return whatsapp.Digits(phonenumbers.Format(number, phonenumbers.E164)), true
}
