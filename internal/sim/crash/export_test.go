package crash

import (
	"fmt"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Standings of a marker.
const (
	Asked        = asked
	Refused      = refused
	Durable      = durable
	Acknowledged = acknowledged
)

// Book is a ledger that a test writes by hand.
type Book struct{ ledger ledger }

// Edit notes an edit that makes records, with what the phone said of it.
func (b *Book) Edit(said standing, markers ...string) {
	b.ledger.ask([]edit{{Kind: editVisit, Markers: markers}})
	switch said {
	case refused:
		b.ledger.say(edited{Markers: markers, Refused: "full"})
	case durable, acknowledged:
		b.ledger.say(edited{Markers: markers})
	}
	if said == acknowledged {
		b.ledger.acknowledge(markers)
	}
}

// Facts is what a phone shows.
type Facts = facts

// Receipt is a signed proof.
type Receipt = receiptFact

// Finding is what an audit of a log by hand found.
type Finding struct {
	Lost, Duplicated, Problems []string
}

// Audit counts a log by hand, of changes of one incarnation, and checks phones.
func Audit(b *Book, owed standing, log []string, phones ...*Facts) Finding {
	a := &audit{ledger: &b.ledger, log: map[string]int{}, chains: map[string][]syncengine.Chain{}}
	for i, body := range log {
		a.entry(store.Entry{Seq: syncengine.Seq(i + 1), DeviceSeq: syncengine.DeviceSeq(i + 1), Body: []byte(body)})
	}
	a.head = store.Head{Epoch: 1, Seq: syncengine.Seq(len(log))}
	a.count(owed)
	for i, f := range phones {
		a.phone(i, f, 1)
	}
	if len(phones) > 0 {
		a.agree(phones)
	}
	return Finding{a.lost, a.duplicated, a.problems}
}

// Unheard counts what phones hold for unsent although a log by hand has it.
func Unheard(log []string, phones ...*Facts) int {
	a := &audit{log: map[string]int{}}
	for _, body := range log {
		a.log[body]++
	}
	return a.unheard(phones)
}

// Planned gives everything that a seed chooses for one round, and for one life of the server, as text.
func Planned(seed uint64, cycle, phone, number int) string {
	return fmt.Sprintf("%+v %+v", newRound(seed, cycle, Kills, phone, number), newArm(draws(seed, cycle, "server", number), 200, 16))
}
