package model

import (
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/syncengine"
)

// checkPlaces wants the stored values of changes that were supplied again to keep
// the places that they had before a restore: who saw them there must go on
// covering them. It holds in every history, also where values are not predicted.
func (m *Model) checkPlaces(f finding, stored *syncengine.Record) {
	for i := range stored.Cells {
		for _, v := range stored.Cells[i].Values {
			for _, at := range m.placesBefore(v.Write.Dot) {
				f.want(slices.Contains(v.Write.Coordinates, at), I13, "change %s stood at %v before a restore, and its value no longer does",
					named(v.Write.Dot), at)
			}
		}
	}
}

// placesBefore gives the places of earlier epochs with which a change was decided.
func (m *Model) placesBefore(dot syncengine.Dot) (out []syncengine.Coordinate) {
	d := m.now.decided[dot]
	if d == nil || len(d.entry.Extra) == 0 {
		return nil
	}
	extra := &storedv1.Extra{}
	if !m.at(0, d.entry.RecordID).want(proto.Unmarshal(d.entry.Extra, extra) == nil, I13, "what entry %d says besides cannot be read", d.entry.Seq) {
		return nil
	}
	for _, at := range extra.GetFirst() {
		out = append(out, syncengine.Coordinate{Epoch: syncengine.Epoch(at.GetEpoch()), Seq: syncengine.Seq(at.GetSeq())})
	}
	return out
}
