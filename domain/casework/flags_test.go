package casework_test

import (
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/domain/casework"
)

func rulesOf(complaints []domain.Complaint) string {
	var out []string
	for _, c := range complaints {
		out = append(out, c.Rule)
	}
	return strings.Join(out, " ")
}

func TestFlags_ExtensionsAndPausesPastThePolicyAreTold(t *testing.T) {
	extension := func(when string, days int) casework.Event {
		return casework.Event{What: casework.EventExtended, At: at(t, when), Days: days}
	}
	pause := func(from, until string) casework.Event {
		return casework.Event{What: casework.EventPaused, At: at(t, from), Until: at(t, until)}
	}
	for _, c := range []struct {
		why    string
		clinic domain.Clinic
		events []casework.Event
		want   string
	}{
		{"as granted", domain.ClinicSpecialist, []casework.Event{extension("2026-03-05 10:00", 10), pause("2026-03-06 10:00", "2026-04-05 09:00")}, ""},
		{"two phones extended at once", domain.ClinicSpecialist, []casework.Event{extension("2026-03-05 10:00", 5), extension("2026-03-05 10:01", 5)},
			"dispute.extensions_used"},
		{"too many days", domain.ClinicSpecialist, []casework.Event{extension("2026-03-05 10:00", 30)}, "dispute.extension_days"},
		{"none is granted", domain.ClinicGeneral, []casework.Event{extension("2026-03-05 10:00", 1)}, "dispute.no_extension"},
		{"granted by the clinic of before", domain.ClinicGeneral,
			[]casework.Event{extension("2026-03-05 10:00", 1), event(t, casework.EventTriaged, "2026-03-06 10:00")}, ""},
		{"too long a pause", domain.ClinicSpecialist, []casework.Event{pause("2026-03-06 10:00", "2026-05-05 09:00")}, "dispute.pause_days"},
		{"two phones paused at once", domain.ClinicSpecialist,
			[]casework.Event{pause("2026-03-06 10:00", "2026-03-10 09:00"), pause("2026-03-06 10:01", "2026-03-12 09:00")}, ""},
	} {
		m := casework.Matter{State: casework.Handling, Clinic: c.clinic, AcceptedAt: at(t, "2026-03-02 10:00"), Events: c.events}
		if got := rulesOf(m.Flags(casework.DefaultRules())); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestFlags_AHazardIsHeldToTheStepsThatItsTimelineTells(t *testing.T) {
	handed, taken := event(t, casework.EventHandedOver, "2026-03-05 10:00"), event(t, casework.EventAcknowledged, "2026-03-06 10:00")
	for _, c := range []struct {
		why    string
		matter casework.HazardMatter
		to     string
		want   string
	}{
		{"a register's notice", casework.HazardMatter{State: casework.Notified}, "", ""},
		{"a notice without a date", casework.HazardMatter{State: casework.Notified, Events: []casework.Event{event(t, casework.EventNotified, "2026-03-05 10:00")}},
			"", "hazard.needs_date"},
		{"handed to nobody", casework.HazardMatter{State: casework.HandedOver, Events: []casework.Event{handed}}, "", "hazard.needs_department"},
		{"handed to a department", casework.HazardMatter{State: casework.HandedOver, Events: []casework.Event{handed}}, "住建局", ""},
		{"closed before it was acknowledged", casework.HazardMatter{State: casework.HazardClosed, Events: []casework.Event{handed}}, "住建局",
			"hazard.needs_acknowledgement"},
		{"closed and acknowledged", casework.HazardMatter{State: casework.HazardClosed, Events: []casework.Event{handed, taken}}, "住建局", ""},
	} {
		if got := rulesOf(c.matter.Flags(c.to)); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}
