package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

const (
	oggHeader  = 27    // bytes of a page before its table of segments (RFC 3533)
	opusClock  = 48000 // samples a second of granule positions, whatever was recorded (RFC 7845)
	noPosition = -1    // of a page on which no packet ends
	// longestVoice bounds what a damaged file can claim.
	longestVoice = 24 * time.Hour
)

// opusDuration returns how long an OGG Opus recording plays: the last granule position
// of its stream less the samples to be skipped. It reads headers of pages alone. It
// reports false for anything else; a file that was cut off plays up to there.
func opusDuration(file io.ReaderAt, size int64) (time.Duration, bool) {
	var stream uint32
	var skip int64
	last := int64(noPosition)
	for at := int64(0); at+oggHeader <= size; {
		page, body, ok := readPage(file, at)
		if !ok {
			break
		}
		if at == 0 {
			head := make([]byte, 12)
			if n, _ := file.ReadAt(head, body); n < len(head) || !bytes.HasPrefix(head, []byte("OpusHead")) {
				return 0, false
			}
			stream, skip = page.stream, int64(binary.LittleEndian.Uint16(head[10:]))
		} else if page.stream == stream && page.position != noPosition {
			last = max(last, page.position)
		}
		at = body + page.length
	}
	if last < skip {
		return 0, false
	}
	samples := last - skip
	if samples/opusClock > int64(longestVoice/time.Second) {
		return 0, false
	}
	return time.Duration(samples) * time.Second / opusClock, true
}

// page is the header of an OGG page.
type page struct {
	position int64
	stream   uint32
	length   int64 // of its body
}

// readPage reads the header of the page at an offset, and where its body begins.
func readPage(file io.ReaderAt, at int64) (found page, body int64, ok bool) {
	var header [oggHeader + 255]byte
	n, _ := file.ReadAt(header[:], at) // near the end it is shorter
	if n < oggHeader || string(header[:4]) != "OggS" {
		return page{}, 0, false
	}
	segments := int(header[26])
	if n < oggHeader+segments {
		return page{}, 0, false
	}
	for _, lacing := range header[oggHeader : oggHeader+segments] {
		found.length += int64(lacing)
	}
	found.position = int64(binary.LittleEndian.Uint64(header[6:]))
	found.stream = binary.LittleEndian.Uint32(header[14:])
	return found, at + int64(oggHeader+segments), true
}
