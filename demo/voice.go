package demo

import (
	"bytes"
	"encoding/binary"
	"time"
)

// silence is a voice note as phones record them, Opus in Ogg (RFC 7845, RFC 3533),
// in which nobody says anything.
func silence(length time.Duration) []byte {
	const (
		frame          = 20 * time.Millisecond
		samplesOfFrame = 960 // at 48 kHz, which Opus counts in
		framesOfPage   = 50
	)
	head := append([]byte("OpusHead"), 1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0) // version 1, mono, nothing to skip, 48,000 Hz
	tags := append([]byte("OpusTags"), 6, 0, 0, 0, 'R', 'e', 'c', 'a', 'd', 'o', 0, 0, 0, 0)
	quiet := []byte{0xf8, 0xff, 0xfe} // full band, 20 ms, one frame of silence

	o := ogg{}
	o.page(begins, 0, head)
	o.page(0, 0, tags)
	frames := int(length / frame)
	for done := 0; done < frames; {
		some := min(framesOfPage, frames-done)
		done += some
		packets := make([][]byte, some)
		for i := range packets {
			packets[i] = quiet
		}
		kind := byte(0)
		if done == frames {
			kind = ends
		}
		o.page(kind, uint64(done*samplesOfFrame), packets...)
	}
	return o.file.Bytes()
}

// ogg is a file with one stream.
type ogg struct {
	file  bytes.Buffer
	pages uint32
}

// Kinds of pages.
const (
	begins = 2
	ends   = 4
)

// page adds a page with packets that are shorter than 255 bytes, the last of which
// ends at a sample.
func (o *ogg) page(kind byte, sample uint64, packets ...[]byte) {
	page := append([]byte("OggS"), 0, kind)
	page = binary.LittleEndian.AppendUint64(page, sample)
	page = binary.LittleEndian.AppendUint32(page, 1) // the stream
	page = binary.LittleEndian.AppendUint32(page, o.pages)
	page = append(page, 0, 0, 0, 0, byte(len(packets))) // the checksum is filled in below
	for _, packet := range packets {
		page = append(page, byte(len(packet)))
	}
	for _, packet := range packets {
		page = append(page, packet...)
	}
	binary.LittleEndian.PutUint32(page[22:], checksum(page))
	o.file.Write(page)
	o.pages++
}

// checksum is Ogg's CRC, which is not the usual one.
func checksum(page []byte) (crc uint32) {
	for _, b := range page {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
