package server_test

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"onedoor/server"
)

func TestRoom_WhoFindsNoneIsToldWhenToComeAgainAndTheNextOneFindsIt(t *testing.T) {
	for name, bytes := range map[string]int{"calls": 0, "bytes": 32 << 20, "one that is larger than all": 1 << 30} {
		r := &server.Room{}
		taken := 0
		for ; r.Enter(bytes) == nil; taken++ {
			if taken > 10_000 {
				t.Fatalf("%s: nothing bounds them", name)
			}
		}
		if taken == 0 {
			t.Fatalf("%s: not even one finds room", name)
		}
		toldToWait(t, r.Enter(bytes))
		r.Leave(bytes)
		if err := r.Enter(bytes); err != nil {
			t.Errorf("%s: after one has left: %v", name, err)
		}
	}
}

func TestRoom_ListenersAreBounded(t *testing.T) {
	r := &server.Room{}
	var err error
	for n := 0; err == nil && n < 1_000_000; n++ {
		err = r.Watch()
	}
	toldToWait(t, err)
	r.Unwatch()
	if err := r.Watch(); err != nil {
		t.Error(err)
	}
}

// toldToWait checks that a refusal says how long.
func toldToWait(t *testing.T, err error) {
	t.Helper()
	var wait bool
	for _, d := range status.Convert(err).Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			wait = retry.GetRetryDelay().AsDuration() > 0
		}
	}
	if status.Code(err) != codes.ResourceExhausted || !wait || reasonOf(err) != "BUSY" {
		t.Errorf("no room: %v", err)
	}
}
