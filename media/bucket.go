package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

// Bucket is an open blob store.
type Bucket struct {
	*blob.Bucket

	transfers *transfermanager.Client // writes to S3; nil: a folder
	folder    string                  // empty: a bucket of S3
}

const (
	// accessTime bounds the question whether a bucket of S3 can be used.
	accessTime = 20 * time.Second
	// abortTime bounds the removal of the parts of a file that S3 has when it ends in
	// an error.
	abortTime = 10 * time.Second
	// partsAtOnce is how many parts of a file go to S3 at a time, of 8 MiB each, which are
	// held in memory.
	partsAtOnce = 2
)

// OpenBucket opens the blob store at an address, which the whole of a deployment
// shares. `file:PATH` is a folder, made if need be. `s3://BUCKET` is a bucket of S3 or of
// what speaks its protocol, with what gocloud.dev's s3blob takes in the query: `region`,
// `endpoint` and `use_path_style` of other makers' servers, `prefix=DIR/` to share a
// bucket. Credentials are those that the AWS SDK finds in its environment. A bucket that
// is not there or not open to us is an error at once, not with the first file.
func OpenBucket(ctx context.Context, address string) (*Bucket, error) {
	if path, ok := strings.CutPrefix(address, "file:"); ok {
		return openFolder(path)
	}
	if !strings.HasPrefix(address, s3blob.Scheme+"://") {
		return nil, errors.New("the address of a blob store begins with `file:` or `s3://`")
	}
	opened, err := blob.OpenBucket(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, accessTime)
	defer cancel()
	accessible, err := opened.IsAccessible(ctx)
	if err == nil && !accessible {
		err = errors.New("there is no such bucket")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("use bucket: %w", err), opened.Close())
	}
	var client *s3.Client
	if !opened.As(&client) {
		return nil, errors.Join(errors.New("use bucket: it is not one of S3"), opened.Close())
	}
	// The one that s3blob makes leaves what it wrote at S3 when a file is broken off.
	transfers := transfermanager.New(client, func(o *transfermanager.Options) {
		o.FailTimeout, o.Concurrency = abortTime, partsAtOnce
		o.RequestChecksumCalculation = client.Options().RequestChecksumCalculation
	})
	return &Bucket{Bucket: opened, transfers: transfers}, nil
}

func openFolder(path string) (*Bucket, error) {
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
	return &Bucket{Bucket: opened, folder: path}, nil
}

// put writes a blob from a reader, all or nothing.
func (b *Bucket) put(ctx context.Context, key, contentType string, from io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: contentType, DisableContentTypeDetection: contentType == "",
		BeforeWrite: func(as func(any) bool) error {
			var transfers *transfermanager.Client
			if b.transfers != nil && as(&transfers) {
				*transfers = *b.transfers
			}
			return nil
		},
	})
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

// halfWritten is how the names of files end that are being written to a folder; no key
// does.
const halfWritten = ".tmp"

// removeHalfWritten removes files that were begun before a time and never finished,
// because the program ended. S3 does that by itself, with a rule for parts.
func (b *Bucket) removeHalfWritten(ctx context.Context, before time.Time) error {
	if b.folder == "" {
		return nil
	}
	err := filepath.WalkDir(b.folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // finished or removed meanwhile
		case err != nil:
			return err
		case entry.IsDir() || !strings.HasSuffix(path, halfWritten):
			return ctx.Err()
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(path) //nolint:gosec // nobody else writes to the folder
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for half-written files: %w", err)
	}
	return nil
}

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
