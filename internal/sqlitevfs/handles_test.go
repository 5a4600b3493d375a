package sqlitevfs_test

import (
	"sync"
	"testing"

	"onedoor/internal/sqlitevfs"
)

func TestHandles_EachNamesItsOwnUntilItIsDropped(t *testing.T) {
	var h sqlitevfs.Handles[int]
	held := map[uintptr]*int{}
	for i := range 100 {
		value := i
		handle := h.Add(&value)
		if handle == 0 || held[handle] != nil {
			t.Fatalf("value %d has handle %d, which is none or another's", i, handle)
		}
		held[handle] = &value
		if i%3 == 2 {
			h.Drop(handle)
			delete(held, handle)
		}
	}
	for handle, want := range held {
		if got := h.Get(handle); got != want {
			t.Errorf("handle %d names %p instead of %p", handle, got, want)
		}
	}
}

func TestHandles_AreFoundWhileOthersComeAndGo(t *testing.T) {
	var h sqlitevfs.Handles[int]
	var wait sync.WaitGroup
	for worker := range 8 {
		wait.Go(func() {
			var own []uintptr
			for i := range 200 {
				value := worker
				own = append(own, h.Add(&value))
				if i%2 == 0 {
					h.Drop(own[0])
					own = own[1:]
				}
				for _, handle := range own {
					if got := h.Get(handle); got == nil || *got != worker {
						t.Errorf("a handle of worker %d names another's value", worker)
						return
					}
				}
			}
		})
	}
	wait.Wait()
}
