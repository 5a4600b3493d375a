package client_test

import (
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// states lists what became of a phone's changes.
func (p *phone) states(from int64) (out []string) {
	p.w.t.Helper()
	for i, w := range p.written(from) {
		if w.DeviceSeq != from+int64(i) {
			p.w.t.Errorf("change %d stands at place %d", w.DeviceSeq, from+int64(i))
		}
		out = append(out, w.State)
	}
	return out
}

func (p *phone) written(from int64) []*client.Written {
	p.w.t.Helper()
	out, err := p.Written(from)
	p.w.must(err)
	return out
}

func TestWritten_TellsWhatBecameOfEachChange(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
	ann.edit(door, `{"rooms":4}`)
	if got := ann.states(1); len(got) != 2 || got[0] != client.WrittenPending || got[1] != client.WrittenPending {
		t.Errorf("before the sync %v", got)
	}
	ann.sync()
	w.moveUser(ann.user, gridB)
	ann.sync()
	ann.add("premises", `{"address":"民主路4号","territory":"`+gridA+`"}`)
	ann.sync()
	ann.add("premises", `{"address":"民主路5号","territory":"`+gridB+`"}`)
	want := []string{client.WrittenApplied, client.WrittenApplied, client.WrittenQuarantined, client.WrittenPending}
	got := ann.states(1)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("states %v, want %v", got, want)
		}
	}
	list := ann.written(3)
	if q := list[0]; q.Reason != "OUT_OF_SCOPE" || q.Seq == 0 || q.Kind != "premises" || !q.Create || list[1].Seq != 0 {
		t.Errorf("listed %+v and %+v", q, list[1])
	}
}

func TestWritten_BodiesAndSaltsMakeTheChainOfTheReceipt(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","contact":{"name":"王五","phone":"13800000000"}}`)
	ann.add("visit", `{"territory":"`+gridA+`","note":"一切正常"}`)
	ann.sync()
	var chain syncengine.Chain
	salted := false
	for _, c := range ann.written(1) {
		chain = chain.Next(syncengine.InnerDigest(c.Salt, c.Body))
		salted = salted || len(c.Salt) == wire.SaltBytes
	}
	receipts, err := ann.Receipts()
	w.must(err)
	if !salted || string(receipts[0].Chain) != string(chain[:]) {
		t.Errorf("salted %v, the receipt's chain is %x, that of what was written %x", salted, receipts[0].Chain, chain)
	}
}
