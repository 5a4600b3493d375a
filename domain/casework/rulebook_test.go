package casework_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"onedoor/domain/casework"
	"onedoor/domain/table"
)

const hotels = "version,effective_from,turn,days,source\n"

func hotelTable(from string, days int) casework.RuleTable {
	return casework.RuleTable{Name: "cadences", Text: fmt.Sprintf("%sx,%s,hotel,%d,文件\n", hotels, from, days)}
}

// grown gives a book with tables imported one after the other.
func grown(t *testing.T, tables ...casework.RuleTable) (b casework.Rulebook) {
	t.Helper()
	for _, one := range tables {
		var err error
		if b, _, err = b.With(one); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestRulebook_VersionTellsContentAndOrderApart(t *testing.T) {
	a, b := hotelTable("2026-06-01", 10), hotelTable("2026-07-01", 20)
	versions := map[uint32]string{}
	for name, book := range map[string]casework.Rulebook{"none": nil, "a": {a}, "b": {b}, "a b": {a, b}, "b a": {b, a}} {
		if other, twice := versions[book.Version()]; twice {
			t.Errorf("%s has the version of %s", name, other)
		}
		versions[book.Version()] = name
	}
	if got := (casework.Rulebook{a, b}).Version(); got != (casework.Rulebook{a, b}).Version() || got == 0 {
		t.Errorf("version %d", got)
	}
	if versions[0] != "none" {
		t.Error("a book without a table is version 0")
	}
}

func TestRulebook_LaterRowsLieOverEarlierOnes(t *testing.T) {
	b := grown(t, hotelTable("2026-06-01", 10), hotelTable("2026-07-01", 20), casework.RuleTable{Name: "year", Text: "date,day,name\n2027-01-01,off,元旦\n"})
	rules, unread := b.Rules()
	if len(unread) != 0 || len(b) != 3 {
		t.Fatalf("%v of %d", unread, len(b))
	}
	june, july := at(t, "2026-06-15 00:00").ShanghaiDay(), at(t, "2026-07-15 00:00").ShanghaiDay()
	if rules.Policy.Cadence(june).HotelDays != 10 || rules.Policy.Cadence(july).HotelDays != 20 {
		t.Errorf("%+v, %+v", rules.Policy.Cadence(june), rules.Policy.Cadence(july))
	}
	if _, known := rules.Calendar.Working(at(t, "2027-01-01 00:00").ShanghaiDay()); !known {
		t.Error("the year is not known")
	}
}

func TestRulebook_DropsATableOfWhichNothingCounts(t *testing.T) {
	wrong, right := hotelTable("2026-06-01", 10), hotelTable("2026-06-01", 12)
	other := casework.RuleTable{Name: "cadences", Text: hotels + "x,2026-06-01,hotel,9,文件\nx,2026-06-01,household,90,文件\n"}
	if b := grown(t, wrong, right); len(b) != 1 || b[0] != right {
		t.Errorf("%v", b)
	}
	if b := grown(t, other, right); len(b) != 2 {
		t.Errorf("a table that counts in part is dropped: %v", b)
	}
	year := casework.RuleTable{Name: "year", Text: "date,day,name\n2027-01-01,off,元旦\n"}
	again := casework.RuleTable{Name: "year", Text: "date,day,name\n2027-01-01,off,元旦\n2027-01-02,off,元旦\n"}
	if b := grown(t, year, wrong, again); len(b) != 2 || b[0] != wrong || b[1] != again {
		t.Errorf("%v", b)
	}
}

func TestRulebook_StandsWithoutATableOfNewerSoftware(t *testing.T) {
	b := casework.Rulebook{{Name: "colours", Text: "a,b\n1,2\n"}, hotelTable("2026-06-01", 10)}
	rules, unread := b.Rules()
	if len(unread) != 1 || unread[0].Table != 0 || rules.Policy.Cadence(at(t, "2026-06-15 00:00").ShanghaiDay()).HotelDays != 10 {
		t.Errorf("%v", unread)
	}
}

func TestRulebook_RefusesWhatIsWrongOrTooMuch(t *testing.T) {
	_, _, err := casework.Rulebook(nil).With(casework.RuleTable{Name: "year", Text: "date,day,name\n2027-13-01,off,x\n"})
	if zh, en, _ := casework.Sentences(err); !errors.Is(err, table.ErrTable) || !strings.Contains(en, "line 2") || !strings.HasPrefix(zh, "表格有误") {
		t.Errorf("%v", err)
	}
	_, _, err = casework.Rulebook(nil).With(casework.RuleTable{Name: "colours"})
	if _, en, refused := casework.Sentences(err); !refused || !strings.Contains(en, "clinics") {
		t.Errorf("%v", err)
	}
	_, _, err = casework.Rulebook(nil).With(casework.RuleTable{Name: "year", Text: strings.Repeat("x", casework.RulebookBytesMax+1)})
	if !errors.Is(err, casework.ErrRulebook) {
		t.Errorf("%v", err)
	}
	remarks := "#" + strings.Repeat("x", casework.RulebookBytesMax/2) + "\n"
	first := hotelTable("2026-06-01", 10)
	first.Text = remarks + first.Text
	second := hotelTable("2026-07-01", 10)
	second.Text = remarks + second.Text
	if _, _, err = grown(t, first).With(second); !errors.Is(err, casework.ErrRulebook) {
		t.Errorf("%v", err)
	}
}
