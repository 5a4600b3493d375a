package report

import (
	"bytes"
	"context"
	"io"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Inject lays doors with calls into the projection at its watermark, without a log of them, so that a benchmark can have
// millions in seconds.
func (s *Service) Inject(ctx context.Context, doors, callsEach int, territory func(door int) syncengine.ID, call func(door, n int) (c metrics.Call, visit uint64, lag uint32)) error {
	return s.realm.View(ctx, func(r store.Reader) error {
		if err := s.followTo(r, nil); err != nil {
			return err
		}
		p := s.projection
		p.crew([]domain.ID{{1}})
		for i := range doors {
			d := p.named(syncengine.ID{byte(i >> 16), byte(i >> 8), byte(i), 9})
			d.known, d.ground, d.grade = true, p.groundAt(territory(i)), domain.Grade(i%5)
			d.Door = metrics.Door{Class: domain.CadenceClass(1 + i%5), Officer: i%3 == 0, Registered: 20_000, Calls: make([]metrics.Call, 0, callsEach)}
			for n := range callsEach {
				c, visit, lag := call(i, n)
				d.insert(c, tail{visit: visit, lag: lag})
			}
		}
		return nil
	})
}

// InjectCases lays hazards and disputes with a timeline each at the doors that Inject made, and officers' checks of some of
// their visits.
func (s *Service) InjectCases(hazards, disputes, checks int, first domain.Days) {
	p := s.projection
	at := func(day int) *int64 {
		ms := int64(first+domain.Days(day))*86_400_000 + 7_200_000
		return &ms
	}
	id := func(kind byte, n int) syncengine.ID {
		return syncengine.ID{kind, byte(n >> 16), byte(n >> 8), byte(n), 7}
	}
	event := func(of syncengine.ID, n int, what recordv1.CaseEventKind, day int) {
		p.setEvent(id(9, n), &recordv1.CaseEvent{CaseId: of[:], What: what.Enum(), At: at(day)})
	}
	for n := range hazards {
		door := p.doors[n%len(p.doors)].id
		state := []recordv1.HazardState{recordv1.HazardState_HAZARD_STATE_CLOSED, recordv1.HazardState_HAZARD_STATE_NOTIFIED}[n%2]
		p.setHazard(id(2, n), &recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode(1 + n%12).Enum(), FoundAt: at(n % 360), Deadline: at(n%360 + 20), State: state.Enum()}, noStamps)
		event(id(2, n), 2*n, recordv1.CaseEventKind_CASE_EVENT_KIND_RECTIFIED, n%360+9)
		event(id(2, n), 2*n+1, recordv1.CaseEventKind_CASE_EVENT_KIND_RECHECKED, n%360+10)
	}
	for n := range disputes {
		door := p.doors[n*7%len(p.doors)].id
		state := []recordv1.DisputeState{recordv1.DisputeState_DISPUTE_STATE_CLOSED, recordv1.DisputeState_DISPUTE_STATE_HANDLING}[n%2]
		p.setDispute(id(3, n), &recordv1.Dispute{PremisesId: door[:], Category: recordv1.DisputeCategory(1 + n%19).Enum(), RegisteredAt: at(n % 360), AcceptedAt: at(n % 360),
			State: state.Enum(), Clinic: recordv1.Clinic(1 + n%4).Enum()}, noStamps)
		event(id(3, n), 2*hazards+n, recordv1.CaseEventKind_CASE_EVENT_KIND_CLOSED, n%360+15)
	}
	for n := range checks {
		of := p.doors[n*5%len(p.doors)]
		p.checks[id(4, n)] = &check{day: first + domain.Days(n%360), result: metrics.CheckResult(n % 3), doors: []domain.ID{domain.ID(of.id)}}
	}
	p.freshen()
}

// Counting takes the turn as one who counts the log and is so far, until it is released.
func (s *Service) Counting(done, total syncengine.Seq) (release func()) {
	s.taken <- struct{}{}
	s.telling(nil)(done, total)
	return func() {
		s.building.Store(nil)
		s.release()
	}
}

// NameAtMost has bounds take a visit for one of so many doors.
func (s *Service) NameAtMost(doors int64) { s.visitDoors = doors }

// Sent notes what a phone sent on a day.
func (s *Service) Sent(phone syncengine.ID, on domain.Days, changes, suspect, bytes int64) {
	s.projection.devices[phone] = map[domain.Days]*sent{on: {changes: changes, suspect: suspect, bytes: bytes}}
}

// SaveTo has a service keep its count in a file from now on.
func (s *Service) SaveTo(path string, random io.Reader) {
	s.saved = &savedCount{path: path, random: random, software: func() ([]byte, error) { return []byte("1"), nil }}
}

// SaveEach has the count saved after so many entries, and when the server stops.
func (s *Service) SaveEach(after, atStop syncengine.Seq) {
	s.saved.after, s.saved.atStop = after, atStop
}

// WasOpened says that the count was taken from the file.
func (s *Service) WasOpened() bool { return s.saved.at != 0 }

// SavedBytes gives the count as it is saved.
func (s *Service) SavedBytes() []byte {
	var out bytes.Buffer
	if err := s.projection.save(&out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// ReadSaved reads a saved count.
func ReadSaved(body []byte) {
	if p, err := readProjection(bytes.NewReader(body)); err == nil {
		p.digest()
	}
}

// Forget drops the projection.
func (s *Service) Forget() { s.projection = nil }

// FollowFrom puts the projection to where it has taken in nothing above an entry, of which it takes in nothing either.
func (s *Service) FollowFrom(ctx context.Context, at syncengine.Seq) error {
	return s.realm.View(ctx, func(r store.Reader) error {
		p := newProjection()
		if err := s.lay(r, p); err != nil {
			return err
		}
		tag, _, err := s.realm.TagAt(r, at)
		p.at = Watermark{Epoch: r.Head().Epoch, Seq: at, Tag: tag}
		s.projection = p
		return err
	})
}
