package media

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	opusStart = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x4d\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x0c" + "OpusHead\x01\x01\x38\x01"
	opusEnd   = "OggS\x00\x04\x38\x78\x01\x00\x00\x00\x00\x00\x4d\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
)

func TestOpusDuration(t *testing.T) {
	for name, test := range map[string]struct {
		file     string
		duration time.Duration
		ok       bool
	}{
		"two seconds":            {opusStart + opusEnd, 2 * time.Second, true},
		"cut off behind it":      {opusStart + opusEnd + "OggS\x00", 2 * time.Second, true},
		"something else behind":  {opusStart + opusEnd + "JFIF and so on, and much more of that", 2 * time.Second, true},
		"no sound at all":        {opusStart, 0, false},
		"another stream's pages": {opusStart + opusEnd[:14] + "\x4e" + opusEnd[15:], 0, false},
		"a page without an end":  {opusStart + opusEnd[:6] + "\xff\xff\xff\xff\xff\xff\xff\xff" + opusEnd[14:], 0, false},
		"beyond all measure":     {opusStart + opusEnd[:6] + "\xff\xff\xff\xff\xff\xff\xff\x7f" + opusEnd[14:], 0, false},
		"vorbis":                 {opusStart[:28] + "\x01vorbis     " + opusEnd, 0, false},
		"nothing":                {"", 0, false},
		"text":                   {"Oggs are not this, are they? No, they are not.", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			duration, ok := opusDuration(bytes.NewReader([]byte(test.file)), int64(len(test.file)))
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.duration, duration)
		})
	}
}

func FuzzOpusDuration(f *testing.F) {
	f.Add([]byte(opusStart + opusEnd))
	f.Add([]byte(opusStart[:20]))
	f.Fuzz(func(t *testing.T, file []byte) {
		duration, _ := opusDuration(bytes.NewReader(file), int64(len(file)))
		require.GreaterOrEqual(t, duration, time.Duration(0))
		require.LessOrEqual(t, duration, longestVoice)
	})
}

func FuzzSigner(f *testing.F) {
	s := signer{[]byte("key")}
	f.Add(s.token(claim{purpose: toRead, expires: time.Unix(1, 0).UTC()}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if c, ok := s.open(token); ok {
			require.Equal(t, token, s.token(c), "a claim has one token")
		}
	})
}
