package domain_test

import (
	"testing"

	"onedoor/domain"
)

func TestJointCode_WhoStandsAtTheDoorThatDayGetsTheVisitOfTheFirst(t *testing.T) {
	door, other, day := domain.ID{1}, domain.ID{2}, domain.Days(20_523)
	first := domain.NewJointCode(door, day, 482_913)
	visit, ok := first.VisitAt(door, day)
	if !ok || visit[6]>>4 != 8 {
		t.Fatalf("the first phone's own code gives %s, %v", visit, ok)
	}
	if next, _ := domain.NewJointCode(door, day+1, 482_913).VisitAt(door, day+1); next == visit {
		t.Error("the same digits on the next day give the same visit")
	}
	if there, _ := domain.NewJointCode(other, day, 482_913).VisitAt(other, day); there == visit {
		t.Error("the same digits at another door give the same visit")
	}
	said := first.String()
	if len(said) != 12 || said[:8] != "482 913 " {
		t.Errorf("the code is said %q", said)
	}
	for _, typed := range []string{said, "482913" + said[8:], "482-913-" + said[8:], "４８２９１３" + said[8:]} {
		code, ok := domain.ParseJointCode(typed)
		if got, fits := code.VisitAt(door, day); !ok || !fits || got != visit {
			t.Errorf("%q gives %s, %v", typed, got, fits)
		}
	}
	for _, typed := range []string{"", "482 913", said + "1", "482 913 56x7", "+82 913 5607"} {
		if _, ok := domain.ParseJointCode(typed); ok {
			t.Errorf("%q is taken for a code", typed)
		}
	}
}

// TestJointCode_FewSlipsPassUnnoticed counts over all neighbours of many codes: four digits let one in 10,000 through.
func TestJointCode_FewSlipsPassUnnoticed(t *testing.T) {
	door, day := domain.ID{1}, domain.Days(20_523)
	tried, passed := 0, 0
	note := func(ok bool) {
		tried++
		if ok {
			passed++
		}
	}
	for n := range uint64(3_000) {
		code := domain.NewJointCode(door, day, n*333)
		_, ok := code.VisitAt(door, day+1)
		note(ok)
		_, ok = code.VisitAt(domain.ID{byte(n), 3}, day)
		note(ok)
		digits := []byte(code.String())
		for at, was := range digits {
			if was == ' ' {
				continue
			}
			digits[at] = '0' + (was-'0'+1+byte(n%9))%10
			slip, _ := domain.ParseJointCode(string(digits))
			_, ok = slip.VisitAt(door, day)
			note(ok)
			digits[at] = was
		}
	}
	if passed > 15 {
		t.Errorf("%d of %d slips pass, about %d are expected", passed, tried, tried/10_000)
	}
}
