package model_test

import (
	"testing"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/sim/model"
)

// slips are what a phone may get wrong about a reply with a door and an outcome.
var slips = []struct {
	name  string
	twist func(*syncv1.ExchangeResponse)
	finds []model.Invariant
}{
	{"a record of the page is forgotten", func(r *syncv1.ExchangeResponse) { r.Page.Records = nil }, []model.Invariant{model.I4, model.I6}},
	{"a deleted record stays", func(r *syncv1.ExchangeResponse) { r.Page.Records[0].Dead = true }, []model.Invariant{model.I4}},
	{"the page is never switched to", func(r *syncv1.ExchangeResponse) { r.CaughtUp = false }, []model.Invariant{model.I4, model.I6}},
	{"an applied change is taken for merged and dropped", func(r *syncv1.ExchangeResponse) {
		r.Outcomes.Results[0].Code = syncv1.OutcomeCode_OUTCOME_CODE_MERGED
	}, []model.Invariant{model.I4, model.I6}},
}

func TestCheckPhone_EverySlipIsFound(t *testing.T) {
	for _, slip := range slips {
		t.Run(slip.name, func(t *testing.T) {
			s, a := visitToSend(t)
			a.twist = slip.twist
			a.pass, a.lose = 1, 100
			a.sync()
			a.taken()
			found := map[model.Invariant]bool{}
			for _, v := range s.look() {
				found[v.Invariant] = true
			}
			for _, i := range slip.finds {
				if !found[i] {
					t.Errorf("%v was not found to be violated; found were %v", i, found)
				}
			}
		})
	}
}
