package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/command"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
)

// parseID reads an id of the command line.
func parseID(what, text string) ([]byte, error) {
	id, err := wire.ParseID(strings.TrimSpace(text))
	if err != nil {
		return nil, command.Misused("%s %q: an id is UUID text such as 01890a5d-ac96-774b-bcce-b302099a8057", what, text)
	}
	return id[:], nil
}

// parseIDs reads a list of ids.
func parseIDs(what string, texts []string) ([][]byte, error) {
	out := make([][]byte, 0, len(texts))
	for _, text := range texts {
		id, err := parseID(what, text)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// optionalID reads an id that may be left out.
func optionalID(what, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	return parseID(what, text)
}

// roleNames lists the roles as the command line spells them.
func roleNames() string {
	var names []string
	for _, r := range domain.Roles() {
		names = append(names, r.String())
	}
	return strings.Join(names, ", ")
}

func newUser(a *app) *cobra.Command {
	return a.reaching(command.Group("user", "Add, list, close and reopen users",
		"People who work in the realm, each with a role over a territory.",
		a.userAdd(), a.userList(), a.userState("close", "Close a user who has left",
			"Revokes the user's devices and voids tokens and join codes. What the devices still\nhold arrives in quarantine.", adminv1.UserState_USER_STATE_CLOSED),
		a.userState("open", "Let a closed user work again",
			"The user's old devices stay revoked: make a new join code.", adminv1.UserState_USER_STATE_ACTIVE)))
}

// doneJSON is what a command prints that has nothing else to tell.
type doneJSON struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// userIDJSON is what `user add --json` prints.
type userIDJSON struct {
	UserID string `json:"user_id"`
}

func (a *app) userAdd() *cobra.Command {
	var name, role, territory, department string
	c := &cobra.Command{
		Use: "add --name NAME --role ROLE [--territory CODE] [--department NAME]", Short: "Add a user", Args: cobra.NoArgs,
		Long: `Makes a user and prints its id. The role is granted over the territory with all
below it; department, district, auditor and operator need none: a department's
handler reads what was routed to the department by its name, the district what was
escalated. Who is added without what the role works in is told on standard error to
see nothing yet, and what gives something: assigned doors, a team. Roles: ` + roleNames() + ".",
		Example: `  onedoor user add --name 和丽 --role grid_worker --territory 530702001001 --data ./realm --json`,
	}
	c.Flags().StringVar(&name, "name", "", "`NAME` as colleagues read it")
	c.Flags().StringVar(&role, "role", "", "the user's `ROLE`")
	c.Flags().StringVar(&territory, "territory", "", "`CODE` of the territory the role is granted for")
	c.Flags().StringVar(&department, "department", "", "`NAME` of the department that a handler works in")
	command.Required(c, "name", "role")
	c.RunE = a.asking(func(client *client, _ []string) error {
		number, err := domain.ParseRole(role)
		if err != nil {
			return command.Misused("--role: %v", err)
		}
		m, err := client.AddUser(client.ctx, &adminv1.AddUserRequest{Name: name, Role: recordv1.Role(number), TerritoryCode: territory, Department: department})
		if err != nil {
			return err
		}
		if why := blind(number, territory, department); why != "" {
			fmt.Fprintf(a.Err, "%s sees nothing yet: %s\n", command.Printable(name), why)
		}
		result := userIDJSON{idText(m.GetUserId())}
		return a.Print(result, func(w io.Writer) { fmt.Fprintln(w, result.UserID) })
	})
	return c
}

// blind says why a new user sees no record, and what gives one; empty for a user who sees some. Such a user is no mistake: who is
// given doors one by one, or helps a team, needs no territory.
func blind(role domain.Role, territory, department string) string {
	counts := func(through domain.Relation) bool {
		return schema.Load().Access.Counts(uint32(role), schema.Relation(through))
	}
	switch {
	case territory == "" && counts(domain.RelationTerritory):
		return fmt.Sprintf("%s works in a territory and none was given: give doors with `onedoor assign set` or `onedoor team put`, or a territory on the person's page of the console", role)
	case department == "" && counts(domain.RelationDepartment):
		return fmt.Sprintf("%s reads what is routed to a department and none was given: add the user with --department, and close this one with `onedoor user close`", role)
	}
	return ""
}

// userJSON is a user as `user list --json` prints it.
type userJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	Territory string `json:"territory"`
	State     string `json:"state"`
	// Department is left out of people without one.
	Department string `json:"department,omitempty"`
}

func (a *app) userList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List all users in the order they were made", Args: cobra.NoArgs,
		Example: "  onedoor user list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		all, err := client.everyUser()
		if err != nil {
			return err
		}
		users := make([]userJSON, 0, len(all))
		for _, u := range all {
			users = append(users, userJSON{idText(u.GetId()), u.GetName(), short(u.GetRole()), u.GetTerritoryCode(), short(u.GetState()), u.GetDepartment()})
		}
		return a.Print(map[string]any{"users": users}, func(w io.Writer) {
			t := command.Table{}
			t.Add("ID", "NAME", "ROLE", "TERRITORY", "STATE")
			for _, u := range users {
				t.Add(u.ID, u.Name, u.Role, orDash(u.Territory), u.State)
			}
			t.Write(w)
		})
	})
	return c
}

func (a *app) userState(verb, summary, long string, state adminv1.UserState) *cobra.Command {
	c := &cobra.Command{
		Use: verb + " USER", Short: summary, Long: long, Args: cobra.ExactArgs(1),
		Example: "  onedoor user " + verb + " 01890a5d-ac96-774b-bcce-b302099a8057 --data ./realm",
	}
	c.RunE = a.asking(func(client *client, args []string) error {
		id, err := parseID("user", args[0])
		if err != nil {
			return err
		}
		if _, err := client.SetUserState(client.ctx, &adminv1.SetUserStateRequest{UserId: id, State: state}); err != nil {
			return err
		}
		result := doneJSON{idText(id), short(state)}
		return a.Print(result, func(w io.Writer) { fmt.Fprintf(w, "user %s is %s\n", result.ID, result.State) })
	})
	return c
}
