package casework

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/casework/docket"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// index holds what lists and the watch look at of every case. It follows the log: each look first takes in what was written since
// the last one. A history that is another one than before is read from the records.
//
// It is one pair of hands' at a time, and whoever has it reads the store for as long as that takes: after a start, every record. So who
// waits for it holds nothing: it is taken before a connection to the store is.
type index struct {
	// turn is full while somebody has the index; who has guards all that follows.
	turn  chan struct{}
	epoch syncengine.Epoch
	seq   syncengine.Seq
	// disputes that are not archived and hazards that are not over, by id; events by the id of their case.
	disputes map[syncengine.ID]*recordv1.Dispute
	hazards  map[syncengine.ID]*recordv1.Hazard
	events   map[syncengine.ID]map[syncengine.ID]Event
	// by tells of cases who wrote their states.
	by map[syncengine.ID]writer
	// caseOf tells of an event which case it is of.
	caseOf map[syncengine.ID]syncengine.ID
	// tasks are those that are open and that the watch may have something to do about.
	tasks map[syncengine.ID]openTask
	// lacking are the cases whose fields lack something.
	lacking map[syncengine.ID]bool
	// places tells of a case or a hazard in which territory it is, unsettled holds every hazard that is not put right.
	places    map[syncengine.ID]syncengine.ID
	unsettled map[syncengine.ID]*recordv1.Hazard
	// docket has every case in the order of lists, keys the scope keys that it is in, unfiled those to be filed anew.
	docket  *docket.Docket
	keys    map[syncengine.ID][]syncengine.ScopeKey
	unfiled map[syncengine.ID]bool
	// under are the rules and the tree that cases are filed under.
	under filedUnder
}

func newIndex() *index {
	x := &index{turn: make(chan struct{}, 1)}
	x.clear()
	return x
}

// take waits for the index, or until ctx ends; give gives it back and may be called more than once.
func (x *index) take(ctx context.Context) (give func(), err error) {
	select {
	case x.turn <- struct{}{}:
		return sync.OnceFunc(func() { <-x.turn }), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Indexed is a state of the realm with the index in hand.
type Indexed struct {
	store.Reader
	s *Service
}

// WithIndex runs f on a state of the realm, with the index in hand.
func (s *Service) WithIndex(ctx context.Context, f func(*Indexed) error) error {
	give, err := s.index.take(ctx)
	if err != nil {
		return err
	}
	defer give()
	return s.realm.View(ctx, func(r store.Reader) error { return f(&Indexed{r, s}) })
}

func (x *index) clear() {
	x.epoch, x.seq = 0, 0
	x.disputes, x.hazards = map[syncengine.ID]*recordv1.Dispute{}, map[syncengine.ID]*recordv1.Hazard{}
	x.events, x.caseOf = map[syncengine.ID]map[syncengine.ID]Event{}, map[syncengine.ID]syncengine.ID{}
	x.by = map[syncengine.ID]writer{}
	x.lacking, x.tasks = map[syncengine.ID]bool{}, map[syncengine.ID]openTask{}
	x.places, x.unsettled = map[syncengine.ID]syncengine.ID{}, map[syncengine.ID]*recordv1.Hazard{}
	x.docket, x.keys, x.unfiled = docket.New(), map[syncengine.ID][]syncengine.ScopeKey{}, map[syncengine.ID]bool{}
}

// follow takes in what the log holds beyond what was seen. Within an epoch the log only grows: a look at a state of before finds
// an index that knows more, and reads each record as its own state has it. The caller holds the index.
func (s *Service) follow(r store.Reader) error {
	x, head := s.index, r.Head()
	if x.epoch == head.Epoch && x.seq >= head.Seq {
		return nil
	}
	authors, failed := s.realm.Authors(r)
	if failed != nil {
		return failed
	}
	var err error
	if x.epoch != head.Epoch {
		x.clear()
		err = r.Records(func(row store.Record) bool {
			failed = s.takeRow(authors, row)
			return failed == nil
		})
	} else {
		err = store.EntriesAhead(r, x.seq, func(e store.Entry) bool { return followed(e.Kind) }, func(e store.Entry) bool {
			failed = s.take(r, authors, e.RecordID, e.Kind)
			return failed == nil
		})
	}
	if err = errors.Join(err, failed); err != nil {
		x.clear() // Half of a look is none.
		return err
	}
	x.epoch, x.seq = head.Epoch, head.Seq
	return nil
}

// followed reports the kinds of which the index holds something.
func followed(kind syncengine.KindNumber) bool {
	return kind == kindDispute || kind == kindHazard || kind == kindCaseEvent || kind == kindTask
}

// take reads a record anew if it is one of a case.
func (s *Service) take(r store.Reader, authors *exchange.Authors, id syncengine.ID, kind syncengine.KindNumber) error {
	if !followed(kind) {
		return nil
	}
	rec, err := s.realm.Record(r, id)
	if err != nil {
		return err
	}
	return s.takeIn(authors, id, kind, rec)
}

// takeRow is take for a record that was read already.
func (s *Service) takeRow(authors *exchange.Authors, row store.Record) error {
	if !followed(row.Kind) {
		return nil
	}
	rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
	if err != nil {
		return err
	}
	return s.takeIn(authors, row.ID, row.Kind, rec)
}

func (s *Service) takeIn(authors *exchange.Authors, id syncengine.ID, kind syncengine.KindNumber, rec *syncengine.Record) (err error) {
	x := s.index
	if rec == nil || rec.Dead() {
		x.forget(id)
		return nil
	}
	if kind == kindDispute || kind == kindHazard {
		x.places[id], x.keys[id], x.unfiled[id] = placeOf(rec), rec.CurrentKeys(), true
		if x.by[id], err = s.stateBy(authors, rec); err != nil {
			return err
		}
	}
	switch kind {
	case kindDispute:
		m := &recordv1.Dispute{}
		err = wire.ReadShown(rec, m, nil)
		x.disputes[id] = brief(m)
		s.noteLacking(id, kind, m)
		if m.GetState() == recordv1.DisputeState_DISPUTE_STATE_ARCHIVED {
			x.finish(id, disputeFacet(m))
		}
	case kindHazard:
		m := &recordv1.Hazard{}
		err = wire.ReadShown(rec, m, nil)
		x.hazards[id] = briefHazard(m)
		s.noteLacking(id, kind, m)
		if over(m) && len(trespasses(cases.Hazards, cases.State(m.GetState()), x.by[id], nil)) == 0 {
			x.finish(id, hazardFacet(m))
		}
		x.countHazard(id, m)
	case kindTask:
		err = x.takeTask(rec)
	case kindCaseEvent:
		var e Event
		if e, err = writtenEvent(authors, rec); err == nil {
			x.addEvent(e)
		}
	}
	return err
}

// brief keeps what lists and deadlines look at, and no text.
func brief(d *recordv1.Dispute) *recordv1.Dispute {
	return &recordv1.Dispute{
		Territory: d.Territory, State: d.State, Clinic: d.Clinic, RegisteredAt: d.RegisteredAt, RegisteredBy: d.RegisteredBy,
		AcceptedAt: d.AcceptedAt, AgreementEffectiveOn: d.AgreementEffectiveOn, AgreementForm: d.AgreementForm,
		JudicialConfirmation: d.JudicialConfirmation, CallBackAt: d.CallBackAt, Mediator: d.Mediator,
		Participants: d.Participants, Risk: d.Risk,
	}
}

// over reports that nothing is to be done about a hazard and nothing can be flagged: of one that was handed over, closing it may.
func over(z *recordv1.Hazard) bool {
	return cases.Hazards.Done(cases.State(z.GetState())) && z.GetHandedOverTo() == "" && saidOf(z) == whereabouts{}
}

// briefHazard keeps what lists and duties look at.
func briefHazard(z *recordv1.Hazard) *recordv1.Hazard {
	return &recordv1.Hazard{
		State: z.State, Deadline: z.Deadline, HandedOverTo: z.HandedOverTo, RegisteredBy: z.RegisteredBy, PremisesId: z.PremisesId,
		Code: z.Code, SeverityFound: z.SeverityFound, SeverityRuled: z.SeverityRuled,
		DoorAddress: z.DoorAddress, DoorTerritory: z.DoorTerritory,
	}
}

// noteLacking remembers whether a case's fields lack something.
func (s *Service) noteLacking(id syncengine.ID, kind syncengine.KindNumber, m proto.Message) {
	delete(s.index.lacking, id)
	if len(s.lacks(kind, m, everyClass)) > 0 {
		s.index.lacking[id] = true
	}
}

// everyClass are all classes of fields.
const everyClass = ^schema.Classes(0)

func (x *index) addEvent(e Event) {
	of, _ := syncengine.IDFromBytes(e.GetCaseId())
	if before, ok := x.caseOf[e.ID]; ok && before != of {
		delete(x.events[before], e.ID)
		x.unfiled[before] = true
	}
	x.caseOf[e.ID], x.unfiled[of] = of, true
	if x.events[of] == nil {
		x.events[of] = map[syncengine.ID]Event{}
	}
	e.Text = nil // No list needs it, and it is a person's own words.
	x.events[of][e.ID] = e
}

// finish keeps of a case that nothing is to be done about only where lists have it.
func (x *index) finish(id syncengine.ID, facet docket.Facet) {
	keys := x.keys[id]
	x.forget(id)
	x.keys[id], x.unfiled[id] = keys, true
	x.docket.File(docket.Place{Turn: docket.Done, ID: id}, facet, nil)
}

// forget drops a case or an event.
func (x *index) forget(id syncengine.ID) {
	x.docket.Remove(id)
	delete(x.keys, id)
	delete(x.unfiled, id)
	delete(x.disputes, id)
	delete(x.hazards, id)
	delete(x.lacking, id)
	delete(x.tasks, id)
	delete(x.by, id)
	delete(x.unsettled, id)
	delete(x.places, id)
	if of, ok := x.caseOf[id]; ok {
		delete(x.events[of], id)
		delete(x.caseOf, id)
		x.unfiled[of] = true
	}
}

// eventsOf gives the timeline of a case, in any order.
func (x *index) eventsOf(id syncengine.ID) []*recordv1.CaseEvent {
	out := make([]*recordv1.CaseEvent, 0, len(x.events[id]))
	for _, e := range x.events[id] {
		out = append(out, e.CaseEvent)
	}
	return out
}

// toldOf says what the timeline of a case is flagged for, and which steps of it were taken in roles that may not.
func (x *index) toldOf(id syncengine.ID, rules cases.Rules) []domain.Complaint {
	events := slices.Collect(maps.Values(x.events[id]))
	if d := x.disputes[id]; d != nil {
		return append(timelineFlags(id, d, nil, x.eventsOf(id), rules), trespasses(cases.Disputes, cases.State(d.GetState()), x.by[id], events)...)
	}
	if z := x.hazards[id]; z != nil {
		return append(timelineFlags(id, nil, z, x.eventsOf(id), rules), trespasses(cases.Hazards, cases.State(z.GetState()), x.by[id], events)...)
	}
	return nil
}
