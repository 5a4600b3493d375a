package client

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/client-sdk/internal/syncloop"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// The order to wipe reaches a phone at a sync. It first hands in what was written on
// it, then destroys all it holds but its identity, says so under its own signature,
// and when that is confirmed takes away database and keys. A line that fails in
// between has the next sync go on where this one ended; from the order on nothing is
// shown and nothing is taken.

// wiped is what a phone says of a wipe that it has carried out.
type wiped struct {
	At      syncengine.UnixMilli
	Records int
	// HandedIn is the last own change that was decided, Made the last one.
	HandedIn, Made syncengine.DeviceSeq
}

// ordered notes an order to wipe, if the realm has signed it for this phone.
func (t *taking) ordered() {
	m := t.a.GetWipe()
	if m != nil && wire.VerifyWipe(ed25519.PublicKey(t.s.self.ReceiptKey), t.s.self.Incarnation[:], m) {
		t.s.pos.WipeOrdered = syncengine.UnixMilli(m.GetOrderedMs())
	}
}

// wipeReceipt is the signed word that the order was carried out; nil before.
func (s *state) wipeReceipt(sign func(message []byte) ([]byte, error)) (*syncv1.WipeReceipt, error) {
	w := s.pos.Wiped
	if w == nil {
		return nil, nil
	}
	m := &syncv1.WipeReceipt{
		OrderedMs: int64(s.pos.WipeOrdered), WipedMs: int64(w.At), Records: uint64(w.Records), HandedIn: uint64(w.HandedIn), Made: uint64(w.Made),
	}
	var err error
	m.Signature, err = sign(wire.WipedMessage(s.self.Incarnation[:], m))
	return m, err
}

// goneFrom is what a revoked phone does after an answer that leaves it nothing to hand in.
func (u *run) goneFrom(a *answer, taken *taken) syncloop.Event {
	u.r.mu.Lock()
	s := u.r.state
	u.r.mu.Unlock()
	switch {
	case s.pos.WipeOrdered == 0:
		return u.failed(ErrRevoked, false)
	case s.pos.Mark < s.end.Seq:
		return syncloop.Event{Kind: syncloop.Replied, More: true, Progress: taken.progress}
	case s.pos.Wiped == nil:
		if err := u.r.wipe(); err != nil {
			return u.failed(fmt.Errorf("wipe: %w", err), false)
		}
		return syncloop.Event{Kind: syncloop.Replied, More: true, Progress: true}
	case !a.GetWipeConfirmed():
		return syncloop.Event{Kind: syncloop.Replied, More: true}
	}
	return u.failed(errors.Join(ErrWiped, u.r.vanish()), false)
}

// wipe destroys all that the phone holds but its identity, durably and in every page.
func (r *Replica) wipe() error {
	err := r.update(func(tx *localdb.Tx, s *state) error {
		records, err := tx.Destroy()
		if err != nil {
			return err
		}
		if err := tx.DestroyChanges(); err != nil {
			return err
		}
		for _, key := range []localdb.MetaKey{metaGrants, metaView, metaEnrolment} {
			if err := tx.DeleteMeta(key); err != nil {
				return err
			}
		}
		s.pos.Wiped = &wiped{At: s.time(r.now()), Records: records, HandedIn: s.pos.Mark, Made: s.end.Seq}
		s.grants, s.view, s.self.UserName = &syncv1.Grants{}, &syncv1.View{}, ""
		s.rights = rightsOf(s.grants, s.view)
		s.forgetBase()
		s.pos.Cleared, s.pos.ClearedChain, s.pos.Enrolment = s.end.Seq, s.end.Chain, false
		if err := setJSON(tx, metaSelf, &s.self); err != nil {
			return err
		}
		return s.savePosition(tx)
	})
	if err != nil {
		return err
	}
	r.places = nil
	return r.db.Scrub()
}

// WipedFile is the name of what is left in the folder of a phone that was wiped: its
// receipt, which names nobody.
const WipedFile = "wiped.json"

// WipeNote tells of a wipe, for whoever opens the app afterwards.
type WipeNote struct {
	// Incarnation is the id that the database had, as UUID text.
	Incarnation string `json:"incarnation"`
	// OrderedMs is when the order was given, WipedMs when it was carried out.
	OrderedMs int64 `json:"ordered_ms"`
	WipedMs   int64 `json:"wiped_ms"`
	// Records counts what was destroyed, Changes the changes that had been handed in before.
	Records int `json:"records"`
	Changes int `json:"changes"`
}

// Wiped reads what is left of a phone that was wiped; nil for any other folder.
func Wiped(dir string) (*WipeNote, error) {
	text, err := os.ReadFile(filepath.Join(dir, WipedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	note := &WipeNote{}
	return note, json.Unmarshal(text, note)
}

// sweepWiped refuses a folder whose phone was wiped, and takes away what a crash has left of it.
func sweepWiped(disk Disk, dir string) error {
	there, err := disk.Exists(filepath.Join(dir, WipedFile))
	if err != nil || !there {
		return err
	}
	return errors.Join(ErrWiped, removeDatabase(disk, dir))
}

func removeDatabase(disk Disk, dir string) (err error) {
	for _, name := range []string{DatabaseFile, LogFile} {
		file := filepath.Join(dir, name)
		if there, _ := disk.Exists(file); there {
			err = errors.Join(err, disk.Remove(file))
		}
	}
	return err
}

// vanish takes database and keys away and leaves the note.
func (r *Replica) vanish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, path := &r.state, r.db.Path()
	w := s.pos.Wiped
	note, err := json.Marshal(WipeNote{
		Incarnation: s.self.Incarnation.String(), OrderedMs: int64(s.pos.WipeOrdered), WipedMs: int64(w.At), Records: w.Records, Changes: int(w.HandedIn),
	})
	if err != nil {
		return err
	}
	r.gone = true
	// The note stands before anything goes, so that a crash in between is gone on with.
	dir := filepath.Dir(path)
	half := filepath.Join(dir, WipedFile+"-new")
	err = errors.Join(r.db.Close(), r.o.Disk.Write(half, note))
	if err == nil {
		err = r.o.Disk.Rename(half, filepath.Join(dir, WipedFile))
	}
	if err != nil {
		return err
	}
	err = removeDatabase(r.o.Disk, dir)
	if r.keys != nil {
		err = errors.Join(err, r.keys.Destroy())
	}
	return err
}
