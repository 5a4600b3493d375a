package exchange

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Several servers of a realm keep a side ledger each. An entry is durable in the file of the server that makes it before its
// transaction commits, as with one server; with the commit it stands in the store too, under its number and an id that no other
// entry has, and the other servers take it over into their files from there. So each file is whole but for the newest moments,
// entries are numbered by the store, under the realm's one lock, and a file shows by its last id whether the store still has
// what it was told.

const (
	// bucketEntries holds the newest entries by number, for the other servers' ledgers.
	bucketEntries = "ledger.entries"
	// entriesKept is how many of them are kept: weeks of an office. A server that was away for longer writes down everything.
	entriesKept = 1000
	// entriesCut bounds what one entry takes away of what is older.
	entriesCut = 8
)

// errStranded: the ledger has entries that the store does not have and did not go on from.
var errStranded = errors.New("the side ledger has entries that the store lacks")

// CommonLedger is a ledger of one of several servers. Append takes any number above that of the tail.
type CommonLedger interface {
	Ledger
	// Tail is the last entry that was not taken back; 0 for none.
	Tail() (number uint64, id syncengine.ID)
}

// queued is an entry as it stands in the store.
type queued struct {
	Number    uint64           `json:"n"`
	ID        syncengine.ID    `json:"id"`
	At        int64            `json:"at"`
	Whole     bool             `json:"whole,omitempty"` // Its documents are left out: they are those of the store.
	Took      []syncengine.ID  `json:"took,omitempty"`  // Entries of a history that was lost, which it brought back.
	Documents []LedgerDocument `json:"docs,omitempty"`
}

func entryKey(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

// readQueued gives the entries in the store from a number on.
func readQueued(r store.Reader, from uint64) (list []queued, err error) {
	var wrong error
	err = r.Documents(bucketEntries, entryKey(from), nil, func(d store.Document) bool {
		var q queued
		if wrong = json.Unmarshal(d.Value, &q); wrong != nil {
			wrong = fmt.Errorf("%w: an entry of the side ledger: %w", store.ErrDamaged, wrong)
			return false
		}
		list = append(list, q)
		return true
	})
	return list, errors.Join(err, wrong)
}

// putQueued writes an entry where the other servers read it, and takes old ones away.
func putQueued(w store.Writer, e LedgerEntry, took []syncengine.ID) error {
	q := queued{Number: e.Number, ID: e.ID, At: int64(e.At), Whole: e.Whole, Took: took}
	if !e.Whole {
		q.Documents = e.Documents
	}
	body, err := json.Marshal(q)
	if err != nil || e.Number < entriesKept {
		return errors.Join(err, w.PutDocument(bucketEntries, entryKey(e.Number), body))
	}
	var old [][]byte
	err = w.Documents(bucketEntries, nil, entryKey(e.Number-entriesKept), func(d store.Document) bool {
		old = append(old, d.Key)
		return len(old) < entriesCut
	})
	for _, key := range old {
		err = errors.Join(err, w.DeleteDocument(bucketEntries, key))
	}
	return errors.Join(err, w.PutDocument(bucketEntries, entryKey(e.Number), body))
}

// common reports whether other servers keep ledgers of the realm too.
func (s *Service) common() (CommonLedger, bool) {
	l, ok := s.ledger.(CommonLedger)
	return l, ok && s.shared
}

// faceLedger is what a transaction finds before its first change that the ledger keeps: the file is brought up to the store's newest
// entry. agreed tells that nothing was changed since by a server without a ledger.
func (s *Service) faceLedger(w store.Writer, l CommonLedger) (number uint64, agreed bool, err error) {
	m := &storedv1.LedgerState{}
	if _, err := read(w, bucketLedger, historyKey, m); err != nil {
		return 0, false, err
	}
	now, err := agreeing(w, m.GetNumber())
	if err != nil {
		return 0, false, err
	}
	if err := s.followEntries(w, l, m.GetNumber()); err != nil {
		return m.GetNumber(), false, err
	}
	s.noteFollowed(l)
	return m.GetNumber(), m.GetNumber() > 0 && proto.Equal(m, now), nil
}

// followEntries takes over what other servers have written since.
func (s *Service) followEntries(r store.Writer, l CommonLedger, newest uint64) error {
	tail, id := l.Tail()
	if newest == 0 && tail == 0 {
		return nil
	}
	list, err := readQueued(r, 0)
	if err != nil {
		return err
	}
	h := lineage{list, newest}
	switch {
	case tail > 0 && !h.has(tail, id):
		return errStranded
	case tail == newest && (len(list) == 0 || list[len(list)-1].ID == id):
		return nil
	case tail == 0 || !h.known(tail, id):
		return s.snapshot(r, l, newest, h.idOf(newest))
	}
	for _, q := range list {
		if q.Number > tail && q.Whole {
			return s.snapshot(r, l, newest, h.idOf(newest))
		}
	}
	for _, q := range list {
		if q.Number > tail {
			if err := l.Append(LedgerEntry{Number: q.Number, ID: q.ID, At: syncengine.UnixMilli(q.At), Documents: q.Documents}); err != nil {
				return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
			}
		}
	}
	return nil
}

// snapshot writes down everything as of the store's newest entry.
func (s *Service) snapshot(r store.Writer, l CommonLedger, number uint64, id syncengine.ID) error {
	e, err := s.everything(r)
	if err != nil {
		return err
	}
	e.Number, e.ID = number, id
	if err := l.Append(e); err != nil {
		return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
	}
	return nil
}

// openCommon brings ledger and store together when the store is opened.
func (s *Service) openCommon(ctx context.Context, l CommonLedger) error {
	agreed := false
	err := s.store.Update(ctx, func(w store.Writer) (err error) {
		_, agreed, err = s.faceLedger(w, l)
		return err
	})
	if errors.Is(err, errStranded) {
		return s.reconcile(ctx, l)
	}
	if err != nil || agreed {
		return err
	}
	return s.appendWhole(ctx, l, func(store.Writer) ([]syncengine.ID, error) { return nil, nil })
}

// reconcile brings back what the ledger has and the store lacks: it was put back, or a server was ended between its ledger and
// its commit. What the store has changed since by other entries stays as it is: it was acknowledged later.
func (s *Service) reconcile(ctx context.Context, l CommonLedger) error {
	var done, kept int
	var begun syncengine.Epoch
	err := s.appendWhole(ctx, l, func(w store.Writer) (took []syncengine.ID, err error) {
		m := &storedv1.LedgerState{}
		if _, err := read(w, bucketLedger, historyKey, m); err != nil {
			return nil, err
		}
		list, err := readQueued(w, 0)
		if err != nil {
			return nil, err
		}
		b := &bringing{w: w, lineage: lineage{list, m.GetNumber()}}
		if err := b.all(l); err != nil {
			return nil, err
		}
		done, kept = len(b.took), b.kept
		if done == 0 {
			return nil, nil
		}
		if err := errors.Join(accessledger.Mend(w, b.last), raiseRevision(w)); err != nil {
			return nil, err
		}
		begun, err = s.endPutBack(w)
		return b.took, err
	})
	if err != nil {
		return fmt.Errorf("roll forward from the side ledger: %w", err)
	}
	if done == 0 {
		return nil
	}
	s.log.Warn("the database lacked changes that the side ledger has; they stand again, but for what was changed since", "entries", done, "documents_left", kept)
	if begun != 0 {
		s.log.Error("the side ledger shows that the database was put back to an earlier state without `onedoor restore`, or that a server was ended in a commit: a new epoch begins and phones bring back what is missing",
			"epoch", begun)
		s.enter(begun)
	}
	return nil
}

// appendWhole writes everything as a new entry, behind what f brings back.
func (s *Service) appendWhole(ctx context.Context, l CommonLedger, f func(store.Writer) ([]syncengine.ID, error)) error {
	var appended uint64
	err := s.store.Update(ctx, func(w store.Writer) error {
		if appended != 0 { // The store lost the transaction behind its entry, and runs it again.
			if err := l.Void(appended); err != nil {
				return err
			}
			appended = 0
		}
		took, err := f(w)
		if err != nil {
			return err
		}
		m := &storedv1.LedgerState{}
		if _, err := read(w, bucketLedger, historyKey, m); err != nil {
			return err
		}
		e, err := s.everything(w)
		if err != nil {
			return err
		}
		e.Number, e.ID = max(m.GetNumber(), l.Last())+1, s.NewID()
		if err := l.Append(e); err != nil {
			return err
		}
		appended = e.Number
		return errors.Join(putQueued(w, e, took), noteLedger(w, e.Number))
	})
	if err != nil && appended != 0 && !errors.Is(err, store.ErrUnknown) {
		return errors.Join(err, l.Void(appended))
	}
	return err
}

// ledgerEnd is an entry by what it is told apart by: after a put-back a number may be another one's.
type ledgerEnd struct {
	number uint64
	id     syncengine.ID
}

// noteFollowed keeps up to where the ledger goes, for those who ask whether the store goes further.
func (s *Service) noteFollowed(l CommonLedger) {
	number, id := l.Tail()
	s.followed.Store(&ledgerEnd{number, id})
}

// FollowLedger takes over into this server's side ledger what other servers have written, and notices a store that was put
// back. It is to be called now and then; where there is nothing new it costs a reading.
func (s *Service) FollowLedger(ctx context.Context) error {
	if _, ok := s.common(); !ok {
		return nil
	}
	var newest ledgerEnd
	err := s.store.View(ctx, func(r store.Reader) error {
		m := &storedv1.LedgerState{}
		if _, err := read(r, bucketLedger, historyKey, m); err != nil {
			return err
		}
		list, err := readQueued(r, m.GetNumber())
		newest = ledgerEnd{m.GetNumber(), lineage{list, m.GetNumber()}.idOf(m.GetNumber())}
		return err
	})
	if at := s.followed.Load(); err != nil || at != nil && newest == *at {
		return err
	}
	return s.submit(&job{ctx: ctx, alone: true, size: 1, run: func(k *work) error {
		return k.w.DeleteDocument(bucketEntries, entryKey(0)) // Nothing stands there: the recorder looks at what the others wrote.
	}})
}

// keeping runs a transaction and keeps this server's ledger, and those of the others, with it.
func (s *Service) keeping(l CommonLedger, ask store.Questions, f func(store.Writer) error) error {
	err := s.keepingOnce(l, ask, f)
	if errors.Is(err, errStranded) {
		if err := s.reconcile(context.Background(), l); err != nil {
			return err
		}
		err = s.keepingOnce(l, ask, f)
	}
	return err
}

func (s *Service) keepingOnce(l CommonLedger, ask store.Questions, f func(store.Writer) error) error {
	var appended uint64
	err := s.update(ask, func(w store.Writer) error {
		if appended != 0 { // The store lost the transaction behind its entry, and runs it again.
			if err := l.Void(appended); err != nil {
				return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
			}
			appended = 0
		}
		r := &recorder{Writer: w}
		var number uint64
		agreed := false
		r.first = func() (err error) {
			number, agreed, err = s.faceLedger(w, l)
			return err
		}
		err := f(r)
		switch {
		case r.failed != nil && !errors.Is(r.failed, ErrLedger):
			return r.failed // Whatever f made of it.
		case err != nil || len(r.changed) == 0:
			return err
		case r.failed != nil:
			return s.withoutLedger(r, r.failed)
		}
		e := LedgerEntry{At: s.now(), Documents: r.changed}
		if !agreed {
			if e, err = s.everything(w); err != nil {
				return err
			}
		}
		e.Number, e.ID = max(number, l.Last())+1, s.NewID()
		if err := l.Append(e); err != nil {
			return s.withoutLedger(r, err)
		}
		appended = e.Number
		return errors.Join(putQueued(w, e, nil), noteLedger(w, e.Number))
	})
	switch {
	case err == nil && appended != 0:
		s.noteFollowed(l)
	case err != nil && appended != 0 && !errors.Is(err, store.ErrUnknown): // What may have been committed is seen to by the next start.
		if e := l.Void(appended); e != nil {
			s.log.Error("an entry of the side ledger could not be taken back: what it says is done when the server starts again", "entry", appended, "error", e)
		}
	}
	return err
}

// withoutLedger is what becomes of a transaction that the ledger does not take. Phones work on: what they were shown stands in
// the store, and the next entry holds everything.
func (s *Service) withoutLedger(r *recorder, err error) error {
	if r.onlyLooks() {
		s.log.Error("the side ledger lacks entries of the access ledger", "error", err)
		return nil
	}
	if errors.Is(err, ErrLedger) {
		return err
	}
	return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
}
