package exchange

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The side ledger keeps, on other storage, what a restore must not undo: every
// change of identity (people, devices, grants, tokens, territories), of the epochs,
// of the rulebook, of the months whose figures are final and of the access ledger, as the documents that were written. An entry is durable before its
// transaction commits; the number of the last one stands in the database, in the
// same transaction. So a database that lacks entries, because it was restored, put
// back or cut off by a crash, is rolled forward when it is opened.

// Ledger is where entries are kept. It is used by one goroutine at a time.
type Ledger interface {
	// Append makes an entry durable; its number is one above the last one's.
	Append(LedgerEntry) error
	// Void takes back the last entry, whose transaction was not committed.
	Void(number uint64) error
	// After calls f for the entries above a number that were not taken back, ascending, until f fails.
	After(number uint64, f func(LedgerEntry) error) error
	// Last is the number of the last entry; 0 for none.
	Last() uint64
}

// LedgerEntry is what one transaction changed.
type LedgerEntry struct {
	Number uint64
	// ID tells entries of several servers' ledgers apart; zero where there is one.
	ID syncengine.ID
	At syncengine.UnixMilli
	// Whole tells that Documents are all that there were, not only those that changed.
	Whole     bool
	Documents []LedgerDocument
}

// LedgerDocument is a document as it was written; a nil value was deleted.
type LedgerDocument struct {
	Bucket     string
	Key, Value []byte
}

const bucketLedger = "ledger"

// accessNewest is how many of the newest entries of the access ledger an entry of
// everything holds: some hundred kilobytes, and more than a restore adds itself.
const accessNewest = 1000

// ledgered lists the buckets that the ledger keeps. Whoever looked at what is
// sealed since the backup must not be forgotten by a restore either.
var ledgered = slices.Concat(identity.LedgerBuckets(), []string{bucketHistory, bucketBarrier, BucketHolds, BucketFrozen, BucketFeeds, bucketRules, bucketPastRules}, accessledger.Buckets())

// wholeFrom gives the key from which on an entry of everything holds a bucket: all
// of it, but for the access ledger, which has no bound. What a restore then lacks of
// that is told as lost.
func wholeFrom(r store.Reader, bucket string) ([]byte, error) {
	if bucket != accessledger.EntriesBucket() {
		return nil, nil
	}
	return accessledger.NewestKey(r, accessNewest)
}

// recorder is a writer that notes what the ledger keeps.
type recorder struct {
	store.Writer
	changed []LedgerDocument
	// first is called before the first change that the ledger keeps, nil for nobody; failed is what it failed with.
	first  func() error
	failed error
}

// PutDocument writes a document.
func (r *recorder) PutDocument(bucket string, key, value []byte) error {
	if err := r.note(bucket, key, append([]byte{}, value...)); err != nil {
		return err
	}
	return r.Writer.PutDocument(bucket, key, value)
}

// DeleteDocument removes a document.
func (r *recorder) DeleteDocument(bucket string, key []byte) error {
	if err := r.note(bucket, key, nil); err != nil {
		return err
	}
	return r.Writer.DeleteDocument(bucket, key)
}

// Gathering says whether the store gathers.
func (r *recorder) Gathering() store.Gatherer { return store.Gathering(r.Writer) }

func (r *recorder) note(bucket string, key, value []byte) error {
	kept := slices.Contains(ledgered, bucket)
	if first := r.first; first != nil && (kept || bucket == bucketRevision || bucket == bucketEntries) {
		r.first = nil
		if r.failed = first(); r.failed != nil && !errors.Is(r.failed, ErrLedger) {
			return r.failed
		}
	}
	if kept {
		r.changed = append(r.changed, LedgerDocument{Bucket: bucket, Key: slices.Clone(key), Value: value})
	}
	return nil
}

// onlyLooks reports that the transaction changed nothing that a restore may not
// undo, but noted in the access ledger who saw or decided something.
func (r *recorder) onlyLooks() bool {
	return !slices.ContainsFunc(r.changed, func(d LedgerDocument) bool { return !slices.Contains(accessledger.Buckets(), d.Bucket) })
}

// ledgering runs a transaction, which will ask some questions first, and keeps the ledger with it.
func (s *Service) ledgering(ask store.Questions, f func(store.Writer) error) (err error) {
	if s.ledger == nil {
		return s.update(ask, f)
	}
	if l, ok := s.common(); ok {
		return s.keeping(l, ask, f)
	}
	var appended uint64
	err = s.update(ask, func(w store.Writer) error {
		if appended != 0 { // The store lost the transaction behind its entry, and runs it again.
			if err := s.ledger.Void(appended); err != nil {
				return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
			}
			appended = 0
		}
		r := &recorder{Writer: w}
		if err := f(r); err != nil || len(r.changed) == 0 {
			return err
		}
		e := LedgerEntry{Number: s.ledger.Last() + 1, At: s.now(), Documents: r.changed}
		if err := noteLedger(w, e.Number); err != nil {
			return err
		}
		err := s.ledger.Append(e)
		switch {
		case err == nil:
			appended = e.Number
		case r.onlyLooks():
			// Phones work on: the database has the entries, and a restore tells them as lost.
			s.log.Error("the side ledger lacks entries of the access ledger", "error", err)
			return noteLedger(w, s.ledger.Last())
		default:
			return fmt.Errorf("%w: nothing was changed: %w", ErrLedger, err)
		}
		return nil
	})
	if err != nil && appended != 0 && !errors.Is(err, store.ErrUnknown) { // What may have been committed is seen to by the next start.
		if e := s.ledger.Void(appended); e != nil {
			s.log.Error("an entry of the side ledger could not be taken back: what it says is done when the server starts again", "entry", appended, "error", e)
		}
	}
	return err
}

// noteLedger writes how far the ledger and the database agree.
func noteLedger(w store.Writer, number uint64) error {
	state, err := agreeing(w, number)
	if err != nil {
		return err
	}
	return w.PutDocument(bucketLedger, historyKey, encode(state))
}

// agreeing is the state of a database that agrees with the ledger's entry of a number.
func agreeing(r store.Reader, number uint64) (*storedv1.LedgerState, error) {
	revision, err := identityRevision(r)
	if err != nil {
		return nil, err
	}
	access, _, err := accessledger.Head(r)
	if err != nil {
		return nil, err
	}
	history, err := readHistory(r)
	return &storedv1.LedgerState{Number: number, Revision: revision, Epoch: uint32(history.Epoch), Access: access}, err
}

// Replay puts what a ledger has and a database lacks into it, and gives how many
// entries that were. No service may be open over the store. Epochs are not
// replayed: they are those of the log; LedgerEpochs gives what the ledger knows of them.
func Replay(w store.Writer, l Ledger) (entries int, err error) {
	m := &storedv1.LedgerState{}
	if _, err := read(w, bucketLedger, historyKey, m); err != nil {
		return 0, err
	}
	var last syncengine.UnixMilli
	err = l.After(m.GetNumber(), func(e LedgerEntry) error {
		entries++
		last = e.At
		if !e.ID.IsZero() { // So that the servers' ledgers are known to be brought back.
			if err := putQueued(w, e, nil); err != nil {
				return err
			}
		}
		if e.Whole {
			if err := dropOthers(w, e.Documents); err != nil {
				return err
			}
		}
		return replay(w, e.Documents)
	})
	if err != nil || entries == 0 {
		return entries, err
	}
	return entries, errors.Join(accessledger.Mend(w, last), raiseRevision(w), noteLedger(w, l.Last()))
}

func replay(w store.Writer, documents []LedgerDocument) error {
	for _, d := range documents {
		var err error
		switch {
		case d.Bucket == bucketHistory || !slices.Contains(ledgered, d.Bucket):
		case d.Value == nil:
			err = w.DeleteDocument(d.Bucket, d.Key)
		default:
			err = w.PutDocument(d.Bucket, d.Key, d.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropOthers deletes what an entry of everything does not name.
func dropOthers(w store.Writer, all []LedgerDocument) error {
	named := map[documentKey]bool{}
	for _, d := range all {
		named[documentKey{d.Bucket, string(d.Key)}] = true
	}
	for _, bucket := range append(identity.LedgerBuckets(), bucketRules) {
		var others [][]byte
		err := w.Documents(bucket, nil, nil, func(d store.Document) bool {
			if !named[documentKey{bucket, string(d.Key)}] && !identity.MergedInLedger(bucket) {
				others = append(others, d.Key)
			}
			return true
		})
		for _, key := range others {
			err = errors.Join(err, w.DeleteDocument(bucket, key))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LedgerEpochs gives the epochs that a ledger knows of, also those that a
// database from before them does not.
func LedgerEpochs(l Ledger) (forks []syncengine.Fork, err error) {
	err = histories(l, func(m *storedv1.History) { forks = historyOf(m, syncengine.Epoch(m.GetEpoch())).Forks })
	return forks, err
}

// LedgerDoubtful gives the epochs that a ledger knows to have had two histories.
func LedgerDoubtful(l Ledger) (epochs []syncengine.Epoch, err error) {
	err = histories(l, func(m *storedv1.History) { epochs = append(epochs, doubtfulIn(m)...) })
	slices.Sort(epochs)
	return slices.Compact(epochs), err
}

// histories calls f for what a ledger was told of the epochs, the oldest first.
func histories(l Ledger, f func(*storedv1.History)) error {
	return l.After(0, func(e LedgerEntry) error {
		for _, d := range e.Documents {
			if d.Bucket != bucketHistory {
				continue
			}
			m := &storedv1.History{}
			if err := proto.Unmarshal(d.Value, m); err != nil {
				return fmt.Errorf("entry %d of the side ledger: %w", e.Number, err)
			}
			f(m)
		}
		return nil
	})
}
