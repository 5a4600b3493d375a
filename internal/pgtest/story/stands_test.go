package story_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"onedoor/server"
)

// readiness asks a server how it is.
func (r *running) readiness(d *district) (out server.Readiness) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://"+r.AdminAddr().String()+"/readyz", nil)
	d.must(err)
	resp, err := http.DefaultClient.Do(req)
	d.must(err)
	defer resp.Body.Close()
	d.must(json.NewDecoder(resp.Body).Decode(&out))
	return out
}

// stands reports that an operator is told that the store stands still.
func stands(r server.Readiness) bool {
	return slices.ContainsFunc(r.Warnings, func(a server.Advice) bool { return a.Name == "store-stands" })
}

func TestServe_ADatabaseThatStandsStillIsToldOfAndLosesNothing(t *testing.T) {
	d := &district{t: t}
	c := d.own()
	d = founded(t, c.Database(t, "realms"))
	one := d.serveWith(server.Config{Admin: "127.0.0.1:0"})
	ann, bob := d.phone(one), d.phone(one)
	ann.synced()
	bob.synced()
	thaw, err := c.Freeze()
	d.must(err)
	t.Cleanup(func() { d.must(thaw()) }) // A cluster that stands still cannot be ended in order.
	door := ann.door("民主路3号")
	synced := make(chan error, 1)
	go func() {
		_, err := ann.Sync(t.Context())
		synced <- err
	}()
	if told := one.readiness(d); !stands(told) || told.Ready { // It asks the database, and waits for an answer as long as it may.
		t.Errorf("while its database stands still it tells %+v", told)
	}
	select {
	case err := <-synced:
		t.Errorf("a sync ended while the database stood still: %v", err)
	default:
	}
	d.must(thaw())
	d.must(<-synced)
	bob.synced()
	bob.shows(door, "民主路3号")
	if told := one.readiness(d); !told.Ready || stands(told) {
		t.Errorf("afterwards it tells %+v", told)
	}
	one.halt(d)
	d.verified()
}
