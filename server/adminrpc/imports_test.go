package adminrpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/adminrpc"
	"onedoor/syncengine"
)

// upload sends options and a file in chunks.
func upload[Q, R any](stream grpc.ClientStreamingClient[Q, R], err error, options *Q, chunk func(b []byte) *Q, file string) (*R, error) {
	if err != nil {
		return nil, err
	}
	send := func(m *Q) bool { return stream.Send(m) == nil } // What went wrong comes out of CloseAndRecv.
	for ok := send(options); ok && file != ""; {
		n := min(len(file), adminrpc.ImportChunkBytesMax)
		ok = send(chunk([]byte(file[:n])))
		file = file[n:]
	}
	return stream.CloseAndRecv()
}

func (w *world) importTerritories(ctx context.Context, file string, dryRun bool) (*adminv1.ImportTerritoriesResponse, error) {
	stream, err := w.client.ImportTerritories(ctx)
	o := &adminv1.ImportOptions{FileName: "t.csv", DryRun: dryRun}
	return upload(stream, err, &adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Options{Options: o}},
		func(b []byte) *adminv1.ImportTerritoriesRequest {
			return &adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: b}}
		}, file)
}

func (w *world) importUsers(ctx context.Context, file string, dryRun bool) (*adminv1.ImportUsersResponse, error) {
	stream, err := w.client.ImportUsers(ctx)
	o := &adminv1.ImportUsersOptions{Options: &adminv1.ImportOptions{FileName: "u.csv", DryRun: dryRun}}
	return upload(stream, err, &adminv1.ImportUsersRequest{Part: &adminv1.ImportUsersRequest_Options{Options: o}},
		func(b []byte) *adminv1.ImportUsersRequest {
			return &adminv1.ImportUsersRequest{Part: &adminv1.ImportUsersRequest_Chunk{Chunk: b}}
		}, file)
}

func (w *world) importPremises(ctx context.Context, file string, o *adminv1.ImportPremisesOptions) (*adminv1.ImportPremisesResponse, error) {
	stream, err := w.client.ImportPremises(ctx)
	return upload(stream, err, &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Options{Options: o}},
		func(b []byte) *adminv1.ImportPremisesRequest {
			return &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: b}}
		}, file)
}

// take imports premises and wants no error.
func (w *world) take(file string, register bool) *adminv1.ImportPremisesResponse {
	w.t.Helper()
	out, err := w.importPremises(w.operator, file, &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{FileName: "dir/doors.csv"}, Register: register})
	w.must(err)
	return out
}

// premises gives the doors that stand by external_ref.
func (w *world) premises() map[string]*recordv1.Premises {
	w.t.Helper()
	out := map[string]*recordv1.Premises{}
	for _, id := range w.ids(recordv1.Kind_KIND_PREMISES) {
		m, _ := read(w, id, &recordv1.Premises{})
		out[m.GetExternalRef()] = m
	}
	return out
}

func TestImportTerritories_AddsGridsToWhatStandsAndCountsTheRest(t *testing.T) {
	w := newWorld(t)
	const more = `code,parent_code,level,name
530702001001,530702001,community,文化社区居委会
530702001001001,530702001001,grid,第一网格
530702001001003,530702001001,grid,第三网格
53070200100100301,530702001001003,microgrid,三组
53,,province,云南省
5308,53,prefecture,普洱市
`
	before := w.territory(community)
	dry, err := w.importTerritories(w.operator, more, true)
	w.must(err)
	seq := w.seq()
	want := &adminv1.ImportTerritoriesResponse{Added: 2, Changed: 1, Unchanged: 2, Skipped: 1}
	out, err := w.importTerritories(w.operator, more, false)
	w.must(err)
	if !proto.Equal(dry, want) || !proto.Equal(out, want) {
		t.Errorf("dry %v, then %v, want %v", dry, out, want)
	}
	if w.seq() != seq+3 {
		t.Errorf("%d entries for 3 territories", w.seq()-seq)
	}
	if w.territory(community) != before {
		t.Error("a renamed community has another id")
	}
	if m, _ := read(w, before, &recordv1.Territory{}); m.GetName() != "文化社区居委会" {
		t.Errorf("phones read %v", m)
	}
	again, err := w.importTerritories(w.operator, more, false)
	w.must(err)
	if again.GetUnchanged() != 5 || w.seq() != seq+3 {
		t.Errorf("imported again: %v", again)
	}
	list, err := w.client.ListTerritories(w.operator, &adminv1.ListTerritoriesRequest{Code: "530702001001003"})
	w.must(err)
	if len(list.GetTerritories()) != 2 || list.GetTerritories()[1].GetLevel() != recordv1.TerritoryLevel_TERRITORY_LEVEL_MICROGRID {
		t.Errorf("below the new grid: %v", list)
	}
	w.verify()
}

func TestImports_ABadFileChangesNothingAndIsExplained(t *testing.T) {
	w := newWorld(t)
	w.user("甲", worker, gridA)
	before := w.seq()
	premises := func(file string) error {
		out, err := w.importPremises(w.operator, file, &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{}})
		if len(out.GetProblems().GetProblems()) > 0 {
			t.Errorf("a refused file has problems of rows: %v", out)
		}
		return err
	}
	cases := []struct {
		name string
		err  error
		want adminv1.Reason
	}{
		{"a web page as doors", premises("<!DOCTYPE html><html><body>Sign in</body></html>"), adminv1.Reason_REASON_FILE_REFUSED},
		{"another encoding", premises("address,territory\n\xb8\xa3\xbb\xdb\xc2\xb7,530702\n"), adminv1.Reason_REASON_FILE_REFUSED},
		{"other columns", premises("street,area\n1,2\n"), adminv1.Reason_REASON_FILE_REFUSED},
		{"a header alone", premises("address,territory\n"), adminv1.Reason_REASON_FILE_REFUSED},
		{"nothing", premises(""), adminv1.Reason_REASON_FILE_REFUSED},
		{"too many bytes", premises("address,territory\n" + strings.Repeat("x", adminrpc.ImportFileBytesMax)), adminv1.Reason_REASON_FILE_TOO_LARGE},
		{"a web page as users", func() error { _, err := w.importUsers(w.operator, "<html></html>", false); return err }(), adminv1.Reason_REASON_FILE_REFUSED},
		{"a web page as territories", func() error { _, err := w.importTerritories(w.operator, "<html></html>", false); return err }(), adminv1.Reason_REASON_FILE_REFUSED},
		{"a bad map", func() error {
			_, err := w.importPremises(w.operator, "a,b\n1,2\n", &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{}, MapYaml: "nonsense: ["})
			return err
		}(), adminv1.Reason_REASON_FILE_REFUSED},
		{"no options", func() error {
			_, err := w.importPremises(w.operator, "address,territory\n", nil)
			return err
		}(), adminv1.Reason_REASON_INVALID},
	}
	for _, c := range cases {
		w.refused(c.name, c.err, c.want)
	}
	if w.seq() != before || len(w.premises()) != 0 {
		t.Errorf("refused files wrote %d entries", w.seq()-before)
	}
}

func TestImports_EveryBadRowIsNamedAndNoneIsTaken(t *testing.T) {
	w := newWorld(t)
	before := w.seq()
	doors := "address,territory,rooms,kind_of_premises\n" +
		"福慧路1号," + gridA + ",3,RENTAL_UNIT\n" +
		"福慧路2号,999999,3,RENTAL_UNIT\n" +
		"福慧路3号," + gridA + ",many,RENTAL_UNIT\n" +
		"福慧路4号," + gridA + ",1,CASTLE\n" +
		"," + gridA + ",1,HOTEL\n"
	out, err := w.importPremises(w.operator, doors, &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{FileName: "d.csv"}})
	w.must(err)
	if got := lines(out.GetProblems()); got != "3:territory 4:rooms 5:kind_of_premises 6:address" || out.GetAdded() != 0 {
		t.Errorf("problems %s, added %d", got, out.GetAdded())
	}
	people, err := w.importUsers(w.operator, "name,role,territory\n甲,GRID_WORKER,"+gridA+"\n乙,KING,"+gridA+"\n", false)
	w.must(err)
	if got := lines(people.GetProblems()); got != "3:role" || len(people.GetUsers()) != 0 {
		t.Errorf("problems %s, users %v", got, people.GetUsers())
	}
	places, err := w.importTerritories(w.operator, "code,parent_code,level,name\n530702001003,530702001,community,丙\n530702009001,530702009,community,丁\n", false)
	w.must(err)
	if got := lines(places.GetProblems()); got != "3:parent_code" || places.GetAdded() != 0 {
		t.Errorf("problems %s", got)
	}
	if w.seq() != before {
		t.Errorf("files with problems wrote %d entries", w.seq()-before)
	}
}

// lines shows problems as line:column.
func lines(p *adminv1.ImportProblems) string {
	var out []string
	for _, x := range p.GetProblems() {
		out = append(out, fmt.Sprintf("%d:%s", x.GetLine(), x.GetColumn()))
	}
	if int(p.GetTotal()) != len(out) {
		out = append(out, fmt.Sprintf("total %d", p.GetTotal()))
	}
	return strings.Join(out, " ")
}

func TestImports_ProblemsThatFillNoReplyAreStillCounted(t *testing.T) {
	w := newWorld(t)
	file := "address,territory\n" + strings.Repeat("x,999999\n", 60_000)
	out, err := w.importPremises(w.operator, file, &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{FileName: "d.csv"}})
	w.must(err)
	if n := len(out.GetProblems().GetProblems()); out.GetProblems().GetTotal() != 60_000 || n == 0 || n == 60_000 || proto.Size(out) > 3<<20 {
		t.Errorf("%d of %d problems in %d bytes", n, out.GetProblems().GetTotal(), proto.Size(out))
	}
}

func TestImportUsers_MakesEachOnceAndTellsTheirIds(t *testing.T) {
	w := newWorld(t)
	w.user("甲", worker, gridA)
	const file = "name,role,territory\n甲,GRID_WORKER," + gridA + "\n甲,HELPER," + gridA + "\n乙,police_officer," + community + "\n"
	dry, err := w.importUsers(w.operator, file, true)
	w.must(err)
	if len(dry.GetUsers()) != 2 || dry.GetUnchanged() != 1 || len(dry.GetUsers()[0].GetUserId()) != 0 {
		t.Errorf("dry run %v", dry)
	}
	out, err := w.importUsers(w.operator, file, false)
	w.must(err)
	if len(out.GetUsers()) != 2 || out.GetUsers()[1].GetLine() != 4 {
		t.Fatalf("import %v", out)
	}
	second := syncengine.ID(out.GetUsers()[1].GetUserId())
	if m, ok := read(w, second, &recordv1.Staff{}); !ok || m.GetName() != "乙" || w.grantsText(second) != "POLICE_OFFICER:"+community+":TERRITORY" {
		t.Errorf("user %v with %s", m, w.grantsText(second))
	}
	again, err := w.importUsers(w.operator, file, false)
	w.must(err)
	if len(again.GetUsers()) != 0 || again.GetUnchanged() != 3 {
		t.Errorf("imported again: %v", again)
	}
	_, err = w.client.SetUserState(w.operator, &adminv1.SetUserStateRequest{UserId: second[:], State: adminv1.UserState_USER_STATE_CLOSED})
	w.must(err)
	if back, err := w.importUsers(w.operator, file, false); err != nil || len(back.GetUsers()) != 1 || back.GetUnchanged() != 2 {
		t.Errorf("after one of them had left: %v %v", back, err)
	}
	w.verify()
}

const doors = `external_ref,address,territory,kind_of_premises,rooms,contact_name,contact_phone,grade,door
R1,福慧路1号,530702001001001,RENTAL_UNIT,3,和大姐,13800000001,GREEN,101
R2,福慧路1号,530702001001001,RENTAL_UNIT,2,,,,102
R3,福慧路9号,530702001001,HOTEL,40,,,,
`

func TestImportPremises_DoorsAppearOnThePhonesOfTheirTerritory(t *testing.T) {
	w := newWorld(t)
	p := w.phone(w.user("网", worker, gridA))
	before := w.seq()
	dry, err := w.importPremises(w.operator, doors, &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{DryRun: true}})
	w.must(err)
	if dry.GetAdded() != 3 || w.seq() != before {
		t.Errorf("dry run %v wrote %d entries", dry, w.seq()-before)
	}
	out := w.take(doors, false)
	if out.GetRows() != 3 || out.GetAdded() != 3 || w.seq() != before+3 {
		t.Errorf("import %v wrote %d entries", out, w.seq()-before)
	}
	p.sync()
	var got *recordv1.Premises
	for _, rec := range p.have {
		m := &recordv1.Premises{}
		if rec.GetKind() == uint32(recordv1.Kind_KIND_PREMISES) && proto.Unmarshal(rec.GetFields(), m) == nil && m.GetExternalRef() == "R1" {
			got = m
		}
	}
	territory := w.territory(gridA)
	want := &recordv1.Premises{
		Address: proto.String("福慧路1号"), Territory: territory[:], ExternalRef: proto.String("R1"), Door: proto.String("101"),
		KindOfPremises: recordv1.KindOfPremises_KIND_OF_PREMISES_RENTAL_UNIT.Enum(), Rooms: proto.Uint32(3), Grade: recordv1.Grade_GRADE_GREEN.Enum(),
		Contact: &recordv1.Contact{Name: proto.String("和大姐"), Phone: proto.String("13800000001")},
		Status:  recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE.Enum(), Origin: proto.String("doors.csv"),
	}
	if !proto.Equal(got, want) {
		t.Errorf("door %v, want %v", got, want)
	}
	w.verify()
}

func TestImportPremises_AgainChangesOnlyWhatTheFileSaysOtherwise(t *testing.T) {
	w := newWorld(t)
	w.take(doors, false)
	before := w.seq()
	if out := w.take(doors, false); out.GetUnchanged() != 3 || w.seq() != before {
		t.Errorf("the same file again: %v, %d entries", out, w.seq()-before)
	}
	changed := strings.Replace(doors, "HOTEL,40", "HOTEL,45", 1) + "R4,福慧路7号,530702001001002,SHOP,,,,,\n"
	if out := w.take(changed, false); out.GetChanged() != 1 || out.GetUnchanged() != 2 || out.GetAdded() != 1 || w.seq() != before+2 {
		t.Errorf("a changed file: %v, %d entries", out, w.seq()-before)
	}
	if m := w.premises()["R3"]; m.GetRooms() != 45 {
		t.Errorf("rooms %d", m.GetRooms())
	}
	w.verify()
}

func TestImportPremises_WhatWasSeenAtTheDoorStandsAboveTheFile(t *testing.T) {
	w := newWorld(t)
	w.take(doors, false)
	p := w.phone(w.user("网", worker, gridA))
	p.sync()
	var id syncengine.ID
	for at, rec := range p.have {
		m := &recordv1.Premises{}
		if rec.GetKind() == uint32(recordv1.Kind_KIND_PREMISES) && proto.Unmarshal(rec.GetFields(), m) == nil && m.GetExternalRef() == "R2" {
			id = at
		}
	}
	p.edit(recordv1.Kind_KIND_PREMISES, id, &recordv1.Premises{Rooms: proto.Uint32(6)})
	p.sync()
	out := w.take(strings.Replace(doors, "RENTAL_UNIT,2,,,,102", "SHOP,5,,,,102", 1), false)
	m := w.premises()["R2"]
	if m.GetRooms() != 6 || m.GetKindOfPremises() != recordv1.KindOfPremises_KIND_OF_PREMISES_SHOP || out.GetKeptValues() != 1 || out.GetChanged() != 1 {
		t.Errorf("rooms %d, kind %v after %v", m.GetRooms(), m.GetKindOfPremises(), out)
	}
	p.edit(recordv1.Kind_KIND_PREMISES, id, &recordv1.Premises{Status: recordv1.PremisesStatus_PREMISES_STATUS_VOID.Enum()})
	p.sync()
	if out := w.take(doors, false); out.GetAdded() != 0 || out.GetKeptValues() != 1 || w.premises()["R2"].GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_VOID {
		t.Errorf("after the door was voided on a phone: %v", out)
	}
	w.verify()
}

func TestImportPremises_AFinerTerritoryIsTakenAndACoarserOneIsNot(t *testing.T) {
	w := newWorld(t)
	w.take(doors, false)
	far := w.user("警", officer, community)
	territories := func() string {
		m := w.premises()["R3"]
		return w.code(m.GetTerritory())
	}
	if out := w.take(strings.Replace(doors, "福慧路9号,530702001001,", "福慧路9号,530702001001002,", 1), false); out.GetChanged() != 1 || territories() != gridB {
		t.Errorf("finer: %v, %s", out, territories())
	}
	if out := w.take(doors, false); out.GetUnchanged() != 3 || territories() != gridB {
		t.Errorf("coarser: %v, %s", out, territories())
	}
	var id syncengine.ID
	for _, at := range w.ids(recordv1.Kind_KIND_PREMISES) {
		if m, _ := read(w, at, &recordv1.Premises{}); m.GetExternalRef() == "R3" {
			id = at
		}
	}
	_, err := w.client.AssignDoors(w.operator, &adminv1.AssignDoorsRequest{UserId: far[:], DoorIds: [][]byte{id[:]}, Post: adminv1.Post_POST_OFFICER})
	w.must(err)
	if out := w.take(strings.Replace(doors, "福慧路9号,530702001001,", "福慧路9号,530702001002001,", 1), false); out.GetChanged() != 1 || territories() != elsewhere {
		t.Errorf("moved: %v, %s", out, territories())
	}
	if got, want := w.grantsText(far), "POLICE_OFFICER:"+community+":TERRITORY POLICE_OFFICER::ASSIGNMENT"; got != want {
		t.Errorf("grants after the move %s, want %s", got, want)
	}
	w.verify()
}

// code gives the code of a territory's id.
func (w *world) code(id []byte) (code string) {
	w.t.Helper()
	list, err := w.client.ListTerritories(w.operator, &adminv1.ListTerritoriesRequest{})
	w.must(err)
	for _, t := range list.GetTerritories() {
		if string(t.GetId()) == string(id) {
			code = t.GetCode()
		}
	}
	return code
}

// register writes a file of n doors in gridA.
func register(n int) string {
	var b strings.Builder
	b.WriteString("external_ref,address,territory\n")
	for i := range n {
		fmt.Fprintf(&b, "R%d,福慧路%d号,%s\n", i, i, gridA)
	}
	return b.String()
}

func TestImportPremises_ARegisterProposesToVoidWhatItLacksOnce(t *testing.T) {
	w := newWorld(t)
	w.take(register(40), true)
	before := w.seq()
	out := w.take(register(38), true)
	if len(out.GetProposedVoid()) != 2 || w.seq() != before+2 {
		t.Fatalf("register %v wrote %d entries", out, w.seq()-before)
	}
	if again := w.take(register(38), true); len(again.GetProposedVoid()) != 2 || w.seq() != before+2 {
		t.Errorf("again %v wrote %d entries", again, w.seq()-before)
	}
	for ref, m := range w.premises() {
		if m.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_ACTIVE {
			t.Errorf("%s was voided by an import", ref)
		}
	}
	p := w.phone(w.user("网", worker, gridA))
	p.sync()
	tasks := 0
	for _, rec := range p.have {
		m := &recordv1.Task{}
		if rec.GetKind() != uint32(recordv1.Kind_KIND_TASK) {
			continue
		}
		w.must(proto.Unmarshal(rec.GetFields(), m))
		if tasks++; m.GetState() != recordv1.TaskState_TASK_STATE_MADE || !strings.Contains(m.GetWhy(), "doors.csv") {
			t.Errorf("task %v", m)
		}
	}
	if tasks != 2 {
		t.Errorf("%d tasks reached the worker", tasks)
	}
	_, err := w.importPremises(w.operator, register(30), &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{}, Register: true})
	w.refused("a register that lacks a quarter", err, adminv1.Reason_REASON_TOO_MANY_MISSING)
	if out := w.take(register(30), false); out.GetUnchanged() != 30 {
		t.Errorf("the same file not as a register: %v", out)
	}
	w.verify()
}

func TestImportPremises_AMapReadsSomebodyElsesFile(t *testing.T) {
	w := newWorld(t)
	out, err := w.importPremises(w.operator, "SITE,AREA,COLOUR,EXTRA\n福慧路1号,"+gridA+",A,x\n", &adminv1.ImportPremisesOptions{
		Options: &adminv1.ImportOptions{FileName: "site.csv"},
		MapYaml: "columns: {address: SITE, territory: AREA, grade: COLOUR}\nvalues: {grade: {A: ORANGE}}\n",
	})
	w.must(err)
	if m := w.premises()[""]; out.GetAdded() != 1 || m.GetGrade() != recordv1.Grade_GRADE_ORANGE {
		t.Errorf("import %v made %v", out, m)
	}
}
