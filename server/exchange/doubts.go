package exchange

import (
	"slices"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// doubts tells, while a reply is cut, what counts of what a phone says of ended epochs: where a number is the name of two
// histories, only as much as the phone was proven to have seen of this log. judging.countBase holds bases against the same.
type doubts struct {
	history  syncengine.History
	progress *storedv1.Progress
	// epochs are those that are doubtful for everybody and those that are for the phone.
	epochs []uint32
}

// readDoubts reads what is doubtful for a phone.
func readDoubts(r store.Reader, incarnation syncengine.ID) (*doubts, error) {
	m, err := historyDocument(r)
	if err != nil {
		return nil, err
	}
	d := &doubts{history: historyOf(m, syncengine.Epoch(m.GetEpoch())), progress: &storedv1.Progress{}}
	if _, err := read(r, bucketProgress, incarnation[:], d.progress); err != nil {
		return nil, err
	}
	d.epochs = slices.Concat(m.GetDoubtful(), d.progress.GetDoubtful())
	slices.Sort(d.epochs)
	d.epochs = slices.Compact(d.epochs)
	return d, nil
}

// about reports that the numbers of an epoch may be those of another history.
func (d *doubts) about(e syncengine.Epoch) bool { return slices.Contains(d.epochs, uint32(e)) }

// seen gives the greatest place of an epoch that the phone was proven to have seen of this log; seq 0 for none.
func (d *doubts) seen(e syncengine.Epoch) syncengine.Coordinate {
	most, _ := servedIn(d.history, d.progress, e)
	return syncengine.Coordinate{Epoch: e, Seq: most}
}

// counts gives as much of a base as counts.
func (d *doubts) counts(base syncengine.Coordinate) syncengine.Coordinate {
	if !d.about(base.Epoch) || base.Seq <= d.seen(base.Epoch).Seq {
		return base
	}
	if base = d.seen(base.Epoch); base.Seq == 0 {
		return syncengine.Coordinate{}
	}
	return base
}

// told gives how far the phone has taken in what this log had to tell when it says that it has done so up to a place.
// A place beyond the head is one of another history, also where nobody has noticed yet.
func (d *doubts) told(at syncengine.Coordinate, head syncengine.Seq) syncengine.Seq {
	seq := min(at.Seq, d.history.Shared(at.Epoch))
	if d.about(at.Epoch) || seq > head {
		seq = min(seq, d.seen(at.Epoch).Seq)
	}
	return min(seq, head)
}

// counted gives what counts of bases in doubtful epochs where it makes a difference to one of some places.
func (d *doubts) counted(places []syncengine.Coordinate) (out []syncengine.Coordinate) {
	for _, e := range d.epochs {
		most := d.seen(syncengine.Epoch(e))
		if slices.ContainsFunc(places, func(at syncengine.Coordinate) bool { return at.Epoch <= most.Epoch && at.Seq > most.Seq }) {
			out = append(out, most)
		}
	}
	return out
}
