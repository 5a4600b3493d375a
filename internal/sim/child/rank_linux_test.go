package child_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"onedoor/internal/sim/child"
)

func TestStartAs_AChildHasItsRankAtTheProcessor(t *testing.T) {
	usual, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		rank             child.Rank
		policy, priority uint32
		mayNot           bool
	}{
		{rank: child.Behind, policy: unix.SCHED_IDLE},
		{rank: child.Usual, policy: usual.Policy, priority: usual.Priority},
		{rank: child.First, policy: unix.SCHED_RR, priority: 1, mayNot: !child.MayGoFirst()},
		{rank: child.Foremost, policy: unix.SCHED_RR, priority: 2, mayNot: !child.MayGoFirst()},
	} {
		p, err := child.StartAs(t.Context(), want.rank, []string{os.Args[0]}, role)
		if want.mayNot {
			if err == nil {
				t.Errorf("rank %d was given to one who may not have it", want.rank)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Do(1, nil, nil); err != nil {
			t.Errorf("rank %d: %v", want.rank, err)
		}
		got, err := unix.SchedGetAttr(p.PID(), 0)
		if err != nil || got.Policy != want.policy || got.Priority != want.priority {
			t.Errorf("rank %d has policy %d and priority %d, want %d and %d (%v)", want.rank, got.Policy, got.Priority, want.policy, want.priority, err)
		}
		if _, err := p.Stop(); err != nil {
			t.Error(err)
		}
	}
}
