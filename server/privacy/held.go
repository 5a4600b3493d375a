package privacy

import (
	"fmt"

	"onedoor/internal/schema"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/retention"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Holding is a field of a record that may tell of a person, as a report names it.
type Holding struct {
	Field *schema.Field
	// Cell is one of the field's cells.
	Cell *syncengine.Cell
	// Clock is when its time began and ends; zero while it does not run.
	Clock retention.Clock
	// Expires tells that the field has a time at all; without one it is kept as long as the record.
	Expires bool
}

// Copy is a phone that may hold a copy of a record.
type Copy struct {
	Device identity.Device
	User   identity.User
	// Seen is its last contact.
	Seen syncengine.UnixMilli
	// Erased tells that it has said that it applied the newest erasure of the record; always true where there was none.
	Erased bool
}

// Report is what is held of one record.
type Report struct {
	Record   *syncengine.Record
	Kind     *schema.Kind
	Holdings []Holding
	// Hold is the legal hold; nil for none.
	Hold *retention.Hold
	// Looks are the entries of the access ledger that name the record, in their order.
	Looks []accessledger.Entry
	// Copies are the phones that may hold it.
	Copies []Copy
	// Shared are the entries of the register of sharing that name it.
	Shared []Entry
}

// ReportOn tells what is held of a record. of answers whether whoever asks may read a field.
func ReportOn(svc *exchange.Service, r store.Reader, rec *syncengine.Record, may func(syncengine.FieldNumber) bool) (*Report, error) {
	kind, known := svc.Schema().Kind(rec.Kind)
	if !known {
		return nil, fmt.Errorf("kind %d is not known to this software", rec.Kind)
	}
	out := &Report{Record: rec, Kind: kind}
	for _, step := range []func() error{
		func() error { return out.hold(r) },
		func() error { return out.fields(svc, r, may) },
		func() error { return out.looks(r) },
		func() (err error) { out.Copies, err = CopiesOf(svc, r, rec); return err },
		func() error { return out.shared(r) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (o *Report) hold(r store.Reader) error {
	h, held, err := retention.HoldOf(r, o.Record.ID)
	if held {
		o.Hold = &h
	}
	return err
}

func (o *Report) fields(svc *exchange.Service, r store.Reader, may func(syncengine.FieldNumber) bool) error {
	settings, err := retention.Load(r)
	if err != nil {
		return err
	}
	rules := retention.RulesOf(svc, r, settings)
	for _, f := range o.Kind.Fields {
		if !f.Salted() || !may(f.Engine.Number) {
			continue
		}
		clock, expires, err := rules.Clock(o.Record, f)
		if err != nil {
			return err
		}
		cells := o.Record.Field(f.Engine.Number)
		for i := range cells {
			o.Holdings = append(o.Holdings, Holding{Field: f, Cell: &cells[i], Clock: clock, Expires: expires})
		}
	}
	return nil
}

func (o *Report) looks(r store.Reader) error {
	return accessledger.Walk(r, accessledger.Filter{Record: o.Record.ID}, func(e accessledger.Entry) bool {
		o.Looks = append(o.Looks, e)
		return true
	})
}

func (o *Report) shared(r store.Reader) error {
	all, err := Entries(r, sharing)
	for _, e := range all {
		for _, id := range e.Records {
			if id == o.Record.ID {
				o.Shared = append(o.Shared, e)
				break
			}
		}
	}
	return err
}

// CopiesOf lists the phones that may hold a record: those of users whose grants cover it and that have been in contact, and
// those that an erasure of it concerns.
func CopiesOf(svc *exchange.Service, r store.Reader, rec *syncengine.Record) (out []Copy, err error) {
	devices, err := identity.Devices(r)
	if err != nil {
		return nil, err
	}
	erased, err := svc.NewestErasure(r, rec.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		classes, err := svc.ReadClasses(r, d.UserID, rec)
		if err != nil {
			return nil, err
		}
		concerned := false
		if erased != 0 {
			if concerned, err = svc.ErasureConcerns(r, erased, d); err != nil {
				return nil, err
			}
		}
		c, err := identity.GetContact(r, d.Incarnation)
		if err != nil {
			return nil, err
		}
		if c.LastContact == 0 || classes == 0 && !concerned {
			continue
		}
		u, err := identity.GetUser(r, d.UserID)
		if err != nil {
			return nil, err
		}
		confirmed, err := svc.Confirms(r, d.Incarnation, c, erased)
		if err != nil {
			return nil, err
		}
		out = append(out, Copy{Device: d, User: u, Seen: c.LastContact, Erased: erased == 0 || confirmed})
	}
	return out, nil
}
