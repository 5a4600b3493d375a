package console

import (
	"fmt"
	"net/http"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

type handoverData struct {
	Directory *directory
	Areas     []*adminv1.Territory
	People    []*adminv1.User
	Plan      *adminv1.HandoverPlan
	Grid, To  string
	Flash     string
	NowMs     int64
}

// handoverPage asks which grid goes to whom.
func (v *visit) handoverPage() error {
	m, _, err := v.handoverView()
	if err != nil {
		return err
	}
	return v.showPage("handover", m)
}

func (v *visit) handoverView() (*view, *handoverData, error) {
	if !v.may("PlanHandover") {
		return nil, nil, &problem{status: http.StatusForbidden, ZH: "房屋交接由系统管理员办理。", EN: "Handovers are made by the operator."}
	}
	dir, err := v.directory()
	if err != nil {
		return nil, nil, err
	}
	d := &handoverData{Directory: dir, NowMs: v.c.o.Now().UnixMilli(), Grid: v.form("grid"), To: v.form("to")}
	if d.People, err = dir.Working(recordv1.Role_ROLE_GRID_WORKER, recordv1.Role_ROLE_HELPER, recordv1.Role_ROLE_COMMUNITY_STAFF); err != nil {
		return nil, nil, err
	}
	for _, a := range dir.areas {
		if a.GetLevel() == recordv1.TerritoryLevel_TERRITORY_LEVEL_GRID {
			d.Areas = append(d.Areas, a)
		}
	}
	return &view{Title: v.lang.pick("房屋交接", "Handover"), Section: "/handover", Data: d}, d, nil
}

// handOver shows what a handover would do, or makes it.
func (v *visit) handOver() error {
	m, d, err := v.handoverView()
	if err != nil {
		return err
	}
	f := v.fields()
	asked := &adminv1.Handover{GridCode: d.Grid, ToUserId: f.id("to")}
	if f.err != nil {
		return v.showAgain(f.err, "handover", m)
	}
	if v.form("act") == "do" {
		if d.Plan, err = v.carryOut(asked); err != nil {
			return v.showAgain(err, "handover", m)
		}
		d.Flash = fmt.Sprintf(v.lang.pick("已交接%d处房屋。", "%d doors were handed over."), d.Plan.GetDoors())
		return v.showPage("handover", m)
	}
	out, err := call(v, v.c.o.Admin.PlanHandover, &adminv1.PlanHandoverRequest{Handover: asked})
	if err != nil {
		return v.showAgain(err, "handover", m)
	}
	d.Plan = out.GetPlan()
	return v.showPage("handover", m)
}

// carryOut makes a handover and gives how it stands then. The browser may leave meanwhile: asked again, it goes on.
func (v *visit) carryOut(asked *adminv1.Handover) (plan *adminv1.HandoverPlan, err error) {
	req := &adminv1.HandOverRequest{Handover: asked}
	last := &adminv1.HandOverResponse{}
	err = v.c.o.Admin.HandOver(req, &gathering[adminv1.HandOverResponse]{ctx: named(v.ctx, req), take: func(m *adminv1.HandOverResponse) error {
		last = m
		return nil
	}})
	return last.GetAfter(), err
}

var _ grpc.ServerStreamingServer[adminv1.HandOverResponse] = (*gathering[adminv1.HandOverResponse])(nil)
