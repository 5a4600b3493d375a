package backupset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
	"gocloud.dev/blob"

	"onedoor/internal/privatefile"
)

// contentType is what a bucket is told of a backup.
const contentType = "application/octet-stream"

// Put writes a checked backup, encrypted where the place has recipients, reads it back and compares, and only then writes
// its manifest. Of e all but name, length, hash and encryption are to be filled in.
func (s *Set) Put(ctx context.Context, e Entry, backup io.Reader) (Entry, error) {
	e.Encrypted = len(s.recipients) > 0
	for _, r := range s.recipients {
		if key, ok := r.(fmt.Stringer); ok {
			e.Recipients = append(e.Recipients, key.String())
		}
	}
	e = e.named()
	if there, err := s.bucket.Exists(ctx, e.Name); err != nil || there {
		return e, errors.Join(err, fmt.Errorf("keep the backup: %s cannot be written, or is there already: look at the place, or try again in a second", e.Name))
	}
	sum, n, err := s.write(ctx, e.Name, backup)
	if err != nil {
		return e, fmt.Errorf("keep the backup %s: %w", e.Name, err)
	}
	e.SHA256, e.Bytes = hex.EncodeToString(sum), n
	if err := s.Compare(ctx, e); err != nil {
		return e, fmt.Errorf("read back the backup %s: %w", e.Name, err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return e, err
	}
	if err := s.bucket.WriteAll(ctx, e.Name+manifestSuffix, body, &blob.WriterOptions{BeforeWrite: ownersAlone}); err != nil {
		return e, fmt.Errorf("keep the manifest of %s: %w", e.Name, err)
	}
	return e, s.settle(e.Name, e.Name+manifestSuffix)
}

// write writes one object, and takes away what it could not finish.
func (s *Set) write(ctx context.Context, name string, backup io.Reader) (sum []byte, n int64, err error) {
	// A writer whose context has ended gives up what it wrote.
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	w, err := s.bucket.NewWriter(ctx, name, &blob.WriterOptions{ContentType: contentType, BeforeWrite: ownersAlone})
	if err != nil {
		return nil, 0, err
	}
	c := &counting{w: w, hash: sha256.New()}
	if err := s.encrypt(c, backup); err != nil {
		giveUp()
		return nil, 0, errors.Join(err, ignored(w.Close()))
	}
	return c.hash.Sum(nil), c.n, w.Close()
}

// ownersAlone lets a file's owner alone read it, before anything stands in it: a folder that somebody else made may be open
// to all, and a backup that is not encrypted holds the realm's keys. In a bucket there is no file.
func ownersAlone(as func(any) bool) error {
	var f *os.File
	if !as(&f) {
		return nil
	}
	return f.Chmod(privatefile.Mode)
}

// ignored drops the error of what was given up anyway.
func ignored(error) error { return nil }

func (s *Set) encrypt(w io.Writer, backup io.Reader) error {
	if len(s.recipients) == 0 {
		_, err := io.Copy(w, backup)
		return err
	}
	sealed, err := age.Encrypt(w, s.recipients...)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sealed, backup); err != nil {
		return err
	}
	return sealed.Close()
}

// counting hashes and counts what passes.
type counting struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

// Write passes bytes on.
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	return n, err
}

// settle makes files of a folder durable; a bucket has done so when it answers.
func (s *Set) settle(names ...string) error {
	if s.folder == "" {
		return nil
	}
	for _, name := range append(names, ".") {
		f, err := os.Open(filepath.Join(s.folder, name))
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return fmt.Errorf("keep the backup: %w", err)
		}
	}
	return nil
}

// Compare reads a backup and holds it against its manifest: it is there, whole, and what was written.
func (s *Set) Compare(ctx context.Context, e Entry) error { return s.Copy(ctx, e, io.Discard) }

// Copy writes a backup somewhere as it lies there, and compares it with its manifest.
func (s *Set) Copy(ctx context.Context, e Entry, w io.Writer) error {
	r, err := s.bucket.NewReader(ctx, e.Name, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	c := &counting{w: w, hash: sha256.New()}
	if _, err := io.Copy(c, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(c.hash.Sum(nil)); c.n != e.Bytes || got != e.SHA256 {
		return fmt.Errorf("%w: %s has %d bytes with SHA-256 %s, its manifest says %d and %s", ErrDiffers, e.Name, c.n, got, e.Bytes, e.SHA256)
	}
	return nil
}
