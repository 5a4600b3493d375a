package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

func newRooms(a *app) *cobra.Command {
	var v client.RoomsVisit
	var outcome, purpose string
	var except []string
	c := &cobra.Command{
		Use: "rooms BUILDING", Short: "Note one visit to the rooms of a building, with what differs", Args: cobra.ExactArgs(1),
		Long: `Notes one visit to all rooms of a building that are visited, or of one of its
stairs: all with the same outcome, but those named by --except. A room is named by
its number such as 302, by stair and number such as 2-302, or by its id. The plan
and the figures count each room by its own outcome. At most 500 rooms a visit.`,
		Example: `  onedoor-phone --dir ./phone rooms BUILDING_ID --except 302=nobody --except 405=refused
  onedoor-phone --dir ./phone rooms BUILDING_ID --stair 2 --outcome nobody --note 全单元无人 --json`,
	}
	f := c.Flags()
	f.StringVar(&outcome, "outcome", "seen", "what came of it at all rooms but the exceptions: seen, nobody, refused or rescheduled (`NAME`)")
	f.StringArrayVar(&except, "except", nil, "`ROOM=NAME` of a room with another outcome; as often as needed")
	f.StringVar(&v.Stair, "stair", "", "only the rooms of this `STAIR`")
	f.StringVar(&purpose, "purpose", "", "why: routine, follow_up, re_check, patrol or service (`NAME`)")
	f.StringVar(&v.Note, "note", "", "one `TEXT` for the whole visit")
	c.RunE = a.using(func(_ context.Context, p *phone, args []string) (err error) {
		if v.Building, err = parseID(args[0]); err != nil {
			return err
		}
		if v.Outcome, err = parseOutcome(outcome); err != nil {
			return err
		}
		if v.Exceptions, err = parseExceptions(except); err != nil {
			return err
		}
		if v.Purpose, err = parsePurpose(purpose); err != nil {
			return err
		}
		visited, err := p.VisitRooms(&v)
		if err != nil {
			return err
		}
		return a.Print(visited.JSON(), func(w io.Writer) {
			fmt.Fprintln(w, visited.Visit)
			t := command.Table{}
			for _, o := range slices.Sorted(maps.Keys(visited.Outcomes)) {
				t.Add(recordjson.EnumName(o.Descriptor(), o), fmt.Sprint(visited.Outcomes[o]))
			}
			t.Write(w)
		})
	})
	return c
}

// parseExceptions reads rooms with their outcomes.
func parseExceptions(list []string) (map[string]recordv1.VisitOutcome, error) {
	out := map[string]recordv1.VisitOutcome{}
	for _, text := range list {
		room, name, ok := strings.Cut(text, "=")
		outcome, err := parseOutcome(name)
		if !ok || room == "" || name == "" || err != nil {
			return nil, command.Misused("--except %s: a room with its outcome is needed, such as 302=nobody", text)
		}
		if was, twice := out[room]; twice && was != outcome {
			return nil, command.Misused("--except %s: the room has another outcome already", text)
		}
		out[room] = outcome
	}
	return out, nil
}

// parsePurpose reads why a visit is made, in any case; empty is routine.
func parsePurpose(name string) (recordv1.VisitPurpose, error) {
	n, ok := recordjson.EnumNumber(recordv1.VisitPurpose(0).Descriptor(), name)
	switch p := recordv1.VisitPurpose(n); {
	case name == "":
		return 0, nil
	case !ok || p == recordv1.VisitPurpose_VISIT_PURPOSE_CHECK || p == recordv1.VisitPurpose_VISIT_PURPOSE_JOINT || n == 0:
		return 0, command.Misused("purpose %q: one of routine, follow_up, re_check, patrol, service is needed", name)
	default:
		return p, nil
	}
}
