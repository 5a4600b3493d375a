package sim

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// A busy owner does not put the phone away while it syncs: what is written between a request and its reply lies over a
// base that moves below it. Fields that somebody corrects again and again, on a record that colleagues write to as well,
// show whether the author's sight is what counts then.

// busyMost is the rarest that a busy owner works during a call: once in so many.
const busyMost = 4

// busyCallsMax is during how many calls of one sync a busy owner works: who writes more in each than a batch takes would
// keep the phone syncing for ever.
const busyCallsMax = 100

// drawBusy draws how often owners work during a call: once in so many; 0 for never, in half of all seeds.
func drawBusy(seed uint64) int {
	d := diceFor(seed, "busy", 0)
	if d.oneIn(2) {
		return 0
	}
	return 1 + d.IntN(busyMost)
}

// beBusy lets the phone's owner correct a field while a call is on its way, which takes ms.
func (w *world) beBusy(f *flight, ms int64) {
	d := diceFor(w.c.Seed, f.phone.name+" is busy", f.number)
	s := f.phone.syncing
	if w.healed || s == nil || s.busied >= busyCallsMax || !d.oneIn(w.weather.busyIn) {
		return
	}
	s.busied++
	w.after(d.between(1, ms), func() { f.phone.correctAgain(d) })
}

// correctAgain has the phone's owner correct the newest door or the newest dispute that the phone shows.
func (p *phone) correctAgain(d dice) {
	kind := pick(d, []string{"premises", "dispute"})
	if !p.on() || p.barred() {
		return
	}
	list, err := p.replica.List(client.Query{Kind: kind})
	if !p.w.must(err, "list what "+p.name+" shows") || len(list) == 0 {
		return
	}
	for range 1 + d.IntN(2) {
		if !p.on() || p.barred() {
			return // The phone died of the correction before.
		}
		id := list[0].ID
		what := "corrects " + p.w.known.of(id)
		if kind == "premises" {
			p.do(what, edit{id: id, message: &recordv1.Premises{Rooms: proto.Uint32(uint32(d.IntN(6)))}})
			continue
		}
		p.do(what, p.participation(d, id))
	}
}

// participation takes one of few people in as a participant of a dispute, or out again.
func (p *phone) participation(d dice, dispute syncengine.ID) edit {
	someone := p.w.staff.users[0].id
	if d.oneIn(2) {
		return edit{id: dispute, message: &recordv1.Dispute{Participants: [][]byte{someone[:]}}}
	}
	return edit{id: dispute, message: &recordv1.Dispute{}, field: "participants", elements: []string{string(someone[:])}}
}
