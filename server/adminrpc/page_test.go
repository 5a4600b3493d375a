package adminrpc_test

import (
	"fmt"
	"slices"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// turned reads a list from its first page to its last.
func turned[R any](w *world, page func(token []byte) ([]R, []byte, error)) (all []R, pages int) {
	w.t.Helper()
	var token []byte
	for {
		rows, next, err := page(token)
		w.must(err)
		all, pages = append(all, rows...), pages+1
		if len(next) == 0 {
			return all, pages
		}
		token = next
	}
}

func TestListUsers_PagesTogetherAreAllOfThemInOrder(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 7 {
		id := w.user(fmt.Sprintf("人%d", i), worker, gridA)
		want = append(want, string(id[:]))
	}
	boss := w.user("民警", officer, community)
	all := append(slices.Clone(want), string(boss[:]))
	slices.Sort(all) // Ids of one millisecond are in any order.
	list := func(req *adminv1.ListUsersRequest) (out []string, pages int) {
		users, pages := turned(w, func(token []byte) ([]*adminv1.User, []byte, error) {
			req.PageToken = token
			m, err := w.client.ListUsers(w.operator, req)
			return m.GetUsers(), m.GetNextPageToken(), err
		})
		for _, u := range users {
			out = append(out, string(u.GetId()))
		}
		return out, pages
	}
	for name, c := range map[string]struct {
		req   *adminv1.ListUsersRequest
		want  []string
		pages int
	}{
		"three at a time":     {&adminv1.ListUsersRequest{Limit: 3}, all, 3},
		"of a role":           {&adminv1.ListUsersRequest{Roles: []recordv1.Role{officer}}, []string{string(boss[:])}, 1},
		"by a part of a name": {&adminv1.ListUsersRequest{Name: "人3"}, want[3:4], 1},
		"who has left":        {&adminv1.ListUsersRequest{State: adminv1.UserState_USER_STATE_CLOSED}, nil, 1},
		"by id":               {&adminv1.ListUsersRequest{UserIds: [][]byte{boss[:], []byte(want[0]), make([]byte, 15)}}, nil, 0},
	} {
		if c.pages == 0 {
			_, err := w.client.ListUsers(w.operator, c.req)
			w.refused("an id that is none", err, adminv1.Reason_REASON_INVALID)
			continue
		}
		if got, pages := list(c.req); !slices.Equal(got, c.want) || pages != c.pages {
			t.Errorf("%s: %d users on %d pages, want %d on %d", name, len(got), pages, len(c.want), c.pages)
		}
	}
	unknown := w.id()
	if got, _ := list(&adminv1.ListUsersRequest{UserIds: [][]byte{boss[:], unknown[:]}}); !slices.Equal(got, []string{string(boss[:])}) {
		t.Errorf("by id: %d users", len(got))
	}
	_, err := w.client.ListUsers(w.operator, &adminv1.ListUsersRequest{PageToken: []byte("page 2")})
	w.refused("a token that no page told", err, adminv1.Reason_REASON_INVALID)
}

func TestListDevicesAndTeams_PagesTogetherAreAllOfThem(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		user := w.user(fmt.Sprintf("人%d", i), worker, gridA)
		w.phone(user)
		_, err := w.client.PutTeam(w.operator, &adminv1.PutTeamRequest{Team: &adminv1.Team{Name: "组", GridWorkerId: user[:], TerritoryCodes: []string{gridA}}})
		w.must(err)
	}
	devices, pages := turned(w, func(token []byte) ([]*adminv1.Device, []byte, error) {
		m, err := w.client.ListDevices(w.operator, &adminv1.ListDevicesRequest{Limit: 2, PageToken: token})
		return m.GetDevices(), m.GetNextPageToken(), err
	})
	if len(devices) != 5 || pages != 3 || !slices.IsSortedFunc(devices, func(a, b *adminv1.Device) int { return slices.Compare(a.GetId(), b.GetId()) }) {
		t.Errorf("%d devices on %d pages", len(devices), pages)
	}
	own, err := w.client.ListDevices(w.operator, &adminv1.ListDevicesRequest{UserId: devices[3].GetUserId()})
	w.must(err)
	if len(own.GetDevices()) != 1 || string(own.GetDevices()[0].GetId()) != string(devices[3].GetId()) {
		t.Errorf("a user's devices: %v", own)
	}
	teams, pages := turned(w, func(token []byte) ([]*adminv1.Team, []byte, error) {
		m, err := w.client.ListTeams(w.operator, &adminv1.ListTeamsRequest{Limit: 2, PageToken: token})
		return m.GetTeams(), m.GetNextPageToken(), err
	})
	if len(teams) != 5 || pages != 3 {
		t.Errorf("%d teams on %d pages", len(teams), pages)
	}
	one, err := w.client.ListTeams(w.operator, &adminv1.ListTeamsRequest{TeamId: teams[2].GetId()})
	w.must(err)
	if len(one.GetTeams()) != 1 || string(one.GetTeams()[0].GetId()) != string(teams[2].GetId()) {
		t.Errorf("one team: %v", one)
	}
	unknown := w.id()
	_, err = w.client.ListTeams(w.operator, &adminv1.ListTeamsRequest{TeamId: unknown[:]})
	w.refused("a team that is not there", err, adminv1.Reason_REASON_NOT_FOUND)
}
