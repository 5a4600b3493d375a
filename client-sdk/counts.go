package client

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/metrics"
	"onedoor/internal/recordjson"
	"onedoor/internal/recordunits"
	"onedoor/syncengine"
)

// Counts is a worker's own count of their own work in a period, for the worker alone. Reports count with the same code, so it
// is what the server has once everything is synced; until then it holds the unsent work too.
type Counts struct {
	// From and To are the first and the last day, such as 2026-03-01.
	From, To string
	// Visits are those that the worker made or had a part in, Calls the calls at doors on them, Seen those at which somebody
	// was met, Doors the doors seen, each once.
	Visits, Calls, Seen, Doors int
	// Hazards and Cases are those that the worker registered.
	Hazards, Cases int
}

// Counts counts the phone's user's own work on the days from one to another, both in them; empty texts are the current month
// (Asia/Shanghai). Work that has left the phone, as after a handover, counts on.
func (r *Replica) Counts(from, to string) (out *Counts, err error) {
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		period, err := countPeriod(from, to, domain.UnixMilli(s.time(r.now())))
		if err != nil {
			return err
		}
		c := &ownCounting{r: r, tx: tx, user: domain.ID(s.self.User), count: metrics.NewOwnCount(period)}
		if err := c.run(); err != nil {
			return err
		}
		sum := c.count.Sum()
		out = &Counts{
			From: metrics.DayText(period.From), To: metrics.DayText(period.To), Visits: int(sum.Visits), Calls: int(sum.Calls), Seen: int(sum.Seen),
			Doors: int(sum.Doors), Hazards: int(sum.Hazards), Cases: int(sum.Cases),
		}
		return nil
	})
	return out, err
}

// countPeriod reads the days of a count.
func countPeriod(from, to string, now domain.UnixMilli) (p metrics.Period, err error) {
	month := metrics.MonthOf(now.ShanghaiDay())
	p = metrics.Period{From: month.First(), To: month.Last(), Known: month.Last()}
	for _, day := range []struct {
		field, text string
		at          *domain.Days
	}{{"from", from, &p.From}, {"to", to, &p.To}} {
		if day.text == "" {
			continue
		}
		if *day.at, err = calendar.ParseDay(day.text); err != nil {
			return p, refuse(day.field, "counts.day", "日期请写成2026-03-10这样。", err.Error())
		}
	}
	if p.To < p.From {
		return p, refuse("to", "counts.backwards", "结束日期早于开始日期。", "the last day is before the first")
	}
	p.Known = p.To
	return p, nil
}

// JSON gives the count as {"from", "to", "visits", "calls", "seen", "doors", "hazards", "cases"}.
func (c *Counts) JSON() recordjson.Object {
	return recordjson.Object{}.With("from", c.From).With("to", c.To).With("visits", c.Visits).With("calls", c.Calls).With("seen", c.Seen).
		With("doors", c.Doors).With("hazards", c.Hazards).With("cases", c.Cases)
}

// ownCounting is one count under way.
type ownCounting struct {
	r     *Replica
	tx    *localdb.Tx
	user  domain.ID
	count *metrics.OwnCount
}

func (c *ownCounting) run() error {
	for _, kind := range []syncengine.KindNumber{kindVisit, kindHazard, kindDispute} {
		for row, err := range c.tx.List(localdb.Query{Kind: kind}) {
			if err != nil {
				return err
			}
			part, err := c.r.ownPart(&row, c.user)
			if err != nil {
				return err
			}
			part.add(c.count)
		}
	}
	for left, err := range c.tx.OwnLeft() {
		if err != nil {
			return err
		}
		if _, here, err := c.tx.Record(left.ID); err != nil || here {
			if err != nil {
				return err
			}
			continue // It came back, and was counted above.
		}
		waits, err := c.quarantined(left.ID)
		if err != nil {
			return err
		}
		if waits {
			continue // No report has it before somebody releases it.
		}
		part, ok := decodeOwnPart(left.Counts)
		if !ok {
			return ErrDamaged
		}
		part.add(c.count)
	}
	return nil
}

// quarantined reports that the change that made a record is not accepted.
func (c *ownCounting) quarantined(id syncengine.ID) (bool, error) {
	for _, err := range c.tx.QuarantinedOf(id) {
		return err == nil, err
	}
	return false, nil
}

// ownPart is what one record gives to its worker's count. It holds days and whether somebody was seen, and of doors a number
// that tells them apart and names none.
type ownPart struct {
	// kind is 0 where the record is not the worker's.
	kind  syncengine.KindNumber
	day   domain.Days
	visit uint64
	doors []ownDoor
}

type ownDoor struct {
	door uint64
	seen bool
}

// ownPart reads what a record gives to a worker's count.
func (r *Replica) ownPart(row *localdb.Record, user domain.ID) (part ownPart, err error) {
	registered := func(by []byte, at int64) ownPart {
		if string(by) != string(user[:]) {
			return ownPart{}
		}
		return ownPart{kind: row.Kind, day: metrics.DayOf(domain.UnixMilli(at))}
	}
	switch {
	case row.Dead:
	case row.Kind == kindVisit:
		m := &recordv1.Visit{}
		if err = r.readMessage(row, m); err == nil {
			part = visitPart(row.ID, m, user)
		}
	case row.Kind == kindHazard:
		m := &recordv1.Hazard{}
		err = r.readMessage(row, m)
		part = registered(m.GetRegisteredBy(), m.GetFoundAt())
	case row.Kind == kindDispute:
		m := &recordv1.Dispute{}
		err = r.readMessage(row, m)
		part = registered(m.GetRegisteredBy(), m.GetRegisteredAt())
	}
	return part, err
}

func visitPart(id syncengine.ID, m *recordv1.Visit, user domain.ID) ownPart {
	v := recordunits.ReadVisit(m)
	if !slices.Contains(v.Crew, user) {
		return ownPart{}
	}
	part := ownPart{kind: kindVisit, day: v.Day, visit: recordunits.Number(domain.ID(id))}
	for _, c := range v.Calls {
		part.doors = append(part.doors, ownDoor{doorNumber(c.Door), domain.CountsAsSeen(c.Outcome)})
	}
	return part
}

// doorNumber tells doors apart and names none.
func doorNumber(id domain.ID) uint64 {
	sum := sha256.Sum256(append([]byte("onedoor own count 1"), id[:]...))
	return binary.BigEndian.Uint64(sum[:])
}

// add gives the part to a count.
func (p *ownPart) add(count *metrics.OwnCount) {
	switch p.kind {
	case kindHazard:
		count.Hazard(p.day)
	case kindDispute:
		count.Case(p.day)
	case kindVisit:
		count.Visit(p.visit, p.day)
		for _, d := range p.doors {
			var door domain.ID
			binary.BigEndian.PutUint64(door[:], d.door)
			var outcome domain.Outcome
			if d.seen {
				outcome = domain.OutcomeSeen
			}
			count.Call(p.visit, door, metrics.NewCall(p.day, outcome))
		}
	}
}

// keepCount keeps what a record that leaves the phone gives to its worker's count. What cannot be read any more, such as a
// kind of newer software, gives nothing: a count is no reason to keep a record.
func (r *Replica) keepCount(tx *localdb.Tx, row localdb.Record) error {
	if row.Kind != kindVisit && row.Kind != kindHazard && row.Kind != kindDispute || r.state.self.User.IsZero() {
		return nil
	}
	part, err := r.ownPart(&row, domain.ID(r.state.self.User))
	if err != nil || part.kind == 0 || part.day == metrics.NoDay {
		return nil
	}
	return tx.PutOwnLeft(localdb.OwnLeft{ID: row.ID, Counts: part.encode()})
}

// encode writes the part: kind and day as varints, and of a visit its number and, door by door, the door's number and
// whether somebody was seen.
func (p *ownPart) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(p.kind))
	b = binary.AppendVarint(b, int64(p.day))
	if p.kind != kindVisit {
		return b
	}
	b = binary.BigEndian.AppendUint64(b, p.visit)
	for _, d := range p.doors {
		b = binary.BigEndian.AppendUint64(b, d.door)
		seen := byte(0)
		if d.seen {
			seen = 1
		}
		b = append(b, seen)
	}
	return b
}

// decodeOwnPart reads what encode wrote.
func decodeOwnPart(b []byte) (p ownPart, ok bool) {
	d := factsReader{left: b}
	p.kind, p.day = syncengine.KindNumber(d.uvarint()), domain.Days(d.varint())
	if p.kind == kindVisit {
		p.visit = d.fixed()
		for len(d.left) > 0 && !d.short {
			door := ownDoor{door: d.fixed()}
			flag := d.bytes(1)
			door.seen = len(flag) == 1 && flag[0] == 1
			p.doors = append(p.doors, door)
		}
	}
	return p, !d.short && len(d.left) == 0
}

// fixed reads a number of eight bytes.
func (d *factsReader) fixed() uint64 {
	if b := d.bytes(8); len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}
