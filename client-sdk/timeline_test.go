package client_test

import (
	"fmt"
	"testing"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// cases begins many cases, each with two entries.
func cases(p *phone, many int) (ids []syncengine.ID) {
	for i := range many {
		id, err := p.BeginCase("dispute", "accept", client.StepInput{Fields: fmt.Sprintf(`{"title":"纠纷%d","territory":%q}`, i, community)})
		p.w.must(err)
		ids = append(ids, id)
	}
	return ids
}

func TestCase_ATimelineIsThatOfTheCaseAlsoAmongEntriesThatOlderSoftwareWrote(t *testing.T) {
	w, reception, dispatcher, _ := centre(t)
	ids := cases(reception, 30)
	hand(reception, dispatcher)
	check := func(p *phone, want string) {
		t.Helper()
		for _, id := range ids {
			if got := timeline(p.caseOf(id.String())); got != want {
				t.Errorf("%s: %s, want %s", p.name, got, want)
			}
		}
	}
	check(reception, "REGISTERED ACCEPTED")
	check(dispatcher, "REGISTERED ACCEPTED")
	if n, err := dispatcher.ForgetCases(); err != nil || n != 2*len(ids) {
		t.Fatalf("%d entries, %v", n, err)
	}
	check(dispatcher, "REGISTERED ACCEPTED")
	for _, id := range ids {
		dispatcher.step(id.String(), "triage", client.StepInput{Fields: `{"clinic":"GENERAL"}`})
	}
	check(dispatcher, "REGISTERED ACCEPTED TRIAGED")
	hand(dispatcher, reception)
	check(reception, "REGISTERED ACCEPTED TRIAGED")
	w.settle()
}

// BenchmarkCase reads a case on a phone that holds 5,000 cases with 10,000 entries.
func BenchmarkCase(b *testing.B) {
	w := newWorld(b)
	desk := w.phone("受", recordv1.Role_ROLE_RECEPTION, community)
	desk.sync()
	ids := cases(desk, 5_000)
	b.ResetTimer()
	for i := range b.N {
		if _, err := desk.Case(ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
	}
}
