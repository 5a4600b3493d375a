package importer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
)

// row is a door of a file.
func row(line int, ref string, territory domain.Code, address string) importer.Premises {
	return importer.Premises{Line: line, ExternalRef: ref, Territory: territory, Address: address}
}

// door is a door that stands.
func door(ref string, territory domain.Code, address string) importer.Standing {
	return importer.Standing{ExternalRef: ref, Territory: territory, Address: address}
}

func TestMatch_FindsTheDoorARowMeans(t *testing.T) {
	standing := []importer.Standing{
		0: door("A", "530702001001", "文化路 1 号"),
		1: door("", "530702001001001", "文化路 2 号"),
		2: door("C", "530702001001", "文化路 3 号"),
		3: door("D", "530702001001", "文化路 3 号"),
		4: {Territory: "530702001001", Address: "文化路 4 号", Place: importer.Place{Door: "101"}},
	}
	cases := []struct {
		name string
		row  importer.Premises
		want int
	}{
		{"by reference, though it moved", row(2, "A", "530702002001", "象山路 9 号"), 0},
		{"by place, the territory refined since", row(2, "", "530702001001", "文化路２号"), 1},
		{"by place, the door has no reference yet", row(2, "B", "530702001001", "文化路 2号"), 1},
		{"by place, the row has no reference", row(2, "", "530702001", "文化路1号"), 0},
		{"another reference is another door", row(2, "Z", "530702001001", "文化路 1 号"), -1},
		{"another community is another door", row(2, "", "530702001002", "文化路 2 号"), -1},
		{"another door of the address", row(2, "", "530702001001", "文化路 4 号"), -1},
		{"a new address", row(2, "", "530702001001", "文化路 12 号"), -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := importer.Match("r.csv", standing, []importer.Premises{c.row})
			if err != nil {
				t.Fatal(err)
			}
			if m.Same[0] != c.want {
				t.Errorf("means door %d, want %d", m.Same[0], c.want)
			}
			if slices.Contains(m.Missing, c.want) || (c.want < 0) != (len(m.Missing) == len(standing)) {
				t.Errorf("missing %v with door %d found", m.Missing, c.want)
			}
		})
	}
}

func TestMatch_ARowThatCouldMeanTwoDoorsIsAProblem(t *testing.T) {
	cases := []struct {
		name     string
		standing []importer.Standing
		rows     []importer.Premises
	}{
		{"two doors at the place", []importer.Standing{door("A", "530702", "路 1"), door("B", "530702", "路 1")},
			[]importer.Premises{row(7, "", "530702", "路 1")}},
		{"two rows for the place", []importer.Standing{door("", "530702", "路 1")},
			[]importer.Premises{row(6, "A", "530702", "路 1"), row(7, "B", "530702", "路 1")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := importer.Match("r.csv", c.standing, c.rows)
			if got := problemsOf(t, err); !slices.Equal(got, []string{"7:address"}) {
				t.Errorf("problems %v, want 7:address", got)
			}
		})
	}
}

func TestRegister_RefusesWhenMoreThanAShareIsMissing(t *testing.T) {
	var standing []importer.Standing
	var rows []importer.Premises
	for i := range 100 {
		ref := fmt.Sprint(i)
		standing = append(standing, door(ref, "530702", "路 "+ref))
		rows = append(rows, row(i+2, ref, "530702", "路 "+ref))
	}
	m, err := importer.Register("r.csv", standing, rows[5:])
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 2, 3, 4}; !slices.Equal(m.Missing, want) {
		t.Errorf("missing %v, want %v", m.Missing, want)
	}
	_, err = importer.Register("r.csv", standing, rows[6:])
	missing, ok := errors.AsType[*importer.MissingError](err)
	if !ok || !errors.Is(err, importer.ErrTooManyMissing) {
		t.Fatalf("error %v, want %v", err, importer.ErrTooManyMissing)
	}
	if missing.Missing != 6 || missing.Standing != 100 {
		t.Errorf("%d of %d, want 6 of 100", missing.Missing, missing.Standing)
	}
}

func TestRegister_TheFirstImportMissesNothingAndAnEmptyFileIsRefused(t *testing.T) {
	if _, err := importer.Register("r.csv", nil, []importer.Premises{row(2, "", "530702", "路 1")}); err != nil {
		t.Error(err)
	}
	if _, err := importer.Register("r.csv", nil, nil); !errors.Is(err, importer.ErrNoRows) {
		t.Errorf("error %v, want %v", err, importer.ErrNoRows)
	}
}

func TestRegister_RefusesTheSampleRegisterOfAFewRows(t *testing.T) {
	m := readMap(t, "columns: {external_ref: RSN, address: SITE_ADDRESS}\ndefaults: {territory: 530702}\n")
	full := readRegister(t, withoutLine(readSample(t, "rentsafe/registrations-2026-06-30.csv"), 3), m)
	few := readRegister(t, readSample(t, "bad/registrations-few-rows.csv"), m)
	var standing []importer.Standing
	for _, p := range full {
		standing = append(standing, door(p.ExternalRef, p.Territory, p.Address))
	}
	if _, err := importer.Register("few.csv", standing, few); !errors.Is(err, importer.ErrTooManyMissing) {
		t.Errorf("error %v, want %v", err, importer.ErrTooManyMissing)
	}
}

func TestNormalisePlace_SpellingsOfOnePlaceMeet(t *testing.T) {
	groups := [][]string{
		{"文化路12号", "文化路 12 号", "文化路１２号", "　文化路\t12号 "},
		{"33 flamborough dr", "33  FLAMBOROUGH DR ", "３３ Flamborough Dr"},
		{"幸福里(东)", "幸福里（东）", "幸福里 （东）"},
		{"1 12"}, {"11 2"}, {"112"}, {""},
	}
	seen := map[string]int{}
	for i, group := range groups {
		form := importer.NormalisePlace(group[0])
		if other, ok := seen[form]; ok {
			t.Errorf("groups %d and %d are both %q", other, i, form)
		}
		seen[form] = i
		for _, spelling := range group {
			if got := importer.NormalisePlace(spelling); got != form {
				t.Errorf("%q becomes %q, want %q", spelling, got, form)
			}
		}
	}
}

func TestNormalisePlace_IsItsOwnNormalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form := importer.NormalisePlace(rapid.String().Draw(t, "text"))
		if again := importer.NormalisePlace(form); again != form {
			t.Fatalf("%q becomes %q", form, again)
		}
	})
}

// A file that is imported and imported again means the doors it made, whatever
// it holds.
func TestMatch_AFileReadTwiceMakesNoDoorTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "external_ref,address,territory,door\n"
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			text += rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(t, "ref") + "," +
				rapid.SampledFrom([]string{"路1", "路 1", "路2"}).Draw(t, "address") + "," +
				rapid.SampledFrom([]string{"530702", "530702001", "530702002"}).Draw(t, "territory") + "," +
				rapid.SampledFrom([]string{"", "1"}).Draw(t, "door") + "\n"
		}
		rows, err := importer.ReadPremises(strings.NewReader(text), importer.Options{File: "r.csv"})
		if err != nil {
			if _, ok := errors.AsType[csvfile.Problems](err); !ok {
				t.Fatal(err)
			}
			return
		}
		var standing []importer.Standing
		for _, p := range rows {
			standing = append(standing, importer.Standing{ExternalRef: p.ExternalRef, Territory: p.Territory, Address: p.Address, Place: p.Place})
		}
		m, err := importer.Register("r.csv", standing, rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, same := range m.Same {
			if same != i {
				t.Fatalf("row %d means door %d of\n%s", i, same, text)
			}
		}
	})
}
