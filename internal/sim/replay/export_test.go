package replay

import (
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
)

// FinalScreen gives what each cell shows when a ward's plan has been played.
func FinalScreen(w *WardPlan) func(key RecordKey, field, mapKey string) string {
	l := replayed(w)
	return func(key RecordKey, field, mapKey string) string {
		return judge(key.Kind, writesTo(l.records[key], cell{field, mapKey})).shown
	}
}

// OpenCells counts the cells of a ward that must wait for a person in the end.
func OpenCells(w *WardPlan) int {
	n := 0
	for key, entries := range replayed(w).records {
		for _, writes := range writesByCell(entries) {
			if judge(key.Kind, writes).open {
				n++
			}
		}
	}
	return n
}

// Keys of records, as tests name them.
var (
	DoorKey   = doorKey
	VisitKey  = visitKey
	HazardKey = hazardKey
	NoteOf    = noteOf
)

// History is a ledger of one record that tests write by hand.
type History struct {
	ledger *ledger
	key    RecordKey
	at     domain.UnixMilli
}

// NewHistory begins the history of a record of a kind, which two phones have.
func NewHistory(kind recordv1.Kind, field, value string) *History {
	h := &History{ledger: newLedger(&WardPlan{Team: make([]Seat, 3)}), key: RecordKey{kind, "1"}}
	h.Create(0, field, value)
	for phone := range PhoneIndex(3) {
		h.Sync(phone)
	}
	return h
}

// Create lets a phone make the record with one value.
func (h *History) Create(phone PhoneIndex, field, value string) { h.put(phone, true, field, value) }

// Write lets a phone write one value.
func (h *History) Write(phone PhoneIndex, field, value string) { h.put(phone, false, field, value) }

func (h *History) put(phone PhoneIndex, create bool, field, value string) {
	h.at++
	p := &h.ledger.phones[phone]
	p.written++
	e := &entry{phone: phone, order: p.written, seen: p.seen, at: h.at, create: create, values: []cellValue{{cell{field, ""}, value}}}
	p.pending = append(p.pending, e)
	h.ledger.records[h.key] = append(h.ledger.records[h.key], e)
}

// Sync lets a phone sync.
func (h *History) Sync(phone PhoneIndex) { h.ledger.sync(phone) }

// Screen gives what a phone shows.
func (h *History) Screen(phone PhoneIndex, field string) string {
	return h.ledger.screen(phone, h.key, cell{field, ""})
}

// Verdict gives what must be found in the end.
func (h *History) Verdict(field string) (shown string, beside []string, open bool) {
	v := judge(h.key.Kind, writesTo(h.ledger.records[h.key], cell{field, ""}))
	return v.shown, v.beside, v.open
}
