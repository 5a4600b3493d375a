package casework_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	cases "onedoor/domain/casework"
	"onedoor/server/accessledger"
	"onedoor/server/casework"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	reception  = recordv1.Role_ROLE_RECEPTION
	dispatcher = recordv1.Role_ROLE_DISPATCHER
	mediator   = recordv1.Role_ROLE_MEDIATOR
	lead       = recordv1.Role_ROLE_STREET_LEAD
	helper     = recordv1.Role_ROLE_HELPER
	worker     = recordv1.Role_ROLE_GRID_WORKER
)

// registered makes a case at the desk.
func (w *world) registered() syncengine.ID {
	w.t.Helper()
	return w.took(reception, "register", syncengine.ID{}, func(a *casework.Asked) {
		a.Fields.Title, a.Fields.Territory = proto.String("甲方与乙方投资款纠纷"), bytes(w.areas["530702001001"])
	}).ID
}

func bytes(id syncengine.ID) []byte { return id[:] }

// consenting are two parties who agree to mediation.
func consenting() map[string]*recordv1.Party {
	agreed := recordv1.PartyConsent_PARTY_CONSENT_AGREED.Enum()
	return map[string]*recordv1.Party{"甲方": {Consent: agreed}, "乙方": {Consent: agreed}}
}

// assigned takes a case as far as a mediator's desk.
func (w *world) assigned() syncengine.ID {
	w.t.Helper()
	id := w.registered()
	w.took(reception, "accept", id, nil)
	w.took(dispatcher, "triage", id, func(a *casework.Asked) { a.Fields.Clinic = recordv1.Clinic_CLINIC_SPECIALIST.Enum() })
	w.took(dispatcher, "assign", id, func(a *casework.Asked) { a.Fields.Mediator = bytes(w.people[mediator]) })
	return id
}

func TestCase_WalkInAgreementAndConfirmationInOneDay(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	w.now = w.now.Add(time.Hour)
	w.took(mediator, "handle", id, func(a *casework.Asked) { a.Fields.Parties = consenting() })
	w.took(mediator, "agree", id, func(a *casework.Asked) {
		a.Fields.AgreementForm = recordv1.AgreementForm_AGREEMENT_FORM_WRITTEN.Enum()
		a.Fields.AgreementText = proto.String("乙方分三期归还投资款。")
	})
	w.took(mediator, "perform", id, func(a *casework.Asked) { a.Fields.AgreementEffectiveOn = proto.Int64(w.now.UnixMilli()) })
	w.took(reception, "confirm", id, func(a *casework.Asked) {
		a.Fields.JudicialConfirmation = recordv1.JudicialConfirmation_JUDICIAL_CONFIRMATION_CONFIRMED.Enum()
	})
	w.took(reception, "verify", id, func(a *casework.Asked) { a.Fields.Solved = proto.Bool(true) })
	shown := w.took(reception, "close", id, func(a *casework.Asked) { a.Fields.Result = recordv1.CaseResult_CASE_RESULT_SUCCESS.Enum() })
	var what []cases.EventKind
	for _, e := range shown.Timeline {
		what = append(what, cases.EventKind(e.GetWhat()))
	}
	want := []cases.EventKind{
		cases.EventRegistered, cases.EventAccepted, cases.EventTriaged, cases.EventAssigned, cases.EventHandling, cases.EventAgreed,
		cases.EventPerforming, cases.EventConfirmation, cases.EventCallBack, cases.EventClosed,
	}
	slices.Sort(what)
	slices.Sort(want)
	if !slices.Equal(what, want) || shown.State != cases.Closed || cases.EventKind(shown.Timeline[0].GetWhat()) != cases.EventRegistered {
		t.Errorf("state %v, timeline %v", shown.State, what)
	}
	if shown.Timing == nil || shown.Timing.Clock.State != "stopped" || shown.Timing.Clock.LeftSeconds <= 0 {
		t.Errorf("clock %+v", shown.Timing)
	}
	w.took(dispatcher, "archive", id, nil)
}

func TestCase_StepsAreRefusedWithAReasonAndChangeNothing(t *testing.T) {
	w := newWorld(t)
	id := w.registered()
	w.refused(mediator, "handle", id, "dispute.step_from", nil)
	w.refused(mediator, "accept", id, "dispute.step_who", nil)
	w.refused(reception, "decline", id, "dispute.step_reason", nil)
	w.refused(reception, "accept", id, "dispute.step_state", func(a *casework.Asked) { a.Fields.State = recordv1.DisputeState_DISPUTE_STATE_CLOSED.Enum() })
	w.took(reception, "accept", id, nil)
	w.refused(dispatcher, "triage", id, "dispute.triaged_without_clinic", nil)
	w.refused(dispatcher, "triage", id, "dispute.high_risk_untold", func(a *casework.Asked) {
		a.Fields.Clinic, a.Fields.Risk = recordv1.Clinic_CLINIC_SPECIAL.Enum(), recordv1.CaseRisk_CASE_RISK_HIGH.Enum()
	})
	w.refused(reception, "note", id, "text.identity_number", func(a *casework.Asked) { a.Text = "身份证 11010519491231002X" })
	for _, who := range []recordv1.Role{helper} {
		if _, err := w.take(who, "note", id, nil); !errors.Is(err, casework.ErrNoCase) {
			t.Errorf("a helper: %v", err)
		}
	}
	if _, err := w.take(reception, "dance", id, nil); !errors.Is(err, casework.ErrNoStep) {
		t.Errorf("no step: %v", err)
	}
	if _, err := w.take(reception, "accept", syncengine.ID{1}, nil); !errors.Is(err, casework.ErrNoCase) {
		t.Errorf("no case: %v", err)
	}
	elsewhere := accessledger.Actor{User: w.user(dispatcher, "530702002")}
	if _, err := w.cases.Show(t.Context(), elsewhere, id); !errors.Is(err, casework.ErrNoCase) {
		t.Errorf("another street's dispatcher: %v", err)
	}
	if _, err := w.cases.Take(t.Context(), elsewhere, casework.Asked{Step: "register", Fields: &recordv1.Dispute{
		Title: proto.String("别处"), Territory: bytes(w.areas["530702001001"]),
	}}); err == nil {
		t.Error("another street's dispatcher registers here")
	}
	shown, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[reception]}, id)
	w.must(err)
	if shown.State != cases.Accepted || len(shown.Timeline) != 2 {
		t.Errorf("after all refusals: %v, %d events", shown.State, len(shown.Timeline))
	}
}

func TestCase_ClockExtendsAndPauses(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	shown, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[dispatcher]}, id)
	w.must(err)
	if shown.Timing == nil || shown.Timing.Phase != cases.PhaseClinic {
		t.Fatalf("timing %+v", shown.Timing)
	}
	before := shown.Timing.Deadline.At
	w.refused(dispatcher, "extend", id, "dispute.extension_days", func(a *casework.Asked) { a.Text, a.Days = "等鉴定", 1000 })
	extended := w.took(dispatcher, "extend", id, func(a *casework.Asked) { a.Text, a.Days = "等鉴定", 5 })
	if got := extended.Timing.Deadline.At; got <= before {
		t.Errorf("extended from %v to %v", before, got)
	}
	w.took(mediator, "pause", id, func(a *casework.Asked) {
		a.Text, a.Until = "当事人住院", domain.UnixMilli(w.now.Add(72*time.Hour).UnixMilli())
	})
	w.now = w.now.Add(24 * time.Hour)
	paused, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[mediator]}, id)
	w.must(err)
	if paused.Timing.Clock.State != "paused" {
		t.Errorf("clock %+v", paused.Timing.Clock)
	}
	w.took(mediator, "resume", id, nil)
	w.refused(mediator, "resume", id, "dispute.no_pause", nil)
	var record *recordv1.Dispute
	w.must(w.realm.View(t.Context(), func(r store.Reader) error {
		rec, err := w.realm.Record(r, id)
		if err != nil {
			return err
		}
		record = &recordv1.Dispute{}
		cell, _ := rec.Find(syncengine.CellKey{Field: 14})
		return proto.Unmarshal(cell.Shown().Data, record)
	}))
	resumed, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[mediator]}, id)
	w.must(err)
	if int64(resumed.Timing.Deadline.At) != record.GetDeadline() {
		t.Errorf("the record says %v, the clock %v", record.GetDeadline(), resumed.Timing.Deadline.At)
	}
}

func TestList_InboxesHoldWhatTheirPeopleMayRead(t *testing.T) {
	w := newWorld(t)
	waiting := w.registered()
	w.now = w.now.Add(time.Minute)
	id := w.assigned()
	list := func(role recordv1.Role, wanted casework.Wanted) (out []syncengine.ID) {
		wanted.Limit = 100
		page, err := w.cases.List(t.Context(), w.people[role], wanted)
		w.must(err)
		if page.Total != len(page.Cases) {
			t.Errorf("%d of %d", len(page.Cases), page.Total)
		}
		for _, l := range page.Cases {
			out = append(out, l.ID)
		}
		return out
	}
	for _, c := range []struct {
		role  recordv1.Role
		inbox casework.Inbox
		want  []syncengine.ID
	}{
		{reception, casework.InboxDesk, []syncengine.ID{waiting}},
		{mediator, casework.InboxMine, []syncengine.ID{id}},
		{dispatcher, casework.InboxAll, []syncengine.ID{waiting, id}},
		{dispatcher, casework.InboxDispatch, nil},
		{helper, casework.InboxAll, nil},
		{dispatcher, casework.InboxOverdue, nil},
	} {
		if got := list(c.role, casework.Wanted{Inbox: c.inbox}); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %v, want %v", c.inbox, c.role, got, c.want)
		}
	}
	w.now = w.now.Add(60 * 24 * time.Hour)
	if got := list(dispatcher, casework.Wanted{Inbox: casework.InboxOverdue}); len(got) != 2 {
		t.Errorf("two months later: %v", got)
	}
	if got := list(dispatcher, casework.Wanted{Inbox: casework.InboxAll, State: cases.Assigned}); !slices.Equal(got, []syncengine.ID{id}) {
		t.Errorf("assigned: %v", got)
	}
}

func TestLook_OverdueBecomesOneSupervisionAlsoAfterARestart(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	look := func() int {
		looked, err := w.cases.Look(t.Context())
		w.must(err)
		return looked.Made
	}
	if n := look(); n != 0 {
		t.Errorf("on the first day: %d tasks", n)
	}
	w.now = w.now.Add(40 * 24 * time.Hour)
	if n := look(); n != 1 {
		t.Errorf("overdue: %d tasks", n)
	}
	if n := look(); n != 0 {
		t.Errorf("looked again: %d tasks", n)
	}
	w.restart()
	if n := look(); n != 0 {
		t.Errorf("after a restart: %d tasks", n)
	}
	shown, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[lead]}, id)
	w.must(err)
	if len(shown.Tasks) != 1 || shown.Tasks[0].Task.GetWhy() != "rule overdue" {
		t.Errorf("tasks %+v", shown.Tasks)
	}
}

func TestTake_ASupervisionIsATaskForWhoeverWorksTheCase(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	shown := w.took(lead, "supervise", id, func(a *casework.Asked) { a.Text = "请本周内上门" })
	if len(shown.Tasks) != 1 || string(shown.Tasks[0].Task.GetForUser()) != string(bytes(w.people[mediator])) {
		t.Errorf("tasks %+v", shown.Tasks)
	}
}

func TestTake_AGridWorkerSettlesOnTheSpotInOneForm(t *testing.T) {
	w := newWorld(t)
	form := func(a *casework.Asked) {
		a.Fields.Title, a.Fields.Territory = proto.String("噪音纠纷"), bytes(w.areas["530702001001001"])
		a.Fields.Parties, a.Fields.Result = consenting(), recordv1.CaseResult_CASE_RESULT_SUCCESS.Enum()
		a.Fields.AgreementForm = recordv1.AgreementForm_AGREEMENT_FORM_ORAL.Enum()
	}
	w.refused(worker, "resolve", syncengine.ID{}, "dispute.settled_without_consent", func(a *casework.Asked) {
		form(a)
		a.Fields.Parties = nil
	})
	shown := w.took(worker, "resolve", syncengine.ID{}, form)
	if shown.State != cases.Closed || len(shown.Timeline) != 2 || cases.EventKind(shown.Timeline[0].GetWhat()) != cases.EventRegistered {
		t.Errorf("state %v, timeline %+v", shown.State, shown.Timeline)
	}
}

func TestTake_WhoTakesTheCaseOutOfTheirOwnSightIsToldThatItIsDone(t *testing.T) {
	w := newWorld(t)
	id := w.assigned()
	shown := w.took(dispatcher, "note", id, func(a *casework.Asked) {
		a.Text, a.Fields.Recused = "本人与当事人有亲属关系", [][]byte{bytes(w.people[dispatcher])}
	})
	if shown.ID != id || shown.State != cases.Assigned || len(shown.Fields) != 0 || len(shown.Timeline) != 0 {
		t.Errorf("shown %+v", shown)
	}
	if _, err := w.cases.Show(t.Context(), accessledger.Actor{User: w.people[dispatcher]}, id); !errors.Is(err, casework.ErrNoCase) {
		t.Errorf("the recused dispatcher still sees it: %v", err)
	}
}
