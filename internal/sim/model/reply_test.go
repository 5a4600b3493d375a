package model_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/sim/model"
)

// lies are replies of a server that is wrong about something. Each alters a
// reply to a phone that has just sent one visit and is sent another's door.
var lies = []struct {
	name  string
	alter func(*syncv1.ExchangeResponse)
	finds []model.Invariant
}{
	{"caught up is said early", func(r *syncv1.ExchangeResponse) { r.Position.Seq-- }, []model.Invariant{model.I6}},
	{"an outcome has another seq", func(r *syncv1.ExchangeResponse) { r.Outcomes.Results[0].Seq++ }, []model.Invariant{model.I1}},
	{"an outcome has another stamp", func(r *syncv1.ExchangeResponse) { r.Outcomes.Results[0].StampDiffMs = 7 }, []model.Invariant{model.I1}},
	{"an outcome is of more changes than were sent", func(r *syncv1.ExchangeResponse) {
		r.Outcomes.Results = append(r.Outcomes.Results, proto.CloneOf(r.Outcomes.Results[0]))
	}, []model.Invariant{model.I2}},
	{"a receipt is for what is not decided", func(r *syncv1.ExchangeResponse) { r.Receipt.DeviceSeq++ }, []model.Invariant{model.I2}},
	{"a new name is given for nothing", func(r *syncv1.ExchangeResponse) { r.Fork = &syncv1.Fork{Incarnation: make([]byte, 16)} }, []model.Invariant{model.I18}},
	{"a record is sent without a field", func(r *syncv1.ExchangeResponse) { r.Page.Records[0].Fields = nil }, []model.Invariant{model.I4}},
	{"a record is told as deleted", func(r *syncv1.ExchangeResponse) { r.Page.Records[0].Dead = true }, []model.Invariant{model.I4}},
	{"a record is sent of a seq it never had", func(r *syncv1.ExchangeResponse) { r.Page.Records[0].Seq-- }, []model.Invariant{model.I4}},
	{"what became of a change is invented", func(r *syncv1.ExchangeResponse) {
		r.Page.Decisions = append(r.Page.Decisions, &syncv1.Decision{DeviceSeq: 1, Released: true, Seq: 1})
	}, []model.Invariant{model.I16}},
	{"a page is of an epoch that is not in force", func(r *syncv1.ExchangeResponse) { r.Position.Epoch++ }, []model.Invariant{model.I6}},
}

func TestAnswered_EveryLieIsFound(t *testing.T) {
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			s, a := visitToSend(t)
			a.alter, a.lose = lie.alter, 1
			a.sync()
			caught(t, s.model.CheckStep(), lie.finds...)
		})
	}
}

func TestAnswered_APageForAUsedNonceIsFound(t *testing.T) {
	s, a := alone(t)
	a.sync()
	a.pass = 1
	var first *syncv1.ExchangeResponse
	a.alter = func(r *syncv1.ExchangeResponse) { first = proto.CloneOf(r) }
	a.lose = 1
	a.sync()
	a.sync()
	s.clean()
	// The server answers the lost request's copy as it answered the request.
	a.alter = func(r *syncv1.ExchangeResponse) {
		r.Cursor, r.Position = first.GetCursor(), first.GetPosition()
	}
	s.repeat(a)
	caught(t, s.model.CheckStep(), model.I10)
}

func TestUpgrade_HeldCellsAppearInLogOrder(t *testing.T) {
	old := schema.Load().Without("visit", "check_reason")
	s := newStageWith(t, old)
	a := s.phone("阿甲", recordv1.Role_ROLE_POLICE_OFFICER, gridA)
	b := s.phone("阿乙", recordv1.Role_ROLE_POLICE_OFFICER, gridA)
	door := a.add(s.door(gridA, "大研街道1号"))
	visit := a.add(visitOf(door, "查看"))
	a.sync()
	b.sync()
	a.edit(visit, &recordv1.Visit{CheckReason: proto.String("记录不全")})
	b.edit(visit, &recordv1.Visit{CheckReason: proto.String("照片不清")})
	a.sync()
	b.sync()
	s.clean()
	s.restart(schema.Load())
	s.rest()
}
