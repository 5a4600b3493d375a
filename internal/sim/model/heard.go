package model

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// hearAgain has the phone send again what it was told of by another history, where the one in force has the change all the
// same: it may have been decided otherwise. What it shares with the database that it was copied from it cannot ask of;
// heard is the last change that it had an outcome of.
func (ph *phone) hearAgain(shared, heard syncengine.DeviceSeq) {
	for seq := max(ph.first, shared+1, 1); seq <= min(ph.mark, heard); seq++ {
		if !ph.memory.stands(seq, ph.epoch) {
			ph.mark = seq - 1
			return
		}
	}
}

// stands reports that the log of an epoch has a change where the phone was told that it stands, by all that it was told.
func (y *memory) stands(seq syncengine.DeviceSeq, now syncengine.Epoch) bool {
	at, told := y.said[seq]
	if !told || at.Epoch > now {
		return false
	}
	for now != at.Epoch {
		f, known := y.forks[max(now, at.Epoch)]
		if !known || at.Seq > f.At {
			return false
		}
		if now > at.Epoch {
			now = parentOf(f)
		} else {
			at.Epoch = parentOf(f)
		}
	}
	return true
}

// branchedOff takes in what a reply tells of the epochs.
func (y *memory) branchedOff(reply *syncv1.ExchangeResponse) {
	for _, f := range reply.GetForks() {
		e := syncengine.Epoch(f.GetEpoch())
		y.forks[e] = syncengine.Fork{Epoch: e, Parent: syncengine.Epoch(f.GetParent()), At: syncengine.Seq(f.GetAt())}
	}
}
