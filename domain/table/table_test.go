package table_test

import (
	"errors"
	"strings"
	"testing"

	"onedoor/domain/table"
)

func TestRead_GivesRowsByTheirColumns(t *testing.T) {
	rows, err := table.Read("\ufeff# source: a notice\ndate,day\n2026-01-01, off \n\n# a remark\n2026-01-04,work\n", "date", "day")
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[0].Get("day") != "off" || rows[1].Get("date") != "2026-01-04" || rows[1].Line != 6 {
		t.Errorf("%+v", rows)
	}
}

func TestRead_RefusesWhatDoesNotFitAndNamesEveryLine(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":       {"", []string{"empty"}},
		"another order": {"day,date\n", []string{"must be date,day"}},
		"two bad rows":  {"date,day\na\nb,c\nd,e,f\n", []string{"line 2", "line 4"}},
		"open quote":    {"date,day\n\"a,b\n", []string{"line"}},
		"no UTF-8":      {"date,day\n\xff,b\n", []string{"UTF-8"}},
		"endless":       {"date,day\n" + strings.Repeat("a,b\n", table.RowsMax+1), []string{"2000 rows"}},
	} {
		_, err := table.Read(c.text, "date", "day")
		if !errors.Is(err, table.ErrTable) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %q", name, err, want)
			}
		}
	}
}
