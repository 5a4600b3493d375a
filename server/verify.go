package server

import (
	"context"
	"errors"
	"fmt"

	"onedoor/internal/schema"
	"onedoor/server/directory"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Verification is what a check of a realm found.
type Verification struct {
	// Epoch and Seq are the head of the log that was checked.
	Epoch syncengine.Epoch
	Seq   syncengine.Seq
	// Records counts the records compared with the log.
	Records int
	// Epochs tells how each epoch but the first began.
	Epochs []exchange.Begun
	// Problems are sentences for the operator; none when all is well.
	Problems []string
}

// OK reports that nothing was found.
func (v *Verification) OK() bool { return len(v.Problems) == 0 }

// Verify checks the realm in a folder, on a stopped or a running server: the
// database's own structures, the secrets that belong to it, and the log: dense,
// reducing to the records, with chains and digests that fit; and the records of territories and colleagues. Damage is a
// finding, also where it ends the check; an error means that the check could
// not be made. progress is told the log entries done; it may be nil.
func Verify(ctx context.Context, dir string, progress func(done, total syncengine.Seq)) (*Verification, error) {
	return VerifyWith(ctx, Config{Dir: dir}, progress)
}

// VerifyWith is Verify for a realm whose contact key lies elsewhere; of the
// configuration only Dir, Store and ContactKey count.
func VerifyWith(ctx context.Context, c Config, progress func(done, total syncengine.Seq)) (*Verification, error) {
	if err := checkFolder(c.Dir); err != nil {
		return nil, err
	}
	v := &Verification{}
	err := v.check(ctx, c, progress)
	if errors.Is(err, store.ErrDamaged) || errors.Is(err, identity.ErrDamaged) {
		v.Problems, err = append(v.Problems, err.Error()), nil
	}
	return v, err
}

func (v *Verification) check(ctx context.Context, c Config, progress func(done, total syncengine.Seq)) error {
	st, err := c.openStoreReader(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	problems, err := st.Check(ctx)
	v.Problems = append(v.Problems, problems...)
	if err != nil {
		return err
	}
	opened, err := c.openedReader(ctx, st)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Dir, err)
	}
	return opened.View(ctx, func(r store.Reader) error {
		v.Epoch, v.Seq = r.Head().Epoch, r.Head().Seq
		if err := v.checkRealm(r, c.Dir); err != nil {
			return err
		}
		found, err := exchange.Verify(r, schema.Load(), progress)
		if err != nil {
			return fmt.Errorf("check the log: %w", err)
		}
		v.Records, v.Epochs, v.Problems = found.Records, found.Epochs, append(v.Problems, found.Problems...)
		problems, err := directory.Verify(r)
		if err != nil {
			return fmt.Errorf("check the directory: %w", err)
		}
		v.Problems = append(v.Problems, problems...)
		return nil
	})
}

// checkRealm wants the realm's document and the secrets that fit it.
func (v *Verification) checkRealm(r store.Reader, dir string) error {
	realm, err := identity.GetRealm(r)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if err := checkSchema(dir, realm.SchemaVersion); err != nil {
		return err
	}
	secrets, err := identity.LoadSecrets(dir)
	if err == nil {
		err = identity.CheckSecrets(r, secrets)
	}
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
	}
	return nil
}
