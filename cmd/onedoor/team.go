package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func newTeam(a *app) *cobra.Command {
	return a.reaching(command.Group("team", "Put together and list teams",
		"A team is one police officer, one grid worker and any number of helpers over one\nor more grids. Membership grants the team's territories in the member's role.",
		a.teamPut(), a.teamList()))
}

// teamJSON is a team as `team list --json` prints it.
type teamJSON struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Officer     string   `json:"officer,omitempty"`
	Worker      string   `json:"worker,omitempty"`
	Helpers     []string `json:"helpers"`
	Territories []string `json:"territories"`
}

// teamFlags are the flags of team put.
type teamFlags struct {
	id, name, officer, worker string
	helpers, territories      []string
}

func (f *teamFlags) team() (*adminv1.Team, error) {
	t := &adminv1.Team{Name: f.name, TerritoryCodes: f.territories}
	var err error
	if t.Id, err = optionalID("--id", f.id); err != nil {
		return nil, err
	}
	if t.OfficerId, err = optionalID("--officer", f.officer); err != nil {
		return nil, err
	}
	if t.GridWorkerId, err = optionalID("--worker", f.worker); err != nil {
		return nil, err
	}
	t.HelperIds, err = parseIDs("--helpers", f.helpers)
	return t, err
}

func (a *app) teamPut() *cobra.Command {
	var flags teamFlags
	c := &cobra.Command{
		Use: "put --name NAME --territories CODE,…", Short: "Make a team, or replace one whole", Args: cobra.NoArgs,
		Long: `Makes a team and prints its id; with --id it replaces that team whole, so whoever
is not named again leaves it. A post that is left out is vacant.`,
		Example: `  onedoor team put --name 文化一格 --territories 530702001001001 --officer USER_ID --worker USER_ID --helpers USER_ID,USER_ID --data ./realm`,
	}
	c.Flags().StringVar(&flags.id, "id", "", "the `TEAM` to replace; a new one without it")
	c.Flags().StringVar(&flags.name, "name", "", "`NAME` for people")
	c.Flags().StringVar(&flags.officer, "officer", "", "`USER` who is the police officer")
	c.Flags().StringVar(&flags.worker, "worker", "", "`USER` who is the grid worker")
	c.Flags().StringSliceVar(&flags.helpers, "helpers", nil, "`USER,…` who are the helpers")
	c.Flags().StringSliceVar(&flags.territories, "territories", nil, "`CODE,…` of the team's territories")
	command.Required(c, "name", "territories")
	c.RunE = a.asking(func(client *client, _ []string) error {
		team, err := flags.team()
		if err != nil {
			return err
		}
		m, err := client.PutTeam(client.ctx, &adminv1.PutTeamRequest{Team: team})
		if err != nil {
			return err
		}
		id := idText(m.GetTeamId())
		return a.Print(map[string]string{"team_id": id}, func(w io.Writer) { fmt.Fprintln(w, id) })
	})
	return c
}

func (a *app) teamList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List all teams in the order they were made", Args: cobra.NoArgs,
		Example: "  onedoor team list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		all, err := client.everyTeam()
		if err != nil {
			return err
		}
		names, err := client.userNames()
		if err != nil {
			return err
		}
		teams := make([]teamJSON, 0, len(all))
		for _, t := range all {
			teams = append(teams, teamJSON{
				idText(t.GetId()), t.GetName(), idText(t.GetOfficerId()), idText(t.GetGridWorkerId()),
				idTexts(t.GetHelperIds()), append([]string{}, t.GetTerritoryCodes()...),
			})
		}
		return a.Print(map[string]any{"teams": teams}, func(w io.Writer) {
			t := command.Table{}
			t.Add("ID", "NAME", "OFFICER", "GRID WORKER", "HELPERS", "TERRITORIES")
			for _, team := range teams {
				t.Add(team.ID, team.Name, orDash(names[team.Officer]), orDash(names[team.Worker]),
					fmt.Sprint(len(team.Helpers)), strings.Join(team.Territories, " "))
			}
			t.Write(w)
		})
	})
	return c
}

// userNames gives the names of all users by id.
func (c *client) userNames() (map[string]string, error) {
	all, err := c.everyUser()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, u := range all {
		out[idText(u.GetId())] = u.GetName()
	}
	return out, nil
}

// untilTime reads the last day of a help: it ends with that day in Asia/Shanghai.
func untilTime(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, shanghai)
	if err != nil {
		return 0, command.Misused("--until %q: a day such as 2026-12-13 is needed", text)
	}
	return day.AddDate(0, 0, 1).UnixMilli(), nil
}

// shanghai has kept its offset without summer time since 1991.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

func newAssign(a *app) *cobra.Command {
	var doors []string
	var officer, worker, until, territory string
	c := &cobra.Command{
		Use: "set --doors ID,… (--officer USER | --worker USER)", Short: "Make somebody responsible for doors", Args: cobra.NoArgs,
		Long: `Makes the officer, or the grid worker, helper or staff member, responsible for the
doors, in place of whoever was. A door outside the user's territories is granted
by itself. At most 2,000 doors at a time.

With --until the user only helps there, in the own role and to the end of that day
in Asia/Shanghai: whoever is responsible stays so, and the help ends by itself, on
the user's phone without network too. Then --territory may name a grid instead of
doors.`,
		Example: `  onedoor assign set --doors DOOR_ID,DOOR_ID --officer USER_ID --data ./realm
  onedoor assign set --territory 530702001001001 --worker USER_ID --until 2026-12-13 --data ./realm`,
	}
	c.Flags().StringSliceVar(&doors, "doors", nil, "`ID,…` of the doors")
	c.Flags().StringVar(&officer, "officer", "", "`USER` who is to be the officer")
	c.Flags().StringVar(&worker, "worker", "", "`USER` who is to visit them")
	c.Flags().StringVar(&until, "until", "", "last `DAY` of a help that ends by itself, such as 2026-12-13")
	c.Flags().StringVar(&territory, "territory", "", "`CODE` of a territory to help in, instead of doors")
	c.MarkFlagsOneRequired("doors", "territory")
	c.MarkFlagsMutuallyExclusive("doors", "territory")
	c.MarkFlagsOneRequired("officer", "worker")
	c.MarkFlagsMutuallyExclusive("officer", "worker")
	c.RunE = a.asking(func(client *client, _ []string) error {
		req := &adminv1.AssignDoorsRequest{Post: adminv1.Post_POST_WORKER}
		if officer != "" {
			req.Post = adminv1.Post_POST_OFFICER
		}
		var err error
		if req.UserId, err = parseID("user", officer+worker); err != nil {
			return err
		}
		if req.DoorIds, err = parseIDs("--doors", doors); err != nil {
			return err
		}
		req.TerritoryCode = territory
		if req.UntilMs, err = untilTime(until); err != nil {
			return err
		}
		if territory != "" && until == "" {
			return command.Misused("--territory goes with --until: give a role or a team for longer")
		}
		m, err := client.AssignDoors(client.ctx, req)
		if err != nil {
			return err
		}
		result := map[string]any{"changed": m.GetChanged(), "grant_version": m.GetGrantVersion()}
		if until != "" {
			result["until"] = command.TimeJSON(req.UntilMs)
		}
		return a.Print(result, func(w io.Writer) {
			if until != "" {
				fmt.Fprintf(w, "helps until %s\n", command.TimeText(req.UntilMs))
				return
			}
			fmt.Fprintf(w, "%d of %d doors changed hands\n", m.GetChanged(), len(doors))
		})
	})
	return a.reaching(command.Group("assign", "Make people responsible for doors", "Who is responsible for which door.", c, a.assignMove()))
}
