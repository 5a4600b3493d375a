package retention

import (
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// reasonCharsMax bounds the reason of a hold: two sentences, with the number of the file that asks for it.
const reasonCharsMax = 300

// Hold keeps a record from expiring, as long as a court, the police or an audit needs it.
type Hold struct {
	Record syncengine.ID
	Reason string
	At     syncengine.UnixMilli
	By     syncengine.ID
}

// PutHold sets a hold, or writes another reason over it.
func PutHold(w store.Writer, h Hold) error {
	if n := utf8.RuneCountInString(h.Reason); n == 0 || n > reasonCharsMax {
		return fmt.Errorf("%w: a hold's reason of %d characters, 1 to %d are allowed", exchange.ErrBadRequest, n, reasonCharsMax)
	}
	m := &storedv1.RetentionHold{Reason: h.Reason, AtMs: int64(h.At)}
	if !h.By.IsZero() {
		m.By = h.By[:]
	}
	return put(w, exchange.BucketHolds, h.Record[:], m)
}

// LiftHold ends a hold; ending none is no error.
func LiftHold(w store.Writer, record syncengine.ID) error {
	return w.DeleteDocument(exchange.BucketHolds, record[:])
}

// HoldOf gives the hold of a record; ok is false when there is none.
func HoldOf(r store.Reader, record syncengine.ID) (h Hold, ok bool, err error) {
	value, ok, err := r.Document(exchange.BucketHolds, record[:])
	if err != nil || !ok {
		return h, false, err
	}
	h, err = holdOf(record[:], value)
	return h, err == nil, err
}

// Holds lists all holds, by record.
func Holds(r store.Reader) (out []Hold, err error) {
	var failed error
	err = r.Documents(exchange.BucketHolds, nil, nil, func(d store.Document) bool {
		var h Hold
		if h, failed = holdOf(d.Key, d.Value); failed == nil {
			out = append(out, h)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return out, err
}

func holdOf(key, value []byte) (h Hold, err error) {
	m := &storedv1.RetentionHold{}
	if err := proto.Unmarshal(value, m); err != nil {
		return h, fmt.Errorf("hold of record %x: %w: %w", key, store.ErrDamaged, err)
	}
	h = Hold{Reason: m.GetReason(), At: syncengine.UnixMilli(m.GetAtMs())}
	h.Record, _ = syncengine.IDFromBytes(key)
	h.By, _ = syncengine.IDFromBytes(m.GetBy())
	return h, nil
}
