package adminrpc

import (
	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ReadLog gives log entries in seq order. Each page is read in a transaction of
// its own, so that a slow reader holds none open; the log only grows.
func (s *Service) ReadLog(req *adminv1.ReadLogRequest, stream grpc.ServerStreamingServer[adminv1.ReadLogResponse]) error {
	_, err := answer(stream.Context(), s, anyone, func(c *caller) (struct{}, error) {
		next, until := syncengine.Seq(req.GetAfterSeq()), syncengine.Seq(req.GetUntilSeq())
		for {
			var page []*adminv1.LogEntry
			done := false
			err := s.view(c, accessledger.LogRead, func(x *reach) (err error) {
				if until == 0 {
					until = x.r.Head().Seq
				}
				page, next, done, err = x.logPage(next, until)
				return err
			})
			if err != nil {
				return struct{}{}, err
			}
			for _, m := range page {
				if err := stream.Send(&adminv1.ReadLogResponse{Entry: m}); err != nil {
					return struct{}{}, err
				}
			}
			if done {
				return struct{}{}, nil
			}
		}
	})
	return err
}

// logPage reads some entries above after and tells where to go on.
func (x *reach) logPage(after, until syncengine.Seq) (page []*adminv1.LogEntry, next syncengine.Seq, done bool, err error) {
	next, done = after, true
	var failed error
	err = x.r.Entries(after, func(e store.Entry) bool {
		if e.Seq > until {
			return false
		}
		if e.Seq > after+pageMax {
			done = false
			return false
		}
		next = e.Seq
		var m *adminv1.LogEntry
		if m, failed = x.entry(e); m != nil {
			page = append(page, m)
		}
		return failed == nil
	})
	if failed != nil {
		err = failed
	}
	return page, next, done, err
}

// entry tells a log entry; nil when the caller may not know of it.
func (x *reach) entry(e store.Entry) (*adminv1.LogEntry, error) {
	cells, err := x.cells(e)
	if err != nil {
		return nil, err
	}
	v, err := x.ofChange(e, cells)
	if err != nil || !v.seen {
		return nil, err
	}
	author, err := x.author(e.Incarnation)
	if err != nil {
		return nil, err
	}
	extra, err := exchange.Extra(e)
	if err != nil {
		return nil, err
	}
	m := &adminv1.LogEntry{
		Seq: uint64(e.Seq), Type: adminv1.LogEntryType(e.Type), Author: author, DeviceSeq: uint64(e.DeviceSeq),
		RecordId: wire.BytesOf(e.RecordID), RecordKind: recordKind(e.Kind), PrevSeq: uint64(e.Prev), RefSeq: uint64(e.Ref),
		StampMs: int64(e.Stamp), Suspect: e.Suspect, Reason: quarantineReason(e.Reason), Rank: uint32(e.Rank),
		AfterHandover: extra.GetAfterHandover(), ConflictIds: extra.GetConflicts(), Cells: x.written(v, cells),
		DecidedBy: extra.GetDecidedBy(), AbsentUntil: extra.GetAbsentUntil(),
	}
	if v.classes != 0 {
		m.Decision = extra.GetDecision()
	}
	return m, nil
}
