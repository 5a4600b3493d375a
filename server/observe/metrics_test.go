package observe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/server/exchange"
	"onedoor/server/observe"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
)

// text gives what Prometheus is answered.
func text(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, m *observe.Metrics, lines ...string) {
	t.Helper()
	all := strings.Split(text(t, m), "\n")
	for _, want := range lines {
		if !slices.Contains(all, want) {
			name, _, _ := strings.Cut(want, "{")
			t.Errorf("no line %s; of that name there are %q", want, slices.DeleteFunc(slices.Clone(all), func(l string) bool { return !strings.HasPrefix(l, name) }))
		}
	}
}

func TestGroup_CountsWhatCameToStandAndHowItWasShared(t *testing.T) {
	m := observe.New(observe.Build{Version: "v1", Go: "go", Schema: "3"})
	r := m.Realm("530702")
	at := time.UnixMilli(1_780_000_000_000)
	r.Group(exchange.Group{
		Calls: make([]context.Context, 3), Began: at, Judged: at.Add(time.Millisecond), Ended: at.Add(21 * time.Millisecond), Changes: 40,
		Entries: map[store.EntryType]int{store.EntryApplied: 30, store.EntryQuarantined: 10, 200: 1}, Opened: 2, Settled: 1,
	})
	r.Group(exchange.Group{Calls: make([]context.Context, 1), Began: at, Ended: at, Changes: 7, Err: fmt.Errorf("group: %w", exchange.ErrFault)})
	wants(t, m,
		`onedoor_build_info{go="go",schema="3",version="v1"} 1`,
		`onedoor_changes_total{realm="530702"} 40`,
		`onedoor_log_entries_total{realm="530702",type="applied"} 30`,
		`onedoor_log_entries_total{realm="530702",type="quarantined"} 10`,
		`onedoor_log_entries_total{realm="530702",type="merged"} 0`,
		`onedoor_log_entries_total{realm="530702",type="other"} 1`,
		`onedoor_conflicts_opened_total{realm="530702"} 2`,
		`onedoor_conflicts_settled_total{realm="530702"} 1`,
		`onedoor_group_calls_bucket{realm="530702",le="4"} 2`,
		`onedoor_group_changes_sum{realm="530702"} 47`,
		`onedoor_group_seconds_bucket{part="commit",realm="530702",le="0.01"} 0`,
		`onedoor_group_seconds_bucket{part="commit",realm="530702",le="0.025"} 1`,
		`onedoor_groups_total{realm="530702",result="failed"} 1`,
		`onedoor_faults_total{realm="530702"} 0`,
	)
}

// ticking is a clock that goes on by a second a look.
func ticking() func() time.Time {
	at := time.UnixMilli(1_780_000_000_000)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// failing is a store whose commits fail.
type failing struct {
	store.Store
	err error
}

func (s *failing) Update(ctx context.Context, f func(store.Writer) error) error {
	if err := s.Store.Update(ctx, f); err != nil {
		return err
	}
	return s.err
}

func TestStore_TimesItsTurnTheWritingAndTheCommitApart(t *testing.T) {
	m := observe.New(observe.Build{})
	st := m.Realm("530702").Watch(memstore.New(), ticking())
	write := func(w store.Writer) error { return w.PutDocument("b", []byte("k"), []byte("v")) }
	if err := st.Update(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	if err := st.View(t.Context(), func(store.Reader) error { return nil }); err != nil {
		t.Fatal(err)
	}
	own := errors.New("the caller's own")
	if err := st.Update(t.Context(), func(store.Writer) error { return own }); !errors.Is(err, own) {
		t.Fatal(err)
	}
	wants(t, m,
		`onedoor_store_seconds_sum{operation="wait",realm="530702"} 2`,
		`onedoor_store_seconds_sum{operation="write",realm="530702"} 2`,
		`onedoor_store_seconds_sum{operation="commit",realm="530702"} 1`,
		`onedoor_store_seconds_count{operation="view",realm="530702"} 1`,
		`onedoor_store_errors_total{realm="530702",why="engine"} 0`,
	)
	if st.Refused() != nil {
		t.Errorf("an error of the caller's own counts as the store's: %v", st.Refused())
	}
}

func TestStore_SaysThatItTakesNothingUntilItDoes(t *testing.T) {
	m := observe.New(observe.Build{})
	under := &failing{Store: memstore.New(), err: fmt.Errorf("commit: %w", store.ErrFull)}
	st := m.Realm("530702").Watch(under, time.Now)
	nothing := func(store.Writer) error { return nil }
	if err := st.Update(t.Context(), nothing); !errors.Is(err, store.ErrFull) || !errors.Is(st.Refused(), store.ErrFull) {
		t.Errorf("error %v, refused %v", err, st.Refused())
	}
	under.err = errors.New("input/output error")
	if err := st.Update(t.Context(), nothing); err == nil || st.Refused() == nil {
		t.Error("an error of the engine is not the store's")
	}
	wants(t, m, `onedoor_store_errors_total{realm="530702",why="full"} 1`, `onedoor_store_errors_total{realm="530702",why="engine"} 1`)
	under.err = nil
	if err := st.Update(t.Context(), nothing); err != nil || st.Refused() != nil {
		t.Errorf("error %v, refused %v", err, st.Refused())
	}
}

func TestStore_SaysSinceWhenATransactionWaitsToBeConfirmed(t *testing.T) {
	now := time.UnixMilli(1_780_000_000_000)
	st := observe.New(observe.Build{}).Realm("530702").Watch(memstore.New(), func() time.Time { return now })
	err := st.Update(t.Context(), func(store.Writer) error {
		began := now
		now = now.Add(time.Minute)
		if since := st.Pending(); !since.Equal(began) {
			t.Errorf("it waits since %v, and began at %v", since, began)
		}
		return nil
	})
	if since := st.Pending(); err != nil || !since.IsZero() {
		t.Errorf("error %v; afterwards something waits since %v", err, since)
	}
}

func TestState_LeavesOutWhatIsNotKnownAndSaysWhenItCannotBeLookedUp(t *testing.T) {
	m := observe.New(observe.Build{})
	m.Realm("530702").Standing(func(context.Context) (observe.State, error) {
		return observe.State{
			Ready: true, Epoch: 2, Seq: 77, Phones: map[string]int{"active": 3}, QuarantineOldest: time.UnixMilli(1_780_000_000_500), ProjectionKnown: true, ProjectionBehind: 5,
		}, nil
	})
	second := m.Realm("530721")
	second.Standing(func(context.Context) (observe.State, error) { return observe.State{}, errors.New("disk gone") })
	wants(t, m,
		`onedoor_ready{realm="530702"} 1`, `onedoor_log_epoch{realm="530702"} 2`, `onedoor_log_seq{realm="530702"} 77`,
		`onedoor_phones{realm="530702",state="active"} 3`, `onedoor_quarantine_oldest_timestamp_seconds{realm="530702"} 1.7800000005e+09`,
		`onedoor_projection_behind_entries{realm="530702"} 5`, `onedoor_state_failed{realm="530702"} 0`, `onedoor_state_failed{realm="530721"} 1`,
	)
	if all := text(t, m); strings.Contains(all, "onedoor_backup_timestamp_seconds{") || strings.Contains(all, `onedoor_ready{realm="530721"}`) {
		t.Errorf("what is not known is told:\n%s", all)
	}
	second.Standing(func(context.Context) (observe.State, error) {
		return observe.State{Epoch: 1}, fmt.Errorf("%w: the store gives no answer", observe.ErrNotReady)
	})
	wants(t, m, `onedoor_ready{realm="530721"} 0`, `onedoor_state_failed{realm="530721"} 1`)
	if all := text(t, m); strings.Contains(all, `onedoor_log_epoch{realm="530721"}`) {
		t.Errorf("of a realm that cannot be read more is told than that:\n%s", all)
	}
	second.Gone()
	if strings.Contains(text(t, m), `onedoor_state_failed{realm="530721"}`) {
		t.Error("a realm that is gone is still told of")
	}
}

func TestState_ARealmThatGivesNoAnswerKeepsNoOtherWaiting(t *testing.T) {
	m := observe.New(observe.Build{})
	asked := make(chan struct{})
	m.Realm("1").Standing(func(ctx context.Context) (observe.State, error) {
		select { // It answers when the other was asked.
		case <-asked:
			return observe.State{Ready: true}, nil
		case <-ctx.Done():
			return observe.State{}, ctx.Err()
		}
	})
	m.Realm("2").Standing(func(context.Context) (observe.State, error) {
		close(asked)
		return observe.State{Ready: true}, nil
	})
	wants(t, m, `onedoor_ready{realm="1"} 1`, `onedoor_ready{realm="2"} 1`)
}
