package console

import (
	"net/http"
	"slices"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
)

type teamsData struct {
	pager
	Teams     []*adminv1.Team
	Directory *directory
	// Edited is the team whose form is open; one without an id is new.
	Edited *adminv1.Team
	Areas  []*adminv1.Territory
	Flash  string
}

// Has reports that a team has somebody, or a territory.
func (d *teamsData) Has(code string) bool { return slices.Contains(d.Edited.GetTerritoryCodes(), code) }

// Helps reports that somebody is a helper of the team.
func (d *teamsData) Helps(id []byte) bool {
	return slices.ContainsFunc(d.Edited.GetHelperIds(), func(h []byte) bool { return string(h) == string(id) })
}

// Officers lists those who may be a team's officer.
func (d *teamsData) Officers() ([]*adminv1.User, error) {
	return d.Directory.Working(recordv1.Role_ROLE_POLICE_OFFICER)
}

// Workers lists those who may be a team's grid worker.
func (d *teamsData) Workers() ([]*adminv1.User, error) {
	return d.Directory.Working(recordv1.Role_ROLE_GRID_WORKER)
}

// Helpers lists those who may be a team's helpers.
func (d *teamsData) Helpers() ([]*adminv1.User, error) {
	return d.Directory.Working(recordv1.Role_ROLE_HELPER)
}

// teamsPage lists the 1+1+N teams, and shows the form of one.
func (v *visit) teamsPage() error {
	m, err := v.teamsView()
	if err != nil {
		return err
	}
	return v.showPage("teams", m)
}

func (v *visit) teamsView() (*view, error) {
	if !v.may("PutTeam") {
		return nil, &problem{status: http.StatusForbidden, ZH: "团队由系统管理员管理。", EN: "Teams are managed by the operator."}
	}
	out, err := call(v, v.c.o.Admin.ListTeams, &adminv1.ListTeamsRequest{Limit: casesPerPage, PageToken: v.pageToken()})
	if err != nil {
		return nil, err
	}
	d := &teamsData{Teams: out.GetTeams(), pager: v.pagerTo(out.GetNextPageToken())}
	if d.Directory, err = v.directory(); err != nil {
		return nil, err
	}
	d.Areas = d.Directory.Within("", recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID)
	if d.Edited, err = v.editedTeam(); err != nil {
		return nil, err
	}
	if v.query("done") != "" {
		d.Flash = v.lang.pick("已保存。成员的手机下次同步时会收到新的辖区。", "Saved. The members' phones get their territories with the next sync.")
	}
	return &view{Title: v.lang.pick("网格团队", "Teams"), Section: "/teams", Data: d}, nil
}

// editedTeam gives the team whose form is open: one that stands, or an empty one; nil where no form is.
func (v *visit) editedTeam() (*adminv1.Team, error) {
	wanted := v.query("team")
	id, err := wire.ParseID(wanted)
	if wanted == "" || err != nil {
		if wanted == "" {
			return nil, nil
		}
		return &adminv1.Team{}, nil
	}
	out, err := call(v, v.c.o.Admin.ListTeams, &adminv1.ListTeamsRequest{TeamId: id[:]})
	if err != nil {
		return nil, err
	}
	return out.GetTeams()[0], nil
}

// putTeam makes a team or replaces one.
func (v *visit) putTeam() error {
	f := v.fields()
	team := &adminv1.Team{
		Id: f.id("id"), Name: v.form("name"), OfficerId: f.id("officer"), GridWorkerId: f.id("worker"), HelperIds: f.ids("helpers"),
		TerritoryCodes: f.texts("territories"),
	}
	err := f.err
	if err == nil {
		_, err = call(v, v.c.o.Admin.PutTeam, &adminv1.PutTeamRequest{Team: team})
	}
	if err == nil {
		return v.seeOther("/teams?done=yes")
	}
	m, viewErr := v.teamsView()
	if viewErr != nil {
		return err
	}
	if d, ok := m.Data.(*teamsData); ok {
		d.Edited = team
	}
	return v.showAgain(err, "teams", m)
}
