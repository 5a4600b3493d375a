package domain_test

import (
	"slices"
	"testing"

	"onedoor/domain"
)

func TestRoomsNamed_AsPeopleSayThem(t *testing.T) {
	key := func(stair, door string) domain.DoorKey {
		return domain.DoorKey{Compound: "福慧苑", Building: "3幢", Stair: stair, Door: door}
	}
	rooms := []domain.Room{
		{ID: domain.ID{1}, Key: key("1单元", "302室")}, {ID: domain.ID{2}, Key: key("二单元", "302")}, {ID: domain.ID{3}, Key: key("2", "405")},
		{ID: domain.ID{4}, Key: key("", "门卫室")}, {ID: domain.ID{5}, Key: key("1", "")},
	}
	for name, want := range map[string][]domain.ID{
		"302": {{1}, {2}}, "３０２室": {{1}, {2}}, "2-302": {{2}}, "二单元302室": {{2}}, "1单元302": {{1}}, "405": {{3}}, "四〇五": {{3}},
		"门卫室": {{4}}, "303": nil, "": nil, "3-302": nil, "1": nil,
	} {
		if got := domain.RoomsNamed(rooms, name); !slices.Equal(got, want) {
			t.Errorf("%q means %v, want %v", name, got, want)
		}
	}
}

func TestDoorKey_OneBuildingHasManyWaysToBeWritten(t *testing.T) {
	a := domain.DoorKey{Compound: "福慧苑", Building: "3幢", Stair: "二单元"}
	if !a.SameBuilding(domain.DoorKey{Compound: "福慧苑", Building: "三号楼", Door: "302"}) || a.SameBuilding(domain.DoorKey{Compound: "福慧苑", Building: "13幢"}) ||
		a.SameBuilding(domain.DoorKey{Compound: "民主苑", Building: "3幢"}) || (domain.DoorKey{Compound: "福慧苑"}).SameBuilding(domain.DoorKey{Compound: "福慧苑"}) {
		t.Error("3幢 and 三号楼 of one compound are one building, and no building is none")
	}
	if !a.OnStair("2") || !a.OnStair("") || a.OnStair("1单元") {
		t.Error("二单元 is stair 2, and no stair asked is any")
	}
}
