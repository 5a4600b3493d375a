package sim

import (
	"slices"

	"onedoor/server/exchange"
)

// sideLedger is the server's side ledger, on storage that no fault of the store reaches.
type sideLedger struct {
	entries []exchange.LedgerEntry
	last    uint64
}

var _ exchange.Ledger = (*sideLedger)(nil)

// Append makes an entry durable.
func (l *sideLedger) Append(e exchange.LedgerEntry) error {
	l.entries, l.last = append(l.entries, e), e.Number
	return nil
}

// Void takes back the last entry.
func (l *sideLedger) Void(number uint64) error {
	l.entries = slices.DeleteFunc(l.entries, func(e exchange.LedgerEntry) bool { return e.Number == number })
	return nil
}

// After calls f for the entries above a number.
func (l *sideLedger) After(number uint64, f func(exchange.LedgerEntry) error) error {
	for _, e := range l.entries {
		if e.Number > number {
			if err := f(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Last is the number of the last entry.
func (l *sideLedger) Last() uint64 { return l.last }

// length is how many entries stand; none without a ledger.
func (l *sideLedger) length() int {
	if l == nil {
		return 0
	}
	return len(l.entries)
}
