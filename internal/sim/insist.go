package sim

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/syncengine"
)

// insistences is how often an owner writes a note again that the server did not take.
const insistences = 3

// insist has the phone's owner write a note that the server cannot take, since the same edit names the poison, and write
// it again later on: what was refused lies beside the record then, and the author writes over what the screen shows.
func (p *phone) insist(d dice, visit syncengine.ID) {
	name := p.w.known.of(visit)
	p.do("notes to "+name+" what the server cannot stand,", edit{id: visit, message: &recordv1.Visit{Note: word(d), PremisesIds: [][]byte{poison[:]}}})
	at := int64(0)
	for range insistences {
		at += d.between(1, 8*p.w.weather.paceMs)
		p.w.after(at, func() {
			if p.on() && !p.w.healed && !p.barred() {
				p.do("insists on the note of "+name, edit{id: visit, message: &recordv1.Visit{Note: word(d)}})
			}
		})
	}
}
