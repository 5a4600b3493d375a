package rentsafe_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"onedoor/internal/rentsafe"
)

func TestDiff_CountsWhatEachDayOfTheSampleDoes(t *testing.T) {
	feed := load(t, sampleFiles(t))
	type figures struct {
		date                            rentsafe.Date
		rows, added, changed, same, new int
	}
	var got []figures
	standing := feed.Standing()
	for _, day := range feed.Days {
		changes := rentsafe.Diff(standing, day)
		got = append(got, figures{day.Date, day.Rows, len(changes.New), len(changes.Changed), changes.Same, len(changes.Buildings)})
		standing.Apply(changes)
	}
	want := []figures{
		{"2026-07-02", 8, 1, 7, 0, 0},
		{"2026-07-03", 10, 5, 5, 0, 0},
		{"2026-07-05", 11, 5, 3, 2, 0},
		{"2026-07-06", 9, 4, 4, 0, 1},
	}
	if !slices.Equal(got, want) {
		t.Errorf("days\n%+v\nwant\n%+v", got, want)
	}
}

func TestDiff_TheSameDayAgainChangesNothing(t *testing.T) {
	feed := load(t, sampleFiles(t))
	standing := feed.Standing()
	for _, day := range feed.Days {
		standing.Apply(rentsafe.Diff(standing, day))
		again := rentsafe.Diff(standing, day)
		if len(again.New)+len(again.Changed)+len(again.Buildings) != 0 || again.Same != len(day.Inspections) {
			t.Errorf("%s again: %d new, %d changed, %d same", day.Date, len(again.New), len(again.Changed), again.Same)
		}
	}
}

func TestDiff_ABuildingFirstSeenInADayIsMarkedAndStands(t *testing.T) {
	feed := load(t, sampleFiles(t))
	standing := feed.Standing()
	if _, ok := standing.Building("4154176"); ok {
		t.Fatal("the building stands before its day")
	}
	for _, day := range feed.Days {
		standing.Apply(rentsafe.Diff(standing, day))
	}
	b, ok := standing.Building("4154176")
	if !ok || !b.FromInspection || b.Address == "" {
		t.Errorf("building %+v", b)
	}
	if _, ok := feed.Standing().Building("4154176"); ok {
		t.Error("applying a day changes the feed")
	}
}

// oneDay is a folder with one inspection that stands and one row of a day.
func oneDay(standing, day string) fstest.MapFS {
	return fstest.MapFS{"evaluations-2026-06-30.csv": {Data: []byte(standing)}, "days/2026-07-01.csv": {Data: []byte(day)}}
}

func TestDiff_OnlyKnownValuesMakeARowAnother(t *testing.T) {
	const standing = "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,CONFIRMED UNITS,LATITUDE,GRAFFITI,POOLS\n" +
		"1,2024,07,1  MAIN ST,2024-05-01,12,43.7,2,N/A\n"
	cases := []struct {
		name, day string
		changed   int
	}{
		{"the same row", standing, 0},
		{"blanks around values", strings.NewReplacer("1  MAIN ST", " 1  MAIN ST ", ",2,", ", 2,").Replace(standing), 0},
		{"a renamed column", strings.Replace(standing, "CONFIRMED UNITS", "NO_OF_UNITS", 1), 0},
		{"an unknown column", strings.NewReplacer("POOLS\n", "POOLS,SAUNAS\n", "N/A\n", "N/A,1\n").Replace(standing), 0},
		{"another order of columns", "GRAFFITI,POOLS,LATITUDE,CONFIRMED UNITS,EVALUATION COMPLETED ON,SITE ADDRESS,WARD,YEAR EVALUATED,RSN\n" +
			"2,N/A,43.7,12,2024-05-01,1  MAIN ST,07,2024,1\n", 0},
		{"another score", strings.Replace(standing, ",2,N/A", ",1,N/A", 1), 1},
		{"an item that no longer applies", strings.Replace(standing, ",2,N/A", ",N/A,N/A", 1), 1},
		{"another position", strings.Replace(standing, "43.7", "43.8", 1), 1},
		{"another date", strings.Replace(standing, "2024-05-01", "2024-05-02", 1), 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			feed := load(t, oneDay(standing, c.day))
			changes := rentsafe.Diff(feed.Standing(), feed.Days[0])
			if len(changes.Changed) != c.changed || changes.Same != 1-c.changed || len(changes.New) != 0 {
				t.Errorf("%d changed, %d same, %d new; want %d changed", len(changes.Changed), changes.Same, len(changes.New), c.changed)
			}
		})
	}
}

func TestDiff_AScoreThatMovesToAnotherItemIsAChange(t *testing.T) {
	const standing = "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,GRAFFITI,POOLS\n1,2024,07,a,2024-05-01,2,\n"
	feed := load(t, oneDay(standing, strings.Replace(standing, ",2,\n", ",,2\n", 1)))
	if changes := rentsafe.Diff(feed.Standing(), feed.Days[0]); len(changes.Changed) != 1 {
		t.Errorf("%d changed, %d same", len(changes.Changed), changes.Same)
	}
}

func TestLoad_RowsOfADayCountEveryDataLine(t *testing.T) {
	const head = "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,GRAFFITI\n"
	const row = "1,2024,07,a,2024-05-01,2\n"
	feed := load(t, oneDay(head+row, head+row+"too,short\n"+row+",2024,07,no key,2024-05-01,2\n\n"))
	if day := feed.Days[0]; day.Rows != 4 || len(day.Inspections) != 1 {
		t.Errorf("%d rows and %d inspections, want 4 and 1", day.Rows, len(day.Inspections))
	}
}

func TestTotals_AHazardThatADayClosesStillCounts(t *testing.T) {
	const standing = "RSN,YEAR EVALUATED,WARD,SITE ADDRESS,EVALUATION COMPLETED ON,GRAFFITI,POOLS\n1,2024,07,a,2024-05-01,1,3\n"
	feed := load(t, oneDay(standing, strings.Replace(standing, ",1,3", ",3,1", 1)))
	if got := feed.Totals(); got.Hazards != 2 || got.Visits != 1 || got.Doors != 1 {
		t.Errorf("totals %+v, want 2 hazards of one visit", got)
	}
}
