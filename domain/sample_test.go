package domain_test

import (
	"slices"
	"testing"

	"onedoor/domain"
)

func TestCheckSample_OneVisitADoorThoseNeverCheckedFirst(t *testing.T) {
	candidate := func(visit, door byte, made, checked domain.UnixMilli) domain.CheckCandidate {
		return domain.CheckCandidate{Visit: domain.ID{visit}, Door: domain.ID{door}, At: made, DoorChecked: checked}
	}
	const day = 86_400_000
	all := []domain.CheckCandidate{
		candidate(1, 1, 40*day, 10*day), candidate(2, 2, 40*day, 0), candidate(3, 2, 41*day, 0), candidate(4, 3, 40*day, 5*day),
		candidate(5, 4, 20*day, 30*day), // Checked since.
	}
	doors := func(got []domain.CheckCandidate) (out []byte) {
		for _, c := range got {
			out = append(out, c.Visit[0])
		}
		return out
	}
	if got := doors(domain.CheckSample(all, 10, 50)); !slices.Equal(got, []byte{3, 4, 1}) {
		t.Errorf("%v", got)
	}
	slices.Reverse(all)
	if got := doors(domain.CheckSample(all, 2, 50)); !slices.Equal(got, []byte{3, 4}) {
		t.Errorf("in another order: %v", got)
	}
}

func TestCheckSample_IsTheSameOnEveryPhoneAndAnotherEachDay(t *testing.T) {
	var all []domain.CheckCandidate
	for i := range 100 {
		all = append(all, domain.CheckCandidate{Visit: domain.ID{byte(i), 1}, Door: domain.ID{byte(i)}, At: 1})
	}
	monday := domain.CheckSample(all, 5, 20_000)
	slices.Reverse(all)
	if again := domain.CheckSample(all, 5, 20_000); !slices.Equal(monday, again) {
		t.Errorf("one day gives %v and %v", monday, again)
	}
	if tuesday := domain.CheckSample(all, 5, 20_001); slices.Equal(monday, tuesday) {
		t.Error("two days give one sample")
	}
}
