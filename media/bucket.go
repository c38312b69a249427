package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// Bucket is an open blob store.
type Bucket struct{ *blob.Bucket }

// OpenBucket opens the blob store at an address: `file:PATH` is a folder, which is
// made if need be. The whole of a deployment shares it.
func OpenBucket(address string) (*Bucket, error) {
	path, ok := strings.CutPrefix(address, "file:")
	if !ok {
		return nil, errors.New("the address of a blob store begins with `file:`")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	// Files in the making lie beside those that are made: they are renamed, which works
	// within one file system.
	opened, err := fileblob.OpenBucket(path, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob folder: %w", err)
	}
	return &Bucket{opened}, nil
}

// put writes a blob from a reader, all or nothing.
func (b *Bucket) put(ctx context.Context, key, contentType string, from io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType, DisableContentTypeDetection: contentType == ""})
	if err != nil {
		return fmt.Errorf("write blob %s: %w", key, err)
	}
	if _, err := io.Copy(w, from); err != nil {
		cancel() // so that Close keeps nothing
		return errors.Join(fmt.Errorf("write blob %s: %w", key, err), discard(w.Close()))
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write blob %s: %w", key, err)
	}
	return nil
}

// discard drops the error that an abandoned writer ends with.
func discard(error) error { return nil }

func (b *Bucket) remove(ctx context.Context, key string) error {
	if err := b.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove blob %s: %w", key, err)
	}
	return nil
}

// attributes returns what is known of a blob, nil if it is not there.
func (b *Bucket) attributes(ctx context.Context, key string) (*blob.Attributes, error) {
	found, err := b.Attributes(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, nil //nolint:nilnil // it is not there
	}
	if err != nil {
		return nil, fmt.Errorf("look for blob %s: %w", key, err)
	}
	return found, nil
}
