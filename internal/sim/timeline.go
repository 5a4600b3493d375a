package sim

import "container/heap"

// instant is a point in virtual time, in milliseconds since the Unix epoch.
type instant int64

// event is something that will happen.
type event struct {
	at instant
	// order keeps events of one instant in the order they were planned.
	order uint64
	do    func()
}

// timeline is the heap of what will happen. Nothing in the world happens by itself: it was planned here.
type timeline struct {
	now     instant
	planned uint64
	events  eventHeap
}

// after plans something a while from now; at once when the while is not positive.
func (t *timeline) after(ms int64, do func()) { t.at(t.now+instant(max(ms, 0)), do) }

// at plans something for an instant.
func (t *timeline) at(at instant, do func()) {
	t.planned++
	heap.Push(&t.events, event{at: max(at, t.now), order: t.planned, do: do})
}

// step lets the next thing happen; false when nothing is planned.
func (t *timeline) step() bool {
	if len(t.events) == 0 {
		return false
	}
	next := heap.Pop(&t.events).(event)
	t.now = next.at
	next.do()
	return true
}

type eventHeap []event

func (h eventHeap) Len() int { return len(h) }

func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].order < h[j].order
}

func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *eventHeap) Push(x any) { *h = append(*h, x.(event)) }

func (h *eventHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
