package crash

import (
	"context"
	"errors"
	"time"

	"onedoor/internal/sim/child"
)

// ServersMax bounds the servers of a run: a phone would know more, a machine would not stand them.
const ServersMax = 8

// hosts are the servers of a run.
type hosts []*host

// begin starts every server for a cycle and keeps it alive until rest.
func (all hosts) begin(cycle int, room uint64, calm bool) {
	for _, h := range all {
		h.begin(cycle, room, calm)
	}
}

// rest stops every server as an operator does, one after the other.
func (all hosts) rest() (err error) {
	for _, h := range all {
		err = errors.Join(err, h.rest())
	}
	return err
}

// soothe lets the servers live from now on. It waits for each before it goes to the next.
func (all hosts) soothe() {
	for _, h := range all {
		h.soothe()
	}
}

// listening waits until every server listens.
func (all hosts) listening() (err error) {
	for _, h := range all {
		err = errors.Join(err, h.listening())
	}
	return err
}

// stand has every server's disk take its time for everything, or ends that. It waits until each listens.
func (all hosts) stand(on bool) (err error) {
	for _, h := range all {
		_, failed := h.do(serverCommand{Op: "stand", Standing: on})
		err = errors.Join(err, failed)
	}
	return err
}

// somePause is how long whoever waits for some server lets pass before the next look.
const somePause = 5 * time.Millisecond

// some waits until one server listens. errDown: none does, and none is to come back.
func (all hosts) some(ctx context.Context) error {
	for {
		wanted := false
		for _, h := range all {
			listens, coming := h.state()
			if listens {
				return nil
			}
			wanted = wanted || coming
		}
		if !wanted {
			return errDown
		}
		if err := child.Wait(ctx, somePause); err != nil {
			return err
		}
	}
}

// crash kills every server, and they stay down.
func (all hosts) crash() {
	for _, h := range all {
		h.crash()
	}
}

// deaths counts the servers' deaths so far, and those at their own marks.
func (all hosts) deaths() (killed, marked int) {
	for _, h := range all {
		k, m := h.deaths()
		killed, marked = killed+k, marked+m
	}
	return killed, marked
}
