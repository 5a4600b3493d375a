package demo_test

import (
	"errors"
	"strings"
	"testing"

	"onedoor/internal/demo"
)

// xian are the communities of the scene, as the territory file names them.
var xian = []demo.Community{
	{Code: "530702001001", Name: "金甲社区居委会"},
	{Code: "530702001002", Name: "文汇社区居委会"},
	{Code: "530702001003", Name: "寨后社区居委会"},
	{Code: "530702001004", Name: "象山社区居委会"},
	{Code: "530702001005", Name: "义正社区居委会"},
	{Code: "530702001006", Name: "清溪社区居委会"},
	{Code: "530702001007", Name: "福慧社区居委会"},
	{Code: "530702001008", Name: "寨鑫社区居委会"},
}

// newStreet makes a street or ends the test.
func newStreet(t testing.TB, seed uint64, figures demo.Figures) *demo.Street {
	t.Helper()
	s, err := demo.NewStreet(seed, xian, figures)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewStreet_TotalsOfTheSceneHoldExactly(t *testing.T) {
	for _, seed := range []uint64{1, 2, 530702} {
		s := newStreet(t, seed, demo.TrueScale())
		figures := demo.TrueScale()
		setting := map[demo.Setting]int{}
		groups := 0
		for _, territory := range s.Territories {
			switch territory.Level {
			case demo.LevelGrid:
				setting[territory.Setting]++
			case demo.LevelMicrogrid:
				groups++
			}
		}
		for _, c := range []struct {
			what      string
			got, want int
		}{
			{"rental rooms", s.Count(demo.KindRentalUnit), 30984},
			{"hotels", s.Count(demo.KindHotel), 476},
			{"compounds", len(s.Compounds), 203},
			{"residents' groups", groups, 150},
			{"markets", setting[demo.SettingMarket], 5},
			{"business areas", setting[demo.SettingBusiness], 10},
			{"urban villages", setting[demo.SettingVillage], 9},
			{"residential grids", setting[demo.SettingResidential], figures.ResidentialGrids},
			{"stalls", s.Count(demo.KindStall), 5 * figures.StallsPerMarket},
			{"shops", s.Count(demo.KindShop), 10 * figures.ShopsPerArea},
		} {
			if c.got != c.want {
				t.Errorf("seed %d: %d %s, want %d", seed, c.got, c.what, c.want)
			}
		}
	}
}

func TestNewStreet_CodesNestAndAreUnique(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	digits := map[demo.Level]int{
		demo.LevelCommunity: demo.CommunityDigits, demo.LevelGrid: demo.GridDigits, demo.LevelMicrogrid: demo.MicrogridDigits,
	}
	known := map[demo.TerritoryCode]bool{s.Code: true}
	names := map[string]bool{}
	for _, territory := range s.Territories {
		if !known[territory.Parent] || !territory.Parent.Contains(territory.Code) {
			t.Errorf("%s: parent %s does not stand before it or is no prefix", territory.Code, territory.Parent)
		}
		if known[territory.Code] || names[territory.Name] {
			t.Errorf("%s %s stands twice", territory.Code, territory.Name)
		}
		if len(territory.Code) != digits[territory.Level] {
			t.Errorf("%s: %d digits at level %s", territory.Code, len(territory.Code), territory.Level)
		}
		known[territory.Code], names[territory.Name] = true, true
	}
	for i, p := range s.Premises {
		if !known[p.Territory] {
			t.Fatalf("door %d: unknown territory %q", i, p.Territory)
		}
	}
}

func TestNewStreet_AGridCanBeKnownByOneWorker(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	rooms := map[demo.TerritoryCode]int{}
	for _, p := range s.Premises {
		if p.Kind == demo.KindRentalUnit {
			rooms[p.Territory.Grid()]++
		}
	}
	for grid, n := range rooms {
		if n < 300 || n > 800 {
			t.Errorf("grid %s has %d rental rooms", grid, n)
		}
	}
	if mean := 30984 / len(rooms); mean < 450 || mean > 500 {
		t.Errorf("%d rental rooms a grid on average", mean)
	}
}

func TestNewStreet_EveryDoorIsWhole(t *testing.T) {
	s := newStreet(t, 7, demo.TrueScale())
	addresses := map[string]int{}
	keys := map[demo.DoorKey]int{}
	for i, p := range s.Premises {
		if other, twice := addresses[p.Address]; twice {
			t.Fatalf("doors %d and %d share the address %s", other, i, p.Address)
		}
		if other, twice := keys[p.Key]; twice {
			t.Fatalf("doors %d and %d share the key %+v", other, i, p.Key)
		}
		addresses[p.Address], keys[p.Key] = i, i
		if p.Grade == "" || p.Address == "" {
			t.Fatalf("door %d is not whole: %+v", i, p)
		}
		hasParent := p.Kind == demo.KindRentalUnit || p.Kind == demo.KindStall
		if hasParent != (p.Parent != demo.NoPremises) {
			t.Fatalf("door %d of kind %s has parent %d", i, p.Kind, p.Parent)
		}
		if hasParent {
			checkUnit(t, s, demo.PremisesIndex(i))
		}
	}
}

// checkUnit checks one unit against its building.
func checkUnit(t *testing.T, s *demo.Street, i demo.PremisesIndex) {
	t.Helper()
	unit := s.Premises[i]
	if unit.Parent >= i {
		t.Fatalf("door %d stands before its building %d", i, unit.Parent)
	}
	building := s.Premises[unit.Parent]
	if building.Kind != demo.KindBuilding || building.Territory != unit.Territory {
		t.Fatalf("door %d lies in %s, its building %d (%s) in %s", i, unit.Territory, unit.Parent, building.Kind, building.Territory)
	}
	if !strings.HasPrefix(unit.Address, building.Address) {
		t.Fatalf("door %d: address %s is not in %s", i, unit.Address, building.Address)
	}
	if unit.Kind == demo.KindRentalUnit && (unit.Rooms < 1 || unit.Rental == demo.RentalNone || unit.Key.Door == "") {
		t.Fatalf("rental room %d is not whole: %+v", i, unit)
	}
}

func TestNewStreet_MostDoorsAreGreenAndSomeAreNot(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	grades := map[demo.Grade]int{}
	for _, p := range s.Premises {
		if p.Kind == demo.KindRentalUnit {
			grades[p.Grade]++
		}
	}
	for _, c := range []struct {
		grade             demo.Grade
		leastPm, mostPmil int
	}{{demo.GradeGreen, 740, 840}, {demo.GradeYellow, 120, 190}, {demo.GradeOrange, 25, 80}, {demo.GradeRed, 2, 20}} {
		share := grades[c.grade] * 1000 / 30984
		if share < c.leastPm || share > c.mostPmil {
			t.Errorf("%s: %d per mille of the rental rooms, want %d to %d", c.grade, share, c.leastPm, c.mostPmil)
		}
	}
}

func TestNewStreet_NoNumberCanBeDialledAndNoNameIsReal(t *testing.T) {
	s := newStreet(t, 1, demo.TrueScale())
	numbers := map[string]bool{}
	for i, p := range s.Premises {
		if p.Kind == demo.KindBuilding {
			continue
		}
		if !strings.HasPrefix(p.Contact.Phone, "000") || len(p.Contact.Phone) != 11 {
			t.Fatalf("door %d: number %q is not of the unassignable pattern", i, p.Contact.Phone)
		}
		if !strings.HasPrefix(p.Contact.Name, "测试") {
			t.Fatalf("door %d: %q is no test name", i, p.Contact.Name)
		}
		if numbers[p.Contact.Phone] {
			t.Fatalf("door %d: number %s stands twice", i, p.Contact.Phone)
		}
		numbers[p.Contact.Phone] = true
	}
}

func TestNewStreet_OneSeedMakesOneStreet(t *testing.T) {
	digest := func(seed uint64) [32]byte { return digestOf(newStreet(t, seed, demo.TrueScale())) }
	first := digest(5)
	if again := digest(5); again != first {
		t.Error("one seed made two streets")
	}
	if other := digest(6); other == first {
		t.Error("two seeds made one street")
	}
}

func TestNewStreet_ImpossibleInputIsRefused(t *testing.T) {
	change := func(f func(*demo.Figures)) demo.Figures {
		figures := demo.TrueScale()
		f(&figures)
		return figures
	}
	for name, c := range map[string]struct {
		communities []demo.Community
		figures     demo.Figures
	}{
		"no community":            {nil, demo.TrueScale()},
		"a short code":            {[]demo.Community{{Code: "530702", Name: "x"}}, demo.TrueScale()},
		"a code with a letter":    {[]demo.Community{{Code: "53070200100x", Name: "x"}}, demo.TrueScale()},
		"two streets":             {[]demo.Community{xian[0], {Code: "530702002001", Name: "x"}}, demo.TrueScale()},
		"the wrong order":         {[]demo.Community{xian[1], xian[0]}, demo.TrueScale()},
		"no name":                 {[]demo.Community{{Code: "530702001001"}}, demo.TrueScale()},
		"no grids":                {xian, demo.Figures{}},
		"grids without groups":    {xian, change(func(f *demo.Figures) { f.ResidentGroups = 64 })},
		"groups without compound": {xian, change(func(f *demo.Figures) { f.Compounds = 150 })},
		"compounds without rooms": {xian, change(func(f *demo.Figures) { f.RentalRooms = 1000 })},
		"too many villages":       {xian, change(func(f *demo.Figures) { f.UrbanVillages = 21 })},
		"too many hotels":         {xian, change(func(f *demo.Figures) { f.Hotels = 577 })},
		"a negative figure":       {xian, change(func(f *demo.Figures) { f.Markets = -1 })},
	} {
		if _, err := demo.NewStreet(1, c.communities, c.figures); !errors.Is(err, demo.ErrInput) {
			t.Errorf("%s: error %v, want ErrInput", name, err)
		}
	}
}

func TestNewStreet_ASmallStreetHasEveryShape(t *testing.T) {
	s := newStreet(t, 1, demo.SmallScale())
	for _, kind := range []demo.PremisesKind{demo.KindBuilding, demo.KindRentalUnit, demo.KindHotel, demo.KindShop, demo.KindStall} {
		if s.Count(kind) == 0 {
			t.Errorf("no %s", kind)
		}
	}
	if got := s.Count(demo.KindRentalUnit); got != demo.SmallScale().RentalRooms {
		t.Errorf("%d rental rooms", got)
	}
}

func BenchmarkNewStreet_TrueScale(b *testing.B) {
	for b.Loop() {
		newStreet(b, 1, demo.TrueScale())
	}
}
