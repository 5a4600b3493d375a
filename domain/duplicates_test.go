package domain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
)

func entry(n byte, key, address string, aliases ...string) domain.DoorEntry {
	return domain.DoorEntry{ID: domain.ID{n}, Territory: domain.ID{99}, Key: door(key), Address: address, Aliases: aliases}
}

func pairs(doors ...domain.DoorEntry) string {
	var out []string
	for _, d := range domain.Duplicates(doors) {
		out = append(out, fmt.Sprintf("%d-%d %s", d.Door[0], d.Other[0], d.Rule))
	}
	return strings.Join(out, ", ")
}

func TestDuplicates_AreFoundByKeyAddressAndAlias(t *testing.T) {
	building := entry(2, "", "福慧路12号")
	building.Kind = domain.Building
	unit := entry(3, "", "福慧路12号")
	inside := entry(4, "", "福慧路 12 号")
	inside.Parent = domain.ID{3}
	elsewhere := entry(5, "", "福慧路12号")
	elsewhere.Territory = domain.ID{98}
	for _, c := range []struct {
		why   string
		doors []domain.DoorEntry
		want  string
	}{
		{"one door written twice", []domain.DoorEntry{entry(2, "丽景苑/3幢/2单元/5/502室", "x"), entry(1, "丽景苑/三栋/二单元/五楼/五〇二", "y")}, "1-2 same_key"},
		{"one of them without its floor", []domain.DoorEntry{entry(1, "丽景苑/3/2/5/502", ""), entry(2, "丽景苑/3/2//502", "")}, "1-2 same_key"},
		{"two floors", []domain.DoorEntry{entry(1, "丽景苑/3/2/5/2", ""), entry(2, "丽景苑/3/2/6/2", "")}, ""},
		{"the next door", []domain.DoorEntry{entry(1, "丽景苑/3/2/5/502", "丽景苑"), entry(2, "丽景苑/3/2/5/503", "丽景苑")}, ""},
		{"one address", []domain.DoorEntry{entry(1, "", "福慧路１２号"), entry(2, "", "福慧路 十二 号")}, "1-2 same_address"},
		{"one address in two places", []domain.DoorEntry{entry(1, "", "福慧路12号"), elsewhere}, ""},
		{"a building and a unit", []domain.DoorEntry{building, unit}, ""},
		{"a unit in its building", []domain.DoorEntry{unit, inside}, ""},
		{"an alias", []domain.DoorEntry{entry(1, "", "福慧路12号", "老供销社楼上"), entry(2, "", "老供销社 楼上")}, "1-2 same_alias"},
		{"three", []domain.DoorEntry{entry(1, "", "福慧路12号"), entry(2, "", "福慧路12号"), entry(3, "", "福慧路12号")}, "1-2 same_address, 1-3 same_address"},
		{"no address and no key", []domain.DoorEntry{entry(1, "", ""), entry(2, "", "")}, ""},
		{"a compound alone is no door", []domain.DoorEntry{entry(1, "丽景苑", ""), entry(2, "丽景苑", "")}, ""},
	} {
		if got := pairs(c.doors...); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
		slices.Reverse(c.doors)
		if got := pairs(c.doors...); got != c.want {
			t.Errorf("%s, the other way round: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestStanding_FollowsMergesAndKnowsARing(t *testing.T) {
	id := func(n byte) domain.ID { return domain.ID{n} }
	into := map[domain.ID]domain.ID{id(1): id(2), id(2): id(3), id(7): id(8), id(8): id(7)}
	for door, want := range map[byte]byte{1: 3, 2: 3, 3: 3, 9: 9, 7: 0, 8: 0} {
		if got := domain.Standing(id(door), into); got != id(want) {
			t.Errorf("%d stands as %s, want %d", door, got, want)
		}
	}
}

func TestCheckMerge_SaysWhyNot(t *testing.T) {
	id := func(n byte) domain.ID { return domain.ID{n} }
	into := map[domain.ID]domain.ID{id(1): id(2)}
	visited := func(d domain.ID) bool { return d != id(9) }
	for _, c := range []struct {
		door, other byte
		want        string
	}{
		{3, 4, ""}, {3, 3, "premises.merged_into_itself"}, {1, 4, "premises.merged_already"}, {2, 1, "premises.merged_in_a_ring"},
		{3, 1, "premises.merged_into_merged"}, {3, 9, "premises.merged_into_void"},
	} {
		var got string
		for _, complaint := range domain.CheckMerge(id(c.door), id(c.other), into, visited) {
			got += complaint.Rule
		}
		if got != c.want {
			t.Errorf("%d into %d: %q, want %q", c.door, c.other, got, c.want)
		}
	}
}

func BenchmarkDuplicates(b *testing.B) {
	var doors []domain.DoorEntry
	for i, d := range street(30_984) {
		doors = append(doors, domain.DoorEntry{ID: domain.ID{byte(i), byte(i >> 8)}, Key: d.Key, Address: fmt.Sprint(d.Address, "室", i)})
	}
	for b.Loop() {
		domain.Duplicates(doors)
	}
}
