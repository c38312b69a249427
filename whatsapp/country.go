package whatsapp

import "github.com/nyaruka/phonenumbers"

// Country returns the country of a wa_id or of an international number in any
// notation, ISO 3166-1 alpha-2, by which Meta prices a message
// (reference/whatsapp-cloud-api.md §12.1). It is empty if the number does not tell.
func Country(waID string) string {
	number, err := phonenumbers.Parse("+"+Digits(waID), "")
	if err != nil {
		return ""
	}
	region := phonenumbers.GetRegionCodeForNumber(number)
	if region == "" { // a range that is not in the library's tables: by its calling code
		region = phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
	}
	if len(region) != 2 || region[0] < 'A' { // "001" and the like are no countries
		return ""
	}
	return region
}
