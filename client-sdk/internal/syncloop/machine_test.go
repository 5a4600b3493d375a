package syncloop_test

import (
	"testing"

	"pgregory.net/rapid"

	"onedoor/client-sdk/internal/syncloop"
	"onedoor/syncengine"
)

const start = syncengine.UnixMilli(1_800_000_000_000)

// script steps a machine through events and checks each action.
type script struct {
	t   *testing.T
	m   syncloop.Machine
	now syncengine.UnixMilli
}

func (s *script) step(e syncloop.Event, want syncloop.ActionKind) syncloop.Action {
	s.t.Helper()
	var a syncloop.Action
	s.m, a = s.m.Step(s.now, e)
	if a.Kind != want {
		s.t.Fatalf("after %+v: action %+v, want kind %d", e, a, want)
	}
	return a
}

func TestOnce_GoesOnWhileThereIsMoreAndThenFinishes(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{}, true), start}
	if a := s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange); !a.Digests {
		t.Error("digests were never compared and are not sent")
	}
	if a := s.step(syncloop.Event{Kind: syncloop.Replied, More: true, Progress: true}, syncloop.Exchange); a.Digests {
		t.Error("digests are sent twice in one sync")
	}
	s.step(syncloop.Event{Kind: syncloop.Replied, Progress: true}, syncloop.Finish)
}

func TestOnce_ComparesDigestsOnceADay(t *testing.T) {
	for ago, want := range map[syncengine.UnixMilli]bool{3600_000: false, 25 * 3600_000: true} {
		s := &script{t, syncloop.New(syncloop.Policy{}, true), start}
		if a := s.step(syncloop.Event{Kind: syncloop.Begun, DigestsAt: start - ago}, syncloop.Exchange); a.Digests != want {
			t.Errorf("%d ms after the last time: %v", ago, a.Digests)
		}
	}
}

func TestOnce_TriesAgainAndGivesUp(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{Tries: 3}, true), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	first := s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, Jitter: 0.5}, syncloop.Wait)
	if first.Until <= s.now {
		t.Fatalf("no wait: %+v", first)
	}
	s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Wait)
	waited := first.Until - s.now
	s.now = first.Until
	s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
	second := s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, Jitter: 0.5}, syncloop.Wait)
	if second.Until-s.now != 2*waited {
		t.Errorf("waits %d, then %d", waited, second.Until-s.now)
	}
	s.now = second.Until
	s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
	s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true}, syncloop.GiveUp)
}

func TestOnce_AReplyEndsARowOfFailures(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{Tries: 2}, true), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	for range 5 {
		s.now = s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true}, syncloop.Wait).Until
		s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
		s.step(syncloop.Event{Kind: syncloop.Replied, More: true, Progress: true}, syncloop.Exchange)
	}
}

func TestMachine_WhatNoTryCanHelpEndsIt(t *testing.T) {
	for _, once := range []bool{true, false} {
		s := &script{t, syncloop.New(syncloop.Policy{}, once), start}
		s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
		s.step(syncloop.Event{Kind: syncloop.Failed}, syncloop.GiveUp)
	}
}

func TestOnce_RepliesThatBringNothingEndIt(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{}, true), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	for range 5 {
		s.step(syncloop.Event{Kind: syncloop.Replied, More: true}, syncloop.Exchange)
	}
	s.step(syncloop.Event{Kind: syncloop.Replied, More: true}, syncloop.Stuck)
}

func TestKeep_WaitsAMomentAfterAnEditAndLooksAgainLater(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{}, false), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	poll := s.step(syncloop.Event{Kind: syncloop.Replied, Progress: true}, syncloop.Wait)
	if poll.Until <= s.now {
		t.Fatal("a phone that is never told looks never again")
	}
	soon := s.step(syncloop.Event{Kind: syncloop.Edited}, syncloop.Wait)
	if soon.Until <= s.now || soon.Until >= poll.Until {
		t.Errorf("an edit is sent at %d, looking again was due at %d", soon.Until, poll.Until)
	}
	s.now += 10
	if again := s.step(syncloop.Event{Kind: syncloop.Edited}, syncloop.Wait); again.Until != soon.Until {
		t.Error("a second edit puts the first one off")
	}
	s.step(syncloop.Event{Kind: syncloop.Hinted}, syncloop.Exchange)
	s.step(syncloop.Event{Kind: syncloop.Edited}, syncloop.Wait)
	if a := s.step(syncloop.Event{Kind: syncloop.Replied}, syncloop.Wait); a.Until == 0 || a.Until > s.now+3_000 {
		t.Errorf("an edit made during an exchange waits until %d", a.Until)
	}
}

func TestKeep_EditsDoNotHurryADeadLine(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{}, false), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	var until syncengine.UnixMilli
	for range 12 {
		until = s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, Jitter: 0.99}, syncloop.Wait).Until
		if a := s.step(syncloop.Event{Kind: syncloop.Edited}, syncloop.Wait); a.Until != until {
			t.Fatalf("an edit moved the next try from %d to %d", until, a.Until)
		}
		wait := until - s.now
		if wait > 5*60_000 {
			t.Fatalf("waits %d ms", wait)
		}
		s.now = until
		s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
	}
}

// TestMachine_NeverCallsTwiceAtOnceAndAlwaysGoesOn draws events: there is one
// exchange at a time, and a machine that waits has a time or an event to wait for.
func TestMachine_NeverCallsTwiceAtOnceAndAlwaysGoesOn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		once := rapid.Bool().Draw(rt, "once")
		m, now, busy := syncloop.New(syncloop.Policy{}, once), start, false
		e := syncloop.Event{Kind: syncloop.Begun}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			var a syncloop.Action
			m, a = m.Step(now, e)
			switch a.Kind {
			case syncloop.Exchange:
				if busy {
					rt.Fatal("a second exchange began while one was under way")
				}
				busy = true
			case syncloop.Wait:
				if !busy && a.Until == 0 {
					rt.Fatal("waits for nothing")
				}
			default:
				return
			}
			kinds := []syncloop.EventKind{syncloop.Edited, syncloop.Hinted, syncloop.Ticked}
			if busy {
				kinds = append(kinds, syncloop.Replied, syncloop.Failed, syncloop.Replied, syncloop.Failed)
			}
			e = syncloop.Event{
				Kind: rapid.SampledFrom(kinds).Draw(rt, "event"), More: rapid.Bool().Draw(rt, "more"), Passing: true,
				Progress: rapid.Bool().Draw(rt, "progress"), Jitter: rapid.Float64Range(0, 0.999).Draw(rt, "jitter"),
			}
			if e.Kind == syncloop.Replied || e.Kind == syncloop.Failed {
				busy = false
			}
			now += syncengine.UnixMilli(rapid.Int64Range(0, 400_000).Draw(rt, "time"))
		}
	})
}

func TestStep_WhoIsAskedToWaitWaitsSoLongAndCountsItAsNoFailure(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{Tries: 2}, true), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	for range 20 {
		a := s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, After: 2_000, Jitter: 0.5}, syncloop.Wait)
		if waits := a.Until - s.now; waits != 3_000 {
			t.Fatalf("waits %d", waits)
		}
		s.now = a.Until
		s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
	}
	// A server that asks for ever is given up like a line that fails.
	s.now = s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, After: 2_000}, syncloop.Wait).Until
	s.step(syncloop.Event{Kind: syncloop.Ticked}, syncloop.Exchange)
	s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, After: 2_000}, syncloop.GiveUp)
}

func TestKeep_NeitherAnEditNorAHintCutsShortWhatTheServerAskedFor(t *testing.T) {
	s := &script{t, syncloop.New(syncloop.Policy{}, false), start}
	s.step(syncloop.Event{Kind: syncloop.Begun}, syncloop.Exchange)
	until := s.step(syncloop.Event{Kind: syncloop.Failed, Passing: true, After: 60_000}, syncloop.Wait).Until
	for _, kind := range []syncloop.EventKind{syncloop.Edited, syncloop.Hinted} {
		if a := s.step(syncloop.Event{Kind: kind}, syncloop.Wait); a.Until != until {
			t.Errorf("event %d: waits until %d instead of %d", kind, a.Until, until)
		}
	}
}
