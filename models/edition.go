package models

import "strconv"

// EditionName names what an organization has booked.
type EditionName string

// The editions that there are from the beginning. What each includes is in the
// table of editions, where an operator may change it.
const (
	EditionFree     EditionName = "FREE"
	EditionExpress  EditionName = "EXPRESS"
	EditionPremier  EditionName = "PREMIER"
	EditionBigin360 EditionName = "BIGIN_360"
)

// Edition is what an organization may do beyond what all may.
type Edition struct {
	Name         EditionName `gorm:"primaryKey"`
	ChannelLimit *int        // how many numbers may be connected at a time; nil: any number
}

// CheckConnect reports whether an organization that has so many numbers connected
// may connect another one: EDITION_NOT_ALLOWED with Params["edition"] if its edition
// is without numbers, LIMIT_REACHED with Params["max"] if it has as many as it may.
func (e Edition) CheckConnect(connected int) error {
	switch {
	case e.ChannelLimit == nil:
		return nil
	case *e.ChannelLimit == 0:
		return NewError(CodeEditionNotAllowed, "").With("edition", string(e.Name))
	case connected >= *e.ChannelLimit:
		return NewError(CodeLimitReached, "").With("max", strconv.Itoa(*e.ChannelLimit))
	}
	return nil
}
