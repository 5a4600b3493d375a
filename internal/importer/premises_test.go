package importer_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
)

// premises reads text as a canonical premises file of a realm that has one
// community and one grid.
func premises(text string) ([]importer.Premises, error) {
	return importer.ReadPremises(strings.NewReader(text), importer.Options{
		File:           "doors.csv",
		KnownTerritory: func(code domain.Code) bool { return code.Contains("530702001001001") },
		ShortNames:     map[string][]string{"kind_of_premises": {"RENTAL_UNIT", "HOTEL"}},
	})
}

// problemsOf lists the problems of an error as line:column.
func problemsOf(t *testing.T, err error) []string {
	t.Helper()
	problems, ok := errors.AsType[csvfile.Problems](err)
	if !ok {
		t.Fatalf("error %v, want problems", err)
	}
	var places []string
	for _, p := range problems {
		if p.File == "" || p.Why == "" {
			t.Errorf("problem %+v lacks file or reason", p)
		}
		places = append(places, fmt.Sprintf("%d:%s", p.Line, p.Column))
	}
	return places
}

// pointer returns a pointer to a value.
func pointer[T any](value T) *T { return &value }

func TestReadPremises_EveryCanonicalColumnIsRead(t *testing.T) {
	rows, err := premises(`external_ref,address,territory,kind_of_premises,use,rental_kind,compound,building,stair,floor,door,rooms,headcount,contact_name,contact_phone,grade,lease_filed
T-1,"文化路
12 号",530702001001001,rental unit,live,Whole,幸福里,3,1,2,201,３,4,木先生,１３９ 0000-0000,Orange,是
,文化路 14 号,530702001001,,,,,,,,,,,,,,
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []importer.Premises{{
		Line: 2, ExternalRef: "T-1", Address: "文化路 12 号", Territory: "530702001001001",
		KindOfPremises: "RENTAL_UNIT", Use: "LIVE", RentalKind: "WHOLE",
		Place: importer.Place{Compound: "幸福里", Building: "3", Stair: "1", Floor: "2", Door: "201"},
		Rooms: pointer(3), Headcount: pointer(4), ContactName: "木先生", ContactPhone: "139 0000-0000",
		Grade: "ORANGE", LeaseFiled: pointer(true),
	}, {Line: 4, Address: "文化路 14 号", Territory: "530702001001"}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows\n%+v\nwant\n%+v", rows, want)
	}
}

func TestReadPremises_ColumnNamesAreReadInEverySpelling(t *testing.T) {
	rows, err := premises("Territory,ADDRESS,kindOfPremises,Lease filed\n530702,a,hotel,no\n")
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].KindOfPremises != "HOTEL" || rows[0].LeaseFiled == nil || *rows[0].LeaseFiled {
		t.Errorf("row %+v", rows[0])
	}
}

func TestReadPremises_EveryBadValueIsNamedByLineAndNothingIsRead(t *testing.T) {
	long := func(n int) string { return strings.Repeat("长", n+1) }
	cases := []struct{ column, value string }{
		{"address", ""},
		{"address", long(importer.AddressRunesMax)},
		{"address", "a\u0007b"},
		{"address", "文化路 12 号 11010519491231002X"},
		{"territory", ""},
		{"territory", "5307020"},
		{"territory", "110101"},
		{"territory", "5.30702E+11"},
		{"external_ref", long(importer.ExternalRefRunesMax)},
		{"external_ref", "11010519491231002X"},
		{"kind_of_premises", "castle"},
		{"use", "居住"},
		{"use", strings.Repeat("A", importer.ShortNameRunesMax+1)},
		{"compound", long(importer.CompoundRunesMax)},
		{"compound", "请打 13912345678"},
		{"door", long(importer.BuildingRunesMax)},
		{"floor", long(importer.FloorRunesMax)},
		{"rooms", "-1"},
		{"rooms", "three"},
		{"rooms", "5001"},
		{"headcount", "2.5"},
		{"headcount", "20001"},
		{"contact_name", long(importer.PersonNameRunesMax)},
		{"contact_phone", "call me"},
		{"contact_phone", strings.Repeat("1", importer.PhoneRunesMax+1)},
		{"grade", "purple"},
		{"lease_filed", "maybe"},
	}
	for _, c := range cases {
		t.Run(c.column+" "+c.value, func(t *testing.T) {
			header := []string{"address", "territory"}
			row := []string{"文化路 1 号", "530702001001"}
			if at := slices.Index(header, c.column); at >= 0 {
				row[at] = c.value
			} else {
				header, row = append(header, c.column), append(row, c.value)
			}
			text := strings.Join(header, ",") + "\n\"" + strings.Join(row, `","`) + "\"\n"
			rows, err := premises(text)
			if got, want := problemsOf(t, err), []string{"2:" + c.column}; !slices.Equal(got, want) {
				t.Errorf("problems %v, want %v", got, want)
			}
			if rows != nil {
				t.Error("a bad file gives rows")
			}
		})
	}
}

func TestReadPremises_AllProblemsOfAFileComeTogetherInOrder(t *testing.T) {
	_, err := premises(`address,territory,rooms
a,530702,x
b,530702
,530702,1
"c
c",999,y
`)
	want := []string{"2:rooms", "3:", "4:address", "5:territory", "5:rooms"}
	if got := problemsOf(t, err); !slices.Equal(got, want) {
		t.Errorf("problems %v, want %v", got, want)
	}
}

func TestReadPremises_ProblemsQuoteNoPersonalValue(t *testing.T) {
	_, err := premises("address,territory,contact_name,contact_phone\na,530702,\"" + strings.Repeat("木", 50) + "\",秘密号码\n")
	if got := err.Error() + fmt.Sprint(errors.AsType[csvfile.Problems](err)); strings.Contains(got, "木") || strings.Contains(got, "秘密") {
		t.Errorf("error shows a contact: %s", got)
	}
}

func TestReadPremises_TwoLinesForOneDoorAreAProblem(t *testing.T) {
	cases := []struct {
		name, rows string
		want       []string
	}{
		{"same reference", "A,路1,530702,\nA,路2,530702,\n", []string{"3:external_ref"}},
		{"same place, no reference", ",路 1,530702,\n,路１,530702001,\n", []string{"3:address"}},
		{"same place, one reference", "A,路1,530702,\n,路1,530702,\n", []string{"3:address"}},
		{"same place, two references", "A,路1,530702,\nB,路1,530702,\n", nil},
		{"same address, two doors", ",路1,530702,101\n,路1,530702,102\n", nil},
		{"same address, two territories", ",路1,530702001001,\n,路1,530702001,\n,路1,530702001001001,\n", []string{"3:address", "4:address"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := premises("external_ref,address,territory,door\n" + c.rows)
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if got := problemsOf(t, err); !slices.Equal(got, c.want) {
				t.Errorf("problems %v, want %v", got, c.want)
			}
		})
	}
}

func TestReadPremises_RefusesAFileOfAnotherKind(t *testing.T) {
	page, err := os.ReadFile("../../testdata/bad/web-page.csv")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, text string
		kind       error
	}{
		{"a web page", string(page), csvfile.ErrNotCSV},
		{"no address", "territory,rooms\n530702,3\n", csvfile.ErrHeader},
		{"no territory", "address,rooms\na,3\n", csvfile.ErrHeader},
		{"a misspelt column", "address,territory,room\na,530702,3\n", csvfile.ErrHeader},
		{"a column in two spellings", "address,territory,rentalKind,rental_kind\na,530702,x,y\n", csvfile.ErrHeader},
		{"no rows", "address,territory\n", importer.ErrNoRows},
		{"only blank rows", "address,territory\n,\n , \n", importer.ErrNoRows},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := premises(c.text); !errors.Is(err, c.kind) {
				t.Errorf("error %v, want %v", err, c.kind)
			}
		})
	}
}

func TestReadPremises_ALongNumberOfARegisterIsNoIdentityNumber(t *testing.T) {
	for _, ref := range []string{"110105194912310021", "530702009913310011", "1101051949123100211"} {
		if _, err := premises("external_ref,address,territory\n" + ref + ",a,530702\n"); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestReadUsers_RolesAreReadInAnyCase(t *testing.T) {
	users, err := importer.ReadUsers(strings.NewReader(`name,role,territory
和老师,GRID_WORKER,530702001001001
木先生,Helper,530702001001001
木先生,helper,530702001001002
`), importer.Options{File: "users.csv"})
	if err != nil {
		t.Fatal(err)
	}
	want := []importer.User{
		{Line: 2, Name: "和老师", Role: domain.RoleGridWorker, Territory: "530702001001001"},
		{Line: 3, Name: "木先生", Role: domain.RoleHelper, Territory: "530702001001001"},
		{Line: 4, Name: "木先生", Role: domain.RoleHelper, Territory: "530702001001002"},
	}
	if !slices.Equal(users, want) {
		t.Errorf("users %+v, want %+v", users, want)
	}
}

func TestReadUsers_NamesEveryBadRow(t *testing.T) {
	_, err := importer.ReadUsers(strings.NewReader(`name,role,territory
,helper,530702
甲,boss,530702
乙,helper,lijiang
丙,helper,530702
丙,HELPER,530702
`), importer.Options{File: "users.csv"})
	want := []string{"2:name", "3:role", "4:territory", "6:name"}
	if got := problemsOf(t, err); !slices.Equal(got, want) {
		t.Errorf("problems %v, want %v", got, want)
	}
}

func TestReadUsers_TelephoneNumbersAreNotCollected(t *testing.T) {
	_, err := importer.ReadUsers(strings.NewReader("name,role,territory,Phone\n甲,helper,530702,139\n"), importer.Options{File: "users.csv"})
	if !errors.Is(err, csvfile.ErrHeader) || !strings.Contains(err.Error(), "not collected") {
		t.Errorf("error %v, want a refusal that gives the reason", err)
	}
}
