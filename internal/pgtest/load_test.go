package pgtest_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"onedoor/internal/pgtest"
)

func TestLoad_PassWaitsForAPieceThatBeganAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begins, ends := make(chan bool), make(chan bool)
		l := pgtest.Begin(func() error {
			<-begins
			<-ends
			return nil
		})
		begins <- true
		passed := false
		var passing sync.WaitGroup
		passing.Go(func() {
			if err := l.Pass(); err != nil {
				t.Error(err)
			}
			passed = true
		})
		synctest.Wait()
		ends <- true // That one was under way.
		synctest.Wait()
		if passed {
			t.Error("a piece that had begun before counts")
		}
		begins <- true
		ends <- true
		passing.Wait()
		close(begins)
		close(ends)
		if err := l.End(); err != nil {
			t.Error(err)
		}
	})
}

func TestLoad_APieceThatFailsEndsTheOthersAndIsTold(t *testing.T) {
	broken := errors.New("broken")
	l := pgtest.Begin(func() error { return nil }, func() error { return broken })
	if err := l.Pass(); !errors.Is(err, broken) {
		t.Errorf("passed with %v", err)
	}
	if err := l.End(); !errors.Is(err, broken) {
		t.Errorf("ended with %v", err)
	}
}
