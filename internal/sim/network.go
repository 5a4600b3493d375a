package sim

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/sim/model"
	"onedoor/server/exchange"
)

// errLine is what a phone sees of a line that failed.
var errLine = errors.New("the line was cut")

// errDown is what a phone sees of a server that does not run or has a fault.
var errDown = &client.Fault{Passing: true, Reason: "UNAVAILABLE"}

// line is a phone's connection to the server.
type line struct{ p *phone }

// flight is one call on its way, with the fate that was drawn for it.
type flight struct {
	// sync waits for it at pause.
	sync    *syncing
	pause   *pause
	phone   *phone
	number  int
	request *syncv1.ExchangeRequest
	// done is set when the phone has heard, or has given up waiting.
	done bool
	// call, reply and err are what the phone heard.
	call  model.CallID
	reply *syncv1.ExchangeResponse
	heard *syncv1.ExchangeResponse
	err   error
}

// Enrol is answered at once: phones are enrolled at the station, on its own network.
func (l *line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	resp, err := l.p.w.server.service.Enrol(ctx, clone(req))
	l.p.granted = clone(resp.GetGrants())
	return clone(resp), err
}

// Exchange pauses the sync until the reply has come or the line has failed.
func (l *line) Exchange(_ context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	p := l.p
	if p.peeking != nil {
		proto.Merge(p.peeking, bodyOf(req))
		return nil, errPeek
	}
	p.calls++
	p.countSmall(req)
	s := p.syncing
	f := &flight{sync: s, phone: p, number: p.calls, request: req}
	f.pause = &pause{flight: f}
	s.pause(f.pause)
	if f.err != nil {
		return nil, f.err
	}
	s.handed[f.heard] = f
	p.doubts = append(p.doubts, f)
	return f.heard, nil
}

// countSmall counts uploads that need more than this one batch, because the phone sends few changes at a time.
func (p *phone) countSmall(req *syncv1.ExchangeRequest) {
	if p.batchChanges == 0 {
		return
	}
	body := p.w.wholeBody(req)
	if n := len(body.GetBatch().GetChanges()); n > 0 && uint64(n) < body.GetStatus().GetOutboxCount() {
		p.w.strike(SmallBatches)
	}
}

// Watch is of no use here: the world says itself when phones look.
func (l *line) Watch(context.Context, *syncv1.WatchRequest, func(uint64)) error { return errLine }

// The lengths of a way, in milliseconds.
const (
	wayLeastMs, wayMostMs     = 15, 400
	delayLeastMs, delayMostMs = 20_000, 15 * minuteMs
	// patienceMs is how long a phone waits for an answer.
	patienceMs = 30_000
	// lateMostMs is how late a repeated or delayed copy may arrive.
	lateMostMs = 3 * hourMs
)

// send puts a call on its way, with the fate that its dice draw.
func (w *world) send(f *flight) {
	d := diceFor(w.c.Seed, f.phone.name, f.number)
	way, back := d.between(wayLeastMs, wayMostMs), d.between(wayLeastMs, wayMostMs)
	w.beBusy(f, way+w.weather.groupMs+back)
	fate := w.weather.strikes
	if w.healed {
		fate = func(dice, Fault) bool { return false }
	}
	switch {
	case fate(d, Drop):
		w.strike(Drop)
		w.giveUp(f, patienceMs)
		return
	case fate(d, Delay):
		w.strike(Delay)
		way = d.between(delayLeastMs, delayMostMs)
		w.giveUp(f, patienceMs)
	case fate(d, Reorder):
		// The phone gives up, and what it sent arrives after all, behind what it sends then.
		way = d.between(patienceMs, lateMostMs)
		w.giveUp(f, patienceMs)
	}
	cut := fate(d, Cut)
	w.after(way, func() { w.server.arrive(w.arrivalOf(f, back, cut)) })
	if fate(d, Twins) {
		w.after(way, func() { w.server.arrive(w.stray(f)) })
	}
	if fate(d, Duplicate) {
		w.after(d.between(way, lateMostMs), func() {
			w.strike(Duplicate)
			w.server.arrive(w.stray(f))
		})
	}
}

// giveUp has the phone stop waiting.
func (w *world) giveUp(f *flight, ms int64) { w.after(ms, func() { f.hear(0, nil, nil, errLine) }) }

// arrivalOf is the copy of a call whose answer the phone waits for.
func (w *world) arrivalOf(f *flight, back int64, cut bool) *arrival {
	w.countReorder(f)
	a := &arrival{w: w, flight: f, request: f.request}
	a.cut = func() { w.after(back, func() { f.hear(0, nil, nil, errDown) }) }
	a.answered = func(call model.CallID, reply *syncv1.ExchangeResponse, err error) {
		w.tellAnswer(f, reply, err)
		switch {
		case err != nil:
			w.after(back, func() { f.hear(call, nil, nil, faultOf(err)) })
		case cut:
			w.strike(Cut)
			w.giveUp(f, patienceMs)
		default:
			heard := clone(reply)
			w.after(back, func() { f.hear(call, reply, heard, nil) })
		}
	}
	return a
}

// stray is a copy of a call whose answer nobody hears.
func (w *world) stray(f *flight) *arrival {
	return &arrival{w: w, flight: f, request: f.request, cut: func() {}, answered: func(_ model.CallID, reply *syncv1.ExchangeResponse, err error) {
		w.trace.tell(w.now, "server", "answers a copy of call %d of %s: %s", f.number, f.phone.name, answerLine(reply, err))
	}}
}

// countReorder counts calls that arrive behind a later one.
func (w *world) countReorder(f *flight) {
	if f.number < f.phone.latest {
		w.strike(Reorder)
	}
	f.phone.latest = max(f.phone.latest, f.number)
}

// hear gives the phone what came of its call, unless it no longer waits.
func (f *flight) hear(call model.CallID, reply, heard *syncv1.ExchangeResponse, err error) {
	if f.done {
		return
	}
	f.done, f.call, f.reply, f.heard, f.err = true, call, reply, heard, err
	f.sync.run(f.pause)
}

func (w *world) tellAnswer(f *flight, reply *syncv1.ExchangeResponse, err error) {
	w.trace.tell(w.now, "server", "answers call %d of %s: %s", f.number, f.phone.name, answerLine(reply, err))
}

// answerLine tells an answer in a line.
func answerLine(m *syncv1.ExchangeResponse, err error) string {
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("at %d/%d", m.GetPosition().GetEpoch(), m.GetPosition().GetSeq())
	for _, o := range m.GetOutcomes().GetResults() {
		text += fmt.Sprintf(" %s@%d", outcomeLetter(o), o.GetSeq())
	}
	text += fmt.Sprintf(", %d records, %d gone, caught up %v", len(m.GetPage().GetRecords()), len(m.GetPage().GetGone()), m.GetCaughtUp())
	if m.GetExpected() != 0 {
		text += fmt.Sprintf(", expected %d", m.GetExpected())
	}
	if m.GetNonceState() != 0 {
		text += ", nonce " + m.GetNonceState().String()[len("NONCE_STATE_"):]
	}
	if m.GetFork() != nil {
		text += fmt.Sprintf(", fork after %d", m.GetFork().GetLastCommon())
	}
	if n := len(m.GetDigestMismatches()); n > 0 {
		text += fmt.Sprintf(", %d digests differ", n)
	}
	return text
}

func outcomeLetter(o *syncv1.Outcome) string {
	switch o.GetCode() {
	case syncv1.OutcomeCode_OUTCOME_CODE_APPLIED:
		return "applied"
	case syncv1.OutcomeCode_OUTCOME_CODE_MERGED:
		return "merged"
	case syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED:
		return "quarantined(" + reasonOf(o.GetReason()) + ")"
	}
	return "absent"
}

// faultOf is the server's error as a phone hears it.
func faultOf(err error) error {
	if errors.Is(err, exchange.ErrUnknownDevice) {
		return &client.Fault{Reason: "UNKNOWN_DEVICE", Cause: err}
	}
	if errors.Is(err, exchange.ErrAheadUnknown) {
		return &client.Fault{Passing: true, Reason: "AHEAD_UNKNOWN", Cause: err}
	}
	return &client.Fault{Passing: true, Reason: "UNAVAILABLE", Cause: err}
}
