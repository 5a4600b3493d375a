package console

import (
	"fmt"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// What a person is granted besides the own role, teams and assigned doors, and for which doors they answer.

// given gives the grants that a person gave besides, which the call replaces together.
func given(all []*adminv1.Grant) (out []*adminv1.Grant) {
	for _, g := range all {
		if g.GetOrigin() == adminv1.GrantOrigin_GRANT_ORIGIN_PERSON {
			out = append(out, g)
		}
	}
	return out
}

// grantMore adds a grant to those that a person gave.
func (v *visit) grantMore(user []byte) error {
	f := v.fields()
	g := &adminv1.Grant{TerritoryCode: v.form("territory"), RecordIds: f.idLines("records"), UntilMs: f.endOfDay("until")}
	if r := chosen[recordv1.Role](f, "role"); r != nil {
		g.Role = *r
	}
	if f.err != nil {
		return f.err
	}
	if (g.GetTerritoryCode() == "") == (len(g.GetRecordIds()) == 0) {
		return refused("请选择辖区，或填写记录编号，二者选一。", "Choose a territory or name records: one of both.")
	}
	return v.setGrants(user, func(now []*adminv1.Grant) []*adminv1.Grant { return append(now, g) })
}

// takeBack takes back the grant that stands at a place of the list.
func (v *visit) takeBack(user []byte) error {
	n, ok := v.fields().number("grant")
	return v.setGrants(user, func(now []*adminv1.Grant) []*adminv1.Grant {
		if !ok || int(n) >= len(now) {
			return now
		}
		return slices.Delete(now, int(n), int(n)+1)
	})
}

func (v *visit) setGrants(user []byte, change func([]*adminv1.Grant) []*adminv1.Grant) error {
	now, err := call(v, v.c.o.Admin.GetGrants, &adminv1.GetGrantsRequest{UserId: user})
	if err != nil {
		return err
	}
	if fmt.Sprint(now.GetVersion()) != v.form("version") {
		return refused("授权刚被别人改过，请看过再改。什么也没有改变。", "Somebody has changed the grants since you looked. Look again; nothing was changed.")
	}
	_, err = call(v, v.c.o.Admin.SetGrants, &adminv1.SetGrantsRequest{UserId: user, Grants: change(given(now.GetGrants()))})
	return err
}

// assignDoors makes a person answer for doors, or lets them help there until a day.
func (v *visit) assignDoors(user []byte) (flash string, err error) {
	f := v.fields()
	req := &adminv1.AssignDoorsRequest{UserId: user, DoorIds: f.idLines("doors"), UntilMs: f.endOfDay("help_until"), TerritoryCode: v.form("help_in")}
	if req.GetUntilMs() == 0 {
		req.Post = adminv1.Post_POST_WORKER
		if v.form("post") == "officer" {
			req.Post = adminv1.Post_POST_OFFICER
		}
	}
	switch {
	case f.err != nil:
		return "", f.err
	case req.GetTerritoryCode() != "" && req.GetUntilMs() == 0:
		return "", refused("到别的辖区帮忙要填写到哪一天为止。", "Say until which day the help in another territory lasts.")
	}
	out, err := call(v, v.c.o.Admin.AssignDoors, req)
	if err != nil {
		return "", err
	}
	if req.GetUntilMs() != 0 {
		return fmt.Sprintf(v.lang.pick("到%s为止可以去帮忙。", "May help there until %s."), v.lang.day(req.GetUntilMs()-1)), nil
	}
	return fmt.Sprintf(v.lang.pick("已分派，%d处房屋换了负责人。", "Done: %d doors have another person now."), out.GetChanged()), nil
}
