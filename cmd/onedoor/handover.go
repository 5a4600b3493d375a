package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func (a *app) assignMove() *cobra.Command {
	var doors []string
	var grid, to string
	var dryRun bool
	c := &cobra.Command{
		Use: "move (--doors ID,… | --grid CODE) --to-user ID [--dry-run]", Short: "Hand doors over to another worker", Args: cobra.NoArgs,
		Long: `Hands doors over, or all doors of a grid, to another grid worker, helper or staff
member: a transaction a door, with the open tasks of whoever held it and the open
cases that name them. With --grid the new worker is granted the grid, and workers
whose own territory it was give it up. It first tells whom and what it concerns;
--dry-run stops there. A handover that was cut off goes on when it is asked again.

Work that the old worker did before and sends later is applied, credited to them and
marked after_handover. Nobody's count of visits changes by a handover.`,
		Example: `  onedoor assign move --grid 530702001001001 --to-user USER_ID --dry-run --data ./realm
  onedoor assign move --doors DOOR_ID,DOOR_ID --to-user USER_ID --data ./realm --json`,
	}
	c.Flags().StringSliceVar(&doors, "doors", nil, "`ID,…` of the doors, at most 2,000")
	c.Flags().StringVar(&grid, "grid", "", "`CODE` of the grid whose doors are handed over")
	c.Flags().StringVar(&to, "to-user", "", "`ID` of who is to have them")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "tell whom and what it concerns, and change nothing")
	command.Required(c, "to-user")
	c.MarkFlagsOneRequired("doors", "grid")
	c.MarkFlagsMutuallyExclusive("doors", "grid")
	c.RunE = a.asking(func(client *client, _ []string) error {
		h := &adminv1.Handover{GridCode: grid}
		var err error
		if h.ToUserId, err = parseID("user", to); err != nil {
			return err
		}
		if grid == "" {
			if h.DoorIds, err = parseIDs("--doors", doors); err != nil {
				return err
			}
		}
		return a.handOver(client, h, dryRun)
	})
	return c
}

// planJSON is what a handover concerns.
type planJSON struct {
	Doors          uint32            `json:"doors"`
	Already        uint32            `json:"already"`
	People         []planPersonJSON  `json:"people"`
	Phones         []planPhoneJSON   `json:"phones"`
	Records        map[string]uint64 `json:"records"`
	OpenTasks      uint32            `json:"open_tasks"`
	OpenCases      uint32            `json:"open_cases"`
	PendingChanges uint64            `json:"pending_changes"`
}

// planPersonJSON is somebody whom a handover concerns.
type planPersonJSON struct {
	UserID string   `json:"user_id"`
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Doors  uint32   `json:"doors"`
	Keeps  []string `json:"keeps"`
	Visits uint32   `json:"visits_this_month"`
}

// planPhoneJSON is a phone that may hold work which has not arrived.
type planPhoneJSON struct {
	DeviceID      string          `json:"device_id"`
	UserID        string          `json:"user_id"`
	Name          string          `json:"name"`
	LastContact   json.RawMessage `json:"last_contact"`
	Pending       uint64          `json:"pending"`
	OldestPending json.RawMessage `json:"oldest_pending"`
}

func planOf(m *adminv1.HandoverPlan) planJSON {
	out := planJSON{
		Doors: m.GetDoors(), Already: m.GetAlready(), People: []planPersonJSON{}, Phones: []planPhoneJSON{}, Records: map[string]uint64{},
		OpenTasks: m.GetOpenTasks(), OpenCases: m.GetOpenCases(), PendingChanges: m.GetPendingChanges(),
	}
	for _, p := range m.GetPeople() {
		keeps := append([]string{}, p.GetKeeps()...)
		out.People = append(out.People, planPersonJSON{idText(p.GetUserId()), p.GetName(), short(p.GetRole()), p.GetDoors(), keeps, p.GetVisitsThisMonth()})
	}
	for _, p := range m.GetPhones() {
		out.Phones = append(out.Phones, planPhoneJSON{
			idText(p.GetDeviceId()), idText(p.GetUserId()), p.GetName(), command.TimeJSON(p.GetLastContactMs()), p.GetPending(), command.TimeJSON(p.GetOldestPendingMs()),
		})
	}
	for _, k := range m.GetRecords() {
		out.Records[k.GetKind()] = k.GetCount()
	}
	return out
}

// movedJSON is what `assign move --json` prints.
type movedJSON struct {
	State    string    `json:"state"`
	Plan     planJSON  `json:"plan"`
	PassedOn uint32    `json:"passed_on"`
	After    *planJSON `json:"after,omitempty"`
}

// handOver plans a handover and, unless it is a dry run, does it with a line of progress a door.
func (a *app) handOver(client *client, h *adminv1.Handover, dryRun bool) error {
	m, err := client.PlanHandover(client.ctx, &adminv1.PlanHandoverRequest{Handover: h})
	if err != nil {
		return err
	}
	result := movedJSON{State: "planned", Plan: planOf(m.GetPlan())}
	if !dryRun {
		if err := a.passDoors(client, h, &result); err != nil {
			return err
		}
	}
	return a.Print(result, func(w io.Writer) { writeMoved(w, &result) })
}

func (a *app) passDoors(client *client, h *adminv1.Handover, result *movedJSON) error {
	stream, err := client.HandOver(client.ctx, &adminv1.HandOverRequest{Handover: h})
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		result.PassedOn += m.GetPassedOn()
		if m.GetAfter() != nil {
			after := planOf(m.GetAfter())
			result.State, result.After = "moved", &after
			continue
		}
		fmt.Fprintf(a.Err, "%d/%d %s\n", m.GetDone(), m.GetTotal(), idText(m.GetDoorId()))
	}
}

func writeMoved(w io.Writer, r *movedJSON) {
	p := r.Plan
	if r.After != nil {
		p = *r.After
	}
	fmt.Fprintf(w, "%d doors, %d of them with the new worker; %d open tasks, %d open cases\n", p.Doors, p.Already, p.OpenTasks, p.OpenCases)
	t := command.Table{}
	t.Add("PERSON", "ROLE", "DOORS", "VISITS THIS MONTH", "GOES ON SEEING")
	for _, one := range p.People {
		t.Add(one.Name, one.Role, fmt.Sprint(one.Doors), fmt.Sprint(one.Visits), orDash(strings.Join(one.Keeps, " ")))
	}
	t.Write(w)
	if p.PendingChanges > 0 {
		fmt.Fprintf(w, "%d changes likely wait in %d phones: they are applied when they arrive, and credited to who made them\n", p.PendingChanges, len(p.Phones))
	}
	if r.After != nil {
		fmt.Fprintf(w, "handed over, %d tasks and cases passed on\n", r.PassedOn)
	}
}
