package server

import (
	"context"
	"fmt"
	"time"

	"onedoor/server/observe"
	"onedoor/server/store"
)

// Advice is one thing that an operator should look at. It names no content and no person.
type Advice struct {
	// Name is what docs/operating.md has a section under.
	Name string `json:"name"`
	// Why says what was found, Do what to do about it.
	Why string `json:"why"`
	Do  string `json:"do"`
}

const (
	// backupAgeMax is how old the newest backup may be: one a day, and one that failed is noticed on the second.
	backupAgeMax = 36 * time.Hour
	// certificateLeft is how long before its end a certificate should have been renewed: those of 90 days are renewed at 30.
	certificateLeft = 14 * 24 * time.Hour
	// freeShareMin and freeBytesMin are what should be free where something is kept: a backup copies the database, and the
	// write-ahead log grows meanwhile. Enough is either of both.
	freeShareMin = 0.10
	freeBytesMin = 20 << 30
	// freeBytesLeast is little whatever the disk's size.
	freeBytesLeast = 1 << 30
	// walBytesMax is more than a write-ahead log holds that is written back: something reads one state for long.
	walBytesMax = 1 << 30
	// pendingMax is how long a write transaction may take: the longest of its own account, a full batch or a piece of an import, are
	// done in a second.
	pendingMax = 5 * time.Second
	// quarantineAgeMax is how long a change should wait for a person.
	quarantineAgeMax = 3 * 24 * time.Hour
)

// A store that does not answer, whether it is asked to write or to read.
const (
	storeStands   = "store-stands"
	storeStandsDo = "look at the disk, or at the database; phones of the realm wait and lose nothing"
)

// advice lists what the operator should look at on a running server.
func (h *hosted) advice(st *observe.State) (list []Advice) {
	now := h.config.Now()
	add := func(a *Advice) {
		if a != nil {
			list = append(list, *a)
		}
	}
	if err := h.watched.Refused(); err != nil {
		add(&Advice{"store-refuses", fmt.Sprintf("the store took nothing when it was last asked to: %v", err), "free space, or mend the folder's owner and mode; phones keep their work and send it again"})
	}
	add(pendingAdvice(st.Pending, now))
	if err := h.ledgerLost(); err != nil {
		add(&Advice{"side-ledger", fmt.Sprintf("the side ledger could not be written: %v", err), "mend its storage; until then no user, device or grant can be changed"})
	}
	for _, place := range sorted(st.Size) {
		add(diskAdvice(place, st.Free[place], st.Size[place]))
	}
	add(backupAdvice(st.BackedUp, now))
	if h.config.CertFile != "" {
		add(certificateAdvice(h.config.CertFile, st.CertificateEnds, now))
	}
	add(walAdvice(st.Files["wal"]))
	if !st.QuarantineOldest.IsZero() && now.Sub(st.QuarantineOldest) > quarantineAgeMax {
		add(&Advice{"quarantine-old", fmt.Sprintf("%d changes wait for a person, the oldest since %s", st.Quarantined, st.QuarantineOldest.Format(time.DateOnly)), "onedoor quarantine list, then release or reject"})
	}
	return list
}

func pendingAdvice(since, now time.Time) *Advice {
	if since.IsZero() || now.Sub(since) < pendingMax {
		return nil
	}
	return &Advice{storeStands, fmt.Sprintf("a transaction has waited for its disk for %d seconds", int(now.Sub(since).Seconds())), storeStandsDo}
}

func diskAdvice(place string, free, size int64) *Advice {
	if free >= freeBytesMin || free >= freeBytesLeast && float64(free) >= freeShareMin*float64(size) {
		return nil
	}
	return &Advice{"disk-space", fmt.Sprintf("%s free of %s where the %s lies", bytesText(free), bytesText(size), place), "free space or give a larger disk, before it is full and nothing is taken"}
}

func backupAdvice(made, now time.Time) *Advice {
	switch age := now.Sub(made); {
	case made.IsZero():
		return &Advice{"backup-old", "there is no verified backup", "onedoor backup, or serve with --backup-to"}
	case age > backupAgeMax:
		return &Advice{"backup-old", fmt.Sprintf("the newest verified backup is %d hours old", int(age.Hours())), "look in the log why no newer one was made, and make one: onedoor backup"}
	}
	return nil
}

func certificateAdvice(file string, ends, now time.Time) *Advice {
	switch left := ends.Sub(now); {
	case ends.IsZero():
		return &Advice{"certificate", fmt.Sprintf("%s cannot be read", file), "put the certificate back; the server goes on with the one it read"}
	case left <= 0:
		return &Advice{"certificate", fmt.Sprintf("%s ended on %s: no phone can call", file, ends.Format(time.DateOnly)), "renew it; the server takes it up within ten seconds"}
	case left < certificateLeft:
		return &Advice{"certificate", fmt.Sprintf("%s ends on %s", file, ends.Format(time.DateOnly)), "renew it; the server takes it up within ten seconds"}
	}
	return nil
}

func walAdvice(bytes int64) *Advice {
	if bytes <= walBytesMax {
		return nil
	}
	return &Advice{"wal-large", fmt.Sprintf("the write-ahead log has %s", bytesText(bytes)), "end what reads for long (verify, backup, a report); it is written back when they are done"}
}

// readiness says why calls cannot be answered; nil when they can. A store that takes nothing is no reason: phones are told
// so, and can read.
func (h *hosted) readiness(ctx context.Context) error {
	select {
	case <-h.stopping:
		return fmt.Errorf("the server is stopping")
	default:
	}
	return h.realm.View(ctx, func(store.Reader) error { return nil })
}
