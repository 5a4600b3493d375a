package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/observe"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// deviceStates are the names of a phone's states.
var deviceStates = map[identity.DeviceState]string{
	identity.DeviceActive: "active", identity.DeviceRevoked: "revoked", identity.DeviceWiping: "wiping", identity.DeviceWiped: "wiped",
}

// contactSpans are the spans in which phones are counted that were last heard from in them; the last has no end.
var contactSpans = []struct {
	name string
	span time.Duration
}{{"1h", time.Hour}, {"1d", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}, {"longer", 0}}

// neverSeen counts the phones that have not called yet.
const neverSeen = "never"

// standing looks up how the realm stands.
func (h *hosted) standing(ctx context.Context) (observe.State, error) {
	unready := h.readiness(ctx)
	st := observe.State{Ready: unready == nil, Watchers: h.hub.Listeners(), LedgerKept: h.ledgerLost() == nil, Pending: h.watched.Pending()}
	err := h.realm.View(ctx, func(r store.Reader) error { return h.readStanding(r, &st) })
	if err != nil {
		h.config.Log.Warn("how the realm stands could not be looked up", "error", err)
		if unready != nil {
			err = fmt.Errorf("%w: %w", observe.ErrNotReady, err)
		}
		return st, err
	}
	h.filesStanding(&st)
	st.Warnings = len(h.advice(&st))
	return st, nil
}

// readStanding fills in what the realm's store tells.
func (h *hosted) readStanding(r store.Reader, st *observe.State) error {
	head := r.Head()
	st.Epoch, st.Seq, st.Committed = uint32(head.Epoch), uint64(head.Seq), timeAt(head.Committed)
	if counted, ok := h.reports.Counted(); ok && counted.Epoch == head.Epoch && counted.Seq <= head.Seq {
		st.ProjectionKnown, st.ProjectionBehind = true, uint64(head.Seq-counted.Seq)
		if counted.Seq > 0 && st.ProjectionBehind > 0 {
			st.ProjectionLag = time.Duration(head.Committed-counted.Committed) * time.Millisecond
		}
	}
	err := h.realm.ListQuarantine(r, 0, func(q exchange.Quarantined) bool {
		st.Quarantined++
		st.QuarantineOldest = earlier(st.QuarantineOldest, timeAt(q.At))
		return true
	})
	if err != nil {
		return err
	}
	if st.Conflicts, err = exchange.CountConflicts(r); err != nil {
		return err
	}
	if err := h.backupStanding(r, st); err != nil {
		return err
	}
	if err := h.feedsStanding(r, st); err != nil {
		return err
	}
	return h.phonesStanding(r, st)
}

// backupStanding tells of the newest verified backup. A list that cannot be read is left out: whoever makes backups says why.
func (h *hosted) backupStanding(r store.Reader, st *observe.State) error {
	b, ok, err := h.config.newestOf(r)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if made, wrong := time.Parse(time.RFC3339, b.Made); err == nil && ok && wrong == nil {
		st.BackedUp, st.BackupBytes, st.BackupSeq = made, b.Bytes, b.Seq
	}
	return err
}

// phonesStanding counts phones, and what they said they had not sent.
func (h *hosted) phonesStanding(r store.Reader, st *observe.State) error {
	devices, err := identity.Devices(r)
	if err != nil {
		return err
	}
	st.Phones, st.Seen = map[string]int{}, map[string]int{neverSeen: 0}
	for _, name := range slices.Sorted(maps.Values(deviceStates)) {
		st.Phones[name] = 0
	}
	for _, span := range contactSpans {
		st.Seen[span.name] = 0
	}
	for _, d := range devices {
		st.Phones[deviceStates[d.State]]++
		if d.State != identity.DeviceActive {
			continue
		}
		contact, err := identity.GetContact(r, d.Incarnation)
		if err != nil {
			return err
		}
		st.Seen[h.seenWithin(contact.LastContact)]++
		st.Outbox += contact.Pending
		if contact.Pending > 0 {
			st.OutboxOldest = earlier(st.OutboxOldest, timeAt(contact.OldestPending))
		}
	}
	return nil
}

// seenWithin names the span in which a phone was last heard from.
func (h *hosted) seenWithin(last syncengine.UnixMilli) string {
	if last == 0 {
		return neverSeen
	}
	ago := h.config.Now().Sub(timeAt(last))
	for _, c := range contactSpans {
		if ago <= c.span {
			return c.name
		}
	}
	return contactSpans[len(contactSpans)-1].name
}

// filesStanding fills in what the machine tells. What cannot be looked at is left out: other checks say why.
func (h *hosted) filesStanding(st *observe.State) {
	st.Files = map[string]int64{}
	for name, file := range map[string]string{"database": DatabaseFile, "wal": DatabaseFile + walSuffix} {
		info, err := os.Stat(h.config.path(file))
		switch {
		case err == nil:
			st.Files[name] = info.Size()
		case errors.Is(err, fs.ErrNotExist):
			st.Files[name] = 0
		}
	}
	st.Free, st.Size = map[string]int64{}, map[string]int64{}
	for name, path := range h.config.places() {
		if free, size, err := disk(path); err == nil {
			st.Free[name], st.Size[name] = free, size
		}
	}
	if h.config.CertFile != "" {
		st.CertificateEnds, _ = certificateEnds(h.config.CertFile) // A pair that cannot be read is told by who reads it.
	}
}

// walSuffix follows the database's name in that of its write-ahead log.
const walSuffix = "-wal"

// places are the folders in which something is kept, by what it is.
func (c Config) places() map[string]string {
	out := map[string]string{"data": c.Dir}
	if c.Ledger != "" {
		out["ledger"] = c.Ledger
	}
	return out
}

// timeAt is a time of the log's form; zero for none.
func timeAt(at syncengine.UnixMilli) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(at))
}

// earlier gives the earlier of two times, of which a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ledgerLost says why the side ledger lacks something; nil when it does not, or where there is none.
func (h *hosted) ledgerLost() error {
	if h.ledger == nil {
		return nil
	}
	return h.ledger.Lost()
}
