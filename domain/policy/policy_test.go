package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/policy"
	"onedoor/domain/table"
)

func day(t *testing.T, text string) domain.Days {
	t.Helper()
	d, err := calendar.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDefault_HasTheFourClinicsAndEveryTerm(t *testing.T) {
	p, on := policy.Default(), day(t, "2026-03-10")
	want := map[domain.Clinic]string{
		domain.ClinicGeneral: "same_day", domain.ClinicSpecialist: "20d", domain.ClinicSpecial: "30d", domain.ClinicCommunity: "",
	}
	for _, row := range p.Clinics(on) {
		if row.Term.String() != want[row.Clinic] || (row.Clinic == domain.ClinicCommunity) != (row.FollowUpDays == 14) ||
			(row.Clinic == domain.ClinicSpecial) != (row.District == policy.SeesCase) || len(row.BringsIn) == 0 {
			t.Errorf("%+v", row)
		}
	}
	if len(p.Clinics(on)) != 4 || len(p.Terms(on)) != len(policy.TermNames()) {
		t.Errorf("%d clinics, %d terms", len(p.Clinics(on)), len(p.Terms(on)))
	}
	for name, want := range map[string]string{policy.TermAccept: "5wd", policy.TermTransfer: "3wd", policy.TermJudicial: "30rd"} {
		if row, ok := p.Term(name, on); !ok || row.Term.String() != want {
			t.Errorf("%s: %+v", name, row)
		}
	}
	if _, ok := p.Clinic(domain.ClinicGeneral, day(t, "2019-12-31")); ok {
		t.Error("a row holds before its date")
	}
}

const clinicHeader = "version,effective_from,clinic,term,warn_minutes,follow_up_days,extension_days,extensions,pause_days,brings_in,district_sees,source\n"

func TestWith_ARowHoldsFromItsDate(t *testing.T) {
	p, err := policy.Default().With(policy.TableClinics, clinicHeader+
		"street-2,2026-07-01,SPECIALIST,15d,1440,,5,1,10,mediator,figures,街道办〔2026〕3号\n")
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]string{"2026-06-30": "20d", "2026-07-01": "15d", "2030-01-01": "15d"} {
		if row, _ := p.Clinic(domain.ClinicSpecialist, day(t, on)); row.Term.String() != want {
			t.Errorf("on %s: %s, want %s", on, row.Term, want)
		}
	}
	if row, _ := policy.Default().Clinic(domain.ClinicSpecialist, day(t, "2026-07-01")); row.Term.String() != "20d" {
		t.Error("an import changed the default policy")
	}
}

func TestWith_RefusesAWholeTableAndNamesEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		table, text string
		want        []string
	}{
		"no such table": {"colours", "", []string{"clinics"}},
		"many faults": {policy.TableClinics, clinicHeader +
			",2026-07-01,SPECIALIST,15d,1440,,5,1,10,mediator,figures,x\n" +
			"v,2026-02-30,GENERAL,soon,-1,,5,1,10,wizard,everything,\n" +
			"v,2026-07-01,DENTIST,20d,1,,5,1,10,,case,x\n",
			[]string{"line 2: version", "line 3: effective_from", "line 3: term", "line 3: warn_minutes", "line 3: brings_in",
				"line 3: district_sees", "line 3: source", "line 4: clinic"}},
		"twice the same": {policy.TableTerms, "version,effective_from,name,term,warn_minutes,source\n" +
			"a,2026-07-01,accept,5wd,0,x\nb,2026-07-01,accept,6wd,0,x\n", []string{"line 3", "line 2"}},
		"a term that is none": {policy.TableTerms, "version,effective_from,name,term,warn_minutes,source\na,2026-07-01,accept,,0,x\n", []string{"term"}},
		"a row for every case": {policy.TableTriage, "version,effective_from,fact,at_least,clinic,zh,en,source\n" +
			"a,2026-07-01,people,0,SPECIAL,x,x,x\n", []string{"at_least"}},
		"no such hazard": {policy.TableGrades, "version,effective_from,counts,code,severity,at_least,grade,zh,en,source\n" +
			"a,2026-07-01,open,SMELL,MAJOR,1,RED,x,x,x\n", []string{"code"}},
	} {
		p, err := policy.Default().With(c.table, c.text)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		if c.table != "colours" && !errors.Is(err, table.ErrTable) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %q", name, err, want)
			}
		}
		if len(p.Clinics(day(t, "2027-01-01"))) != 4 {
			t.Errorf("%s: part of a wrong table is taken", name)
		}
	}
}

func TestTriage_ProposesTheMostDemandingClinicWithItsReasons(t *testing.T) {
	for _, c := range []struct {
		why    string
		of     policy.Case
		clinic domain.Clinic
		zh, en string
	}{
		{"simple", policy.Case{People: 2, Yuan: 1200, Risk: 1, Scale: 1}, domain.ClinicGeneral, "案情简单，可当日调处", "a simple case, for the same day"},
		{"a large claim", policy.Case{People: 2, Yuan: 50_000}, domain.ClinicSpecialist, "涉及金额50000元", "a claim of 50000 yuan"},
		{"a yuan less", policy.Case{People: 4, Yuan: 49_999}, domain.ClinicGeneral, "案情简单，可当日调处", "a simple case, for the same day"},
		{"a group", policy.Case{People: 12, Scale: 2}, domain.ClinicSpecialist, "一般群体纠纷;涉及12人", "a group dispute;12 people are drawn in"},
		{"an old one that is large", policy.Case{Yuan: 90_000, DaysSinceOccurred: 400}, domain.ClinicCommunity, "已持续400天", "it has lasted 400 days"},
		{"an old one of high risk", policy.Case{Risk: 3, DaysSinceOccurred: 400, People: 80}, domain.ClinicSpecial,
			"案件风险为高;涉及80人", "the risk of the case is high;80 people are drawn in"},
		{"failed once", policy.Case{FailedMediations: 1}, domain.ClinicSpecialist, "调解不成1次", "mediation failed 1 times"},
		{"failed twice and reopened", policy.Case{FailedMediations: 2, Reopened: 1}, domain.ClinicCommunity,
			"重开过1次;调解不成2次", "reopened 1 times;mediation failed 2 times"},
	} {
		got := policy.Default().Triage(c.of, day(t, "2026-03-10"))
		if zh, en := words(got.Reasons); got.Clinic != c.clinic || zh != c.zh || en != c.en {
			t.Errorf("%s: %s because %s (%s), want %s because %s (%s)", c.why, got.Clinic, zh, en, c.clinic, c.zh, c.en)
		}
	}
}

func words(reasons []policy.Reason) (zh, en string) {
	var zhs, ens []string
	for _, r := range reasons {
		zhs, ens = append(zhs, r.ZH), append(ens, r.EN)
	}
	return strings.Join(zhs, ";"), strings.Join(ens, ";")
}

func TestGrade_ProposesTheHighestWithItsReasons(t *testing.T) {
	code := func(name string) domain.HazardCode {
		c, ok := domain.ParseHazardCode(name)
		if !ok {
			t.Fatal(name)
		}
		return c
	}
	open := func(name string, severity domain.Severity) policy.DoorHazard {
		return policy.DoorHazard{Code: code(name), Severity: severity, Open: true}
	}
	for _, c := range []struct {
		why     string
		hazards []policy.DoorHazard
		want    domain.Grade
		zh      string
	}{
		{"none", nil, domain.GradeGreen, "没有未销的隐患"},
		{"one small one", []policy.DoorHazard{open("ELEC", 1)}, domain.GradeGreen, "没有未销的隐患"},
		{"one that nobody judged and a small one", []policy.DoorHazard{open("ELEC", 0), open("SECUR", 1)}, domain.GradeYellow, "一般隐患2处未销"},
		{"a serious one", []policy.DoorHazard{open("ELEC", 2)}, domain.GradeYellow, "较大隐患1处未销"},
		{"a serious one of gas", []policy.DoorHazard{open("GAS", 2)}, domain.GradeOrange, "燃气较大隐患1处未销"},
		{"two serious ones, one of gas", []policy.DoorHazard{open("GAS", 2), open("ELEC", 2)}, domain.GradeOrange, "较大隐患2处未销;燃气较大隐患1处未销"},
		{"a major one", []policy.DoorHazard{open("GAS", 3), open("ELEC", 2)}, domain.GradeRed, "重大隐患1处未销"},
		{"a major one put right", []policy.DoorHazard{{Code: code("GAS"), Severity: 3}}, domain.GradeGreen, "没有未销的隐患"},
		{"one that came back and was put right again", []policy.DoorHazard{{Code: code("EBIKE"), Severity: 1, Recurred: true}},
			domain.GradeOrange, "隐患1处复发"},
		{"living with trade", []policy.DoorHazard{open("MIXED", 1)}, domain.GradeOrange, "三合一1处未销"},
	} {
		got := policy.Default().Grade(c.hazards, day(t, "2026-03-10"))
		if zh, _ := words(got.Reasons); got.Grade != c.want || zh != c.zh {
			t.Errorf("%s: grade %d because %s, want %d because %s", c.why, got.Grade, zh, c.want, c.zh)
		}
	}
}

func TestTables_EveryRowNamesItsSource(t *testing.T) {
	on := day(t, "2026-03-10")
	for _, row := range policy.Default().Clinics(on) {
		if row.Source == "" || row.Version == "" {
			t.Errorf("%+v", row)
		}
	}
	if !slices.IsSortedFunc(policy.Default().Terms(on), func(a, b policy.TermRow) int {
		return slices.Index(policy.TermNames(), a.Name) - slices.Index(policy.TermNames(), b.Name)
	}) {
		t.Error("the terms are out of order")
	}
}
