package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	client "onedoor/client-sdk"
)

// phonesFolder holds a folder for each phone within the demo's.
const phonesFolder = "phones"

// ErrScript reports that a day could not be played as it is written: a phone refused an edit, or a sync ended
// otherwise than the script says. It names the step.
var ErrScript = errors.New("the day cannot be played")

// handset is one phone of the day: a real replica with a line to the server, a clock of its own and its own chance.
type handset struct {
	index  PhoneIndex
	dir    string
	key    []byte
	line   *handsetLine
	random io.Reader
	// atMs is the true time, which the phone's clock shows with its fault.
	atMs  atomic.Int64
	ahead time.Duration

	replica *client.Replica
	// report sums what the syncs of the day did.
	report client.Report
}

// phoneName names a phone's folder and device.
func phoneName(index PhoneIndex) string { return fmt.Sprintf("%02d", index) }

// openHandset makes a phone.
func openHandset(dir string, seed uint64, index PhoneIndex, phone Phone, server string) (*handset, error) {
	h := &handset{
		index: index, dir: filepath.Join(dir, phonesFolder, phoneName(index)), key: make([]byte, client.KeyBytes),
		random: seeded(seed, fmt.Sprintf("phone %d", index)), ahead: phone.ClockAhead,
	}
	if _, err := io.ReadFull(h.random, h.key); err != nil {
		return nil, err
	}
	var err error
	if h.line, err = openLine(server); err != nil {
		return nil, err
	}
	return h, errors.Join(h.writeKey(dir), h.open())
}

// open opens the replica.
func (h *handset) open() error {
	replica, err := client.Open(h.dir, h.key, client.Options{
		Now: h.now, Random: h.random, Tries: 1, DeviceName: "demo " + phoneName(h.index), AppVersion: "demo",
	})
	if err == nil {
		h.replica = replica
	}
	return err
}

// now is what the phone's clock shows.
func (h *handset) now() time.Time { return time.UnixMilli(h.atMs.Load()).Add(h.ahead) }

// setTime sets the true time.
func (h *handset) setTime(at time.Time) { h.atMs.Store(at.UnixMilli()) }

// sync syncs once under a fault, and tells when it ends otherwise than the fault demands.
func (h *handset) sync(ctx context.Context, fault Fault) error {
	h.line.setFault(fault)
	report, err := h.replica.Sync(ctx)
	h.line.setFault(FaultNone)
	h.add(report)
	switch {
	case fault == FaultNone && err != nil:
		return fmt.Errorf("%w: sync: %w", ErrScript, err)
	case fault == FaultNone && !report.CaughtUp:
		return fmt.Errorf("%w: a sync ended without having caught up", ErrScript)
	case fault != FaultNone && err == nil:
		return fmt.Errorf("%w: a sync went through although its %s", ErrScript, fault)
	}
	return nil
}

func (h *handset) add(r *client.Report) {
	h.report.Pushed += r.Pushed
	h.report.Applied += r.Applied
	h.report.Merged += r.Merged
	h.report.Quarantined += r.Quarantined
	h.report.RoundTrips += r.RoundTrips
	h.report.BytesUp += r.BytesUp
	h.report.BytesDown += r.BytesDown
}

// kill ends the app as the system does when it needs memory, and starts it again: the new start finds the files as
// they lay on the disk, without what a proper close would have tidied up.
func (h *handset) kill() error {
	left := h.dir + ".left"
	if err := os.CopyFS(left, os.DirFS(h.dir)); err != nil {
		return err
	}
	err := errors.Join(h.putDown(), os.RemoveAll(h.dir))
	if err == nil {
		err = os.Rename(left, h.dir)
	}
	if err != nil {
		return err
	}
	return h.open()
}

// putDown closes the replica, so that somebody else may open it.
func (h *handset) putDown() error {
	replica := h.replica
	if h.replica = nil; replica == nil {
		return nil
	}
	return replica.Close()
}

// close puts the phone down and ends its line.
func (h *handset) close() error { return errors.Join(h.putDown(), h.line.Close()) }
