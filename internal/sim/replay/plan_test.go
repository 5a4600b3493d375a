package replay_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/rentsafe"
	"onedoor/internal/sim/replay"
)

// changesOf gives all changes that phones make, in the plan's order.
func changesOf(plan *replay.Plan) (out []replay.Change) {
	for _, w := range plan.Wards {
		for _, s := range w.Sessions {
			for _, c := range s.Commits {
				out = append(out, c.Changes...)
			}
		}
	}
	return out
}

// dump writes a plan as text, so that two can be compared.
func dump(t *testing.T, plan *replay.Plan) string {
	t.Helper()
	var b strings.Builder
	change := func(c replay.Change) {
		m, err := proto.MarshalOptions{Deterministic: true}.Marshal(c.Message)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%v %v %x %v %v %v\n", c.Key, c.Create, m, c.Refs, c.Territory, c.Contribution)
	}
	for _, w := range plan.Wards {
		fmt.Fprintln(&b, w.Ward, w.Team)
		for _, c := range w.Register {
			change(c)
		}
		for i, s := range w.Sessions {
			fmt.Fprintln(&b, i, s.Syncs)
			for _, c := range s.Commits {
				fmt.Fprintln(&b, c.Phone, c.At)
				for _, x := range c.Changes {
					change(x)
				}
			}
		}
	}
	fmt.Fprintln(&b, plan.Sessions, plan.Days, plan.Totals, plan.Refused)
	return b.String()
}

func TestPlan_OneSeedMakesOnePlan(t *testing.T) {
	one, again, other := planOf(t, os.DirFS(sampleDir), 1), planOf(t, os.DirFS(sampleDir), 1), planOf(t, os.DirFS(sampleDir), 2)
	if dump(t, one) != dump(t, again) {
		t.Error("the same seed made two plans")
	}
	if dump(t, one) == dump(t, other) {
		t.Error("two seeds made one plan")
	}
}

func TestPlan_MakesEveryThingOfTheFeedOnce(t *testing.T) {
	plan := planOf(t, os.DirFS(sampleDir), 1)
	made := map[recordv1.Kind]map[replay.RecordKey]int{}
	count := func(c replay.Change) {
		if !c.Create {
			return
		}
		if made[c.Key.Kind] == nil {
			made[c.Key.Kind] = map[replay.RecordKey]int{}
		}
		made[c.Key.Kind][c.Key]++
	}
	for _, w := range plan.Wards {
		for _, c := range w.Register {
			count(c)
		}
	}
	for _, c := range changesOf(plan) {
		count(c)
	}
	doors, visits, hazards := made[recordv1.Kind_KIND_PREMISES], made[visit], made[hazard]
	if len(doors) != 61 || len(visits) != 95 || len(hazards) != 414 {
		t.Errorf("%d doors, %d visits, %d hazards, want 61, 95, 414", len(doors), len(visits), len(hazards))
	}
	for key, times := range doors {
		if times != 1 {
			t.Errorf("%v is made %d times", key, times)
		}
	}
	for key, times := range visits {
		if times > 2 {
			t.Errorf("%v is made %d times, a joint visit is two phones'", key, times)
		}
	}
}

// TestPlan_EndsWhereTheFeedEnds compares what every visit shows in the end with
// the last row of its inspection: the generated edits leave no trace on it.
func TestPlan_EndsWhereTheFeedEnds(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 4, 5} {
		feed := feedOf(t, os.DirFS(sampleDir))
		plan, err := replay.NewPlan(feed, seed)
		if err != nil {
			t.Fatal(err)
		}
		last := map[rentsafe.Key]rentsafe.Inspection{}
		for _, i := range feed.Inspections {
			last[i.Key] = i
		}
		for _, day := range feed.Days {
			for _, i := range day.Inspections {
				last[i.Key] = i
			}
		}
		for key, i := range last {
			ward := wardWith(plan, replay.VisitKey(key))
			if ward == nil {
				t.Fatalf("no ward has the visit of %v", key)
			}
			checkEnd(t, ward, i)
		}
	}
}

// wardWith finds the ward whose phones make a record.
func wardWith(plan *replay.Plan, key replay.RecordKey) *replay.WardPlan {
	for _, w := range plan.Wards {
		for _, s := range w.Sessions {
			for _, c := range s.Commits {
				if slices.ContainsFunc(c.Changes, func(x replay.Change) bool { return x.Create && x.Key == key }) {
					return w
				}
			}
		}
	}
	return nil
}

func checkEnd(t *testing.T, w *replay.WardPlan, i rentsafe.Inspection) {
	t.Helper()
	key, screen := replay.VisitKey(i.Key), replay.FinalScreen(w)
	if got, want := screen(key, "note", ""), replay.NoteOf(i); got != want {
		t.Errorf("%v ends with the note %q, the feed says %q", key, got, want)
	}
	if noon, err := time.ParseInLocation(time.DateOnly+" 15", string(i.CompletedOn)+" 12", time.FixedZone("+8", 8*60*60)); err == nil {
		if got, want := screen(key, "occurred_at", ""), strconv.FormatInt(noon.UnixMilli(), 10); got != want {
			t.Errorf("%v ends at %s, the feed says %s", key, got, want)
		}
	}
	marks := map[string]string{}
	for _, item := range i.Items {
		// ANSWER_GOOD is 1 and ANSWER_POOR 3, a mark of 3 is the best and 1 the worst.
		marks[item.Name] = strconv.Itoa(4 - int(item.Score))
	}
	for _, item := range rentsafe.Checklist() {
		got, want := screen(key, "checklist", item.Name), marks[item.Name]
		if got != want && (want != "" || got != "4") {
			t.Errorf("%v ends with %s = %q, the feed says %q", key, item.Name, got, want)
		}
	}
}

func TestPlan_TwoPhonesOfATeamTouchTheSameRecords(t *testing.T) {
	plan := planOf(t, os.DirFS(sampleDir), 1)
	open := 0
	for _, w := range plan.Wards {
		open += replay.OpenCells(w)
		times := map[any]bool{}
		for _, s := range w.Sessions {
			for _, c := range s.Commits {
				if times[c.At] {
					t.Errorf("%s: two commits at %d", w.Ward.Name, c.At)
				}
				times[c.At] = true
			}
		}
	}
	if open < 10 {
		t.Errorf("%d cells wait for a person in the end, want a good handful", open)
	}
}

func TestPlan_ADoorThatOnlyAnInspectionKnowsIsMadeOnAPhone(t *testing.T) {
	plan := planOf(t, os.DirFS(sampleDir), 1)
	for _, rsn := range []rentsafe.RSN{"4155190", "4154176"} {
		i := slices.IndexFunc(changesOf(plan), func(c replay.Change) bool { return c.Key == replay.DoorKey(rsn) && c.Create })
		if i < 0 {
			t.Fatalf("no phone makes the door %s", rsn)
		}
		door := changesOf(plan)[i].Message.(*recordv1.Premises)
		if door.GetOrigin() != "from inspection" || door.GetAddress() == "" {
			t.Errorf("door %s: %v", rsn, door)
		}
	}
}

// rows of a feed of one ward for the tests below.
const (
	head = "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,CURRENT BUILDING EVAL SCORE,CONFIRMED UNITS,GRAFFITI,POOLS\n"
	row  = "1,2024,07,1 MAIN ST,2024-05-01,80,12,1,3\n"
)

func small(day string) fstest.MapFS {
	return fstest.MapFS{"evaluations-2026-06-30.csv": {Data: []byte(head + row)}, "days/2026-07-01.csv": {Data: []byte(head + day)}}
}

func TestPlan_ADayWritesWhatItChangesAndNothingElse(t *testing.T) {
	cases := []struct {
		name, day string
		want      []proto.Message
	}{
		{"a row equal to what stands", row, nil},
		{"a row that is gone", "", nil},
		{
			"a score that no field has but the note", strings.Replace(row, ",80,", ",75,", 1),
			[]proto.Message{&recordv1.Visit{Note: proto.String("总分 75，检查 —，扣分 —；— 层，12 户，建于 —")}},
		},
		{
			"an item that is in order now", strings.Replace(row, ",1,3", ",3,3", 1),
			[]proto.Message{
				&recordv1.Visit{Checklist: map[string]recordv1.Answer{"GRAFFITI": recordv1.Answer_ANSWER_GOOD}},
				&recordv1.Hazard{State: recordv1.HazardState_HAZARD_STATE_RECTIFIED.Enum()},
			},
		},
		{
			"an item that does not apply any more", strings.Replace(row, ",1,3", ",1,N/A", 1),
			[]proto.Message{&recordv1.Visit{Checklist: map[string]recordv1.Answer{"POOLS": recordv1.Answer_ANSWER_NOT_APPLICABLE}}},
		},
		{
			"units counted otherwise", strings.Replace(row, ",12,", ",14,", 1),
			[]proto.Message{
				&recordv1.Visit{Note: proto.String("总分 80，检查 —，扣分 —；— 层，14 户，建于 —")},
				&recordv1.Premises{Rooms: proto.Uint32(14)},
			},
		},
		{
			"another day", strings.Replace(row, "2024-05-01", "2024-05-02", 1),
			[]proto.Message{&recordv1.Visit{OccurredAt: proto.Int64(1_714_622_400_000)}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan := planOf(t, small(c.day), 1)
			if got := feedEdits(plan); !equalMessages(got, c.want) {
				t.Errorf("the day writes %v, want %v", got, c.want)
			}
		})
	}
}

// feedEdits gives what the day writes, without the generated meetings.
func feedEdits(plan *replay.Plan) (out []proto.Message) {
	for _, c := range plan.Wards[0].Sessions[len(plan.Sessions)-1].Commits {
		for _, x := range c.Changes {
			if !c.Generated {
				out = append(out, x.Message)
			}
		}
	}
	return out
}

func equalMessages(a, b []proto.Message) bool {
	return slices.EqualFunc(a, b, func(x, y proto.Message) bool { return proto.Equal(x, y) })
}

func TestPlan_WhatCannotBeARecordIsRefusedByName(t *testing.T) {
	long := strings.Repeat("x", 201)
	cases := []struct {
		name, rows string
		lines      []int
		why        string
	}{
		{"an address that is too long", "1,2024,07," + long + ",2024-05-01,80,12,1,3\n", []int{0, 2}, "201"},
		{"no address", "1,2024,07,,2024-05-01,80,12,1,3\n", []int{0, 2}, "empty"},
		{"a key that is too long", "1," + long + ",07,1 MAIN ST,2024-05-01,80,12,1,3\n", []int{2}, "limit is 64"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			plan := planOf(t, fstest.MapFS{"evaluations-2026-06-30.csv": {Data: []byte(head + c.rows)}}, 1)
			var lines []int
			for _, r := range plan.Refused {
				lines = append(lines, r.Line)
				if !strings.Contains(r.Why, c.why) {
					t.Errorf("refused because %q", r.Why)
				}
			}
			if !slices.Equal(lines, c.lines) {
				t.Errorf("refused %+v, want lines %v", plan.Refused, c.lines)
			}
		})
	}
}

func TestPlan_TwoKeysNeverReadTheSame(t *testing.T) {
	a, b := rentsafe.Key{RSN: "1/2", Year: "3"}, rentsafe.Key{RSN: "1", Year: "2/3"}
	if replay.VisitKey(a) == replay.VisitKey(b) {
		t.Errorf("%v and %v are one visit %v", a, b, replay.VisitKey(a))
	}
	if got := replay.VisitKey(rentsafe.Key{RSN: "4154126", Year: "2024"}).Ref; got != "4154126/2024" {
		t.Errorf("an ordinary key reads %q", got)
	}
}

func TestReadPlan_AFolderWithoutAFeedIsAnError(t *testing.T) {
	if _, err := replay.ReadPlan(fstest.MapFS{"notes.txt": {}}, 1); !errors.Is(err, rentsafe.ErrNoFeed) {
		t.Errorf("error %v, want ErrNoFeed", err)
	}
}

func TestReadPlan_TooManyWardsAreAnErrorThatNamesTheLimit(t *testing.T) {
	var rows strings.Builder
	for i := range replay.WardsMax + 1 {
		fmt.Fprintf(&rows, "%d,2024,%d,1 MAIN ST,2024-05-01,80,12,1,3\n", i, i)
	}
	_, err := replay.ReadPlan(fstest.MapFS{"evaluations-2026-06-30.csv": {Data: []byte(head + rows.String())}}, 1)
	if !errors.Is(err, replay.ErrTooManyWards) || !strings.Contains(err.Error(), "999") {
		t.Errorf("error %v", err)
	}
}
