package throttle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/server/throttle"
)

// realm counts what is written to a store in memory.
type realm struct {
	*memstore.Store
	puts int
}

func (r *realm) Put(ctx context.Context, f func(store.Writer) error) error {
	r.puts++
	return r.Update(ctx, f)
}

// server is one of several that count together.
type server struct {
	guesses *throttle.Shared
	counted throttle.All
}

func servers(r *realm, n int) (list []server) {
	for range n {
		list = append(list, server{
			throttle.NewShared(r, []byte("key of the realm"), slog.New(slog.DiscardHandler)),
			throttle.All{{Throttle: throttle.Common("by address", rule), Key: "198.51.100.7"}, {Throttle: throttle.Common("by name", rule), Key: "heli"}, {Throttle: throttle.New(rule), Key: "here"}},
		})
	}
	return list
}

// guess tries and fails, unless it is not let.
func (s server) guess(ctx context.Context, now time.Time) error {
	if err := s.guesses.Take(ctx, s.counted, now); err != nil {
		return err
	}
	s.guesses.Keep(ctx, s.counted, now)
	return nil
}

func TestShared_SeveralServersGiveNoMoreTriesThanOne(t *testing.T) {
	r := &realm{Store: memstore.New()}
	list := servers(r, 3)
	let := func(tries int, now time.Time) (n int) {
		for i := range tries {
			if err := list[i%len(list)].guess(t.Context(), now); err == nil {
				n++
			} else if slow := (&throttle.SlowDown{}); !errors.As(err, &slow) || slow.Wait <= 0 {
				t.Fatal(err)
			}
		}
		return n
	}
	if n := let(30, noon); n != rule.Burst {
		t.Errorf("three servers let %d guesses through, want %d", n, rule.Burst)
	}
	if n := let(30, noon.Add(rule.Every+time.Second)); n != 1 {
		t.Errorf("%d more after the time of one", n)
	}
	if n := let(30, noon.Add(time.Hour)); n != rule.Burst {
		t.Errorf("%d after an hour, want %d", n, rule.Burst)
	}
}

func TestShared_AVolleyAtAllServersIsPaidForAfterwards(t *testing.T) {
	r := &realm{Store: memstore.New()}
	list := servers(r, 3)
	for _, s := range list { // All are asked before any has failed.
		for range rule.Burst {
			if err := s.guesses.Take(t.Context(), s.counted, noon); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range list {
		for range rule.Burst {
			s.guesses.Keep(t.Context(), s.counted, noon)
		}
	}
	let := 0
	for minute := 1; minute <= 2*rule.Burst; minute++ {
		if list[minute%3].guess(t.Context(), noon.Add(time.Duration(minute)*rule.Every)) == nil {
			let++
		}
	}
	if let != 0 {
		t.Errorf("%d guesses were let through before the volley was paid for", let)
	}
	if err := list[0].guess(t.Context(), noon.Add(time.Duration(2*rule.Burst+1)*rule.Every)); err != nil {
		t.Errorf("when it is paid for: %v", err)
	}
}

func TestShared_WhatEndsWellWritesNothingAndAloneNothingIsShared(t *testing.T) {
	r := &realm{Store: memstore.New()}
	s := servers(r, 1)[0]
	for range 10 * rule.Burst {
		if err := s.guesses.Take(t.Context(), s.counted, noon); err != nil {
			t.Fatal(err)
		}
		s.counted.GiveBack(noon)
	}
	if r.puts != 0 {
		t.Errorf("%d transactions for what ended well", r.puts)
	}
	var alone *throttle.Shared
	if err := alone.Take(t.Context(), s.counted, noon); err != nil {
		t.Error(err)
	}
	alone.Keep(t.Context(), s.counted, noon)
}

func TestShared_KeepsNoAddressAndForgets(t *testing.T) {
	r := &realm{Store: memstore.New()}
	s := servers(r, 1)[0]
	if err := s.guess(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	held := func() (n int) {
		err := r.View(t.Context(), func(v store.Reader) error {
			return v.Documents("guesses", nil, nil, func(d store.Document) bool {
				for _, text := range []string{"198.51.100.7", "heli", "address"} {
					if bytes.Contains(append(d.Key, d.Value...), []byte(text)) {
						t.Errorf("the store tells %q", text)
					}
				}
				n++
				return true
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := held(); n != 2 {
		t.Errorf("%d counts are kept, want those of address and name", n)
	}
	if gone, err := s.guesses.Sweep(t.Context(), noon); gone != 0 || err != nil {
		t.Errorf("%d counts were taken away at once: %v", gone, err)
	}
	if gone, err := s.guesses.Sweep(t.Context(), noon.Add(rule.Every)); gone != 2 || err != nil || held() != 0 {
		t.Errorf("%d counts were taken away, %v, %d are left", gone, err, held())
	}
	for i := range 500 { // Notes take away what has grown back.
		s.counted[0].Key = fmt.Sprint(i)
		if err := s.guess(t.Context(), noon.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if n := held(); n > 100 {
		t.Errorf("%d counts of weeks are kept", n)
	}
}
