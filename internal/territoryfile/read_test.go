package territoryfile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/territoryfile"
)

// head is a sound beginning of a file, down to a community.
const head = `code,parent_code,level,name
53,,province,云南省
5307,53,prefecture,丽江市
530702,5307,county,古城区
530702001,530702,street,西安街道
530702001001,530702001,community,文化社区
`

// read reads text as the file t.csv.
func read(text string) ([]territoryfile.Area, error) {
	return territoryfile.Read(strings.NewReader(text), territoryfile.Options{File: "t.csv"})
}

// codes lists the codes of areas.
func codes(areas []territoryfile.Area) string {
	var list []string
	for _, area := range areas {
		list = append(list, string(area.Code))
	}
	return strings.Join(list, " ")
}

func TestRead_EveryLevelNestsAndParentsComeFirst(t *testing.T) {
	areas, err := read(`code,parent_code,level,name
53070200100100101,530702001001001,microgrid,一组
530702001001001,530702001001,GRID, 文化社区第一网格
` + strings.TrimPrefix(head, "code,parent_code,level,name\n"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "53 5307 530702 530702001 530702001001 530702001001001 53070200100100101"
	if got := codes(areas); got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	grid := areas[5]
	if grid.Level != domain.Grid || grid.Name != "文化社区第一网格" || grid.Parent != "530702001001" || grid.Line != 3 {
		t.Errorf("grid %+v", grid)
	}
}

func TestRead_NamesEveryBadRow(t *testing.T) {
	cases := []struct{ name, row, column string }{
		{"letters in a code", "53070200100A,530702001,community,甲", "code"},
		{"no level has the length", "5307020010,530702001,community,甲", "code"},
		{"no code", ",530702001,community,甲", "code"},
		{"level against length", "530702001002,530702001,grid,甲", "level"},
		{"unknown level", "530702001002,530702001,village,甲", "level"},
		{"grid of a street", "530702001002001,530702001,grid,甲", "parent_code"},
		{"microgrid of a community", "53070200100100101,530702001001,microgrid,甲", "parent_code"},
		{"parent with another beginning", "530702001002,530702002,community,甲", "parent_code"},
		{"a province has no parent", "54,53,province,甲", "parent_code"},
		{"parent that nobody states", "530702009001,530702009,community,甲", "parent_code"},
		{"grid of an unknown community", "530702001009001,530702001009,grid,甲", "parent_code"},
		{"same code twice", "530702001001,530702001,community,甲", "code"},
		{"no name", "530702001002,530702001,community, ", "name"},
		{"endless name", "530702001002,530702001,community," + strings.Repeat("甲", territoryfile.NameRunesMax+1), "name"},
		{"too few values", "530702001002,530702001,community", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			areas, err := read(head + c.row + "\n530702001003,530702001,community,乙\n")
			problems, ok := errors.AsType[csvfile.Problems](err)
			if !ok || len(problems) != 1 {
				t.Fatalf("error %v, want one problem", err)
			}
			if problems[0].Line != 7 || problems[0].Column != c.column || problems[0].File != "t.csv" {
				t.Errorf("problem at line %d column %q, want line 7 column %q", problems[0].Line, problems[0].Column, c.column)
			}
			if areas != nil {
				t.Error("a bad file gives areas")
			}
		})
	}
}

func TestRead_RefusesAnotherKindOfFile(t *testing.T) {
	cases := []struct {
		name, text string
		kind       error
	}{
		{"a web page", "<html></html>", csvfile.ErrNotCSV},
		{"two columns", "code,name\n53,云南省\n", csvfile.ErrNotCSV},
		{"other columns", "code,parent,level,name\n53,,province,云南省\n", csvfile.ErrHeader},
		{"a column too many", "code,parent_code,level,name,note\n53,,province,云南省,\n", csvfile.ErrHeader},
		{"no rows", "code,parent_code,level,name\n", territoryfile.ErrNoRows},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := read(c.text); !errors.Is(err, c.kind) {
				t.Errorf("error %v, want %v", err, c.kind)
			}
		})
	}
}

func TestRead_ALaterFileMayHangOnWhatIsKnown(t *testing.T) {
	known, err := read(head)
	if err != nil {
		t.Fatal(err)
	}
	const more = `code,parent_code,level,name
530702001001,530702001,community,文化社区
530702001001001,530702001001,grid,第一网格
`
	if _, err := read(more); err == nil {
		t.Error("a file without its parents is accepted on its own")
	}
	areas, err := territoryfile.Read(strings.NewReader(more), territoryfile.Options{File: "t.csv", Known: known})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := codes(areas), "530702001001 530702001001001"; got != want {
		t.Errorf("areas %s, want %s", got, want)
	}
}

func TestCut_KeepsTheRealmWithItsAncestorsAndCountsTheRest(t *testing.T) {
	areas, err := territoryfile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	kept, skipped, err := territoryfile.Cut(areas, "530702")
	if err != nil {
		t.Fatal(err)
	}
	if len(kept)+skipped != len(areas) || skipped == 0 {
		t.Errorf("%d kept and %d skipped of %d", len(kept), skipped, len(areas))
	}
	if got, want := codes(kept[:4]), "53 5307 530702 530702001"; got != want {
		t.Errorf("first areas %s, want %s", got, want)
	}
	for _, area := range kept[2:] {
		if !strings.HasPrefix(string(area.Code), "530702") {
			t.Errorf("%s %s is outside the realm", area.Code, area.Name)
		}
	}
}

func TestCut_RefusesARealmThatIsNoCountyOrNotInTheFile(t *testing.T) {
	areas, err := read(head)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := territoryfile.Cut(areas, "110101"); !errors.Is(err, territoryfile.ErrRealmAbsent) {
		t.Errorf("error %v, want %v", err, territoryfile.ErrRealmAbsent)
	}
	for _, realm := range []domain.Code{"", "5307", "530702001", "53070x"} {
		if _, _, err := territoryfile.Cut(areas, realm); err == nil {
			t.Errorf("realm %q is accepted", realm)
		}
	}
}

func TestEmbedded_HasTheStreetOfTheSceneAndItsCommunities(t *testing.T) {
	areas, err := territoryfile.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if len(areas) != 543 {
		t.Errorf("%d areas, the file has 543", len(areas))
	}
	street := slices.IndexFunc(areas, func(a territoryfile.Area) bool { return a.Code == "530702001" })
	if street < 0 || areas[street].Name != "西安街道" {
		t.Fatalf("the street 530702001 西安街道 is not at %d", street)
	}
	communities, _ := territoryfile.Within(areas, "530702001")
	var count int
	for _, area := range communities {
		if area.Level == domain.Community {
			count++
		}
	}
	if count != 8 {
		t.Errorf("%d communities in the street, want 8", count)
	}
}
