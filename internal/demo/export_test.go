package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"onedoor/syncengine"
)

// Held gives options of a day whose server does nothing by itself afterwards.
func (o Options) Held() Options {
	o.held = true
	return o
}

// Seen is what a test may read back and tamper with before it is audited again.
type Seen struct {
	demo *Demo
	observed
}

// Reread opens the phones of a played day again and reads everything back.
func (d *Demo) Reread(ctx context.Context) (*Seen, error) {
	for _, h := range d.phones {
		if err := h.open(); err != nil {
			return nil, err
		}
	}
	seen, err := d.read(ctx)
	for _, h := range d.phones {
		err = errors.Join(err, h.putDown())
	}
	if err != nil {
		return nil, err
	}
	return &Seen{d, *seen}, nil
}

// Audit audits a copy of what was seen, after a change to it.
func (s *Seen) Audit(tamper func(*Seen)) Findings {
	forged := &Seen{s.demo, observed{
		records: slices.Clone(s.records), log: slices.Clone(s.log), open: slices.Clone(s.open), phones: slices.Clone(s.phones),
	}}
	for i := range forged.records {
		forged.records[i].cells = slices.Clone(forged.records[i].cells)
	}
	for i := range forged.phones {
		forged.phones[i].records = slices.Clone(forged.phones[i].records)
		forged.phones[i].conflicts = slices.Clone(forged.phones[i].conflicts)
	}
	tamper(forged)
	found, _ := audit(s.demo.prediction, &forged.observed)
	return found
}

// The forgeries that tests try on an auditor.

// ForgetChange takes a change of a phone out of the log.
func (s *Seen) ForgetChange() {
	s.log = slices.DeleteFunc(s.log, func(c seenChange) bool { return c.incarnation == s.phones[3].incarnation && c.seq == 7 })
}

// RepeatChange puts a change of a phone into the log twice.
func (s *Seen) RepeatChange() {
	i := slices.IndexFunc(s.log, func(c seenChange) bool { return c.incarnation == s.phones[3].incarnation && c.seq == 7 })
	s.log = append(s.log, s.log[i])
}

// HoldChange has a change of a phone wait in quarantine.
func (s *Seen) HoldChange() {
	i := slices.IndexFunc(s.log, func(c seenChange) bool { return c.incarnation == s.phones[3].incarnation && c.seq == 7 })
	s.log[i].quarantined = true
}

// note finds the first visit with a note and the note in it.
func (s *Seen) note() (record, cell int) {
	for i := range s.records {
		at := s.demo.prediction.records[s.records[i].id]
		if at == nil || at.ref.Kind != RecordVisit {
			continue
		}
		for k := range s.records[i].cells {
			if c := &s.records[i].cells[k]; fieldOf(at.kind, c.key.Field).name == FieldNote {
				return i, k
			}
		}
	}
	panic("no visit has a note")
}

// ForgetRecord takes a visit away from the server.
func (s *Seen) ForgetRecord() {
	i, _ := s.note()
	s.records = slices.Delete(s.records, i, i+1)
}

// ForgetCell takes a visit's note away from the server.
func (s *Seen) ForgetCell() {
	i, k := s.note()
	s.records[i].cells = slices.Delete(s.records[i].cells, k, k+1)
}

// AlterCell alters a visit's note at the server.
func (s *Seen) AlterCell() {
	i, k := s.note()
	s.records[i].cells[k].shown += "!"
}

// InventCell gives a visit a value that nobody wrote.
func (s *Seen) InventCell() {
	i, _ := s.note()
	s.records[i].cells = append(s.records[i].cells, seenCell{key: syncengine.CellKey{Field: 10}, shown: "\x50\x01"})
}

// ForgetLoser takes the values beside the shown one out of a contested cell.
func (s *Seen) ForgetLoser() {
	for i := range s.records {
		for k := range s.records[i].cells {
			if c := &s.records[i].cells[k]; len(sortedBut(c.stand, c.shown)) > 0 {
				c.stand = nil
				return
			}
		}
	}
	panic("no cell is contested")
}

// SwapWinner shows another value of a contested cell, without losing one.
func (s *Seen) SwapWinner() {
	for i := range s.records {
		for k := range s.records[i].cells {
			if c := &s.records[i].cells[k]; len(sortedBut(c.stand, c.shown)) > 0 {
				other := sortedBut(c.stand, c.shown)[0]
				c.stand, c.shown = []string{c.shown}, other
				return
			}
		}
	}
	panic("no cell is contested")
}

// AlterRegister alters the address of a door at the server.
func (s *Seen) AlterRegister() {
	for i := range s.records {
		if at := s.demo.prediction.records[s.records[i].id]; at != nil && at.ref == door(5) {
			c := &s.records[i].cells[1]
			c.shown += "!"
			return
		}
	}
	panic("door 5 is not there")
}

// DoubleRecord puts a visit at the server a second time, under another id.
func (s *Seen) DoubleRecord() {
	i, _ := s.note()
	twin := s.records[i]
	twin.id[15]++
	s.records = append(s.records, twin)
}

// RepeatRecord has the server list a visit twice.
func (s *Seen) RepeatRecord() {
	i, _ := s.note()
	s.records = append(s.records, s.records[i])
}

// AlterPhone alters a record on one phone.
func (s *Seen) AlterPhone() { s.phones[2].records[0].shown += "\x00" }

// ForgetOnPhone takes a record away from one phone.
func (s *Seen) ForgetOnPhone() { s.phones[2].records = s.phones[2].records[1:] }

// LeakToPhone gives a helper a dispute, which helpers are not to see.
func (s *Seen) LeakToPhone() {
	for i := range s.records {
		if at := s.demo.prediction.records[s.records[i].id]; at == nil || at.ref.Kind != RecordDispute {
			continue
		}
		for p := range s.phones {
			if s.demo.cast.UserOf(PhoneIndex(p)).Role == RoleHelper {
				s.phones[p].records = append(s.phones[p].records, phoneRecord{id: s.records[i].id})
				return
			}
		}
	}
	panic("no dispute, or no helper")
}

// RepeatOnPhone lists a record twice on one phone.
func (s *Seen) RepeatOnPhone() {
	s.phones[2].records = append(s.phones[2].records, s.phones[2].records[0])
}

// HideOnPhone takes a conflict off one phone's list.
func (s *Seen) HideOnPhone() {
	for i := range s.phones {
		if p := &s.phones[i]; len(p.conflicts) > 0 {
			p.conflicts = p.conflicts[1:]
			return
		}
	}
	panic("no phone lists a conflict")
}

// MisnameOnPhone gives a conflict's value another author on one phone.
func (s *Seen) MisnameOnPhone() {
	for i := range s.phones {
		if p := &s.phones[i]; len(p.conflicts) > 0 {
			p.conflicts[0].shown.atMs++
			return
		}
	}
	panic("no phone lists a conflict")
}

// PendingOnPhone leaves a change on one phone.
func (s *Seen) PendingOnPhone() { s.phones[1].pending = 1 }

// OtherDigest gives one phone another digest.
func (s *Seen) OtherDigest() { s.phones[1].digest = s.phones[2].digest[1:] }

// HideAtServer takes a conflict off the server's list.
func (s *Seen) HideAtServer() { s.open = s.open[1:] }

// InventAtServer has the server list a conflict that is none.
func (s *Seen) InventAtServer() {
	s.open = append(s.open, seenConflict{id: syncengine.ConflictID{1}, kind: openContested})
}

// Verdict is what the auditor demands of one cell.
type Verdict struct {
	Shown        string
	Beside, Kept []string
	Open         string
}

// JudgeDay gives the auditor's verdict on a cell of a day told by hand, whose phones are carried by people of the roles.
// Values are told as the script writes them.
func JudgeDay(day *Day, roles []Role, at Cell) (Verdict, error) {
	cast := &Cast{}
	for i, role := range roles {
		cast.Users = append(cast.Users, User{Name: fmt.Sprint("测试", i), Role: role})
		cast.Phones = append(cast.Phones, Phone{User: UserIndex(i)})
	}
	ids := map[Ref]syncengine.ID{}
	names := &directory{users: make([]syncengine.ID, len(roles)), record: func(r Ref) (syncengine.ID, error) { return ids[r], nil }}
	for i := range day.Steps {
		day.Steps[i].At = time.Unix(int64(i), 0)
		for _, c := range day.Steps[i].Changes {
			if _, known := ids[c.Ref]; !known {
				ids[c.Ref] = syncengine.ID{byte(len(ids) + 1)}
			}
		}
	}
	p := &prediction{cast: cast, day: day, ledger: day.Ledger(), names: names, ids: ids, records: map[syncengine.ID]*predicted{}}
	if err := p.predictDay(); err != nil {
		return Verdict{}, err
	}
	record := p.records[ids[at.Ref]]
	for key, v := range record.written {
		if fieldOf(record.kind, key.Field).name == at.Field && key.Key == at.Key {
			return p.told(record, v, at), nil
		}
	}
	return Verdict{}, fmt.Errorf("nobody wrote %v", at)
}

// told tells a verdict in the script's values.
func (p *prediction) told(record *predicted, v *verdict, at Cell) Verdict {
	value := func(w cellWrite) string {
		for _, written := range p.ledger.Writes {
			if written.Entry == w.entry && written.Cell == at {
				return written.Value.String()
			}
		}
		return ""
	}
	out := Verdict{Shown: value(v.shown), Open: string(v.open(p.ledger, cellField{name: at.Field, life: at.Field == FieldLife}, record.deletion))}
	for _, w := range v.stand {
		if w.data != v.shown.data {
			out.Beside = append(out.Beside, value(w))
		}
	}
	for _, w := range v.kept {
		out.Kept = append(out.Kept, value(w))
	}
	return out
}

// Align sets rows of two names and a figure in columns.
func Align(rows [][3]string) string {
	var list []tableRow
	for _, r := range rows {
		list = append(list, tableRow{r[0], r[1], r[2]})
	}
	return align(list)
}

// Line is a phone's line to a server.
type Line = handsetLine

// OpenLine opens a line.
var OpenLine = openLine

// SetFault is the line's switch.
func (l *handsetLine) SetFault(f Fault) { l.setFault(f) }
