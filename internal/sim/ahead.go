package sim

import (
	"context"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
)

var _ client.AheadSender = (*line)(nil)

// aheadLostIn says that one of so many batches sent ahead is lost on its way: its exchange brings it itself.
const aheadLostIn = 4

// SendsAhead has every batch but the first sent ahead, however small.
func (l *line) SendsAhead(int) bool { return true }

// SendAhead brings a batch to the server at once, which forgets it when it is started anew.
func (l *line) SendAhead(ctx context.Context, req *syncv1.SendAheadRequest) error {
	p := l.p
	w := p.w
	p.aheads++
	if d := diceFor(w.c.Seed, p.name+" ahead", p.aheads); !w.healed && d.oneIn(aheadLostIn) || w.server.down {
		return errDown
	}
	if w.ahead == nil {
		w.ahead = map[[32]byte][]byte{}
	}
	w.ahead[wire.AheadHash(req.GetChanges())] = req.GetChanges()
	w.strike(SentAhead)
	_, err := w.server.service.SendAhead(ctx, clone(req))
	return err
}

// wholeBody reads a request with the changes that it names.
func (w *world) wholeBody(req *syncv1.ExchangeRequest) *syncv1.ExchangeBody {
	body := bodyOf(req)
	b := body.GetBatch()
	if hash := b.GetSentAhead(); len(hash) == len([32]byte{}) {
		changes := &syncv1.Batch{}
		w.must(proto.Unmarshal(w.ahead[[32]byte(hash)], changes), "read what was sent ahead")
		b.Changes, b.SentAhead = changes.GetChanges(), nil
	}
	return body
}
