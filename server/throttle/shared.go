package throttle

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"time"

	"onedoor/server/store"
)

const (
	// bucketGuesses holds what is left of the bursts that servers count together: the key is a hash, the value how much is left
	// and since when. Whoever reads the store learns no address, name or phone of it.
	bucketGuesses = "guesses"
	// hashBytes is enough that two keys never share a count, and no more.
	hashBytes = 16
	// valueBytes are eight of what is left and eight of the time.
	valueBytes = 16
	// debtMax bounds how far below nothing a count goes, in bursts: that of as many servers as that may be asked at one moment,
	// before any has noted a failure. What is owed is waited for.
	debtMax = 16
	// sweepAtOnce bounds what one note takes away of what has grown back, so that counts do not gather between sweeps.
	sweepAtOnce = 8
)

// Realm is where servers count together. Put runs f in a transaction of its own.
type Realm interface {
	View(context.Context, func(store.Reader) error) error
	Put(context.Context, func(store.Writer) error) error
}

// Shared counts in a realm's store what throttles with a name let through, so that several servers together give no more tries
// than one. Only what stays counted is written: a failure, an enrolment. What ends well costs a reading. A nil one is that of a
// server that is alone: its throttles count in memory.
type Shared struct {
	realm Realm
	key   []byte
	log   *slog.Logger
}

// NewShared makes what counts in a realm, under hashes with a key that only the realm's secrets give.
func NewShared(realm Realm, key []byte, log *slog.Logger) *Shared { return &Shared{realm, key, log} }

// Take is All.Take that looks also at what other servers have counted.
func (s *Shared) Take(ctx context.Context, a All, now time.Time) error {
	if err := a.Take(now); err != nil || s == nil {
		return err
	}
	err := s.realm.View(ctx, func(r store.Reader) error {
		for _, each := range a.shared() {
			b, err := s.read(r, each, now)
			if err != nil {
				return err
			}
			if b.left < 1 {
				return &SlowDown{Wait: time.Duration((1 - b.left) * float64(each.Throttle.rule.Every))}
			}
		}
		return nil
	})
	if err != nil {
		a.GiveBack(now)
	}
	return err
}

// Keep notes what stays taken where other servers see it. A store that does not answer costs the others' knowledge, not the
// answer to who called.
func (s *Shared) Keep(ctx context.Context, a All, now time.Time) {
	if s == nil || len(a.shared()) == 0 {
		return
	}
	err := s.realm.Put(context.WithoutCancel(ctx), func(w store.Writer) error {
		for _, each := range a.shared() {
			b, err := s.read(w, each, now)
			if err != nil {
				return err
			}
			b.left = max(b.left-1, -debtMax*float64(each.Throttle.rule.Burst))
			if err := w.PutDocument(bucketGuesses, s.keyOf(each), b.encode(each.Throttle.rule)); err != nil {
				return err
			}
		}
		_, err := sweep(w, now, s.somewhere(), sweepAtOnce)
		return err
	})
	if err != nil {
		s.log.Warn("a failed try could not be noted for the realm's other servers", "error", err)
	}
}

// Sweep takes away what has grown back: nothing is known any more of who failed then.
func (s *Shared) Sweep(ctx context.Context, now time.Time) (gone int, err error) {
	if s == nil {
		return 0, nil
	}
	err = s.realm.Put(ctx, func(w store.Writer) (err error) {
		gone, err = sweep(w, now, nil, KeysMax)
		return err
	})
	return gone, err
}

func sweep(w store.Writer, now time.Time, from []byte, most int) (int, error) {
	var gone [][]byte
	looked := 0
	err := w.Documents(bucketGuesses, from, nil, func(d store.Document) bool {
		if looked++; len(d.Value) != valueBytes || full(d.Value) <= now.UnixMilli() {
			gone = append(gone, d.Key)
		}
		return looked < most
	})
	for _, key := range gone {
		if err == nil {
			err = w.DeleteDocument(bucketGuesses, key)
		}
	}
	return len(gone), err
}

// somewhere is a place among the keys, another one each time.
func (s *Shared) somewhere() []byte {
	at := make([]byte, 2)
	_, _ = rand.Read(at) // It never fails.
	return at
}

// shared are those that servers count together.
func (a All) shared() (out All) {
	for _, each := range a {
		if each.Key != "" && each.Throttle.name != "" {
			out = append(out, each)
		}
	}
	return out
}

func (s *Shared) keyOf(c Counted) []byte {
	h := hmac.New(sha256.New, s.key)
	fmt.Fprintf(h, "%s\n%s", c.Throttle.name, c.Key)
	return h.Sum(nil)[:hashBytes]
}

// read gives what is left by now.
func (s *Shared) read(r store.Reader, c Counted, now time.Time) (b bucket, err error) {
	value, ok, err := r.Document(bucketGuesses, s.keyOf(c))
	if err != nil || !ok || len(value) != valueBytes {
		return bucket{left: float64(c.Throttle.rule.Burst), at: now}, err
	}
	// Kept is when all has grown back: then what is left follows, whoever's clock wrote it down.
	missing := float64(full(value)-now.UnixMilli()) / float64(c.Throttle.rule.Every.Milliseconds())
	owed := math.Float64frombits(binary.BigEndian.Uint64(value))
	b.left = float64(c.Throttle.rule.Burst) - min(max(missing, 0), owed)
	b.at = now
	return b, nil
}

// encode keeps how much is missing, and when that has grown back.
func (b bucket) encode(rule Rule) []byte {
	missing := float64(rule.Burst) - b.left
	back := b.at.Add(time.Duration(missing * float64(rule.Every)))
	value := binary.BigEndian.AppendUint64(nil, math.Float64bits(missing))
	return binary.BigEndian.AppendUint64(value, uint64(back.UnixMilli()))
}

// full is when everything has grown back, in milliseconds.
func full(value []byte) int64 { return int64(binary.BigEndian.Uint64(value[8:])) }
