package rulesheet_test

import (
	"strings"
	"testing"

	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/internal/rulesheet"
)

func TestOf_ShowsTheRowsOfTheDayAndWhatIsTooNew(t *testing.T) {
	day, err := calendar.ParseDay("2026-07-15")
	if err != nil {
		t.Fatal(err)
	}
	book := casework.Rulebook{
		{Name: "cadences", Text: "version,effective_from,turn,days,source\nx,2026-07-01,hotel,10,文件\nx,2026-08-01,hotel,5,文件\n"},
		{Name: "colours", Text: "a\n"},
	}
	s := rulesheet.Of(book, day)
	last := s.Cadences[len(s.Cadences)-1]
	if last.Turn != "hotel" || last.Days != 10 || last.Since != "2026-07-01" || last.Source != "文件" || s.Date != "2026-07-15" || s.Tables != 2 {
		t.Errorf("%+v of %+v", last, s)
	}
	if len(s.Unread) != 1 || s.Unread[0].Table != "colours" || s.Version != rulesheet.VersionText(book.Version()) {
		t.Errorf("%+v, version %s", s.Unread, s.Version)
	}
	if s.Clinics[2].BringsIn[3] != "police_officer" || s.Clinics[3].Term != "" || s.Triage[0].Source == "" || s.Grades[0].Code != "*" || s.Shift.Evening != "19:00-20:00" {
		t.Errorf("%+v", s)
	}
	var text strings.Builder
	s.Write(&text)
	for _, want := range []string{"on 2026-07-15", "colours is too new", "SPECIALIST", "30rd", "19:00-20:00", "hotel"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
}
