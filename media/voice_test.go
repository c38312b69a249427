package media_test

import "encoding/binary"

// voice is an OGG Opus file whose last granule position and samples to be skipped are
// as given (RFC 7845).
func voice(last uint64, skip uint16) []byte {
	head := append([]byte("OpusHead\x01\x01"), 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint16(head[10:], skip)
	file := oggPage(2, 0, 0, head)
	file = append(file, oggPage(0, 0, 1, []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"))...)
	file = append(file, oggPage(0, last/2, 2, make([]byte, 300))...)
	return append(file, oggPage(4, last, 3, make([]byte, 100))...)
}

// oggPage is a page of an OGG file (RFC 3533); nobody here looks at its checksum.
func oggPage(flags byte, position uint64, sequence uint32, body []byte) []byte {
	page := append([]byte("OggS\x00"), flags)
	page = binary.LittleEndian.AppendUint64(page, position)
	page = binary.LittleEndian.AppendUint32(page, 77)
	page = binary.LittleEndian.AppendUint32(page, sequence)
	page = append(page, 0, 0, 0, 0)
	full := len(body) / 255
	page = append(page, byte(full+1))
	for range full {
		page = append(page, 255)
	}
	return append(append(page, byte(len(body)%255)), body...)
}
