package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"onedoor/internal/sim/bench"
)

// lulls runs f beside a watch over syncs and gives how long each lull was when it was told.
func lulls(t *testing.T, after time.Duration, f func(*bench.Lull)) (told []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		l := bench.NewLull(after)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { l.Watch(ctx, func(quietFor time.Duration) { told = append(told, quietFor) }) })
		f(l)
		stop()
		wg.Wait()
	})
	return told
}

func TestLull_IsToldOnceUntilASyncEnds(t *testing.T) {
	told := lulls(t, 5*time.Second, func(l *bench.Lull) {
		l.Do(func() { time.Sleep(12 * time.Second) })
		l.Do(func() { time.Sleep(6 * time.Second) })
	})
	if len(told) != 2 || told[0] < 5*time.Second || told[0] > 6*time.Second {
		t.Errorf("told were %v", told)
	}
}

func TestLull_IsNoneWhileSyncsEndOrNobodySyncs(t *testing.T) {
	told := lulls(t, 5*time.Second, func(l *bench.Lull) {
		var wg sync.WaitGroup
		wg.Go(func() { l.Do(func() { time.Sleep(20 * time.Second) }) })
		for range 5 {
			l.Do(func() { time.Sleep(4 * time.Second) })
		}
		wg.Wait()
		time.Sleep(time.Minute)
	})
	if len(told) > 0 {
		t.Errorf("told were %v", told)
	}
}

func TestLull_OnlySoManyAreTold(t *testing.T) {
	told := lulls(t, time.Second, func(l *bench.Lull) {
		for range bench.LullsMost + 3 {
			l.Do(func() { time.Sleep(2 * time.Second) })
		}
	})
	if len(told) != bench.LullsMost {
		t.Errorf("%d were told, %d are the most", len(told), bench.LullsMost)
	}
}

func TestLull_AProcessThatStoodStillIsToldThoughSyncsEndedBeforeAndAfter(t *testing.T) {
	const look = 100 * time.Millisecond
	late := bench.Looks(3*time.Second, []time.Duration{look, look, 9 * time.Second, look}, []int64{1, 2, 3, 4})
	if len(late) != 1 || late[0] != 9*time.Second-look {
		t.Errorf("told were %v", late)
	}
}

func TestStacks_SayWhyAndWhereGoroutinesStand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stacks.txt")
	ask := func() string {
		t.Helper()
		in, err := json.Marshal(map[string]any{"op": "stacks", "into": path, "why": "no sync ended for 7.0 s"})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := bench.Child(t.Context(), bench.RoleServer, strings.NewReader(fmt.Sprintln(string(in))), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	ask()
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no sync ended for 7.0 s\n", "seconds of processor time", "goroutines that wait for a processor: ", "collections: ", "bench.writeStacks"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the file lacks %q:\n%s", want, written)
		}
	}
	if said := ask(); !strings.Contains(said, "exists") {
		t.Errorf("a second one in the same file: %s", said)
	}
}
