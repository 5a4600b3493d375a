package demo

import (
	"sync"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/domain"
)

// Stage is a part of a demo, named for people.
type Stage struct{ ZH, EN string }

// The stages in their order.
var (
	StageScript    = Stage{"编写脚本", "write the script"}
	StageRealm     = Stage{"建立数据域", "found the realm"}
	StagePeople    = Stage{"导入网格和人员", "import grids and people"}
	StageDoors     = Stage{"导入房屋", "import doors"}
	StageAssign    = Stage{"分配责任人", "assign doors"}
	StageEnrol     = Stage{"手机加入", "enrol phones"}
	StageFirstSync = Stage{"首次同步", "first syncs"}
	StageDay       = Stage{"一天的工作", "the working day"}
	StageRest      = Stage{"同步到静止", "sync until at rest"}
	StageRead      = Stage{"读取各端数据", "read everything back"}
	StageAudit     = Stage{"核对", "audit"}
	StageDesks     = Stage{"设置登录", "set up sign-ins"}
)

// Progress is told how far a demo has come. Its methods are called by many goroutines.
type Progress interface {
	// Begin begins a stage of so many steps; 0 means that nobody knows.
	Begin(stage Stage, steps int)
	// Done tells of steps that are over.
	Done(steps int)
}

// StageTime is how long a stage took.
type StageTime struct {
	Stage Stage
	Took  time.Duration
}

// Traffic is what syncs did and what it cost.
type Traffic struct {
	// Pushed counts the changes that got an outcome; Applied, Merged and Quarantined are its parts.
	Pushed, Applied, Merged, Quarantined int
	// RoundTrips counts the calls that were answered.
	RoundTrips int
	// BytesUp and BytesDown count messages as they travelled, those of failed calls too.
	BytesUp, BytesDown int64
}

func (t *Traffic) add(r *client.Report) {
	t.Pushed, t.Applied, t.Merged, t.Quarantined = t.Pushed+r.Pushed, t.Applied+r.Applied, t.Merged+r.Merged, t.Quarantined+r.Quarantined
	t.RoundTrips += r.RoundTrips
	t.BytesUp, t.BytesDown = t.BytesUp+r.BytesUp, t.BytesDown+r.BytesDown
}

// Report is what came of a demo.
type Report struct {
	// Seed, Phones and Doors say what was played.
	Seed          uint64
	Phones, Doors int
	// Changes counts the changes of phones in the server's log.
	Changes int
	// Visits, Hazards and Disputes count the records that the day made; Offline counts the changes written without signal.
	Visits, Hazards, Disputes, Offline int
	// Clinics counts the disputes by the clinic that works them at the end of the day; those at 0 are in none yet.
	Clinics map[domain.Clinic]int
	// Faults counts the connections that were lost in a call, and Restarts the apps that died.
	Faults, Restarts int
	// FirstSync, Day and Rest are the traffic before, on and after the day.
	FirstSync, Day, Rest Traffic
	// RestRounds is how many rounds it took until nothing moved.
	RestRounds int
	// Findings are the auditor's.
	Findings Findings
	// Stages tells how long each stage took, Wall all of them.
	Stages []StageTime
	Wall   time.Duration
}

// Total is the traffic of the whole demo.
func (r *Report) Total() Traffic {
	var t Traffic
	for _, part := range []Traffic{r.FirstSync, r.Day, r.Rest} {
		t.add(&client.Report{
			Pushed: part.Pushed, Applied: part.Applied, Merged: part.Merged, Quarantined: part.Quarantined,
			RoundTrips: part.RoundTrips, BytesUp: part.BytesUp, BytesDown: part.BytesDown,
		})
	}
	return t
}

// stopwatch times stages and tells a Progress of them.
type stopwatch struct {
	progress Progress
	// mu guards the fields below.
	mu     sync.Mutex
	stages []StageTime
	began  time.Time
}

func newStopwatch(p Progress) *stopwatch { return &stopwatch{progress: p} }

// begin ends the stage before and begins one.
func (w *stopwatch) begin(stage Stage, steps int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lap()
	w.stages = append(w.stages, StageTime{Stage: stage})
	if w.progress != nil {
		w.progress.Begin(stage, steps)
	}
}

// lap notes how long the stage in hand has taken. The caller holds mu.
func (w *stopwatch) lap() {
	now := time.Now()
	if n := len(w.stages); n > 0 {
		w.stages[n-1].Took = now.Sub(w.began)
	}
	w.began = now
}

// done tells of steps that are over.
func (w *stopwatch) done(steps int) {
	if w.progress != nil {
		w.progress.Done(steps)
	}
}

// end ends the last stage and gives the times.
func (w *stopwatch) end() (stages []StageTime, wall time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lap()
	for _, s := range w.stages {
		wall += s.Took
	}
	return w.stages, wall
}

// report counts what the day held and ends the stopwatch.
func (d *Demo) report(seen *observed) {
	r := &d.Report
	r.Seed, r.Phones, r.Clinics = d.options.Seed, len(d.phones), map[domain.Clinic]int{}
	for i := range seen.phones {
		r.Changes += seen.changesOf(seen.phones[i].incarnation)
	}
	for i := range seen.records {
		switch rec := &seen.records[i]; recordv1.Kind(rec.kind) {
		case recordv1.Kind_KIND_PREMISES:
			r.Doors++
		case recordv1.Kind_KIND_VISIT:
			r.Visits++
		case recordv1.Kind_KIND_HAZARD:
			r.Hazards++
		case recordv1.Kind_KIND_DISPUTE:
			r.Disputes++
			r.Clinics[rec.clinic()]++
		}
	}
	online := make([]bool, len(d.phones))
	for i := range d.day.Steps {
		switch step := &d.day.Steps[i]; {
		case step.Kind == StepOnline || step.Kind == StepOffline:
			online[step.Phone] = step.Kind == StepOnline
		case step.Kind == StepRestart:
			r.Restarts++
		case step.Fault != FaultNone:
			r.Faults++
		case !online[step.Phone]:
			r.Offline += len(step.Changes)
		}
	}
	r.Stages, r.Wall = d.watch.end()
}
