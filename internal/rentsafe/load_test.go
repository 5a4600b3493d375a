package rentsafe_test

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/internal/rentsafe"
)

// sampleFiles returns the committed sample as a folder that a test may change.
func sampleFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	root := os.DirFS("../../testdata/rentsafe")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		folder[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// add puts a file of the committed data under another name.
func add(t *testing.T, folder fstest.MapFS, name, from string) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/" + from)
	if err != nil {
		t.Fatal(err)
	}
	folder[name] = &fstest.MapFile{Data: data}
}

// load reads a folder that has the layout.
func load(t *testing.T, folder fs.FS) *rentsafe.Feed {
	t.Helper()
	feed, err := rentsafe.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

// building finds a building of a feed.
func building(t *testing.T, feed *rentsafe.Feed, rsn rentsafe.RSN) rentsafe.Building {
	t.Helper()
	b, ok := feed.Standing().Building(rsn)
	if !ok {
		t.Fatalf("no building %s", rsn)
	}
	return b
}

// inspection finds an inspection that stands before the first day.
func inspection(t *testing.T, feed *rentsafe.Feed, rsn rentsafe.RSN, year rentsafe.Year) rentsafe.Inspection {
	t.Helper()
	i, ok := feed.Standing().Inspection(rentsafe.Key{RSN: rsn, Year: year})
	if !ok {
		t.Fatalf("no inspection %s of %s", year, rsn)
	}
	return i
}

func TestLoad_CountsTheSampleAsItsNoteSays(t *testing.T) {
	feed := load(t, sampleFiles(t))
	if len(feed.Refused) != 0 {
		t.Errorf("refused %v", feed.Refused)
	}
	if len(feed.Buildings) != 60 || len(feed.Inspections) != 80 {
		t.Errorf("%d buildings and %d inspections before the days, want 60 and 80", len(feed.Buildings), len(feed.Inspections))
	}
	if got, want := feed.Totals(), (rentsafe.Totals{Doors: 61, Visits: 95, Hazards: 414}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

func TestLoad_OfTwoRowsWithOneKeyTheLastStands(t *testing.T) {
	feed := load(t, sampleFiles(t))
	if got := building(t, feed, "4153420").Units; got != (rentsafe.Count{Value: 18, Known: true}) {
		t.Errorf("units %+v, the later row says 18", got)
	}
	twice := inspection(t, feed, "4154522", "2024")
	if twice.Current.Value != 69 || slices.ContainsFunc(twice.Items, func(i rentsafe.Item) bool { return i.Name == "ELECTRICAL SERVICES / OUTLETS" }) {
		t.Errorf("score %+v and items %v are those of the earlier row", twice.Current, twice.Items)
	}
}

func TestLoad_KeysAreTextAndTrimmed(t *testing.T) {
	folder := sampleFiles(t)
	folder["registrations-2026-07-01.csv"] = &fstest.MapFile{Data: append(slices.Clone(folder["registrations-2026-06-30.csv"].Data),
		[]byte(strings.Repeat(",", 46)+"04153420"+strings.Repeat(",", 22)+"\r\n")...)}
	feed := load(t, folder)
	building(t, feed, "4233286")
	inspection(t, feed, "4155865", "2024")
	building(t, feed, "04153420")
	if got := building(t, feed, "4153420").Units.Value; got != 18 {
		t.Errorf("04153420 overwrote 4153420: %d units", got)
	}
}

func TestLoad_RenamedColumnsAreReadFromTheFirstThatIsNotBlank(t *testing.T) {
	feed := load(t, sampleFiles(t))
	for rsn, want := range map[rentsafe.RSN][2]int{"4154126": {81, 6}, "4154386": {21, 4}, "4154173": {60, 7}} {
		b := building(t, feed, rsn)
		if b.Units.Value != want[0] || b.Storeys.Value != want[1] {
			t.Errorf("%s has %d units and %d storeys, want %v", rsn, b.Units.Value, b.Storeys.Value, want)
		}
	}
	if len(feed.Days) != 4 || len(feed.Days[2].Inspections) != 10 {
		t.Fatalf("the day with underscores in its column names is not read: %d days", len(feed.Days))
	}
	for _, i := range feed.Days[2].Inspections {
		if i.Building.Address == "" || i.CompletedOn == "" {
			t.Errorf("%v lacks a value of a renamed column", i.Key)
		}
	}
}

func TestLoad_AnInspectedBuildingTheRegisterLacksIsMarked(t *testing.T) {
	feed := load(t, sampleFiles(t))
	var marked []rentsafe.RSN
	for _, b := range feed.Buildings {
		if b.FromInspection {
			marked = append(marked, b.RSN)
		}
	}
	if !slices.Equal(marked, []rentsafe.RSN{"4155190"}) {
		t.Errorf("marked %v, want 4155190 alone", marked)
	}
	if b := building(t, feed, "4155190"); b.Address == "" || b.Ward == "" || b.WardName == "" {
		t.Errorf("building from an inspection is empty: %+v", b)
	}
}

func TestLoad_WardsAreKeptAsEachFileSaysAndGetTheirName(t *testing.T) {
	feed := load(t, sampleFiles(t))
	registered := building(t, feed, "4154126")
	if registered.Ward != "14" || registered.WardName == "" {
		t.Errorf("ward %q %q, the register says 14", registered.Ward, registered.WardName)
	}
	disagrees := func(i rentsafe.Inspection) bool { return i.Key.RSN == "4154126" && i.Building.Ward == "24" }
	if !slices.ContainsFunc(feed.Inspections, disagrees) {
		t.Error("no inspection says ward 24, though the file does")
	}
}

func TestLoad_ARefusedFileChangesNothingAndTheRestGoesOn(t *testing.T) {
	clean := load(t, sampleFiles(t))
	cases := []struct {
		name, file, from, text string
		line                   int
	}{
		{name: "a day that is a web page", file: "days/2026-07-04.csv", from: "bad/web-page.csv", line: 1},
		{name: "evaluations that are a web page", file: "evaluations-2026-07-09.csv", from: "bad/web-page.csv", line: 1},
		{name: "a later register of a few rows", file: "registrations-2026-07-09.csv", from: "bad/registrations-few-rows.csv"},
		{name: "an earlier register of a few rows", file: "registrations-2026-01-01.csv", from: "bad/registrations-few-rows.csv"},
		{name: "a register without rows", file: "registrations-2026-07-09.csv", text: "RSN,SITE_ADDRESS,WARD\n"},
		{name: "a register among the days", file: "days/2026-07-04.csv", from: "rentsafe/registrations-2026-06-30.csv", line: 1},
		{name: "evaluations under a register's name", file: "registrations-2026-07-09.csv", text: "RSN,YEAR EVALUATED,SITE ADDRESS\n1,2026,a\n", line: 1},
		{name: "a day without the key", file: "days/2026-07-04.csv", text: "RSN,SITE ADDRESS,WARD,EVALUATION COMPLETED ON,GRAFFITI\n1,a,1,,1\n", line: 1},
		{name: "a day without a checklist", file: "days/2026-07-04.csv", text: "RSN,YEAR EVALUATED,SITE ADDRESS,WARD,EVALUATION COMPLETED ON\n1,2026,a,1,\n", line: 1},
		{name: "a day cut off inside quotes", file: "days/2026-07-04.csv", text: "RSN,YEAR EVALUATED,SITE ADDRESS,WARD,EVALUATION COMPLETED ON,GRAFFITI\n1,2026,a,1,,1\n2,2026,\"b\n", line: 3},
		{name: "an empty day", file: "days/2026-07-04.csv", text: ""},
		{name: "a day that is not UTF-8", file: "days/2026-07-04.csv", text: "RSN,YEAR EVALUATED\n1,\xff\n", line: 2},
		{name: "a day without a date", file: "days/yesterday.csv", from: "rentsafe/days/2026-07-02.csv"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			folder := sampleFiles(t)
			if c.from != "" {
				add(t, folder, c.file, c.from)
			} else {
				folder[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			}
			feed := load(t, folder)
			if len(feed.Refused) != 1 {
				t.Fatalf("refused %v, want one", feed.Refused)
			}
			if r := feed.Refused[0]; r.File != c.file || r.Line != c.line || r.Why == "" {
				t.Errorf("refused %+v, want %s line %d", r, c.file, c.line)
			}
			if feed.Totals() != clean.Totals() || !slices.Equal(feed.Buildings, clean.Buildings) || len(feed.Days) != len(clean.Days) {
				t.Errorf("totals %+v, without the file %+v", feed.Totals(), clean.Totals())
			}
		})
	}
}

func TestLoad_ARegisterWithoutRowsIsRefusedWhenItIsTheOnlyOne(t *testing.T) {
	feed := load(t, fstest.MapFS{"registrations-2026-06-30.csv": {Data: []byte("RSN,SITE_ADDRESS,WARD\n")}})
	if len(feed.Refused) != 1 || len(feed.Buildings) != 0 {
		t.Errorf("refused %v", feed.Refused)
	}
}

func TestLoad_ABadRowOrValueIsNamedAndTheRestOfTheFileStands(t *testing.T) {
	folder := fstest.MapFS{"evaluations-2026-06-30.csv": {Data: []byte(`RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,GRAFFITI,POOLS
1,2024,07,"1 MAIN
ST",2024-05-01, 1,N/A
2,2024,07,2 MAIN ST,2024-05-01
,2024,07,3 MAIN ST,2024-05-01,1,1
3, ,07,3 MAIN ST,2024-05-01,1,1
4,2024,07,4 MAIN ST,May 1st,4,3
5,2024,07,5 MAIN ST,2024-05-01T10:00:00,0,
`)}}
	feed := load(t, folder)
	var lines []int
	for _, r := range feed.Refused {
		lines = append(lines, r.Line)
	}
	if want := []int{4, 5, 6, 7, 7}; !slices.Equal(lines, want) {
		t.Errorf("refused lines %v, want %v: %v", lines, want, feed.Refused)
	}
	if len(feed.Inspections) != 3 {
		t.Fatalf("%d inspections, want those of 1, 4 and 5", len(feed.Inspections))
	}
	first, fourth, fifth := feed.Inspections[0], feed.Inspections[1], feed.Inspections[2]
	if !slices.Equal(first.Items, []rentsafe.Item{{Name: "GRAFFITI", Score: 1}}) || len(first.Hazards()) != 1 {
		t.Errorf("items %v", first.Items)
	}
	if fourth.CompletedOn != "" || !slices.Equal(fourth.Items, []rentsafe.Item{{Name: "POOLS", Score: 3}}) || len(fourth.Hazards()) != 0 {
		t.Errorf("completed %q items %v", fourth.CompletedOn, fourth.Items)
	}
	if fifth.CompletedOn != "2024-05-01" || len(fifth.Items) != 0 || fifth.Line != 8 {
		t.Errorf("completed %q items %v line %d", fifth.CompletedOn, fifth.Items, fifth.Line)
	}
}

func TestLoad_RowsThatAreGoneDeleteNothing(t *testing.T) {
	clean := load(t, sampleFiles(t))
	folder := sampleFiles(t)
	lines := strings.SplitAfter(string(folder["registrations-2026-06-30.csv"].Data), "\n")
	folder["registrations-2026-07-09.csv"] = &fstest.MapFile{Data: []byte(strings.Join(lines[:50], ""))}
	lines = strings.SplitAfter(string(folder["evaluations-2026-06-30.csv"].Data), "\n")
	folder["evaluations-2026-07-09.csv"] = &fstest.MapFile{Data: []byte(strings.Join(lines[2:20], ""))}
	folder["evaluations-2026-07-09.csv"].Data = append([]byte(lines[0]), folder["evaluations-2026-07-09.csv"].Data...)
	feed := load(t, folder)
	if len(feed.Refused) != 0 || feed.Totals() != clean.Totals() {
		t.Errorf("totals %+v, want %+v; refused %v", feed.Totals(), clean.Totals(), feed.Refused)
	}
}

func TestLoad_TheOrderOfRowsDoesNotMatter(t *testing.T) {
	clean := load(t, sampleFiles(t))
	random := rand.New(rand.NewPCG(1, 2))
	folder := sampleFiles(t)
	for name, file := range folder {
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(file.Data), "\r\n"), "\n")
		lines[len(lines)-1] += "\r\n"
		rows := lastOfEachKey(lines[1:], name)
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		file.Data = []byte(lines[0] + strings.Join(rows, ""))
	}
	feed := load(t, folder)
	if feed.Totals() != clean.Totals() || !slices.Equal(feed.Buildings, clean.Buildings) {
		t.Errorf("totals %+v, want %+v", feed.Totals(), clean.Totals())
	}
	same := func(a, b rentsafe.Inspection) bool { return a.Key == b.Key && a.SameContent(b) }
	if !slices.EqualFunc(feed.Inspections, clean.Inspections, same) {
		t.Error("the inspections differ")
	}
}

// lastOfEachKey keeps the rows that stand, since among rows of one key order
// does matter. The keys the sample repeats are known.
func lastOfEachKey(rows []string, name string) []string {
	repeated := map[string]string{
		"registrations-2026-06-30.csv": ",4153420,", "evaluations-2026-06-30.csv": "4154522,2017,1956,2024",
		"days/2026-07-05.csv": "4154044,2018,1966,2026", "days/2026-07-06.csv": "4154176,2017,1960,2024",
	}[name]
	var kept []string
	for i, row := range rows {
		again := func(later string) bool { return strings.Contains(later, repeated) }
		if repeated != "" && strings.Contains(row, repeated) && slices.ContainsFunc(rows[i+1:], again) {
			continue
		}
		kept = append(kept, row)
	}
	return kept
}

func TestLoad_AFolderWithoutTheLayoutIsAnError(t *testing.T) {
	if _, err := rentsafe.Load(fstest.MapFS{"notes.txt": {}}); !errors.Is(err, rentsafe.ErrNoFeed) {
		t.Errorf("error %v, want %v", err, rentsafe.ErrNoFeed)
	}
	if _, err := rentsafe.Load(os.DirFS("no/such/folder")); !errors.Is(err, rentsafe.ErrNoFeed) {
		t.Errorf("error %v, want %v", err, rentsafe.ErrNoFeed)
	}
}

func TestLoad_AFileThatCannotBeOpenedIsAnError(t *testing.T) {
	folder := sampleFiles(t)
	folder["days/2026-07-09.csv"] = &fstest.MapFile{Mode: fs.ModeDir}
	if _, err := rentsafe.Load(folder); err == nil {
		t.Error("a folder under the name of a day is read")
	}
}

func TestChecklist_EveryItemHasOneCodeAndEveryColumnOfTheFeedIsThere(t *testing.T) {
	items := rentsafe.Checklist()
	if len(items) != 50 {
		t.Errorf("%d items, the publisher has 50", len(items))
	}
	data := string(sampleFiles(t)["evaluations-2026-06-30.csv"].Data)
	header, _, _ := strings.Cut(data, "\r\n")
	columns := strings.Split(header, ",")
	seen := map[string]bool{}
	codes := map[rentsafe.HazardCode]bool{}
	for _, item := range items {
		if seen[item.Name] || !slices.Contains(columns, item.Name) {
			t.Errorf("%q stands twice or is no column of the feed", item.Name)
		}
		seen[item.Name] = true
		codes[item.Code] = true
		if rentsafe.CodeOf(item.Name) != item.Code {
			t.Errorf("%q has two codes", item.Name)
		}
	}
	want := []rentsafe.HazardCode{rentsafe.Electrical, rentsafe.Exit, rentsafe.Other, rentsafe.Security, rentsafe.Structure}
	if got := slices.Sorted(maps.Keys(codes)); !slices.Equal(got, want) {
		t.Errorf("codes %v, want %v", got, want)
	}
}

func TestCodeOf_ReadsTheItemsThatAreDangerous(t *testing.T) {
	for item, want := range map[string]rentsafe.HazardCode{
		"ELECTRICAL SERVICES / OUTLETS":  "ELEC",
		"INT. HANDRAIL / GUARD - SAFETY": "STRUCT",
		"STAIRWELL LIGHTING":             "EXIT",
		"INTERCOM":                       "SECUR",
		"GARBAGE/COMPACTOR ROOM":         "OTHER",
		"no such item":                   "OTHER",
	} {
		if got := rentsafe.CodeOf(item); got != want {
			t.Errorf("%s is %s, want %s", item, got, want)
		}
	}
}
