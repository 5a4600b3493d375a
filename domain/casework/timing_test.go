package casework_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/casework"
)

const clock = "2006-01-02 15:04"

var shanghai = time.FixedZone("+08:00", 8*60*60)

func at(t *testing.T, text string) domain.UnixMilli {
	t.Helper()
	if text == "" {
		return 0
	}
	parsed, err := time.ParseInLocation(clock, text, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return domain.UnixMilli(parsed.UnixMilli())
}

func shown(at domain.UnixMilli) string { return time.UnixMilli(int64(at)).In(shanghai).Format(clock) }

func event(t *testing.T, what casework.EventKind, when string) casework.Event {
	return casework.Event{What: what, At: at(t, when)}
}

func TestTiming_EachPhaseHasItsDeadline(t *testing.T) {
	rules := casework.DefaultRules()
	registered, accepted := at(t, "2026-02-11 10:00"), at(t, "2026-02-11 14:00")
	pause := casework.Event{What: casework.EventPaused, At: at(t, "2026-02-13 09:00"), Until: at(t, "2026-02-23 09:00")}
	resumed := event(t, casework.EventResumed, "2026-02-14 09:00")
	extended := casework.Event{What: casework.EventExtended, At: at(t, "2026-03-02 09:00"), Days: 10}
	for _, c := range []struct {
		why      string
		matter   casework.Matter
		now      string
		phase    casework.Phase
		deadline string
		state    calendar.ClockState
	}{
		{"registered: five working days over Spring Festival", casework.Matter{State: casework.Registered, RegisteredAt: registered},
			"2026-02-12 10:00", casework.PhaseAccept, "2026-02-25 23:59", calendar.Running},
		{"accepted: a working day to a clinic", casework.Matter{State: casework.Accepted, RegisteredAt: registered, AcceptedAt: accepted},
			"2026-02-12 10:00", casework.PhaseTriage, "2026-02-12 23:59", calendar.Running},
		{"general: the same day", casework.Matter{State: casework.Handling, Clinic: domain.ClinicGeneral, AcceptedAt: accepted},
			"2026-02-11 15:00", casework.PhaseClinic, "2026-02-11 23:59", calendar.Running},
		{"general, not done the same day", casework.Matter{State: casework.Handling, Clinic: domain.ClinicGeneral, AcceptedAt: accepted},
			"2026-02-12 00:00", casework.PhaseClinic, "2026-02-11 23:59", calendar.Overdue},
		{"specialist: 20 days from accepting", casework.Matter{State: casework.Triaged, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted},
			"2026-02-12 10:00", casework.PhaseClinic, "2026-03-03 23:59", calendar.Running},
		{"special: 30 days", casework.Matter{State: casework.Assigned, Clinic: domain.ClinicSpecial, AcceptedAt: accepted},
			"2026-02-12 10:00", casework.PhaseClinic, "2026-03-13 23:59", calendar.Running},
		{"a pause to its limit", casework.Matter{State: casework.Handling, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted, Events: []casework.Event{pause}},
			"2026-02-20 10:00", casework.PhaseClinic, "2026-03-13 23:59", calendar.Paused},
		{"a pause that was ended", casework.Matter{State: casework.Handling, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted, Events: []casework.Event{resumed, pause}},
			"2026-02-20 10:00", casework.PhaseClinic, "2026-03-04 23:59", calendar.Running},
		{"extended", casework.Matter{State: casework.Handling, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted, Events: []casework.Event{extended}},
			"2026-03-05 10:00", casework.PhaseClinic, "2026-03-13 23:59", calendar.Running},
		{"agreed in time", casework.Matter{State: casework.Agreed, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted,
			Events: []casework.Event{event(t, casework.EventAgreed, "2026-02-26 10:00")}},
			"2026-09-05 10:00", casework.PhaseClinic, "2026-03-03 23:59", calendar.Stopped},
		{"taken up again: a new term", casework.Matter{State: casework.Reopened, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted,
			Events: []casework.Event{event(t, casework.EventAgreed, "2026-02-26 10:00"), event(t, casework.EventReopened, "2026-04-01 10:00"), extended}},
			"2026-04-05 10:00", casework.PhaseClinic, "2026-04-21 23:59", calendar.Running},
	} {
		got, ok := c.matter.Timing(rules, at(t, c.now))
		if !ok || got.Phase != c.phase || shown(got.Deadline.At) != c.deadline || got.Clock.State != c.state {
			t.Errorf("%s: %s %s %s (%v), want %s %s %s", c.why, got.Phase, shown(got.Deadline.At), got.Clock.State, ok, c.phase, c.deadline, c.state)
		}
	}
}

func TestTiming_SomeCasesHaveNone(t *testing.T) {
	for why, matter := range map[string]casework.Matter{
		"the community clinic":     {State: casework.Handling, Clinic: domain.ClinicCommunity, AcceptedAt: at(t, "2026-02-11 10:00")},
		"settled on the spot":      {State: casework.Closed, RegisteredAt: at(t, "2026-02-11 10:00")},
		"declined":                 {State: casework.Declined, RegisteredAt: at(t, "2026-02-11 10:00")},
		"no time of registering":   {State: casework.Registered},
		"an end that nobody noted": {State: casework.Closed, Clinic: domain.ClinicSpecial, AcceptedAt: at(t, "2026-02-11 10:00")},
	} {
		if got, ok := matter.Timing(casework.DefaultRules(), at(t, "2026-03-01 10:00")); ok {
			t.Errorf("%s: %+v", why, got)
		}
	}
}

func TestAllows_WhatThePolicyGrants(t *testing.T) {
	rules := casework.DefaultRules()
	accepted := at(t, "2026-03-02 10:00")
	now := at(t, "2026-03-05 10:00")
	matter := func(clinic domain.Clinic, events ...casework.Event) casework.Matter {
		return casework.Matter{State: casework.Handling, Clinic: clinic, AcceptedAt: accepted, Events: events}
	}
	extension := casework.Event{What: casework.EventExtended, At: now - 1, Days: 5}
	paused := casework.Event{What: casework.EventPaused, At: now - 1, Until: at(t, "2026-03-09 10:00")}
	for _, c := range []struct {
		why, step string
		matter    casework.Matter
		asked     casework.Asked
		want      string
	}{
		{"no extension of the same day", "extend", matter(domain.ClinicGeneral), casework.Asked{Days: 1}, "dispute.no_extension"},
		{"ten days", "extend", matter(domain.ClinicSpecialist), casework.Asked{Days: 10}, ""},
		{"eleven days", "extend", matter(domain.ClinicSpecialist), casework.Asked{Days: 11}, "dispute.extension_days"},
		{"no days", "extend", matter(domain.ClinicSpecialist), casework.Asked{}, "dispute.extension_days"},
		{"a second time", "extend", matter(domain.ClinicSpecialist, extension), casework.Asked{Days: 2}, "dispute.extensions_used"},
		{"a pause", "pause", matter(domain.ClinicSpecialist), casework.Asked{Until: at(t, "2026-04-04 10:00")}, ""},
		{"a pause of 31 days", "pause", matter(domain.ClinicSpecialist), casework.Asked{Until: at(t, "2026-04-05 10:00")}, "dispute.pause_days"},
		{"a pause into the past", "pause", matter(domain.ClinicSpecialist), casework.Asked{Until: now}, "dispute.pause_limit"},
		{"a pause in a pause", "pause", matter(domain.ClinicSpecialist, paused), casework.Asked{Until: at(t, "2026-03-19 10:00")}, "dispute.pause_runs"},
		{"resuming nothing", "resume", matter(domain.ClinicSpecialist), casework.Asked{}, "dispute.no_pause"},
		{"resuming", "resume", matter(domain.ClinicSpecialist, paused), casework.Asked{}, ""},
		{"any other step", "fail", matter(domain.ClinicSpecialist), casework.Asked{}, ""},
	} {
		step, ok := casework.Disputes.Step(c.step)
		if !ok {
			t.Fatal(c.step)
		}
		c.asked.At = now
		var got []string
		for _, complaint := range c.matter.Allows(step, rules, c.asked) {
			got = append(got, complaint.Rule)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", c.why, got, c.want)
		}
	}
}

func kinds(list []casework.Duty) (out string) {
	for _, d := range list {
		out += string(d.Kind) + " " + shown(d.Due) + ";"
	}
	return out
}

func TestDuties_OfADisputeAsTimeGoesOn(t *testing.T) {
	accepted := at(t, "2026-03-02 10:00")
	specialist := casework.Matter{State: casework.Handling, Clinic: domain.ClinicSpecialist, AcceptedAt: accepted}
	community := casework.Matter{State: casework.Handling, Clinic: domain.ClinicCommunity, AcceptedAt: accepted}
	followed := community
	followed.Events = []casework.Event{event(t, casework.EventFollowUp, "2026-03-17 10:00")}
	registered := casework.Matter{State: casework.Registered, RegisteredAt: accepted}
	transferred := registered
	transferred.Events = []casework.Event{event(t, casework.EventTransferred, "2026-03-03 10:00")}
	agreed := casework.Matter{State: casework.Performing, Clinic: domain.ClinicGeneral, AcceptedAt: accepted, EffectiveOn: accepted, Written: true,
		Events: []casework.Event{event(t, casework.EventAgreed, "2026-03-02 16:00")}}
	called, applied := agreed, agreed
	called.CalledBack, applied.Confirming = accepted+1, true
	for _, c := range []struct {
		why    string
		matter casework.Matter
		now    string
		want   string
	}{
		{"well in time", specialist, "2026-03-19 23:58", ""},
		{"three days left", specialist, "2026-03-20 00:00", "nearly_due 2026-03-22 23:59;"},
		{"the last minute", specialist, "2026-03-22 23:59", "nearly_due 2026-03-22 23:59;"},
		{"over", specialist, "2026-03-23 00:00", "overdue 2026-03-24 23:59;"},
		{"13 days in the community clinic", community, "2026-03-15 23:59", ""},
		{"14 days", community, "2026-03-16 00:00", "follow_up 2026-03-16 23:59;"},
		{"followed up", followed, "2026-03-30 10:00", ""},
		{"and again", followed, "2026-03-31 10:00", "follow_up 2026-03-31 23:59;"},
		{"fresh", registered, "2026-03-03 10:00", ""},
		{"two days on nobody has taken it", registered, "2026-03-05 10:00", "transfer 2026-03-05 23:59;"},
		{"transferred", transferred, "2026-03-05 10:00", ""},
		{"five days on", registered, "2026-03-10 00:00", "overdue 2026-03-11 23:59;transfer 2026-03-05 23:59;"},
		{"two days after the agreement", agreed, "2026-03-05 00:00", "call_back 2026-03-05 23:59;"},
		{"called back", called, "2026-03-05 00:00", ""},
		{"a fortnight after it", called, "2026-03-16 00:00", "performance 2026-03-17 23:59;"},
		{"26 days after it", called, "2026-03-28 00:00", "performance 2026-03-17 23:59;judicial_confirmation 2026-04-01 23:59;"},
		{"32 days after it", called, "2026-04-03 00:00", "performance 2026-03-17 23:59;"},
		{"applied for", applied, "2026-03-28 00:00", "performance 2026-03-17 23:59;call_back 2026-03-05 23:59;"},
	} {
		if got := kinds(c.matter.Duties(casework.DefaultRules(), at(t, c.now))); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

func TestDuties_OfAHazard(t *testing.T) {
	handed := event(t, casework.EventHandedOver, "2026-03-02 10:00")
	for _, c := range []struct {
		why    string
		matter casework.HazardMatter
		now    string
		want   string
	}{
		{"found", casework.HazardMatter{State: casework.Found}, "2026-03-02 10:00", ""},
		{"a dated notice brings its re-check at once", casework.HazardMatter{State: casework.Notified, Deadline: at(t, "2026-03-10 18:00")},
			"2026-03-02 10:00", "recheck 2026-03-13 23:59;"},
		{"put right", casework.HazardMatter{State: casework.Rectified, Events: []casework.Event{event(t, casework.EventRectified, "2026-03-04 10:00")}},
			"2026-03-05 10:00", "recheck 2026-03-07 23:59;"},
		{"handed over a day ago", casework.HazardMatter{State: casework.HandedOver, Events: []casework.Event{handed}}, "2026-03-03 10:00", ""},
		{"nobody took it", casework.HazardMatter{State: casework.HandedOver, Events: []casework.Event{handed}}, "2026-03-05 00:00", "acknowledge 2026-03-05 23:59;"},
		{"taken", casework.HazardMatter{State: casework.HandedOver, Events: []casework.Event{handed, event(t, casework.EventAcknowledged, "2026-03-03 10:00")}},
			"2026-03-09 10:00", ""},
		{"re-checked", casework.HazardMatter{State: casework.Rechecked, Deadline: at(t, "2026-03-10 18:00")}, "2026-03-20 10:00", ""},
	} {
		if got := kinds(c.matter.Duties(casework.DefaultRules(), at(t, c.now))); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
	}
}

func TestDuties_HaveOneIDWheneverTheyAreFound(t *testing.T) {
	matter := casework.Matter{ID: domain.ID{7}, State: casework.Handling, Clinic: domain.ClinicSpecialist, AcceptedAt: at(t, "2026-03-02 10:00")}
	first := matter.Duties(casework.DefaultRules(), at(t, "2026-03-23 00:00"))
	again := matter.Duties(casework.DefaultRules(), at(t, "2026-05-23 00:00"))
	if len(first) != 1 || len(again) != 1 || first[0].ID != again[0].ID {
		t.Fatalf("%+v, %+v", first, again)
	}
	if id := first[0].ID; id[6]>>4 != 8 || id[8]>>6 != 2 {
		t.Errorf("%s is no UUID of version 8", id)
	}
	seen := []domain.ID{first[0].ID}
	other := matter
	other.ID = domain.ID{8}
	extended := matter
	extended.Events = []casework.Event{{What: casework.EventExtended, At: at(t, "2026-03-20 10:00"), Days: 5}}
	for _, duty := range slices.Concat(other.Duties(casework.DefaultRules(), at(t, "2026-03-23 00:00")),
		matter.Duties(casework.DefaultRules(), at(t, "2026-03-21 00:00")), extended.Duties(casework.DefaultRules(), at(t, "2026-03-28 00:00"))) {
		if slices.Contains(seen, duty.ID) {
			t.Errorf("%s of another case, kind or deadline has an id that is taken", duty.Kind)
		}
		seen = append(seen, duty.ID)
	}
	if len(seen) != 4 {
		t.Errorf("%d duties", len(seen))
	}
}
