package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"onedoor/internal/sim/model"
)

// Options say which seeds to run.
type Options struct {
	// Seeds is how many, Base the first.
	Seeds int
	Base  uint64
	// Workers is how many seeds run beside each other; 0 takes as many as there are processors. A seed's history does not
	// depend on it.
	Workers int
	// StopAtFirst ends after a seed with a violation.
	StopAtFirst bool
	// Without leaves kinds of faults out.
	Without []Fault
	// Store is the database in which the seeds run that would run on a real file; see Case.
	Store string
	// Progress is told after each seed, from any worker; nil for nobody.
	Progress func(done, seeds int)
}

// Result is what a run came to.
type Result struct {
	// Seeds were played, Steps of their scripts taken.
	Seeds, Steps int
	// Faults counts what went wrong on purpose, Checks what the auditor checked, by the name of the invariant.
	Faults map[Fault]int
	Checks map[string]int
	// NotYet lists invariants that are not checked yet, each with its reason.
	NotYet []model.Waiting
	// TraceHash is over the hashes of the seeds' histories, in the order of seeds.
	TraceHash string
	// Failures are the seeds that broke something, in order.
	Failures []Failure
}

// Failure is a seed that broke something.
type Failure struct {
	Case Case
	// Violations are what the auditor found at the first step that was wrong.
	Violations []model.Violation
	// Err is set where a run ended otherwise: an answer that no rule allows, or a fault of the simulation itself.
	Err error
}

// Count is how many things were found wrong.
func (f *Failure) Count() int {
	if f.Err != nil {
		return len(f.Violations) + 1
	}
	return len(f.Violations)
}

// Violations counts what was found wrong in all seeds.
func (r *Result) Violations() (n int) {
	for i := range r.Failures {
		n += r.Failures[i].Count()
	}
	return n
}

// played is one seed's run.
type played struct {
	steps int
	// last is the number of the last step that was taken.
	last   int
	sum    [sha256.Size]byte
	faults tally
	checks map[string]int
	fail   *Failure
	// err is set when the run could not be made at all.
	err error
}

// Run plays seeds and puts together what came of them.
func Run(ctx context.Context, o Options) (*Result, error) {
	home, err := newHome()
	if err != nil {
		return nil, err
	}
	defer home.close()
	all := make([]*played, o.Seeds)
	var next, done atomic.Int64
	var stop atomic.Bool
	var workers sync.WaitGroup
	for range min(workersOf(o), max(o.Seeds, 1)) {
		workers.Go(func() {
			for ctx.Err() == nil && !stop.Load() {
				i := int(next.Add(1)) - 1
				if i >= o.Seeds {
					return
				}
				all[i] = home.play(Case{Seed: o.Base + uint64(i), Without: o.Without, Store: o.Store}, nil)
				if all[i].fail != nil && o.StopAtFirst || all[i].err != nil {
					stop.Store(true)
				}
				if n := int(done.Add(1)); o.Progress != nil {
					o.Progress(n, o.Seeds)
				}
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return gather(all)
}

func workersOf(o Options) int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// gather puts the seeds' runs together, in the order of seeds.
func gather(all []*played) (*Result, error) {
	out := &Result{Faults: map[Fault]int{}, Checks: map[string]int{}, NotYet: model.New(model.Options{}).NotYet()}
	hash := sha256.New()
	var errs []error
	for _, p := range all {
		if p == nil {
			continue
		}
		if p.err != nil {
			errs = append(errs, p.err)
			continue
		}
		out.Seeds++
		out.Steps += p.steps
		hash.Write(p.sum[:])
		tally(out.Faults).add(p.faults)
		for name, n := range p.checks {
			out.Checks[name] += n
		}
		if p.fail != nil {
			out.Failures = append(out.Failures, *p.fail)
		}
	}
	out.TraceHash = hex.EncodeToString(hash.Sum(nil))
	return out, errors.Join(errs...)
}

// home is where runs keep their files.
type home struct {
	dir     string
	secrets *secrets
	runs    atomic.Int64
}

// memoryFolder is where Linux keeps files in memory: the simulated disks need no other.
const memoryFolder = "/dev/shm"

func newHome() (*home, error) {
	parent := ""
	if info, err := os.Stat(memoryFolder); err == nil && info.IsDir() {
		parent = memoryFolder
	}
	dir, err := os.MkdirTemp(parent, "onedoor-sim-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the run: %w", err)
	}
	keys, err := newSecrets(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &home{dir: dir, secrets: keys}, nil
}

// close removes everything. What cannot be removed is in the system's folder for such files.
func (h *home) close() { _ = os.RemoveAll(h.dir) }

// play plays one case; out takes the timeline, nil for nobody.
func (h *home) play(c Case, out io.Writer) *played {
	dir := filepath.Join(h.dir, fmt.Sprintf("run-%d", h.runs.Add(1)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &played{err: fmt.Errorf("make a folder for seed %d: %w", c.Seed, err)}
	}
	w, err := newWorld(c, h.secrets, dir, out)
	if err != nil {
		return &played{err: fmt.Errorf("seed %d: %w", c.Seed, err)}
	}
	w.play()
	p := &played{steps: w.steps, last: w.last, sum: w.trace.sum(), faults: w.tally, checks: w.model.Checks()}
	if w.over() {
		p.fail = &Failure{Case: c, Violations: w.found, Err: w.failed}
	}
	p.err = w.close()
	return p
}

// Replay plays one case and writes its timeline.
func Replay(c Case, out io.Writer) (*Result, error) {
	home, err := newHome()
	if err != nil {
		return nil, err
	}
	defer home.close()
	return gather([]*played{home.play(c, out)})
}
