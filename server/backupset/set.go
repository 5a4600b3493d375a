package backupset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // Registers s3://.
	"gocloud.dev/gcerrors"
)

var (
	// ErrPlace: the URL names no place that backups can be kept in.
	ErrPlace = errors.New("no place for backups")
	// ErrPlain: a backup would lie in a bucket as it is.
	ErrPlain = errors.New("a backup in a bucket has to be encrypted")
	// ErrDiffers: what stands there is not what was written.
	ErrDiffers = errors.New("the backup is not what was written")
	// ErrNone: there is no such backup.
	ErrNone = errors.New("no backup there")
)

const (
	// manifestSuffix follows the name of an object in that of its manifest.
	manifestSuffix = ".json"
	// manifestBytesMax bounds a manifest, which is a few hundred bytes.
	manifestBytesMax = 16 << 10
	// folderMode lets the owner alone look into a folder of backups.
	folderMode = 0o700
)

// Set is a place with backups.
type Set struct {
	bucket *blob.Bucket
	// folder is the folder of a file:// place; empty for a bucket.
	folder     string
	recipients []age.Recipient
}

// Place says where backups are kept, and for whom they are encrypted.
type Place struct {
	// URL is file:///mnt/backup, or s3://BUCKET?region=…&endpoint=…&prefix=…; what opens it stands in the usual AWS_ variables.
	URL string
	// Recipients are age public keys, age1…; none leaves backups as they are, which a bucket does not take.
	Recipients []string
}

// Check reads a place without going there.
func (p Place) Check() error {
	at, err := url.Parse(p.URL)
	if err != nil {
		return fmt.Errorf("%w: the URL cannot be read", ErrPlace) // Its text may hold a password.
	}
	switch at.Scheme {
	case "file":
		if at.Host != "" || !filepath.IsAbs(at.Path) {
			return fmt.Errorf("%w: give a whole path, such as file:///mnt/backup", ErrPlace)
		}
	case "s3":
		if at.Host == "" {
			return fmt.Errorf("%w: give the bucket, such as s3://onedoor-backups?region=cn-north-1", ErrPlace)
		}
	default:
		return fmt.Errorf("%w: give file:///FOLDER or s3://BUCKET", ErrPlace)
	}
	_, err = p.keys()
	return err
}

// CheckKept is Check for a place that backups are written to.
func (p Place) CheckKept() error {
	if err := p.Check(); err != nil {
		return err
	}
	if strings.HasPrefix(p.URL, "s3:") && len(p.Recipients) == 0 {
		return fmt.Errorf("%w: it holds the realm's keys: give a public key that `onedoor keys backup` makes", ErrPlain)
	}
	return nil
}

func (p Place) keys() (list []age.Recipient, err error) {
	for _, text := range p.Recipients {
		r, err := age.ParseX25519Recipient(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no age public key, which begins with age1", ErrPlace, text)
		}
		list = append(list, r)
	}
	return list, nil
}

// Open opens a place to read what is kept there; Close ends it. Nothing is made: a folder that is not there is an error.
func Open(ctx context.Context, p Place) (*Set, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	s := &Set{}
	var err error
	if s.recipients, err = p.keys(); err != nil {
		return nil, err
	}
	if at, _ := url.Parse(p.URL); at.Scheme == "file" {
		s.folder = at.Path
		s.bucket, err = openFolder(at.Path)
	} else {
		s.bucket, err = blob.OpenBucket(ctx, p.URL)
	}
	if err != nil {
		return nil, fmt.Errorf("open the place for backups: %w", err)
	}
	return s, nil
}

// OpenToKeep opens a place to write to it. A folder is made where it is not there.
func OpenToKeep(ctx context.Context, p Place) (*Set, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if at, _ := url.Parse(p.URL); at.Scheme == "file" {
		if err := os.MkdirAll(at.Path, folderMode); err != nil {
			return nil, fmt.Errorf("open the place for backups: %w", err)
		}
	}
	return Open(ctx, p)
}

func openFolder(path string) (*blob.Bucket, error) {
	return fileblob.OpenBucket(path, &fileblob.Options{Metadata: fileblob.MetadataDontWrite, NoTempDir: true})
}

// Close ends the use of the place.
func (s *Set) Close() error { return s.bucket.Close() }

// List gives the backups of a realm, the newest first; of every realm for 0.
func (s *Set) List(ctx context.Context, realm uint32) (list []Entry, err error) {
	err = s.each(ctx, namePrefix, func(object *blob.ListObject) error {
		if !strings.HasSuffix(object.Key, manifestSuffix) {
			return nil
		}
		e, err := s.manifest(ctx, object.Key)
		if err == nil && (realm == 0 || e.Realm == realm) {
			list = append(list, e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(b.Name, a.Name)) })
	return list, nil
}

// each calls f for the objects with a prefix until f fails.
func (s *Set) each(ctx context.Context, prefix string, f func(*blob.ListObject) error) error {
	all := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := all.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list the backups: %w", err)
		}
		if err := f(object); err != nil {
			return err
		}
	}
}

func (s *Set) manifest(ctx context.Context, key string) (e Entry, err error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return e, fmt.Errorf("read %s: %w", key, err)
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, manifestBytesMax))
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil {
		return e, fmt.Errorf("read %s: %w", key, err)
	}
	if e.Name+manifestSuffix != key {
		return e, fmt.Errorf("read %s: %w: it is the manifest of %q", key, ErrDiffers, e.Name)
	}
	return e, nil
}

// Find gives a backup by its name, or the newest of a realm (0: of any) for an empty one.
func (s *Set) Find(ctx context.Context, name string, realm uint32) (Entry, error) {
	if name != "" {
		e, err := s.manifest(ctx, strings.TrimSuffix(name, manifestSuffix)+manifestSuffix)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return e, fmt.Errorf("%w: %s: see which are there, or leave the name out for the newest", ErrNone, name)
		}
		return e, err
	}
	list, err := s.List(ctx, realm)
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 {
		return Entry{}, fmt.Errorf("%w: compare the place with the one that the server keeps them at (--backup-to)", ErrNone)
	}
	return list[0], nil
}
