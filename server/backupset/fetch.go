package backupset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"onedoor/internal/privatefile"
)

// identityBytesMax bounds a file with private keys: a line each, with comments.
const identityBytesMax = 64 << 10

// ErrIdentity: a backup is encrypted, and no private key opens it.
var ErrIdentity = errors.New("no private key opens the backup")

// MakeIdentity makes a pair of keys for backups: a new file with the private one, and the public one to it. A file that is
// there is fs.ErrExist.
func MakeIdentity(path string) (public string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	public = id.Recipient().String()
	text := fmt.Sprintf("# opens backups of onedoor that were encrypted to\n# public key: %s\n%s\n", public, id)
	return public, privatefile.Create(path, []byte(text))
}

// ReadIdentities reads the private keys of a file that nobody but its owner may read.
func ReadIdentities(path string) ([]age.Identity, error) {
	body, err := privatefile.Read(path, identityBytesMax)
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	ids, err := age.ParseIdentities(strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("read the private key %s: %w: give the file that `onedoor keys backup` made", path, ErrIdentity)
	}
	return ids, nil
}

// Fetch writes a backup into a new file, mode 0600, compared with its manifest and decrypted. Where it fails no file stays.
func (s *Set) Fetch(ctx context.Context, e Entry, path string, ids []age.Identity) (err error) {
	if e.Encrypted && len(ids) == 0 {
		return e.unopened()
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privatefile.Mode)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := s.open(ctx, e, f, ids); err != nil {
		return err
	}
	return f.Sync()
}

// open passes an object through the hash and, where it is encrypted, through its opening.
func (s *Set) open(ctx context.Context, e Entry, w io.Writer, ids []age.Identity) error {
	if !e.Encrypted {
		return s.Copy(ctx, e, w)
	}
	r, pipe := io.Pipe()
	compared := make(chan error, 1)
	go func() { // ended by the object's end, or by the close below
		err := s.Copy(ctx, e, pipe)
		_ = pipe.CloseWithError(err) // Never fails.
		compared <- err
	}()
	err := decrypt(w, r, ids)
	if errors.Is(err, ErrIdentity) {
		err = e.unopened()
	}
	_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	if differs := <-compared; errors.Is(differs, ErrDiffers) || err == nil {
		return differs
	}
	return err
}

// unopened says which key would open a backup.
func (e Entry) unopened() error {
	return fmt.Errorf("%w: give --identity the file with the private key to one of %s", ErrIdentity, strings.Join(e.Recipients, ", "))
}

func decrypt(w io.Writer, r io.Reader, ids []age.Identity) error {
	plain, err := age.Decrypt(r, ids...)
	if _, none := errors.AsType[*age.NoIdentityMatchError](err); none {
		return ErrIdentity
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, plain); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r) // What follows the last block is compared too.
	return err
}
