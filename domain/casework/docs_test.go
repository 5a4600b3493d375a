package casework_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
	"onedoor/domain/policy"
	"onedoor/internal/docpage"
)

var update = flag.Bool("update", false, "write the tables of docs/casework.md")

const (
	page  = "../../docs/casework.md"
	begin = "<!-- The tables below are written by `go test ./domain/casework -run TestPage -update`. -->\n"
)

func TestPage_HasTheTablesOfTheCode(t *testing.T) {
	docpage.Tail(t, page, begin, pageTables(), *update)
}

func pageTables() string {
	var b strings.Builder
	for _, table := range []casework.Table{casework.Disputes, casework.Hazards, casework.Tasks} {
		writeSteps(&b, table)
	}
	day, err := calendar.ParseDay("2026-11-29")
	if err != nil {
		panic(err)
	}
	writePolicy(&b, day)
	return b.String()
}

func writeSteps(b *strings.Builder, table casework.Table) {
	fmt.Fprintf(b, "\n## Steps of a %s\n\n| step | 中文 | from | to | who | needs | on the timeline | source |\n|---|---|---|---|---|---|---|---|\n", table.Name)
	for _, s := range table.Steps {
		to, event := "as it is", ""
		if s.To != 0 {
			to = table.States[s.To-1].Name
		}
		if s.Event != 0 {
			event = s.Event.Name()
		}
		needs := strings.Join(s.Needs, ", ")
		if s.Reason {
			needs = strings.TrimPrefix(needs+", a reason", ", ")
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", s.Name, s.ZH, fromNames(table, s.From), to, whoNames(s.Who), needs, event, s.Source)
	}
}

func fromNames(table casework.Table, from []casework.State) string {
	var out []string
	for _, f := range from {
		if f == 0 {
			out = append(out, "new")
			continue
		}
		out = append(out, table.States[f-1].Name)
	}
	return strings.Join(out, ", ")
}

func whoNames(who []casework.Who) string {
	var out []string
	for _, w := range who {
		out = append(out, w.Role.String()+map[casework.Relation]string{casework.Anyone: "", casework.FirstReceiver: "^", casework.Handler: "!"}[w.As])
	}
	return strings.Join(out, ", ")
}

func writePolicy(b *strings.Builder, day domain.Days) {
	p := policy.Default()
	b.WriteString("\n## The clinics\n\n| clinic | 中文 | term | nearly due before | follow-up | extension | pause | brought in | district sees | source |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range p.Clinics(day) {
		zh, _ := r.Clinic.Words()
		_, term := r.Term.Words()
		var roles []string
		for _, role := range r.BringsIn {
			roles = append(roles, role.String())
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %d days | %s | %s | %s |\n", r.Clinic, zh, term, r.Warn, or(r.FollowUpDays, "every %d days"),
			extension(r), r.PauseDays, strings.Join(roles, ", "), r.District, r.Source)
	}
	b.WriteString("\n## Terms of single steps\n\n| term | long | nearly due before | source |\n|---|---|---|---|\n")
	for _, r := range p.Terms(day) {
		_, term := r.Term.Words()
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.Name, term, r.Warn, r.Source)
	}
	b.WriteString("\n## Which clinic is proposed\n\nThe most demanding clinic for which a row speaks, in the order special, community, specialist; else the general one.\n\n| fact | at least | clinic | reason | 中文 |\n|---|---|---|---|---|\n")
	for _, r := range p.TriageRows(day) {
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s |\n", r.Fact(), r.AtLeast(), r.Clinic(), r.Reason().EN, r.Reason().ZH)
	}
	b.WriteString("\n## Which grade is proposed\n\nThe highest grade for which a row speaks; else green. Hazards of the severity or worse count.\n\n| hazards | code | severity | at least | grade | reason | 中文 |\n|---|---|---|---|---|---|---|\n")
	for _, r := range p.GradeRows(day) {
		fmt.Fprintf(b, "| %s | %s | %s | %d | %s | %s | %s |\n", r.Counts(), r.Code(), r.Severity(), r.AtLeast(), r.Grade(), r.Reason().EN, r.Reason().ZH)
	}
	fmt.Fprintf(b, "\n## Official days\n\nYears with their notice: %s. Any other year counts Monday to Friday, and says that it is provisional.\n",
		strings.Trim(strings.ReplaceAll(fmt.Sprint(calendar.Official().Years()), " ", ", "), "[]"))
}

func or(n domain.Days, format string) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf(format, n)
}

func extension(r policy.ClinicRow) string {
	if r.Extensions == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d days", r.Extensions, r.ExtensionDays)
}
