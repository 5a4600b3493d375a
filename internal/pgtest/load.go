package pgtest

import (
	"fmt"
	"sync"
)

// Load is workers who work while something happens to servers and their database: each does one piece of work after the other until
// the load is ended. However fast the machine is, there is work when something happens; however slow, Pass waits for it.
type Load struct {
	running sync.WaitGroup
	// mu guards what follows; turned is signalled whenever one of it changes.
	mu     sync.Mutex
	turned *sync.Cond
	// done counts the pieces of each worker.
	done   []int
	ended  bool
	failed error
}

// Begin has workers work, each by doing its piece again and again. A piece that fails ends the load.
func Begin(workers ...func() error) *Load {
	l := &Load{done: make([]int, len(workers))}
	l.turned = sync.NewCond(&l.mu)
	for i, piece := range workers {
		l.running.Go(func() {
			for l.goesOn(i, piece()) {
			}
		})
	}
	return l
}

// goesOn takes down what came of a piece, and reports whether there is to be another.
func (l *Load) goesOn(worker int, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turned.Broadcast()
	if err != nil {
		l.failed = fmt.Errorf("worker %d, piece %d: %w", worker, l.done[worker]+1, err)
		return false
	}
	l.done[worker]++
	return !l.ended && l.failed == nil
}

// Pass waits until every worker has done two pieces more, one of which began after Pass was called: what stands now was met by all of
// them, and nothing is under way that began before. It gives the error of a piece that failed.
func (l *Load) Pass() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, before := range append([]int{}, l.done...) {
		for l.failed == nil && l.done[i] < before+2 {
			l.turned.Wait()
		}
	}
	return l.failed
}

// End lets every worker end its piece, and gives the error of one that failed.
func (l *Load) End() error {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.running.Wait()
	return l.failed
}
