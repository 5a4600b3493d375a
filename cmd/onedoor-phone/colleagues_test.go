package main_test

import (
	"strings"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
)

func TestColleagues_OneWhoHasLeftIsNamedAndOfferedForNothing(t *testing.T) {
	w := serving(t)
	ann := w.enrolled("安", gridA)
	bob := w.enrolledAs("白", gridA, recordv1.Role_ROLE_HELPER).json("status").text("user_id")
	names := func() (out []string) {
		ann.json("sync")
		for _, c := range ann.json("colleagues").list("colleagues") {
			name := c.text("name") + " " + c.text("role")
			if c["left"] == true {
				name += " left"
			}
			out = append(out, name)
		}
		return out
	}
	if got := strings.Join(names(), ", "); got != "白 helper, 安 grid_worker" {
		t.Errorf("in the team: %s", got)
	}
	state := func(s adminv1.UserState) {
		id, err := wire.ParseID(bob)
		w.must(err)
		_, err = w.client.SetUserState(w.ctx, &adminv1.SetUserStateRequest{UserId: id[:], State: s})
		w.must(err)
	}
	state(adminv1.UserState_USER_STATE_CLOSED)
	if got := strings.Join(names(), ", "); got != "安 grid_worker, 白 helper left" {
		t.Errorf("after one has left: %s", got)
	}
	if r := ann.run("colleagues", "--lang", "zh"); r.code != done || !strings.Contains(r.out, "已离岗") || !strings.Contains(r.out, "社区网格员") {
		t.Errorf("%+v", r)
	}
	state(adminv1.UserState_USER_STATE_ACTIVE)
	if got := strings.Join(names(), ", "); got != "白 helper, 安 grid_worker" {
		t.Errorf("after one is back: %s", got)
	}
}
