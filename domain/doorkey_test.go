package domain_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
)

// door reads a key of parts with / between them.
func door(text string) domain.DoorKey {
	p := append(strings.Split(text, "/"), "", "", "", "", "")
	return domain.DoorKey{Compound: p[0], Building: p[1], Stair: p[2], Floor: p[3], Door: p[4]}
}

func TestWalkKey_IsTheOrderInWhichDoorsAreWalked(t *testing.T) {
	inOrder := []string{
		"丽景苑/1幢/1单元/B2/001", "丽景苑/1幢/1单元/B1/001", "丽景苑/1幢/1单元/1/101", "丽景苑/1幢/1单元/夹层/1", "丽景苑/1幢/1单元/2/201",
		"丽景苑/1幢/1单元/2/202", "丽景苑/1幢/1单元/2/1002", "丽景苑/1幢/1单元/10/1001", "丽景苑/1幢/二单元/1/101", "丽景苑/1幢/十单元/1/101",
		"丽景苑/1幢/11单元/1/101", "丽景苑/2幢/1单元/1/101", "丽景苑/三幢/1单元/1/101", "丽景苑/10幢/1单元/1/101", "丽景苑/十二幢", "丽景苑/A幢",
		"丽景苑/b幢", "福慧村/1", "福慧村/二十", "福慧村/21", "福慧村/一百零五", "福慧村/106",
	}
	for i := range inOrder {
		for j := range inOrder {
			a, b := domain.WalkKey(door(inOrder[i]), ""), domain.WalkKey(door(inOrder[j]), "")
			if got := bytes.Compare(a, b); got != cmpInt(i, j) {
				t.Errorf("%s and %s compare as %d, want %d", inOrder[i], inOrder[j], got, cmpInt(i, j))
			}
		}
	}
}

func cmpInt(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestWalkKey_DoorsWithoutAKeyGoByTheirAddressBehindTheOthers(t *testing.T) {
	addresses := []string{"福慧路2号", "福慧路10号", "福慧路 11 号", "福慧路１２号"}
	keys := [][]byte{domain.WalkKey(door("丽景苑/1"), "zz")}
	for _, address := range addresses {
		keys = append(keys, domain.WalkKey(domain.DoorKey{}, address))
	}
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		t.Errorf("%x", keys)
	}
}

func TestNormal_OneDoorWrittenManyWays(t *testing.T) {
	want := door("丽景苑/3/2/5/502")
	for _, text := range []string{
		"丽景苑/3幢/2单元/5层/502室", "丽 景苑/3栋/二单元/五楼/502号", "丽景苑/３号楼/2/5F/０502", "丽景苑/三座/2梯/5f/五〇二房", "丽景苑/03/2/5/502号房",
	} {
		if got := door(text).Normal(); got != want {
			t.Errorf("%s reads %+v", text, got)
		}
	}
	for _, text := range []string{"丽景苑/3/2/5/503", "丽景苑/13/2/5/502", "丽景苑/3A/2/5/502", "丽景/3/2/5/502", "丽景苑/3/2/5"} {
		if got := door(text).Normal(); got == want {
			t.Errorf("%s is taken for another door", text)
		}
	}
}

func TestNormalText_KeepsNumbersApart(t *testing.T) {
	for text, want := range map[string]string{
		"福慧路１２号": "福慧路12号", "福慧路 十二号": "福慧路12号", "福慧路12-3号": "福慧路12 3号", "3－302": "3 302", "Ａ座": "a座", "": "", "-": "",
		"一百零五": "105", "二十": "20", "十": "10", "三〇二": "302", "福慧路012号": "福慧路12号",
	} {
		if got := domain.NormalText(text); got != want {
			t.Errorf("%q reads %q, want %q", text, got, want)
		}
	}
	if domain.NormalText("1-23号") == domain.NormalText("12-3号") {
		t.Error("1-23 and 12-3 are one address")
	}
}
