package report_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/internal/sim/recount"
	"onedoor/server/exchange"
	"onedoor/server/report"
	"onedoor/syncengine"
)

// scribbler writes records at random, and changes and deletes them.
type scribbler struct {
	*world
	random   *rand.Rand
	doors    []syncengine.ID
	visits   []syncengine.ID
	hazards  []syncengine.ID
	disputes []syncengine.ID
	events   []syncengine.ID
	people   []syncengine.ID
	// written counts what was.
	written int
}

func newScribbler(w *world, seed uint64) *scribbler {
	s := &scribbler{world: w, random: rand.New(rand.NewPCG(seed, 7))}
	for range 4 {
		s.people = append(s.people, w.id())
	}
	return s
}

func pick[T any](s *scribbler, list []T) T { return list[s.random.IntN(len(list))] }

func (s *scribbler) yes(percent int) bool { return s.random.IntN(100) < percent }

// when gives a time within two months around the realm's clock, and now and then one that no sound clock shows.
func (s *scribbler) when() *int64 {
	if s.yes(3) {
		return proto.Int64(s.random.Int64N(1 << 50))
	}
	return proto.Int64(s.now.UnixMilli() + (s.random.Int64N(60)-40)*86_400_000 + s.random.Int64N(86_400_000))
}

func (s *scribbler) place() []byte {
	return idBytes(s.places[pick(s, []string{gridA1, gridA1, gridA2, gridB1, gridC1, comA, streetB})])
}

// number draws an enum value of a descriptor's range, the unspecified one included.
func number[E ~int32](s *scribbler, greatest int32) *E {
	v := E(s.random.Int32N(greatest + 1))
	return &v
}

// state draws a state: mostly one that a new record may have, else any.
func state[E ~int32](s *scribbler, greatest int32, first ...E) *E {
	if s.yes(60) {
		v := pick(s, first)
		return &v
	}
	return number[E](s, greatest)
}

func (s *scribbler) premises() *recordv1.Premises {
	m := &recordv1.Premises{Territory: s.place(), Address: proto.String("街1号")}
	if s.yes(60) {
		m.KindOfPremises = number[recordv1.KindOfPremises](s, 7)
	}
	if s.yes(30) {
		m.RentalKind = number[recordv1.RentalKind](s, 5)
	}
	if s.yes(40) {
		m.Grade = number[recordv1.Grade](s, 4)
	}
	if s.yes(50) {
		m.Officer = idBytes(pick(s, s.people))
	}
	switch {
	case s.yes(8):
		m.Status = recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()
	case s.yes(8) && len(s.doors) > 0:
		m.Status, m.MergedInto = recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO.Enum(), idBytes(pick(s, s.doors))
	}
	return m
}

func (s *scribbler) visit() *recordv1.Visit {
	m := &recordv1.Visit{OccurredAt: s.when(), Outcome: number[recordv1.VisitOutcome](s, 4), RegisteredBy: idBytes(pick(s, s.people))}
	for range 1 + s.random.IntN(3) {
		door := pick(s, s.doors)
		if slices.ContainsFunc(m.PremisesIds, func(b []byte) bool { return string(b) == string(door[:]) }) {
			continue
		}
		m.PremisesIds = append(m.PremisesIds, idBytes(door))
		if s.yes(15) {
			m.Exceptions = map[string]recordv1.VisitOutcome{door.String(): *number[recordv1.VisitOutcome](s, 4)}
		}
	}
	if s.yes(20) {
		m.Purpose, m.CheckResult = recordv1.VisitPurpose_VISIT_PURPOSE_CHECK.Enum(), number[recordv1.CheckResult](s, 2)
		if s.yes(60) {
			m.Outcome = nil
		}
		if s.yes(50) && len(s.visits) > 0 {
			m.PremisesIds, m.Territory, m.ChecksVisitId = nil, s.place(), idBytes(pick(s, s.visits))
		}
	}
	return m
}

func (s *scribbler) hazard() *recordv1.Hazard {
	m := &recordv1.Hazard{PremisesId: idBytes(pick(s, s.doors)), Code: number[recordv1.HazardCode](s, 3), FoundAt: s.when(), State: state[recordv1.HazardState](s, 7, 1, 2, 3, 4)}
	if s.yes(50) {
		m.Deadline = s.when()
	}
	if s.yes(60) {
		m.Disposal = number[recordv1.Disposal](s, 3)
	}
	return m
}

func (s *scribbler) dispute() *recordv1.Dispute {
	m := &recordv1.Dispute{
		Title: proto.String("漏水"), Territory: s.place(), RegisteredAt: s.when(), State: state[recordv1.DisputeState](s, 14, 1, 2, 12), Category: number[recordv1.DisputeCategory](s, 19),
		RegisteredBy: idBytes(pick(s, s.people)),
	}
	if s.yes(40) {
		m.PremisesId = idBytes(pick(s, s.doors))
	}
	if s.yes(70) {
		m.AcceptedAt, m.Clinic = s.when(), number[recordv1.Clinic](s, 4)
	}
	if s.yes(30) {
		m.Deadline = s.when()
	}
	if s.yes(50) {
		m.Result, m.AgreementForm, m.AgreementEffectiveOn = number[recordv1.CaseResult](s, 3), number[recordv1.AgreementForm](s, 2), s.when()
		m.JudicialConfirmation = number[recordv1.JudicialConfirmation](s, 3)
	}
	if s.yes(50) {
		m.CallBackAt, m.Satisfaction = s.when(), number[recordv1.Satisfaction](s, 3)
		m.Responded, m.Solved = proto.Bool(s.yes(70)), proto.Bool(s.yes(70))
	}
	if s.yes(10) {
		m.EscalatedAt = s.when()
	}
	return m
}

func (s *scribbler) event() *recordv1.CaseEvent {
	of := pick(s, append(append([]syncengine.ID{}, s.hazards...), s.disputes...))
	return &recordv1.CaseEvent{CaseId: of[:], What: number[recordv1.CaseEventKind](s, 33), At: s.when()}
}

// scribble writes, changes or deletes one record.
func (s *scribbler) scribble() {
	s.now = s.now.Add(time.Duration(s.random.IntN(120)) * time.Minute)
	kinds := []struct {
		kind recordv1.Kind
		ids  *[]syncengine.ID
		make func() proto.Message
	}{
		{recordv1.Kind_KIND_PREMISES, &s.doors, func() proto.Message { return s.premises() }}, {recordv1.Kind_KIND_VISIT, &s.visits, func() proto.Message { return s.visit() }},
		{recordv1.Kind_KIND_VISIT, &s.visits, func() proto.Message { return s.visit() }}, {recordv1.Kind_KIND_HAZARD, &s.hazards, func() proto.Message { return s.hazard() }},
		{recordv1.Kind_KIND_DISPUTE, &s.disputes, func() proto.Message { return s.dispute() }}, {recordv1.Kind_KIND_CASE_EVENT, &s.events, func() proto.Message { return s.event() }},
	}
	k := pick(s, kinds)
	if len(s.doors) == 0 {
		k = kinds[0]
	}
	if k.kind == recordv1.Kind_KIND_CASE_EVENT && len(s.hazards)+len(s.disputes) == 0 {
		return
	}
	change := exchange.ServerChange{Kind: syncengine.KindNumber(k.kind), Create: true, RecordID: s.id()}
	switch {
	case len(*k.ids) > 2 && s.yes(5):
		change = exchange.ServerChange{Kind: change.Kind, RecordID: pick(s, *k.ids), Delete: true}
	case len(*k.ids) > 2 && s.yes(30):
		change.Create, change.RecordID, change.Fields = false, pick(s, *k.ids), k.make()
	default:
		change.Fields = k.make()
		*k.ids = append(*k.ids, change.RecordID)
	}
	if v, ok := change.Fields.(*recordv1.Visit); ok && !change.Create && len(v.GetPremisesIds()) > 0 && s.yes(40) {
		change.Removed = []exchange.SetElement{{Field: 1, Element: pick(s, s.doors)}}
	}
	// An edit of what was never written, or a step that is not declared, is refused as anywhere.
	if _, err := s.realm.Write(s.ctx, syncengine.ID{}, []exchange.ServerChange{change}); err == nil {
		s.written++
	}
}

// TestFigures_AreWhatARecountGives checks every figure against a count made otherwise, after each stretch of random work
// that the projection followed entry by entry.
func TestFigures_AreWhatARecountGives(t *testing.T) {
	for seed := range uint64(6) {
		s := newScribbler(newWorld(t), seed)
		for stretch := range 5 {
			for range 40 {
				s.scribble()
			}
			from := recount.Day(2026, 2, 1+s.random.IntN(40))
			s.all(from, from.AddDate(0, 0, s.random.IntN(45)))
			if stretch%2 == 1 {
				s.verified()
			}
		}
		if s.written < 100 {
			t.Errorf("seed %d wrote %d records", seed, s.written)
		}
	}
}

// all recounts every figure that counts records.
func (s *scribbler) all(from, to time.Time) {
	s.t.Helper()
	for _, f := range metrics.Figures() {
		if f.Topic != metrics.TopicSync {
			s.recounted(f.Name, from, to)
		}
	}
}

// TestFigures_AsOfAnyEntryAreWhatWasReportedThere pulls at every stretch and again, much later, as of it.
func TestFigures_AsOfAnyEntryAreWhatWasReportedThere(t *testing.T) {
	s := newScribbler(newWorld(t), 11)
	type told struct {
		figure string
		q      report.Query
		rows   []string
	}
	var then []told
	for range 5 {
		for range 30 {
			s.scribble()
		}
		for _, f := range metrics.Figures() {
			if f.Topic == metrics.TopicSync {
				continue
			}
			q := report.Query{Figure: f.Name, Territory: county, By: domain.Community, From: day("2026-02-10"), To: day("2026-03-12")}
			out := s.pull(s.district, q)
			q.AsOf = out.At.Seq
			then = append(then, told{f.Name, q, lines(out.Rows)})
		}
	}
	for _, was := range then {
		out := s.pull(s.district, was.q)
		if got := lines(out.Rows); !slices.Equal(got, was.rows) {
			t.Errorf("%s as of %d: %q, was %q", was.figure, was.q.AsOf, got, was.rows)
		}
	}
	s.verified()
}
