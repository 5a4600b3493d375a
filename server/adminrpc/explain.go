package adminrpc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Explain tells why the values of a record are what they are, and its history.
func (s *Service) Explain(ctx context.Context, req *adminv1.ExplainRequest) (*adminv1.ExplainResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ExplainResponse, error) {
		id, err := idOf("record", req.GetRecordId())
		if err != nil {
			return nil, err
		}
		var out *adminv1.ExplainResponse
		err = s.view(c, accessledger.Explain, func(x *reach) (err error) {
			out, err = x.explain(id, req)
			return err
		})
		return out, err
	})
}

func (x *reach) explain(id syncengine.ID, req *adminv1.ExplainRequest) (*adminv1.ExplainResponse, error) {
	rec, err := x.service.realm.Record(x.r, id)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, fmt.Errorf("record %s: %w", id, errNoRecord)
	}
	v, err := x.of(rec)
	if err != nil {
		return nil, err
	}
	if !v.seen {
		return nil, fmt.Errorf("record %s: %w", id, errOutOfReach)
	}
	out := &adminv1.ExplainResponse{RecordId: rec.ID[:], RecordKind: recordKind(rec.Kind), Seq: uint64(rec.Seq), Dead: rec.Dead()}
	if out.TerritoryCodes, err = x.territoryCodes(rec); err != nil {
		return nil, err
	}
	if out.Label, err = x.label(rec, v); err != nil {
		return nil, err
	}
	for i := range rec.Cells {
		m, err := x.explainCell(v, rec, &rec.Cells[i])
		if err != nil {
			return nil, err
		}
		out.Cells = append(out.Cells, m)
	}
	return out, x.history(rec, req, out)
}

func (x *reach) territoryCodes(rec *syncengine.Record) ([]string, error) {
	var out []string
	for _, key := range rec.CurrentKeys() {
		if !key.IsTerritory() {
			continue
		}
		t, err := identity.GetTerritory(x.r, key.ID())
		if err != nil {
			return nil, err
		}
		out = append(out, t.Code)
	}
	return out, nil
}

func (x *reach) explainCell(v sight, rec *syncengine.Record, c *syncengine.Cell) (m *adminv1.ExplainedCell, err error) {
	m = &adminv1.ExplainedCell{Cell: v.cell(c.Key), Policy: v.policy(c.Key.Field)}
	if m.Shown, err = x.value(v, c.Key.Field, c.Shown()); err != nil {
		return nil, err
	}
	if m.Losing, err = x.values(v, c.Key.Field, c.Values[1:]); err != nil {
		return nil, err
	}
	if m.Kept, err = x.values(v, c.Key.Field, keptValues(c)); err != nil {
		return nil, err
	}
	if kind := x.world.ConflictAt(v.engine(), rec, c); kind != syncengine.NoConflict {
		id := syncengine.ConflictIDOf(rec.ID, c.Key)
		m.Conflict, m.ConflictId = syncv1.ConflictKind(kind), id[:]
	}
	return m, nil
}

// engine is what the engine knows of the kind; nil when this software does not know it.
func (v sight) engine() *syncengine.Kind {
	if v.kind == nil {
		return nil
	}
	return v.kind.Engine
}

// policy names the rule by which a field's shown value is chosen.
func (v sight) policy(field syncengine.FieldNumber) recordv1.MergePolicy {
	if v.kind == nil || field == syncengine.LifeField {
		return recordv1.MergePolicy_MERGE_POLICY_UNSPECIFIED
	}
	f, ok := v.kind.Field(field)
	if !ok {
		return recordv1.MergePolicy_MERGE_POLICY_UNSPECIFIED
	}
	if p := f.Rules.GetMerge(); p != recordv1.MergePolicy_MERGE_POLICY_UNSPECIFIED {
		return p
	}
	return recordv1.MergePolicy_MERGE_POLICY_LATEST
}

// history adds a record's entries, the newest first, and where older ones begin.
func (x *reach) history(rec *syncengine.Record, req *adminv1.ExplainRequest, out *adminv1.ExplainResponse) error {
	limit := int(min(req.GetHistoryLimit(), historyMax))
	if limit == 0 {
		limit = historyDefault
	}
	var failed error
	bytes := proto.Size(out)
	err := x.service.realm.Entries(x.r, rec, func(e store.Entry) bool {
		if before := syncengine.Seq(req.GetHistoryBefore()); before != 0 && e.Seq >= before {
			return true
		}
		var m *adminv1.LogEntry
		if m, failed = x.entry(e); failed != nil {
			return false
		}
		bytes += proto.Size(m)
		if n := len(out.History); n == limit || n > 0 && bytes > replyBytesMax {
			out.HistoryMoreBefore = out.History[n-1].GetSeq()
			return false
		}
		out.History = append(out.History, m)
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}
