package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/sealedfile"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A saved count is the projection in a file beside the realm, so that a server that starts goes on from there instead of
// counting ten million visits anew. It is a convenience and never believed over the log: it counts for the very log, history
// and software that it was made of, and `report verify` counts beside it as it does beside any other.
//
// The file is sealed, and its key stands in the realm's store. An erasure destroys the keys in its own transaction, so that what
// was erased is readable in no file from that moment on; the next save writes what stands.

const (
	// saveAfter is how many entries a count is saved anew after: what a start then has to follow takes some seconds. A realm
	// with fewer is counted as fast as a file is read, and has none.
	saveAfter = 200_000
	// saveAtStop is how many entries are worth a save when the server stops.
	saveAtStop = 20_000
	// keysMax is how many saved counts of a realm have keys: one for each of its servers, and some that went.
	keysMax = 16
)

// savedCount is where a service saves its count.
type savedCount struct {
	path     string
	random   io.Reader
	software func() ([]byte, error)
	// opened says that the file was looked at: a count is taken from it once, when the server starts.
	opened bool
	// at is the entry that the file stands at; 0 for none.
	at syncengine.Seq
	// after and atStop are saveAfter and saveAtStop, but for tests.
	after, atStop syncengine.Seq
}

// open gives the count that was saved, where it stands on the reader's log; nil for none. What cannot be used is removed.
func (c *savedCount) open(r store.Reader, realm *exchange.Service) (*projection, error) {
	c.opened = true
	f, err := sealedfile.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(c.path))
	}
	p, err := c.unseal(f, r, realm)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(c.path))
	}
	c.at = p.at.Seq
	return p, nil
}

// errOther: a saved count is of another log, another software, or of before an erasure.
var errOther = errors.New("the saved count is of another time")

func (c *savedCount) unseal(f *sealedfile.File, r store.Reader, realm *exchange.Service) (*projection, error) {
	value, ok, err := r.Document(exchange.BucketDerivedKeys, f.Name[:])
	if err != nil {
		return nil, err
	}
	m := &storedv1.SavedCount{}
	if err := proto.Unmarshal(value, m); err != nil || !ok {
		return nil, errors.Join(errOther, err)
	}
	software, err := c.software()
	if err != nil {
		return nil, err
	}
	head, at := r.Head(), syncengine.Seq(m.GetSeq())
	tag, ok, err := realm.TagAt(r, at)
	if err != nil || !ok || head.Epoch != syncengine.Epoch(m.GetEpoch()) || at > head.Seq || string(tag[:]) != string(m.GetTag()) || string(software) != string(m.GetSoftware()) {
		return nil, errors.Join(errOther, err)
	}
	in, err := f.Unseal(m.GetKey())
	if err != nil {
		return nil, err
	}
	p, err := readProjection(in)
	if err == nil && (p.at.Epoch != head.Epoch || p.at.Seq != at || p.at.Tag != tag) {
		err = fmt.Errorf("%w: it stands at %d, its key at %d", errSaved, p.at.Seq, at)
	}
	return p, err
}

// Save writes the count down where the log has grown by so many entries since it was last; 0 for in any case. It says whether
// it did.
func (s *Service) Save(ctx context.Context, grown syncengine.Seq) (done bool, err error) {
	if s.saved == nil {
		return false, nil
	}
	if err := s.take(ctx, nil); err != nil {
		return false, err
	}
	defer s.release()
	var file *sealedfile.Writer
	var m *storedv1.SavedCount
	var name syncengine.ID
	err = s.realm.View(ctx, func(r store.Reader) error {
		if err := s.followTo(r, nil); err != nil {
			return err
		}
		if s.projection.at.Seq < s.saved.standing(r)+grown {
			return nil
		}
		name, m, err = s.saved.newKey(s.projection.at)
		if err == nil {
			file, err = sealedfile.Create(s.saved.path, name, m.GetKey())
		}
		return err
	})
	if err != nil || file == nil {
		return false, err
	}
	if err = errors.Join(s.projection.save(file), file.Finish()); err == nil {
		err = s.realm.Update(ctx, func(w store.Writer) error { return keepKey(w, name, m) })
	}
	if err != nil {
		return false, errors.Join(err, file.Discard())
	}
	s.saved.at = syncengine.Seq(m.GetSeq())
	return true, file.Keep()
}

// standing gives the entry that the file stands at; 0 where its key is gone.
func (c *savedCount) standing(r store.Reader) syncengine.Seq {
	f, err := sealedfile.Open(c.path)
	if err != nil {
		return 0
	}
	defer f.Close()
	if _, ok, err := r.Document(exchange.BucketDerivedKeys, f.Name[:]); err != nil || !ok {
		return 0
	}
	return c.at
}

func (c *savedCount) newKey(at Watermark) (name syncengine.ID, m *storedv1.SavedCount, err error) {
	software, err := c.software()
	if err != nil {
		return name, nil, err
	}
	m = &storedv1.SavedCount{Key: make([]byte, sealedfile.KeyBytes), Epoch: uint32(at.Epoch), Seq: uint64(at.Seq), Tag: at.Tag[:], Software: software}
	if _, err = io.ReadFull(c.random, name[:]); err == nil {
		_, err = io.ReadFull(c.random, m.Key)
	}
	return name, m, err
}

// errErased: something was erased while a count was saved.
var errErased = errors.New("something was erased while the count was saved: it is saved another time")

// keepKey writes a saved count's key, unless something was erased since what it counted, and lets the oldest keys go.
func keepKey(w store.Writer, name syncengine.ID, m *storedv1.SavedCount) error {
	erased := w.Head().Epoch != syncengine.Epoch(m.GetEpoch())
	err := w.Entries(syncengine.Seq(m.GetSeq()), func(e store.Entry) bool {
		erased = erased || e.Type == store.EntryErased
		return !erased
	})
	if err != nil || erased {
		return errors.Join(err, errErased)
	}
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err
	}
	return errors.Join(dropKeys(w, keysMax-1), w.PutDocument(exchange.BucketDerivedKeys, name[:], value))
}

// dropKeys leaves the keys of so many saved counts, those that stand furthest in the log.
func dropKeys(w store.Writer, most int) error {
	type standing struct {
		key []byte
		seq uint64
	}
	var all []standing
	var failed error
	err := w.Documents(exchange.BucketDerivedKeys, nil, nil, func(d store.Document) bool {
		m := &storedv1.SavedCount{}
		failed = proto.Unmarshal(d.Value, m)
		all = append(all, standing{d.Key, m.GetSeq()})
		return failed == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b standing) int { return cmp.Compare(b.seq, a.seq) })
	for _, old := range all[min(most, len(all)):] {
		if err := w.DeleteDocument(exchange.BucketDerivedKeys, old.key); err != nil {
			return err
		}
	}
	return nil
}
