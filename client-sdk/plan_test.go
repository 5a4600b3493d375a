package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// plan gives today's plan.
func (p *phone) plan(q client.PlanQuery) *client.DayPlan {
	p.w.t.Helper()
	plan, err := p.PlanOf(q)
	p.w.must(err)
	return plan
}

// planned gives the addresses of a plan, each with its slot.
func planned(plan *client.DayPlan) string {
	var out []string
	for _, d := range plan.Due {
		out = append(out, d.Address+" "+d.Slot)
	}
	return strings.Join(out, ", ")
}

// compound adds doors of one compound, at 04:26 of 29 May 2026.
func compound(p *phone, doors ...string) (ids []string) {
	for _, door := range doors {
		part := strings.Split(door, "/")
		ids = append(ids, p.add("premises", fmt.Sprintf(`{"address":%q,"territory":%q,"compound":"丽景苑","building":%q,"stair":%q,"door":%q}`,
			door, gridA, part[0], part[1], part[2])))
	}
	return ids
}

func TestPlan_IsWalkedInOrderAndReplannedAfterEveryVisit(t *testing.T) {
	w, ann, _ := solo(t)
	doors := compound(ann, "10幢/1/101", "2幢/1/102", "2幢/1/101")
	if got := planned(ann.plan(client.PlanQuery{})); got != "2幢/1/101 morning, 2幢/1/102 morning, 10幢/1/101 morning, 民主路3号 morning" {
		t.Errorf("the first plan is %s", got)
	}
	w.later(6 * time.Hour) // 10:26
	visit := ann.add("visit", `{"premises_ids":["`+doors[2]+`","`+doors[1]+`"],"outcome":"SEEN","exceptions":{"`+doors[1]+`":"NOBODY"}}`)
	plan := ann.plan(client.PlanQuery{})
	if got := planned(plan); got != "2幢/1/102 afternoon, 10幢/1/101 morning, 民主路3号 morning" {
		t.Errorf("after the visit: %s", got)
	}
	if d := plan.Due[0]; d.LastOutcome != "NOBODY" || d.Reason.EN != "never seen; last call: nobody, 0 days ago in the morning" {
		t.Errorf("%+v", d)
	}
	ann.edit(visit, `{"exceptions":null}`)
	if got := planned(ann.plan(client.PlanQuery{})); got != "10幢/1/101 morning, 民主路3号 morning" {
		t.Errorf("after the exception was taken back: %s", got)
	}
	w.must(ann.DeleteRecord(visit))
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 4 {
		t.Errorf("after the visit was deleted %d doors are due", got)
	}
}

func TestPlan_CountsWhatColleaguesDid(t *testing.T) {
	w, ann, _ := solo(t)
	doors := compound(ann, "1幢/1/101", "1幢/1/102")
	bob := w.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridA)
	ann.sync()
	bob.sync()
	if got := len(bob.plan(client.PlanQuery{}).Due); got != 3 {
		t.Errorf("bob has %d doors due", got)
	}
	bob.add("visit", `{"premises_ids":["`+doors[0]+`"],"outcome":"SEEN"}`)
	bob.sync()
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 3 {
		t.Errorf("before her sync ann has %d doors due", got)
	}
	ann.sync()
	if got := planned(ann.plan(client.PlanQuery{})); strings.Contains(got, "101") {
		t.Errorf("ann is sent to a door that bob has seen: %s", got)
	}
	ann.edit(doors[1], `{"status":"VOID"}`)
	ann.sync()
	bob.sync()
	if got := planned(bob.plan(client.PlanQuery{})); got != "民主路3号 morning" {
		t.Errorf("bob's plan is %s", got)
	}
}

func TestPlan_HazardsAndTasksMakeADoorDue(t *testing.T) {
	w, ann, door := solo(t)
	ann.add("visit", `{"premises_ids":["`+door+`"],"outcome":"SEEN"}`)
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 0 {
		t.Fatalf("%d doors are due", got)
	}
	hazard := ann.add("hazard", `{"premises_id":"`+door+`","code":"GAS","deadline":"`+w.now.Add(48*time.Hour).Format(time.RFC3339)+`"}`)
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 0 {
		t.Errorf("due before the hazard's day")
	}
	w.later(4 * 24 * time.Hour)
	plan := ann.plan(client.PlanQuery{})
	if len(plan.Due) != 1 || plan.Due[0].OverdueDays != 2 || plan.Due[0].Reason.ZH != "未评级，距上次走访4天，每21天一次；燃气隐患逾期2天" {
		t.Errorf("%+v", plan.Due)
	}
	ann.edit(hazard, `{"state":"RECTIFIED"}`)
	ann.edit(hazard, `{"state":"RECHECKED"}`)
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 0 {
		t.Errorf("due after the re-check")
	}
	task := ann.add("task", `{"what":"补拍门牌","premises_id":"`+door+`"}`)
	if got := ann.plan(client.PlanQuery{}); len(got.Due) != 1 || !strings.Contains(got.Due[0].Reason.EN, "an open task") {
		t.Errorf("%+v", got.Due)
	}
	ann.edit(task, `{"state":"DONE"}`)
	if got := len(ann.plan(client.PlanQuery{}).Due); got != 0 {
		t.Errorf("due after the task")
	}
}

func TestPlan_CallsAtAMergedDoorCountForTheOneThatStands(t *testing.T) {
	_, ann, door := solo(t)
	twin := ann.add("premises", `{"address":"民主路叁号","territory":"`+gridA+`"}`)
	ann.add("visit", `{"premises_ids":["`+twin+`"],"outcome":"SEEN"}`)
	if got := planned(ann.plan(client.PlanQuery{})); got != "民主路3号 morning" {
		t.Errorf("before the merge %s", got)
	}
	ann.edit(twin, `{"status":"MERGED_INTO","merged_into":"`+door+`"}`)
	if got := planned(ann.plan(client.PlanQuery{})); got != "" {
		t.Errorf("after it %s", got)
	}
	ann.add("hazard", `{"premises_id":"`+twin+`","code":"GAS","severity_found":"MAJOR"}`)
	if got := planned(ann.plan(client.PlanQuery{})); got != "民主路3号 morning" {
		t.Errorf("with a hazard written late to the merged door %s", got)
	}
	ann.edit(twin, `{"status":"ACTIVE","merged_into":null}`)
	if got := planned(ann.plan(client.PlanQuery{})); got != "民主路3号 morning, 民主路叁号 morning" {
		t.Errorf("after it was taken back %s", got)
	}
}

func TestPlan_ByDayGridAndAssignment(t *testing.T) {
	w := newWorld(t)
	ann := w.phone("安", recordv1.Role_ROLE_POLICE_OFFICER, community)
	ann.sync()
	mine := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`","officer":"`+ann.user.String()+`"}`)
	ann.add("premises", `{"address":"福慧路8号","territory":"`+gridB+`"}`)
	if got := planned(ann.plan(client.PlanQuery{Grid: gridB})); got != "福慧路8号 morning" {
		t.Errorf("grid B: %s", got)
	}
	if got := planned(ann.plan(client.PlanQuery{Grid: community, Mine: true})); got != "民主路3号 morning" {
		t.Errorf("mine: %s", got)
	}
	ann.add("visit", `{"premises_ids":["`+mine+`"],"outcome":"SEEN"}`)
	for date, want := range map[string]int{"": 0, "2026-06-18": 0, "2026-06-19": 1} {
		plan := ann.plan(client.PlanQuery{Date: date, Mine: true})
		if len(plan.Due) != want || date != "" && plan.Date != date {
			t.Errorf("on %q %s: %d doors, want %d", date, plan.Date, len(plan.Due), want)
		}
	}
	for date, rule := range map[string]string{"2026-05-28": "plan.past", "tomorrow": "plan.date"} {
		_, err := ann.Plan(date)
		var refusal *client.Refusal
		if !errors.As(err, &refusal) || refusal.Complaints[0].Rule != rule {
			t.Errorf("%s: %v", date, err)
		}
	}
	if _, err := ann.PlanOf(client.PlanQuery{Grid: "530702009"}); !errors.Is(err, client.ErrUnknownPlace) {
		t.Errorf("a strange grid: %v", err)
	}
}

func TestPlan_JSONHasNullsForWhatIsNot(t *testing.T) {
	_, ann, door := solo(t)
	text, err := json.Marshal(ann.plan(client.PlanQuery{}).JSON(client.English))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"date":"2026-05-29","due":[{"id":"` + door + `","address":"民主路3号","reason":"never seen","overdue_days":0,"slot":"morning","last_outcome":null}]}`
	if string(text) != want {
		t.Errorf("\n got %s\nwant %s", text, want)
	}
}

func TestPlan_SurvivesAReopenAndIsTheSame(t *testing.T) {
	w, ann, _ := solo(t)
	doors := compound(ann, "1幢/1/101", "1幢/1/102")
	ann.add("visit", `{"premises_ids":["`+doors[0]+`"],"outcome":"NOBODY"}`)
	before := ann.plan(client.PlanQuery{})
	w.must(ann.Close())
	ann.open()
	if after := ann.plan(client.PlanQuery{}); !slices.Equal(after.Due, before.Due) {
		t.Errorf("\n got %+v\nwant %+v", after.Due, before.Due)
	}
}

// makeStreet makes orange doors with keys, sixty a building.
func (p *phone) makeStreet(n int) (doors [][]byte) {
	p.w.t.Helper()
	grid := p.w.grids[gridA]
	p.inGroups(n, func(g *client.Group, i int) error {
		building, room := i/60, i%60
		id, err := g.Add(&recordv1.Premises{
			Address: proto.String(fmt.Sprintf("小区%d %d幢%d室", building/20, building%20, room)), Territory: grid[:],
			Grade: recordv1.Grade_GRADE_ORANGE.Enum(), Compound: proto.String(fmt.Sprint("小区", building/20)),
			Building: proto.String(fmt.Sprint(building%20, "幢")), Stair: proto.String(fmt.Sprint(room / 20)),
			Floor: proto.String(fmt.Sprint(room / 4 % 5)), Door: proto.String(fmt.Sprint(room)),
		})
		doors = append(doors, id[:])
		return err
	})
	return doors
}

// BenchmarkPlan is a plan of a phone's doors with four visits a door, after one more visit. Its figure is of processor time,
// so that other work on the machine counts little.
func BenchmarkPlan(b *testing.B) {
	for _, doors := range []int{5_000, 30_984} {
		b.Run(fmt.Sprint(doors), func(b *testing.B) {
			w := newWorld(b)
			ann := w.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
			ann.sync()
			ids := ann.makeStreet(doors)
			ann.makeVisits(doors*4, ids)
			ann.plan(client.PlanQuery{})
			w.later(8 * 24 * time.Hour) // All are due then, and the phone is not locked yet.
			i := 0
			var spent cost
			for b.Loop() {
				b.StopTimer()
				_, err := ann.Add(&recordv1.Visit{PremisesIds: [][]byte{ids[i%doors]}, OccurredAt: proto.Int64(w.now.UnixMilli())})
				w.must(err)
				i++
				b.StartTimer()
				begun := costNow()
				ann.plan(client.PlanQuery{})
				spent.add(costNow().minus(begun))
			}
			b.ReportMetric(float64(spent.cpu.Microseconds())/1e3/float64(i), "ms_cpu/plan")
		})
	}
}

func TestPlan_DamagedFactsOfADoorAreToldAndNeverHalfRead(t *testing.T) {
	whole := client.DoorFacts()
	if again, err := client.ReadFacts(whole); err != nil || !slices.Equal(again, whole) {
		t.Fatalf("read back %x, %v", again, err)
	}
	for n := range whole {
		if _, err := client.ReadFacts(whole[:n]); !errors.Is(err, client.ErrDamaged) {
			t.Errorf("%d of %d bytes are read: %v", n, len(whole), err)
		}
	}
	if _, err := client.ReadFacts(append(whole, 0)); !errors.Is(err, client.ErrDamaged) {
		t.Errorf("a byte too many is read: %v", err)
	}
}
