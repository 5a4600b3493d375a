package main_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"onedoor/internal/wire"
)

// day gives a day from now, as settings name it.
func day(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }

// called exchanges once and gives what the answer's header asks for, or the reason of a refusal.
func (p *phone) called() (updateTo, reason string) {
	p.w.t.Helper()
	var header metadata.MD
	_, err := p.client.Exchange(context.Background(), p.request(), grpc.Header(&header))
	if to := header.Get(wire.UpdateToHeader); len(to) > 0 {
		updateTo = to[0]
	}
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			reason = info.GetReason()
		}
	}
	if err != nil && status.Code(err) != codes.FailedPrecondition {
		p.w.t.Fatal(err)
	}
	return updateTo, reason
}

// again serves the realm with other flags, and reaches it from the phone.
func (p *phone) again(flags ...string) *phone {
	p.w.t.Helper()
	p.w.stop()
	p.w.serve(flags...)
	other, err := p.w.enrol("none")
	if err == nil {
		p.w.t.Fatal("no code enrols a phone")
	}
	p.client = other.client
	return p
}

// The phone of these tests says that it has "test 1".
func TestServe_AnOlderAppIsToldToUpdateThenRefusedAndItsWorkIsTakenAfterwards(t *testing.T) {
	w := serving(t).withGrids()
	p := w.phone(w.user("和丽", "grid_worker", gridA))
	p.door(gridA, "文化街1号")
	if to, reason := p.again("--min-client", "1.4", "--min-client-by", day(20)).called(); to != "1.4" || reason != "" {
		t.Errorf("within its grace: asked for %q, refused with %q", to, reason)
	}
	p.door(gridA, "文化街2号")
	if to, reason := p.again("--min-client", "1.4", "--min-client-by", day(-2)).called(); to != "" || reason != "APP_OLD" {
		t.Errorf("afterwards: asked for %q, refused with %q", to, reason)
	}
	if to, reason := p.again("--min-client", "1.0", "--min-client-by", day(-2)).called(); to != "" || reason != "" {
		t.Errorf("new enough: asked for %q, refused with %q", to, reason)
	}
	p.sync()
	if p.mark != len(p.changes) {
		t.Errorf("%d of %d changes were taken", p.mark, len(p.changes))
	}
}

func TestServe_AStolenPhoneIsReachedByItsOrderWhateverItsSoftware(t *testing.T) {
	w := serving(t).withGrids()
	p := w.phone(w.user("和丽", "grid_worker", gridA))
	w.json("device", "wipe", p.incarnation.String())
	if _, reason := p.again("--min-client", "9", "--min-client-by", day(-2)).called(); reason != "" {
		t.Errorf("refused with %q", reason)
	}
}

func TestServe_RefusesAMinimumThatIsNone(t *testing.T) {
	dir := founded(t)
	run(t, "serve", "--data", dir, "--min-client", "1.4").wantLine(t, usage, "--min-client-by")
	run(t, "serve", "--data", dir, "--min-client", "new", "--min-client-by", day(1)).wantLine(t, failed, "numbers with dots")
	run(t, "serve", "--data", dir, "--min-client", "1.4", "--min-client-by", "soon").wantLine(t, usage, "give a date")
}
