package demo_test

import (
	"context"
	"sync/atomic"
	"testing"

	"onedoor/internal/demo"
)

// contextThatEnds gives a context that a test ends.
func contextThatEnds(t *testing.T) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}

// progress does something once a stage has come so far.
type progress struct {
	stage demo.Stage
	steps int64
	do    func()
	in    atomic.Bool
	done  atomic.Int64
}

// Begin notes the stage.
func (p *progress) Begin(stage demo.Stage, _ int) { p.in.Store(stage == p.stage) }

// Done counts the steps of the stage.
func (p *progress) Done(steps int) {
	if p.in.Load() && p.done.Add(int64(steps)) == p.steps {
		p.do()
	}
}
