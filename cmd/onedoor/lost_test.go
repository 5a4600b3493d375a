package main_test

import (
	"context"
	"crypto/ed25519"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
)

// A phone is stolen at the market. The operator orders it to be wiped, reads what was on it, and when the thief lets it
// find a network it gets nothing but the order, and signs that it was carried out.
func TestDevice_AStolenPhoneIsWipedAndSignsForIt(t *testing.T) {
	w := serving(t).withGrids()
	p := w.phone(w.user("安", "grid_worker", "530702001001001"))
	p.door("530702001001001", "福慧路3号")
	p.sync()
	said := w.json("device", "wipe", "--device", p.incarnation.String(), "--reason", "手机在集市被盗")
	if said.text("state") != "wiping" || said.at("loss", "records", "premises") != float64(1) || said.text("loss", "reason") != "手机在集市被盗" {
		t.Errorf("the command says %v", said)
	}
	resp, err := p.client.Exchange(context.Background(), p.request())
	w.must(err)
	if resp.GetWipe() == nil || resp.GetPage() != nil || resp.GetGrants() != nil || len(resp.GetCursor()) > 0 {
		t.Errorf("the phone is answered %v", resp)
	}
	p.nonce = resp.GetNonce()
	if resp, err = p.client.Exchange(context.Background(), p.wiped(resp.GetWipe())); err != nil || !resp.GetWipeConfirmed() {
		t.Errorf("the receipt is answered %v, %v", resp, err)
	}
	list := w.json("device", "list")
	for i := range list.list("devices") {
		if list.text("devices", i, "id") == p.incarnation.String() && list.text("devices", i, "state") != "wiped" {
			t.Errorf("the list says %v", list.at("devices", i))
		}
	}
}

// wiped is the request with the device's receipt.
func (p *phone) wiped(order *syncv1.Wipe) *syncv1.ExchangeRequest {
	p.w.t.Helper()
	body := &syncv1.ExchangeBody{}
	p.w.must(proto.Unmarshal(p.request().GetBody(), body))
	body.Wiped = &syncv1.WipeReceipt{OrderedMs: order.GetOrderedMs(), WipedMs: time.Now().UnixMilli(), Records: 1, HandedIn: uint64(p.mark), Made: uint64(len(p.changes))}
	body.Wiped.Signature = ed25519.Sign(p.key, wire.WipedMessage(p.incarnation[:], body.Wiped))
	b, err := proto.Marshal(body)
	p.w.must(err)
	return &syncv1.ExchangeRequest{Body: b, Signature: ed25519.Sign(p.key, wire.ExchangeMessage(b))}
}

// A volunteer helps in a second grid for the week: the door there reaches the phone, and nobody else loses anything. A day
// that is over, or one years off, is no help.
func TestAssign_AVolunteerHelpsUntilADay(t *testing.T) {
	w := serving(t).withGrids()
	worker := w.phone(w.user("木林", "grid_worker", gridB))
	worker.door(gridB, "新华街1号")
	worker.sync()
	user := w.user("志愿者", "helper", gridA)
	until := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	said := w.json("assign", "set", "--territory", gridB, "--worker", user, "--until", until)
	if said.at("until") == nil {
		t.Errorf("the command says %v", said)
	}
	resp, err := w.phone(user).viewed()
	w.must(err)
	if ends := endingKeys(resp); ends == 0 {
		t.Error("nothing on the volunteer's phone ends by itself")
	}
	for _, day := range []string{"2020-01-01", time.Now().AddDate(3, 0, 0).Format(time.DateOnly), "morgen"} {
		if got := w.run("assign", "set", "--territory", gridB, "--worker", user, "--until", day); got.code == 0 {
			t.Errorf("help until %s is taken", day)
		}
	}
}

// viewed asks for all of what the phone holds once more.
func (p *phone) viewed() (*syncv1.ExchangeResponse, error) {
	p.cursor = nil
	return p.client.Exchange(context.Background(), p.request())
}

func endingKeys(m *syncv1.ExchangeResponse) (n int) {
	for _, k := range m.GetView().GetKeys() {
		if len(k.GetUntilMs()) > 0 {
			n++
		}
	}
	return n
}
