package media

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // thumbnails are drawn of these, too
	"image/jpeg"
	_ "image/png" // as above
	"io"
	"mime"
	"os"
	"strings"
	"sync"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // stickers are
)

const (
	// ThumbnailSide bounds a thumbnail, in pixels.
	ThumbnailSide = 320
	// MaxPixels is the largest image that is unfolded: 40 megapixels take 160 MB.
	MaxPixels = 40_000_000
	// sniffed is how much of a file is looked at to find its type: old Word files say
	// late what they are.
	sniffed = 1 << 20
)

var sniffFar = sync.OnceFunc(func() { mimetype.SetLimit(sniffed) })

// facts are what the bytes of a file say of it.
type facts struct {
	mime          string // without parameters
	size          int64
	sha256        []byte
	width, height int
	durationMS    int64  // of a voice note; 0: unknown
	thumbnail     []byte // JPEG; nil: there is none
	unsafe        bool   // an image beyond MaxPixels
}

// local is a file on this machine for as long as it is looked at.
type local struct{ *os.File }

func newLocal() (local, error) {
	file, err := os.CreateTemp("", "recado-media-*")
	if err != nil {
		return local{}, fmt.Errorf("make temporary file: %w", err)
	}
	return local{file}, nil
}

func (l local) drop() {
	_ = l.Close() // whatever it held is no longer needed
	_ = os.Remove(l.Name())
}

func (l local) rewind() error {
	if _, err := l.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read temporary file: %w", err)
	}
	return nil
}

// inspect reads a file to its end. That a file is damaged is no error: then less is
// known of it.
func (s *Service) inspect(ctx context.Context, file local) (facts, error) {
	sniffFar()
	var found facts
	if err := file.rewind(); err != nil {
		return found, err
	}
	kind, err := mimetype.DetectReader(file)
	if err != nil {
		return found, fmt.Errorf("find type of file: %w", err)
	}
	found.mime = plainType(kind.String())
	if err := file.rewind(); err != nil {
		return found, err
	}
	hash := sha256.New()
	if found.size, err = io.Copy(hash, file); err != nil {
		return found, fmt.Errorf("read file: %w", err)
	}
	found.sha256 = hash.Sum(nil)
	switch {
	case strings.HasPrefix(found.mime, "image/"):
		return found, s.inspectImage(ctx, file, &found)
	case found.mime == "audio/ogg" || found.mime == "application/ogg":
		if duration, ok := opusDuration(file, found.size); ok {
			found.mime, found.durationMS = "audio/ogg", duration.Milliseconds()
		}
	case found.mime == wordType && !isWord(file, found.size):
		found.mime = "application/zip"
	}
	return found, nil
}

func plainType(text string) string {
	kind, _, err := mime.ParseMediaType(text)
	if err != nil {
		return "application/octet-stream"
	}
	return kind
}

const wordType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// isWord reports whether a zip really holds a Word document: the sniffer looks at the
// beginning alone, which anybody can make look right.
func isWord(file io.ReaderAt, size int64) bool {
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return false
	}
	needed := map[string]bool{"[Content_Types].xml": true, "word/document.xml": true}
	for _, entry := range archive.File {
		delete(needed, entry.Name)
	}
	return len(needed) == 0
}

// inspectImage reads the size of an image from its header, and unfolds it only if that
// is bearable.
func (s *Service) inspectImage(ctx context.Context, file local, found *facts) error {
	if err := file.rewind(); err != nil {
		return err
	}
	header, _, err := image.DecodeConfig(file)
	if err != nil {
		return nil // a kind of image that is not read here, or a damaged one
	}
	found.width, found.height = header.Width, header.Height
	if found.unsafe = int64(header.Width)*int64(header.Height) > MaxPixels; found.unsafe {
		return nil
	}
	select {
	case s.drawing <- struct{}{}:
		defer func() { <-s.drawing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := file.rewind(); err != nil {
		return err
	}
	if picture, _, err := image.Decode(file); err == nil {
		found.thumbnail = shrink(picture)
	}
	return nil
}

// shrink draws a thumbnail on white; nil if there is nothing to draw.
func shrink(picture image.Image) []byte {
	from := picture.Bounds()
	width, height := from.Dx(), from.Dy()
	if width < 1 || height < 1 {
		return nil
	}
	if longer := max(width, height); longer > ThumbnailSide {
		width, height = max(1, width*ThumbnailSide/longer), max(1, height*ThumbnailSide/longer)
	}
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), picture, from, draw.Over, nil)
	var text bytes.Buffer
	if jpeg.Encode(&text, small, &jpeg.Options{Quality: 80}) != nil {
		return nil
	}
	return text.Bytes()
}

// holds compares the hash of a file with the one that was announced.
func holds(file local, announced []byte) error {
	if err := file.rewind(); err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	if !bytes.Equal(hash.Sum(nil), announced) {
		return errCorrupt
	}
	return nil
}
