package demo_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"onedoor/domain"
	"onedoor/internal/demo"
)

// someNotes is a corpus small enough to run out many times on a day.
var someNotes = []string{
	"三楼楼道堆了五个纸箱,说了以后当场搬走。", "敲门无人,门口有快递,下午再来。", "灭火器过期2个,让换。", "福慧社区七号院,共9间,租出去6间。",
	"上午8:50到,12:10走,见面13户。", "水池边插座没有防水盖", "房东不在,租客说电表箱发烫,已喊电工", "6月3日再来",
}

// scene is a street with its cast and its day.
type scene struct {
	street *demo.Street
	cast   *demo.Cast
	day    *demo.Day
	ledger *demo.Ledger
}

// dateOfTheDay is any instant of the scripted day.
var dateOfTheDay = time.Date(2026, 6, 30, 4, 5, 6, 0, time.UTC)

// newScene makes a whole scene or ends the test.
func newScene(t testing.TB, seed uint64, figures demo.Figures, phones int) scene {
	t.Helper()
	s := scene{street: newStreet(t, seed, figures)}
	s.cast = newCast(t, seed, s.street, phones)
	day, err := demo.NewDay(seed, s.street, s.cast, someNotes, dateOfTheDay)
	if err != nil {
		t.Fatal(err)
	}
	s.day, s.ledger = day, day.Ledger()
	return s
}

// onEveryScene runs a check on true days of some seeds and on small days of more.
func onEveryScene(t *testing.T, check func(t *testing.T, s scene)) {
	t.Helper()
	for seed := uint64(1); seed <= 2; seed++ {
		t.Run(fmt.Sprintf("true scale, seed %d", seed), func(t *testing.T) {
			check(t, newScene(t, seed, demo.TrueScale(), demo.PhonesOfTheDay))
		})
	}
	for seed := uint64(1); seed <= 6; seed++ {
		t.Run(fmt.Sprintf("small scale, seed %d", seed), func(t *testing.T) {
			check(t, newScene(t, seed, demo.SmallScale(), demo.PhonesMin+int(seed)))
		})
	}
}

// digestOf hashes a whole value.
func digestOf(v any) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%+v", v)) }

// script renders a day as text.
func script(d *demo.Day) string {
	var b strings.Builder
	for i := range d.Steps {
		b.WriteString(d.Steps[i].String() + "\n")
	}
	return b.String()
}

func TestNewDay_OneSeedMakesOneDay(t *testing.T) {
	text := func(seed uint64) string { return script(newScene(t, seed, demo.TrueScale(), demo.PhonesOfTheDay).day) }
	first := text(11)
	if first != text(11) {
		t.Error("one seed made two days")
	}
	if first == text(12) {
		t.Error("two seeds made one day")
	}
}

func TestNewDay_EveryPhoneDoesADaysWork(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		written := make([]int, s.day.Phones)
		for _, step := range s.day.Steps {
			written[step.Phone] += len(step.Changes)
		}
		total := 0
		for phone, n := range written {
			total += n
			if n < demo.ChangesPerPhoneMin || n > demo.ChangesPerPhoneMax {
				t.Errorf("phone %d writes %d changes", phone, n)
			}
		}
		if total != s.day.Changes() {
			t.Errorf("%d changes counted, %d told", total, s.day.Changes())
		}
		if s.day.Phones == demo.PhonesOfTheDay && (total < 3000 || total > 5000) {
			t.Errorf("%d changes on the day", total)
		}
	})
}

func TestNewDay_NoTwoStepsShareAnInstantOfTheDay(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		from, to := s.day.Midnight.Add(7*time.Hour+30*time.Minute), s.day.Midnight.Add(21*time.Hour+30*time.Minute)
		if got := s.day.Midnight.Format(time.RFC3339); got != "2026-06-30T00:00:00+08:00" {
			t.Fatalf("the day begins at %s", got)
		}
		last := from
		for i := range s.day.Steps {
			step := &s.day.Steps[i]
			if !step.At.After(last) || step.At.After(to) {
				t.Fatalf("step %d at %s, the one before at %s: %s", i, step.At, last, step)
			}
			last = step.At
		}
	})
}

func TestNewDay_PhonesSyncOnlyOnlineAndAllEndCaughtUp(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		online := make([]bool, s.day.Phones)
		for i := range s.day.Steps {
			step := &s.day.Steps[i]
			switch step.Kind {
			case demo.StepOnline, demo.StepOffline:
				if online[step.Phone] == (step.Kind == demo.StepOnline) {
					t.Fatalf("step %d changes nothing: %s", i, step)
				}
				online[step.Phone] = step.Kind == demo.StepOnline
			case demo.StepSync:
				if !online[step.Phone] {
					t.Fatalf("step %d syncs offline: %s", i, step)
				}
			case demo.StepWork:
				if len(step.Changes) == 0 {
					t.Fatalf("step %d has no work", i)
				}
			}
		}
		for phone := range s.day.Phones {
			if online[phone] || !s.ledger.CaughtUp(demo.PhoneIndex(phone)) {
				t.Errorf("phone %d ends online or behind", phone)
			}
		}
	})
}

func TestNewDay_EveryFaultHappensManyTimes(t *testing.T) {
	s := newScene(t, 1, demo.TrueScale(), demo.PhonesOfTheDay)
	faults, kinds, afterFault := map[demo.Fault]int{}, map[demo.StepKind]int{}, 0
	disturbed := make([]bool, s.day.Phones)
	for _, step := range s.day.Steps {
		kinds[step.Kind]++
		switch step.Kind {
		case demo.StepSync:
			faults[step.Fault]++
			disturbed[step.Phone] = step.Fault == demo.FaultReplyLost || step.Fault == demo.FaultReplyCut
		case demo.StepWork:
			if disturbed[step.Phone] {
				afterFault++
			}
		}
	}
	for _, fault := range []demo.Fault{demo.FaultNone, demo.FaultRequestLost, demo.FaultReplyLost, demo.FaultReplyCut} {
		if faults[fault] < 20 {
			t.Errorf("fault %q happens %d times", fault, faults[fault])
		}
	}
	if kinds[demo.StepRestart] < 20 {
		t.Errorf("%d restarts", kinds[demo.StepRestart])
	}
	if afterFault < 50 {
		t.Errorf("%d groups are written by phones that do not know what the server has", afterFault)
	}
}

func TestNewDay_ConflictsOfEveryKindStandAtTheEnd(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		s := newScene(t, seed, demo.TrueScale(), demo.PhonesOfTheDay)
		met := map[string]int{}
		for _, c := range s.ledger.Conflicts() {
			name := string(c.Cell.Ref.Kind) + "." + c.Cell.Field
			if c.DeleteEdit {
				name = "delete against " + name
			}
			met[name]++
			if len(c.Writes) > 2 {
				met["three ways"]++
			}
		}
		for name, least := range map[string]int{
			"premises.headcount": 20, "premises.grade": 12, "visit.note": 12, "visit.checklist": 8, "hazard.note": 8, "hazard.state": 12,
			"hazard.severity_found": 12, "hazard.severity_ruled": 6, "dispute.description": 8, "dispute.state": 12, "dispute.result": 8,
			"delete against premises.headcount": 12, "delete against hazard.note": 8, "three ways": 8,
		} {
			if met[name] < least {
				t.Errorf("seed %d: %d conflicts of %s, at least %d are wanted", seed, met[name], name, least)
			}
		}
	}
}

func TestNewDay_EveryDayShowsAllFourClinics(t *testing.T) {
	onEveryScene(t, func(t *testing.T, s scene) {
		sent := map[string]int{}
		seen := map[demo.Ref]bool{}
		for _, w := range s.ledger.Writes {
			if w.Cell.Field != demo.FieldClinic || seen[w.Cell.Ref] {
				continue
			}
			seen[w.Cell.Ref] = true
			for _, stands := range s.ledger.Standing(w.Cell) {
				sent[stands.Value.String()]++
			}
		}
		for _, clinic := range domain.Clinics() {
			if sent[clinic.String()] == 0 {
				t.Errorf("no dispute of the day stands in the %s clinic: %v", clinic, sent)
			}
		}
	})
}

func TestNewDay_MeetingsInDifferentCellsLeaveBothValues(t *testing.T) {
	s := newScene(t, 1, demo.TrueScale(), demo.PhonesOfTheDay)
	met := map[demo.ClashKind]map[demo.Ref][]demo.Write{demo.ClashOtherFields: {}, demo.ClashContributions: {}}
	for _, w := range s.ledger.Writes {
		step := s.day.Steps[s.ledger.Entries[w.Entry].Step]
		if refs := met[step.Clash]; refs != nil {
			refs[w.Cell.Ref] = append(refs[w.Cell.Ref], w)
		}
	}
	for kind, refs := range met {
		concurrent := 0
		for ref, writes := range refs {
			if len(writes) == 2 && writes[0].Cell == writes[1].Cell {
				t.Errorf("%s on %s: both write %v", kind, ref, writes[0].Cell)
			}
			if len(writes) == 2 && s.ledger.Concurrent(writes[0], writes[1]) {
				concurrent++
			}
		}
		if concurrent < 12 {
			t.Errorf("%d concurrent pairs of %s", concurrent, kind)
		}
	}
}

func TestNewDay_ThreePhonesBeginOneJointVisit(t *testing.T) {
	s := newScene(t, 1, demo.TrueScale(), demo.PhonesOfTheDay)
	begun := map[demo.Ref][]demo.Entry{}
	for _, e := range s.ledger.Entries {
		if e.Op == demo.OpCreate {
			begun[e.Ref] = append(begun[e.Ref], e)
		}
	}
	joint := 0
	for ref, entries := range begun {
		if len(entries) == 1 {
			continue
		}
		joint++
		if ref.Kind != demo.RecordVisit || len(entries) != 3 {
			t.Errorf("%s is begun by %d phones", ref, len(entries))
		}
		authors := map[demo.PhoneIndex]bool{}
		for _, e := range entries {
			authors[e.Phone] = true
		}
		if len(authors) != len(entries) {
			t.Errorf("%s is begun twice by one phone", ref)
		}
		for _, shared := range []string{demo.FieldPremisesIDs, demo.FieldPurpose, demo.FieldOutcome, demo.FieldOccurredAt} {
			writes := s.ledger.WritesOf(demo.Cell{Ref: ref, Field: shared})
			for _, w := range writes {
				if !demo.Same(w.Value, writes[0].Value) {
					t.Errorf("%s: %s differs between phones", ref, shared)
				}
			}
		}
	}
	if joint < 16 {
		t.Errorf("%d joint visits", joint)
	}
}

func TestNewDay_TextsAreEachWrittenOnceAndHoldNoLongNumber(t *testing.T) {
	longNumber := regexp.MustCompile(`[0-9]{7,}`)
	onEveryScene(t, func(t *testing.T, s scene) {
		notes := map[string]bool{}
		for _, w := range s.ledger.Writes {
			if _, isText := w.Value.(demo.Text); !isText {
				continue
			}
			text := w.Value.String()
			if longNumber.MatchString(text) {
				t.Errorf("%v holds a long number: %s", w.Cell, text)
			}
			switch w.Cell.Field {
			case demo.FieldNote, demo.FieldContributions, demo.FieldDescription, demo.FieldText, demo.FieldAgreement:
				if notes[text] {
					t.Errorf("%v is written twice: %s", w.Cell, text)
				}
				notes[text] = true
			}
		}
	})
}

func TestNewDay_TimesInNotesStayPossible(t *testing.T) {
	s := newScene(t, 1, demo.SmallScale(), demo.PhonesMin)
	for _, w := range s.ledger.Writes {
		text := w.Value.String()
		if w.Cell.Field == demo.FieldNote && strings.Contains(text, "上午8") && !strings.Contains(text, "上午8:50到,12:10走") {
			t.Errorf("a time was changed: %s", text)
		}
	}
}

func TestNewDay_ImpossibleInputIsRefused(t *testing.T) {
	s := newScene(t, 1, demo.SmallScale(), demo.PhonesMin)
	if _, err := demo.NewDay(1, s.street, s.cast, nil, dateOfTheDay); !errors.Is(err, demo.ErrInput) {
		t.Errorf("no notes: error %v, want ErrInput", err)
	}
	for _, phones := range [][]demo.Phone{nil, make([]demo.Phone, 1000)} {
		cast := *s.cast
		cast.Phones = phones
		if _, err := demo.NewDay(1, s.street, &cast, someNotes, dateOfTheDay); !errors.Is(err, demo.ErrInput) {
			t.Errorf("%d phones: error %v, want ErrInput", len(phones), err)
		}
	}
}

func TestKeyAuthor_FindsTheUserOfAnAuthorKeyOnly(t *testing.T) {
	if user, ok := demo.KeyAuthor(demo.AuthorKey(17)); !ok || user != 17 {
		t.Errorf("user %d, %v", user, ok)
	}
	for _, key := range []string{"", "ELEC", "甲方", "@", "@x"} {
		if _, ok := demo.KeyAuthor(key); ok {
			t.Errorf("%q names a user", key)
		}
	}
}

func BenchmarkNewDay_TrueScale(b *testing.B) {
	s := newScene(b, 1, demo.TrueScale(), demo.PhonesOfTheDay)
	for b.Loop() {
		if _, err := demo.NewDay(1, s.street, s.cast, someNotes, dateOfTheDay); err != nil {
			b.Fatal(err)
		}
	}
}
