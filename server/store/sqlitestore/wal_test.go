package sqlitestore_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// TestUpdate_TheWriteAheadLogStaysBoundedUnderAnEndlessChainOfViews keeps at
// least one view open at every moment, which alone would let the log grow for ever.
func TestUpdate_TheWriteAheadLogStaysBoundedUnderAnEndlessChainOfViews(t *testing.T) {
	const (
		writtenBytes = 160 << 20
		updateBytes  = 2 << 20
		// allowedBytes is the bound with one update on top.
		allowedBytes = 64<<20 + 2*updateBytes
	)
	s, path := create(t)
	defer mustClose(t, s)
	s.WaitForReaders(time.Hour) // A machine may take longer than a second to end one view and begin the next.
	stop := make(chan struct{})
	var chain sync.WaitGroup
	chain.Go(func() { viewsWithoutEnd(t, s, stop) })
	longest := int64(0)
	for seq := syncengine.Seq(1); int64(seq)*updateBytes <= writtenBytes; seq++ {
		if err := commit(s, seq, seq, updateBytes/2); err != nil { // Once in the log, once in the records.
			t.Fatal(err)
		}
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, info.Size())
	}
	close(stop)
	chain.Wait()
	if longest > allowedBytes {
		t.Errorf("the write-ahead log grew to %d bytes, allowed are %d", longest, allowedBytes)
	}
}

// viewsWithoutEnd ends each view only after the next has begun.
func viewsWithoutEnd(t *testing.T, s store.Store, stop <-chan struct{}) {
	var views sync.WaitGroup
	defer views.Wait()
	var end chan struct{}
	for {
		began, next := make(chan struct{}), make(chan struct{})
		views.Go(func() {
			err := s.View(context.Background(), func(store.Reader) error {
				close(began)
				<-next
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-began
		if end != nil {
			close(end)
		}
		end = next
		select {
		case <-stop:
			close(end)
			return
		default:
		}
	}
}
