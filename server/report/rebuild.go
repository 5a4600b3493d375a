package report

import (
	"bytes"
	"context"
	"fmt"

	"onedoor/domain/metrics"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Rebuilt is what a rebuild came to.
type Rebuilt struct {
	// At is where the log stands up to which everything counts.
	At syncengine.Seq
	// Same says that the new count is the one that was dropped; true also where there was none.
	Same bool
	// Hash is over all that is counted.
	Hash []byte
}

// Rebuild drops the projection and counts it anew from the log. Frozen months are no projection and stay.
func (s *Service) Rebuild(ctx context.Context, progress Progress) (out Rebuilt, err error) {
	if err := s.take(ctx, nil); err != nil {
		return out, err
	}
	defer s.release()
	err = s.realm.View(ctx, func(r store.Reader) error {
		var before []byte
		if s.projection != nil {
			if err := s.followTo(r, nil); err != nil {
				return err
			}
			before = s.projection.digest()
		}
		s.projection = nil
		clear(s.published)
		if err := s.followTo(r, progress); err != nil {
			return err
		}
		out = Rebuilt{At: s.projection.at.Seq, Hash: s.projection.digest()}
		out.Same = before == nil || bytes.Equal(before, out.Hash)
		return nil
	})
	return out, err
}

// Verification is what a check found.
type Verification struct {
	At       syncengine.Seq
	Months   int
	Problems []string
}

// Verify counts the log a second time beside the projection and compares the two, and holds frozen months against their
// hashes. The projection stays as it is.
func (s *Service) Verify(ctx context.Context, progress Progress) (out Verification, err error) {
	if err := s.take(ctx, nil); err != nil {
		return out, err
	}
	defer s.release()
	err = s.realm.View(ctx, func(r store.Reader) error {
		if err := s.followTo(r, nil); err != nil {
			return err
		}
		out.At = s.projection.at.Seq
		if out.Problems, err = s.compare(r, progress); err != nil {
			return err
		}
		months, problems, err := verifyFrozen(r)
		out.Months, out.Problems = months, append(out.Problems, problems...)
		return err
	})
	return out, err
}

// compare counts the reader's log anew and says where the projection is another. The caller has taken its turn and has followed.
func (s *Service) compare(r store.Reader, progress Progress) ([]string, error) {
	again := newProjection()
	if err := s.lay(r, again); err != nil {
		return nil, err
	}
	if err := (&folding{p: again, r: r, log: s.realm}).build(progress); err != nil {
		return nil, err
	}
	if bytes.Equal(again.digest(), s.projection.digest()) {
		return nil, nil
	}
	return s.differences(again), nil
}

// differences names the figures in which two projections of one log differ over all time.
func (s *Service) differences(again *projection) []string {
	out := []string{fmt.Sprintf("what is counted up to entry %d is not what the log gives: run `onedoor report rebuild`", again.at.Seq)}
	period := metrics.Period{From: 1, To: known(again.at), Known: known(again.at)}
	for _, f := range metrics.Figures() {
		a, b := s.projection.count(f, period, everywhere()), again.count(f, period, everywhere())
		for c := range a.cells {
			if a.cells[c] != b.cells[c] {
				out = append(out, fmt.Sprintf("%s: %+v counted, the log gives %+v", f.Name, a.cells[c], b.cells[c]))
			}
		}
	}
	return out
}
