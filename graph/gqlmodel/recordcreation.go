package gqlmodel

import "recado/models"

// MadeOfFirstMessages are the records that first messages make.
func (c *Channel) MadeOfFirstMessages() RecordCreation {
	if c.RecordCreation.Empty() {
		return RecordCreation{}
	}
	return RecordCreation{Deal: (*DealCreation)(c.RecordCreation.Deal)}
}

// DealCreation is models.DealCreation as clients see it.
type DealCreation models.DealCreation
