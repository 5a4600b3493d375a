package throttle_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"onedoor/server/throttle"
)

var (
	rule = throttle.Rule{Burst: 3, Every: time.Minute}
	noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
)

func TestTake_EndsAfterTheBurstAndSaysHowLong(t *testing.T) {
	s := throttle.New(rule)
	for range rule.Burst {
		if err := s.Take("a", noon); err != nil {
			t.Fatal(err)
		}
	}
	var slow *throttle.SlowDown
	if err := s.Take("a", noon.Add(15*time.Second)); !errors.As(err, &slow) || slow.Wait != 45*time.Second {
		t.Errorf("after the burst: %v", err)
	}
	if err := s.Take("b", noon); err != nil {
		t.Errorf("another key: %v", err)
	}
	if err := s.Take("a", noon.Add(time.Minute)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if err := s.Take("a", noon.Add(time.Minute)); err == nil {
		t.Error("one a minute, and a second one got through")
	}
}

func TestGiveBack_LetsWhatSucceedsGoOnForEver(t *testing.T) {
	s := throttle.New(rule)
	for range 10 * rule.Burst {
		if err := s.Take("street", noon); err != nil {
			t.Fatal(err)
		}
		s.GiveBack("street", noon)
	}
	s.GiveBack("street", noon)
	for range rule.Burst {
		if err := s.Take("street", noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Take("street", noon); err == nil {
		t.Error("giving back made the burst larger")
	}
}

func TestTake_AClockThatGoesBackGivesNothing(t *testing.T) {
	s := throttle.New(rule)
	for range rule.Burst {
		_ = s.Take("a", noon)
	}
	if err := s.Take("a", noon.Add(-time.Hour)); err == nil {
		t.Error("an hour earlier there is room")
	}
	if err := s.Take("a", noon.Add(-time.Hour).Add(time.Minute)); err != nil {
		t.Errorf("a minute later by that clock: %v", err)
	}
}

func TestTake_ManyKeysShareABucketInsteadOfMemory(t *testing.T) {
	s := throttle.New(rule)
	for i := range throttle.KeysMax {
		_ = s.Take(fmt.Sprint(i), noon)
	}
	let := 0
	for i := range 100 {
		if s.Take(fmt.Sprint("new", i), noon) == nil {
			let++
		}
	}
	if let != rule.Burst {
		t.Errorf("%d of 100 further keys got through, want %d", let, rule.Burst)
	}
	if err := s.Take("later", noon.Add(time.Hour)); err != nil {
		t.Errorf("an hour later, when old keys are as good as new: %v", err)
	}
}

func TestAll_TakesFromAllOrFromNone(t *testing.T) {
	wide, narrow := throttle.New(throttle.Rule{Burst: 9, Every: time.Minute}), throttle.New(throttle.Rule{Burst: 1, Every: time.Minute})
	both := throttle.All{{Throttle: wide, Key: "a"}, {Throttle: narrow, Key: "b"}, {Throttle: narrow}}
	if err := both.Take(noon); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := both.Take(noon); err == nil {
			t.Fatal("the narrow one let a second through")
		}
	}
	for i := range 8 {
		if err := wide.Take("a", noon); err != nil {
			t.Fatalf("the wide one lost what was given back: %d: %v", i, err)
		}
	}
}

func TestAddress_IsTheSubscribersNotThePhones(t *testing.T) {
	from := func(addr string) context.Context {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return peer.NewContext(t.Context(), &peer.Peer{Addr: tcp})
	}
	forwarded := metadata.NewIncomingContext(from("10.0.0.1:5"), metadata.Pairs("x-forwarded-for", "6.6.6.6, 203.0.113.9"))
	for _, c := range []struct {
		name    string
		ctx     context.Context
		gateway bool
		want    string
	}{
		{"IPv4", from("203.0.113.7:4321"), false, "203.0.113.7"},
		{"IPv6, its network", from("[2001:db8:1:2:3:4:5:6]:4321"), false, "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", from("[::ffff:203.0.113.7]:4321"), false, "203.0.113.7"},
		{"a header without a gateway is not believed", forwarded, false, "10.0.0.1"},
		{"behind a gateway, its own entry", forwarded, true, "203.0.113.9"},
		{"behind a gateway that says nothing", from("10.0.0.1:5"), true, ""},
		{"no peer", t.Context(), false, ""},
	} {
		if got := throttle.Address(c.ctx, c.gateway); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
