package reportrpc

import (
	"context"
	"fmt"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/domain/metrics"
	"onedoor/server/identity"
	"onedoor/server/report"
)

// ListMonths tells which months are frozen; it needs a token and no role, since it tells no figure.
func (s *Service) ListMonths(ctx context.Context, _ *reportv1.ListMonthsRequest) (*reportv1.ListMonthsResponse, error) {
	if _, err := s.admit(ctx); err != nil {
		return nil, s.status(ctx, err)
	}
	months, err := s.reports.Months(ctx)
	if err != nil {
		return nil, s.status(ctx, err)
	}
	out := &reportv1.ListMonthsResponse{}
	for i := range months {
		out.Months = append(out.Months, monthOf(&months[i]))
	}
	return out, nil
}

// FreezeMonth makes a month final.
func (s *Service) FreezeMonth(ctx context.Context, req *reportv1.FreezeMonthRequest) (*reportv1.FreezeMonthResponse, error) {
	who, err := s.admitKeeper(ctx)
	if err != nil {
		return nil, s.status(ctx, err)
	}
	month, err := metrics.ParseMonth(req.GetMonth())
	if err != nil {
		return nil, s.status(ctx, fmt.Errorf("%w: %w", report.ErrInvalid, err))
	}
	stands, done, err := s.reports.Freeze(ctx, who, report.Freezing{Month: month, DryRun: req.GetDryRun(), Early: req.GetEarly()})
	if err != nil {
		return nil, s.status(ctx, err)
	}
	return &reportv1.FreezeMonthResponse{Month: monthOf(&stands), Done: done}, nil
}

func monthOf(m *report.Month) *reportv1.Month {
	out := &reportv1.Month{
		Month: m.Month.String(), State: reportv1.MonthState(m.State), Epoch: uint32(m.At.Epoch), AsOf: uint64(m.At.Seq), Hash: m.Hash, FrozenMs: int64(m.FrozenAt),
		PhonesHeard: uint32(m.Heard), Phones: uint32(m.Of), Unsent: uint64(m.Unsent), Stale: placesOf(m.Stale),
	}
	if m.FreezesOn != metrics.NoDay {
		out.FreezesOn = metrics.DayText(m.FreezesOn)
	}
	return out
}

func placesOf(list []identity.Territory) (out []*reportv1.Place) {
	for _, t := range list {
		out = append(out, &reportv1.Place{Territory: t.Code, Name: t.Name})
	}
	return out
}
