package exchange

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// RecordAt gives a record as it stood when the log had reached an entry; nil when there was none. What was erased since is
// missing from it. It reduces the record's own history again, so it costs what that is long.
func (s *Service) RecordAt(r store.Reader, id syncengine.ID, at syncengine.Seq) (*syncengine.Record, error) {
	rec, err := s.Record(r, id)
	if err != nil || rec == nil || rec.Seq <= at {
		return rec, err
	}
	history, err := s.historyUpTo(r, rec, at)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	v := &verifying{
		r: r, out: &Verification{Head: r.Head()}, schema: s.Schema(), records: map[syncengine.ID]*syncengine.Record{},
		waiting: map[syncengine.Seq]bool{}, then: map[syncengine.Epoch]syncengine.World{},
	}
	if v.history, err = historyDocument(r); err != nil {
		return nil, err
	}
	if v.world.Lineage, err = identity.Lineage(r); err != nil {
		return nil, err
	}
	v.world.History = historyOf(v.history, syncengine.Epoch(v.history.GetEpoch()))
	for _, e := range history {
		if err := v.replay(e); err != nil {
			return nil, err
		}
	}
	return v.records[id], nil
}

// historyUpTo gives the entries of a record up to one, the oldest first.
func (s *Service) historyUpTo(r store.Reader, rec *syncengine.Record, at syncengine.Seq) (out []store.Entry, err error) {
	err = s.Entries(r, rec, func(e store.Entry) bool {
		if e.Seq <= at {
			out = append(out, e)
		}
		return true
	})
	slices.Reverse(out)
	return out, err
}

// replay is entry for one record's history, whose authors' chains are not followed.
func (v *verifying) replay(e store.Entry) error {
	if e.Type != store.EntryApplied && e.Type != store.EntryMerged {
		return v.entry(e)
	}
	extra, err := Extra(e)
	if err == nil {
		v.merge(e, e.Body, extra)
	}
	return err
}

// CommitOf gives the commit that an entry of the log came with: the last entry of it, and when it was.
func (s *Service) CommitOf(r store.Reader, seq syncengine.Seq) (last syncengine.Seq, at syncengine.UnixMilli, err error) {
	var failed error
	err = r.Documents(bucketCommit, seqKey(seq), nil, func(d store.Document) bool {
		m := &storedv1.Commit{}
		failed = proto.Unmarshal(d.Value, m)
		last, at = seqOfKey(d.Key), syncengine.UnixMilli(m.GetTimeMs())
		return false
	})
	if err == nil {
		err = failed
	}
	return last, at, err
}

// Commits calls f for every commit in log order, with its last entry and when it was, until f returns false.
func (s *Service) Commits(r store.Reader, f func(last syncengine.Seq, at syncengine.UnixMilli) bool) error {
	var failed error
	err := r.Documents(bucketCommit, nil, nil, func(d store.Document) bool {
		m := &storedv1.Commit{}
		failed = proto.Unmarshal(d.Value, m)
		return failed == nil && f(seqOfKey(d.Key), syncengine.UnixMilli(m.GetTimeMs()))
	})
	return errors.Join(err, failed)
}

// TagAt gives the mark of the commit that an entry came with; ok is false above the log.
func (s *Service) TagAt(r store.Reader, seq syncengine.Seq) (tag store.Tag, ok bool, err error) {
	return tagAt(r, seq)
}
