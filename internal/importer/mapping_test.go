package importer_test

import (
	"errors"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/internal/csvfile"
	"onedoor/internal/importer"
)

// readMap reads a map that must be sound.
func readMap(t *testing.T, text string) *importer.Map {
	t.Helper()
	m, err := importer.ReadMap(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const registerMap = `
columns:
  external_ref: RSN
  address: SITE_ADDRESS
  territory: WARD
  rooms: CONFIRMED_UNITS
  lease_filed: SPRINKLER_SYSTEM
values:
  territory: {04: 530702001001, 12: 530702001002}
  use: {PRIVATE: LET}
defaults:
  kind_of_premises: building
  grade: GREEN
`

func TestMap_RenamesColumnsTranslatesValuesAndFillsBlanks(t *testing.T) {
	rows, err := importer.ReadPremises(strings.NewReader(`RSN,SITE_ADDRESS,WARD,CONFIRMED_UNITS,use,grade,SPRINKLER_SYSTEM,PETS_ALLOWED
7, 1  MAIN ST ,04,12,private,,YES,NO
8,2 MAIN ST,12,,shop,red,,
`), importer.Options{File: "r.csv", Map: readMap(t, registerMap)})
	if err != nil {
		t.Fatal(err)
	}
	first, second := rows[0], rows[1]
	if first.ExternalRef != "7" || first.Address != "1  MAIN ST" || first.Territory != "530702001001" ||
		*first.Rooms != 12 || first.Use != "LET" || first.Grade != "GREEN" || first.KindOfPremises != "BUILDING" || !*first.LeaseFiled {
		t.Errorf("first row %+v", first)
	}
	if second.Territory != "530702001002" || second.Rooms != nil || second.Use != "SHOP" || second.Grade != "RED" || second.LeaseFiled != nil {
		t.Errorf("second row %+v", second)
	}
}

func TestMap_ReadsARealRegisterAndNamesItsRepeatedKey(t *testing.T) {
	const text = "columns: {external_ref: RSN, address: SITE_ADDRESS, rooms: CONFIRMED_UNITS}\ndefaults: {territory: 530702001001}\n"
	register := readSample(t, "rentsafe/registrations-2026-06-30.csv")
	o := importer.Options{File: "r.csv", Map: readMap(t, text)}
	_, err := importer.ReadPremises(strings.NewReader(register), o)
	if got := strings.Join(problemsOf(t, err), " "); got != "11:RSN" {
		t.Errorf("problems %s, want the key of line 3 again on line 11", got)
	}
	rows, err := importer.ReadPremises(strings.NewReader(withoutLine(register, 3)), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 59 {
		t.Errorf("%d rows, the sample has 59 buildings", len(rows))
	}
}

func TestMap_ProblemsNameTheColumnOfTheFile(t *testing.T) {
	_, err := importer.ReadPremises(strings.NewReader("RSN,SITE_ADDRESS,WARD,CONFIRMED_UNITS,SPRINKLER_SYSTEM\n7,a,999,many,YES\n"),
		importer.Options{File: "r.csv", Map: readMap(t, registerMap)})
	if got := strings.Join(problemsOf(t, err), " "); got != "2:WARD 2:CONFIRMED_UNITS" {
		t.Errorf("problems %s", got)
	}
}

func TestMap_AColumnItNamesMustBeInTheFile(t *testing.T) {
	_, err := importer.ReadPremises(strings.NewReader("RSN,SITE_ADDRESS,WARD\n7,a,04\n"),
		importer.Options{File: "r.csv", Map: readMap(t, registerMap)})
	if !errors.Is(err, csvfile.ErrHeader) || !strings.Contains(err.Error(), "CONFIRMED_UNITS") {
		t.Errorf("error %v, want a refusal that names CONFIRMED_UNITS", err)
	}
}

func TestMap_ADefaultStandsInForANeededColumn(t *testing.T) {
	users, err := importer.ReadUsers(strings.NewReader("name,job\n甲,志愿者\n"), importer.Options{File: "u.csv", Map: readMap(t,
		"columns: {role: job}\nvalues: {role: {志愿者: helper}}\ndefaults: {territory: 530702001001001}\n")})
	if err != nil {
		t.Fatal(err)
	}
	if users[0].Role != domain.RoleHelper || users[0].Territory != "530702001001001" {
		t.Errorf("user %+v", users[0])
	}
}

func TestReadMap_RefusesWhatTheFormatDoesNotHave(t *testing.T) {
	cases := []struct{ name, text string }{
		{"nothing", ""},
		{"no YAML", "columns: [\n"},
		{"a list", "- address\n"},
		{"an unknown key", "colums: {address: A}\n"},
		{"a key twice", "columns: {address: A}\ncolumns: {address: B}\n"},
		{"a name twice", "columns: {address: A, address: B}\n"},
		{"a name in two spellings", "columns: {rentalKind: A, rental_kind: B}\n"},
		{"a value in two spellings", "values: {grade: {a: GREEN, A: RED}}\n"},
		{"a list for a name", "columns: {address: [A, B]}\n"},
		{"two documents", "columns: {address: A}\n---\ncolumns: {address: B}\n"},
		{"too many bytes", "defaults: {address: " + strings.Repeat("a", importer.MapBytesMax) + "}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := importer.ReadMap(strings.NewReader(c.text))
			if !errors.Is(err, importer.ErrMap) {
				t.Fatalf("error %v, want %v", err, importer.ErrMap)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error is more than one line: %q", err)
			}
		})
	}
}

func TestMap_ANameThatTheKindOfFileLacksIsAnError(t *testing.T) {
	for _, text := range []string{"columns: {adress: A}", "values: {colour: {a: b}}", "defaults: {phone: 1}"} {
		_, err := importer.ReadPremises(strings.NewReader("address,territory\na,53\n"), importer.Options{File: "r.csv", Map: readMap(t, text)})
		if !errors.Is(err, importer.ErrMap) {
			t.Errorf("%s: error %v, want %v", text, err, importer.ErrMap)
		}
	}
}

// FuzzMap reads any bytes as a map, and a small file with what comes out: rows
// or a reason, never both, whatever the map says.
func FuzzMap(f *testing.F) {
	for _, seed := range []string{registerMap, "", "columns: {address: b, territory: a}\n", "values: {use: {? [a]: b}}\n",
		"defaults: &a {address: *a}\n", "columns: {address: '', territory: \"\\0\"}\n"} {
		f.Add([]byte(seed), "a,b\n1,2\n")
	}
	f.Fuzz(func(t *testing.T, text []byte, table string) {
		m, err := importer.ReadMap(strings.NewReader(string(text)))
		if err != nil {
			if m != nil || !errors.Is(err, importer.ErrMap) {
				t.Fatalf("map %v with error %v", m, err)
			}
			return
		}
		rows, err := importer.ReadPremises(strings.NewReader(table), importer.Options{File: "f.csv", Map: m})
		if (err == nil) != (len(rows) > 0) {
			t.Fatalf("%d rows with error %v", len(rows), err)
		}
		for _, row := range rows {
			if row.Address == "" || row.Territory == "" || row.Line < 2 {
				t.Fatalf("row %+v is accepted", row)
			}
		}
	})
}
