package console

import (
	"cmp"
	"net/http"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
)

// roleChoices are the roles that a user may get.
var roleChoices = func() (out []recordv1.Role) {
	for _, r := range domain.Roles() {
		out = append(out, recordv1.Role(r))
	}
	return out
}()

type peopleData struct {
	pager
	People    []*adminv1.User
	Directory *directory
	Roles     []recordv1.Role
	Areas     []*adminv1.Territory
	Q         string
	Role      recordv1.Role
}

// peoplePerPage is what is looked through at one go.
const peoplePerPage = 100

// peoplePage lists the people of the realm.
func (v *visit) peoplePage() error {
	m, err := v.peopleView()
	if err != nil {
		return err
	}
	return v.showPage("people", m)
}

func (v *visit) peopleView() (*view, error) {
	if !v.may("AddUser") {
		return nil, &problem{status: http.StatusForbidden, ZH: "人员由系统管理员管理。", EN: "People are managed by the operator."}
	}
	dir, err := v.directory()
	if err != nil {
		return nil, err
	}
	d := &peopleData{Directory: dir, Roles: roleChoices, Areas: dir.Within("", recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID), Q: v.query("q"), Role: recordv1.Role(queryNumber(v, "role"))}
	req := &adminv1.ListUsersRequest{Name: d.Q, Limit: peoplePerPage, PageToken: v.pageToken()}
	if d.Role != 0 {
		req.Roles = []recordv1.Role{d.Role}
	}
	out, err := call(v, v.c.o.Admin.ListUsers, req)
	if err != nil {
		return nil, err
	}
	d.People, d.pager = out.GetUsers(), v.pagerTo(out.GetNextPageToken())
	return &view{Title: v.lang.pick("人员", "People"), Section: "/people", Data: d}, nil
}

// addPerson makes a user.
func (v *visit) addPerson() error {
	f := v.fields()
	req := &adminv1.AddUserRequest{Name: v.form("name"), TerritoryCode: v.form("territory"), Department: v.form("department")}
	if r := chosen[recordv1.Role](f, "role"); r != nil {
		req.Role = *r
	}
	out, err := call(v, v.c.o.Admin.AddUser, req)
	if err == nil {
		return v.seeOther(personAddress(out.GetUserId()))
	}
	m, viewErr := v.peopleView()
	if viewErr != nil {
		return err
	}
	return v.showAgain(err, "people", m)
}

func personAddress(id []byte) string { return "/people/" + idText(id) }

type personData struct {
	User      *adminv1.User
	Grants    *adminv1.GetGrantsResponse
	Devices   []deviceLine
	Account   *adminv1.Account
	Directory *directory
	NowMs     int64
	// Given are the grants that a person gave besides; Roles and Areas are what may be given.
	Given []*adminv1.Grant
	Roles []recordv1.Role
	Areas []*adminv1.Territory
	Flash string
	// JoinCode and Invitation are shown once, after they were made.
	JoinCode   *adminv1.CreateJoinCodeResponse
	Invitation *adminv1.InviteResponse
}

// Blind reports a person to whom nothing is granted, in a role that works in a territory.
func (d *personData) Blind() bool {
	return len(d.Grants.GetGrants()) == 0 && schema.Load().Access.Counts(uint32(d.User.GetRole()), schema.Relation(domain.RelationTerritory))
}

// personPage shows one person with what they may do, their phones and their way to sign in.
func (v *visit) personPage() error {
	m, _, err := v.personView()
	if err != nil {
		return err
	}
	return v.showPage("person", m)
}

func (v *visit) personView() (*view, *personData, error) {
	id, err := v.pathID("id")
	if err != nil {
		return nil, nil, err
	}
	d := &personData{NowMs: v.c.o.Now().UnixMilli()}
	if d.Directory, err = v.directory(); err != nil {
		return nil, nil, err
	}
	if d.User, err = d.Directory.user(id); err != nil {
		return nil, nil, err
	}
	if d.User == nil {
		return nil, nil, errNoPage
	}
	if d.Grants, err = call(v, v.c.o.Admin.GetGrants, &adminv1.GetGrantsRequest{UserId: id}); err != nil {
		return nil, nil, err
	}
	d.Given, d.Roles, d.Areas = given(d.Grants.GetGrants()), roleChoices, d.Directory.Within("", recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID)
	devices, err := call(v, v.c.o.Admin.ListDevices, &adminv1.ListDevicesRequest{UserId: id})
	if err != nil {
		return nil, nil, err
	}
	for _, m := range devices.GetDevices() {
		d.Devices = append(d.Devices, v.deviceLine(m, d.NowMs))
	}
	accounts, err := call(v, v.c.o.Admin.ListSignIns, &adminv1.ListSignInsRequest{UserId: id})
	if err != nil {
		return nil, nil, err
	}
	for _, a := range accounts.GetAccounts() {
		d.Account = a
	}
	return &view{Title: d.User.GetName(), Section: "/people", Data: d}, d, nil
}

// actOnPerson carries out what the operator asked for a person: a join code, an invitation, the end of a way to sign in, or
// another state.
func (v *visit) actOnPerson() error {
	id, err := v.pathID("id")
	if err != nil {
		return err
	}
	var code *adminv1.CreateJoinCodeResponse
	var invitation *adminv1.InviteResponse
	var flash string
	switch v.form("act") {
	case "join":
		code, err = call(v, v.c.o.Admin.CreateJoinCode, &adminv1.CreateJoinCodeRequest{UserId: id})
	case "invite":
		invitation, err = call(v, v.c.o.Admin.Invite, &adminv1.InviteRequest{UserId: id, Name: v.form("name")})
	case "remove":
		_, err = call(v, v.c.o.Admin.RemoveSignIn, &adminv1.RemoveSignInRequest{UserId: id})
	case "close":
		_, err = call(v, v.c.o.Admin.SetUserState, &adminv1.SetUserStateRequest{UserId: id, State: adminv1.UserState_USER_STATE_CLOSED})
	case "open":
		_, err = call(v, v.c.o.Admin.SetUserState, &adminv1.SetUserStateRequest{UserId: id, State: adminv1.UserState_USER_STATE_ACTIVE})
	case "grant":
		err = v.grantMore(id)
	case "take-back":
		err = v.takeBack(id)
	case "assign":
		flash, err = v.assignDoors(id)
	default:
		err = errNoPage
	}
	v.known = nil
	m, d, viewErr := v.personView()
	if viewErr != nil {
		return cmp.Or(err, viewErr)
	}
	if err != nil {
		return v.showAgain(err, "person", m)
	}
	d.JoinCode, d.Invitation, d.Flash = code, invitation, flash
	if code == nil && invitation == nil && flash == "" {
		return v.seeOther(personAddress(id))
	}
	return v.showPage("person", m)
}
