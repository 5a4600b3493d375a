package client

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// answer is a server's reply that was found to be in the protocol's form, with
// what it answers.
type answer struct {
	*syncv1.ExchangeResponse
	sent *sending
	// outcomes are those of the batch, in its order.
	outcomes []*syncv1.Outcome
}

// readAnswer checks a reply before anything of it is taken.
func readAnswer(sent *sending, m *syncv1.ExchangeResponse) (*answer, error) {
	a := &answer{ExchangeResponse: m, sent: sent, outcomes: m.GetOutcomes().GetResults()}
	switch {
	case len(m.GetNonce()) == 0:
		return nil, fmt.Errorf("%w: no nonce", ErrReply)
	case len(a.outcomes) > 0 && (!a.complete() || m.GetOutcomes().GetFirstDeviceSeq() != uint64(sent.batch[0].DeviceSeq)):
		return nil, fmt.Errorf("%w: %d outcomes from change %d for %d changes", ErrReply, len(a.outcomes),
			m.GetOutcomes().GetFirstDeviceSeq(), len(sent.batch))
	case len(a.outcomes) == 0 && len(sent.batch) > 0 && m.GetExpected() == 0 && m.GetFork() == nil:
		return nil, fmt.Errorf("%w: no outcome for %d changes", ErrReply, len(sent.batch))
	case m.GetCaughtUp() && (m.GetPosition() == nil || len(m.GetTag()) != tagBytes):
		return nil, fmt.Errorf("%w: caught up at no place", ErrReply)
	}
	if slices.Contains(a.outcomes, nil) {
		return nil, fmt.Errorf("%w: an empty outcome", ErrReply)
	}
	return a, a.checkPage()
}

// complete reports that the outcomes are those of the whole batch or, in a fork,
// of the changes that both copies share.
func (a *answer) complete() bool {
	return len(a.outcomes) == len(a.sent.batch) || a.GetFork() != nil && len(a.outcomes) < len(a.sent.batch)
}

// tagBytes is the length of a commit's tag.
const tagBytes = 8

func (a *answer) checkPage() error {
	keys, authors := len(a.GetPage().GetKeys()), len(a.GetPage().GetAuthors())
	for _, rec := range a.GetPage().GetRecords() {
		if _, ok := syncengine.IDFromBytes(rec.GetId()); !ok {
			return fmt.Errorf("%w: a record with an id of %d bytes", ErrReply, len(rec.GetId()))
		}
		for _, k := range rec.GetKeys() {
			if int(k) >= keys {
				return fmt.Errorf("%w: key %d of %d", ErrReply, k, keys)
			}
		}
		for _, w := range rec.GetWrites() {
			if int(w.GetAuthor()) >= authors {
				return fmt.Errorf("%w: author %d of %d", ErrReply, w.GetAuthor(), authors)
			}
		}
	}
	return nil
}

// fresh reports that the nonce was, so that the answer holds a page.
func (a *answer) fresh() bool {
	return a.GetNonceState() == syncv1.NonceState_NONCE_STATE_UNSPECIFIED
}

// revoked reports that the server gives this device nothing any more.
func (a *answer) revoked() bool {
	return a.fresh() && a.GetFork() == nil && len(a.GetCursor()) == 0
}

// plain reports that an answer moves cursor, nonce and mark, and nothing else
// that the next request says.
func (a *answer) plain() bool {
	return a.fresh() && a.GetFork() == nil && a.GetExpected() == 0 && a.GetGrants() == nil &&
		len(a.GetCursor()) > 0 && len(a.GetBarriers())+len(a.GetForks()) == 0 && a.GetRulebook() == nil && !a.appliedSealed()
}

// appliedSealed reports that the server calls a change applied that was sent sealed:
// it had come in the clear before, and the phone cannot fold it in any more.
func (a *answer) appliedSealed() bool {
	for i, o := range a.outcomes {
		if o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED && a.sent.batch[i].SealingKey != 0 {
			return true
		}
	}
	return false
}

// advance moves cursor, nonce and mark on.
func (a *answer) advance(pos *position) {
	pos.Nonce = a.GetNonce()
	if len(a.GetCursor()) > 0 {
		pos.Cursor, pos.Stood, pos.StoodAs = a.GetCursor(), nil, syncengine.ID{}
	}
	pos.Mark = max(pos.Mark, a.sent.absentTo)
	if len(a.outcomes) > 0 {
		pos.Mark = a.sent.batch[len(a.sent.batch)-1].DeviceSeq
	}
	if seq := a.GetBarrierSeq(); seq > 0 {
		pos.BarrierAt = syncengine.Coordinate{Epoch: syncengine.Epoch(a.GetEpoch()), Seq: syncengine.Seq(seq)}
	}
	if e := syncengine.DeviceSeq(a.GetExpected()); e > 0 {
		// What the server has beyond the mark was never answered: sent again, it is. What it
		// lacks of what it has answered is lost there: it is sent with its proof.
		if e <= pos.Mark {
			pos.Supplied = max(pos.Supplied, pos.Mark)
		}
		pos.Mark = min(pos.Mark, e-1)
	}
}

// more reports that another exchange is called for, given the state after this one.
func (a *answer) more(s *state) bool {
	return s.pos.Mark < s.end.Seq || s.pos.Handing || a.GetMoreBarriers() || !a.fresh() || !a.GetCaughtUp() && !a.revoked()
}

// epochOf gives the epoch of an outcome's coordinate.
func (a *answer) epochOf(o *syncv1.Outcome) syncengine.Epoch {
	if o.GetEpoch() != 0 {
		return syncengine.Epoch(o.GetEpoch())
	}
	return syncengine.Epoch(a.GetEpoch())
}

// segment gives the outcomes as they are journalled: those of the reply, each
// with its own epoch, so that a segment can be read by itself.
func (a *answer) segment() (localdb.OutcomeSegment, error) {
	for _, o := range a.outcomes {
		o.Epoch = uint32(a.epochOf(o))
	}
	body, err := proto.Marshal(a.GetOutcomes())
	return localdb.OutcomeSegment{
		First: a.sent.batch[0].DeviceSeq, Last: a.sent.batch[len(a.outcomes)-1].DeviceSeq, Body: body,
	}, err
}
