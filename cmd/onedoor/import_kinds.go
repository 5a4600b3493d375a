package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/importer"
)

// territoriesJSON is what `import territory --json` prints.
type territoriesJSON struct {
	Added     uint32        `json:"added"`
	Changed   uint32        `json:"changed"`
	Unchanged uint32        `json:"unchanged"`
	Skipped   uint32        `json:"skipped"`
	Problems  []problemJSON `json:"problems"`
}

func (a *app) importTerritory() *cobra.Command {
	var flags importFlags
	c := &cobra.Command{
		Use: "territory FILE", Short: "Add territories: streets, communities, grids, microgrids", Args: cobra.ExactArgs(1),
		Long: `Reads a CSV with the columns code,parent_code,level,name. It may be run again
with more rows, and a new name for a code that stands is taken. Rows outside the
realm's county are skipped and counted.`,
		Example: `  onedoor import territory grids.csv --data ./realm`,
	}
	flags.add(c, false)
	c.RunE = a.asking(func(client *client, args []string) error {
		stream, err := client.ImportTerritories(client.ctx)
		if err != nil {
			return err
		}
		type request = adminv1.ImportTerritoriesRequest
		m, err := transfer(a, args[0], stream, &request{Part: &adminv1.ImportTerritoriesRequest_Options{Options: flags.options(args[0])}}, func(chunk []byte) *request {
			return &request{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: chunk}}
		})
		if err != nil {
			return err
		}
		result := territoriesJSON{m.GetAdded(), m.GetChanged(), m.GetUnchanged(), m.GetSkipped(), problemsJSON(m.GetProblems())}
		return a.imported(args[0], m.GetProblems(), result, func(w io.Writer) {
			fmt.Fprintf(w, "%s%d territories added, %d renamed, %d unchanged, %d rows outside the realm skipped\n",
				flags.dry(), result.Added, result.Changed, result.Unchanged, result.Skipped)
		})
	})
	return c
}

// premisesJSON is what `import premises --json` prints.
type premisesJSON struct {
	Rows         uint32        `json:"rows"`
	Added        uint32        `json:"added"`
	Changed      uint32        `json:"changed"`
	Unchanged    uint32        `json:"unchanged"`
	KeptValues   uint32        `json:"kept_values"`
	ProposedVoid []string      `json:"proposed_void"`
	Problems     []problemJSON `json:"problems"`
}

func (a *app) importPremises() *cobra.Command {
	var flags importFlags
	c := &cobra.Command{
		Use: "premises FILE", Short: "Add doors and bring those that stand up to date", Args: cobra.ExactArgs(1),
		Long: `Reads a CSV of doors. Without --map it has the canonical columns: address and
territory, and as many of the others as it likes. A door that stands is found by
external_ref, or by address and place. What somebody wrote at the door stands
above the file.

--register declares the file complete: for each door it lacks, a task proposes to
void it; nothing is voided by an import. A file that lacks more than ` + fmt.Sprint(importer.MissingShareMaxPercent) + ` % of the
doors is refused.`,
		Example: `  onedoor import premises doors.csv --data ./realm --dry-run
  onedoor import premises register.csv --map columns.yaml --register --data ./realm`,
	}
	flags.add(c, true)
	c.Flags().BoolVar(&flags.register, "register", false, "the file is complete: propose to void the doors it lacks")
	c.RunE = a.asking(func(client *client, args []string) error {
		text, err := flags.mapText(a)
		if err != nil {
			return err
		}
		stream, err := client.ImportPremises(client.ctx)
		if err != nil {
			return err
		}
		type request = adminv1.ImportPremisesRequest
		options := &adminv1.ImportPremisesOptions{Options: flags.options(args[0]), MapYaml: text, Register: flags.register}
		m, err := transfer(a, args[0], stream, &request{Part: &adminv1.ImportPremisesRequest_Options{Options: options}}, func(chunk []byte) *request {
			return &request{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: chunk}}
		})
		if err != nil {
			return err
		}
		result := premisesJSON{
			m.GetRows(), m.GetAdded(), m.GetChanged(), m.GetUnchanged(), m.GetKeptValues(), idTexts(m.GetProposedVoid()), problemsJSON(m.GetProblems()),
		}
		return a.imported(args[0], m.GetProblems(), result, func(w io.Writer) {
			fmt.Fprintf(w, "%s%d rows: %d doors added, %d changed, %d unchanged, %d values from the doorstep kept, %d doors proposed for void\n",
				flags.dry(), result.Rows, result.Added, result.Changed, result.Unchanged, result.KeptValues, len(result.ProposedVoid))
		})
	})
	return c
}

// usersImportJSON is what `import users --json` prints.
type usersImportJSON struct {
	Users     []userRowJSON `json:"users"`
	Unchanged uint32        `json:"unchanged"`
	Problems  []problemJSON `json:"problems"`
}

// userRowJSON is a user that an import made; a dry run gives no id.
type userRowJSON struct {
	Line   uint32 `json:"line"`
	UserID string `json:"user_id,omitempty"`
}

func (a *app) importUsers() *cobra.Command {
	var flags importFlags
	c := &cobra.Command{
		Use: "users FILE", Short: "Add the people of a file", Args: cobra.ExactArgs(1),
		Long: `Reads a CSV of people with the columns name, role and territory (a code). A row
that names a user who stands, with the same name, role and territory, changes
nothing. Telephone numbers of users are not collected.`,
		Example: `  onedoor import users teams.csv --data ./realm`,
	}
	flags.add(c, true)
	c.RunE = a.asking(func(client *client, args []string) error {
		text, err := flags.mapText(a)
		if err != nil {
			return err
		}
		stream, err := client.ImportUsers(client.ctx)
		if err != nil {
			return err
		}
		type request = adminv1.ImportUsersRequest
		options := &adminv1.ImportUsersOptions{Options: flags.options(args[0]), MapYaml: text}
		m, err := transfer(a, args[0], stream, &request{Part: &adminv1.ImportUsersRequest_Options{Options: options}}, func(chunk []byte) *request {
			return &request{Part: &adminv1.ImportUsersRequest_Chunk{Chunk: chunk}}
		})
		if err != nil {
			return err
		}
		result := usersImportJSON{Users: []userRowJSON{}, Unchanged: m.GetUnchanged(), Problems: problemsJSON(m.GetProblems())}
		for _, u := range m.GetUsers() {
			result.Users = append(result.Users, userRowJSON{Line: u.GetLine(), UserID: idText(u.GetUserId())})
		}
		return a.imported(args[0], m.GetProblems(), result, func(w io.Writer) {
			fmt.Fprintf(w, "%s%d users added, %d unchanged\n", flags.dry(), len(result.Users), result.Unchanged)
		})
	})
	return c
}
