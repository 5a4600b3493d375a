package reportrpc

import (
	"context"
	"fmt"
	"log/slog"

	"google.golang.org/grpc"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/domain/metrics"
	"onedoor/server/bearer"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/report"
	"onedoor/syncengine"
)

// Service answers pulls of figures.
type Service struct {
	reportv1.UnimplementedReportServiceServer
	realm   *exchange.Service
	reports *report.Service
	log     *slog.Logger
}

// New makes the service; log takes faults, never content, and is silent when nil.
func New(realm *exchange.Service, reports *report.Service, log *slog.Logger) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Service{realm: realm, reports: reports, log: log}
}

// admit finds out who calls.
func (s *Service) admit(ctx context.Context) (identity.Principal, error) {
	return bearer.Admit(ctx, s.realm, s.realm.Time())
}

// admitKeeper lets in who may count anew, check and freeze: those who pull for the district, and the operator, who is shown no
// figure by it.
func (s *Service) admitKeeper(ctx context.Context) (identity.Principal, error) {
	who, err := s.admit(ctx)
	if err != nil {
		return who, err
	}
	role := recordv1.Role(who.Role)
	if who.Operator || role == recordv1.Role_ROLE_OPERATOR || role == recordv1.Role_ROLE_DISTRICT {
		return who, nil
	}
	return who, fmt.Errorf("role %s: %w", domain.Role(who.Role), report.ErrNotPermitted)
}

// ListFigures tells which figures there are; it needs a token and no role.
func (s *Service) ListFigures(ctx context.Context, _ *reportv1.ListFiguresRequest) (*reportv1.ListFiguresResponse, error) {
	if _, err := s.admit(ctx); err != nil {
		return nil, s.status(ctx, err)
	}
	out := &reportv1.ListFiguresResponse{}
	for _, f := range metrics.Figures() {
		out.Figures = append(out.Figures, figureOf(f))
	}
	return out, nil
}

// PullReport gives one figure, and those that are read beside it.
func (s *Service) PullReport(req *reportv1.PullReportRequest, stream grpc.ServerStreamingServer[reportv1.PullReportResponse]) error {
	ctx := stream.Context()
	who, err := s.admit(ctx)
	if err != nil {
		return s.status(ctx, err)
	}
	q, err := queryOf(req)
	if err != nil {
		return s.status(ctx, err)
	}
	q.AtOnce = req.GetAtOnce()
	q.Waiting = func(done, total syncengine.Seq) {
		// A caller who has left ends the wait by its context.
		_ = stream.Send(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Counting{Counting: &reportv1.Counting{Done: uint64(done), Total: uint64(total)}}})
	}
	out, err := s.reports.PullTogether(ctx, who, q, req.GetBeside())
	if err != nil {
		return s.status(ctx, err)
	}
	for _, r := range out {
		if err := send(stream, r); err != nil {
			return s.status(ctx, err)
		}
	}
	return nil
}

// queryOf reads a question.
func queryOf(req *reportv1.PullReportRequest) (q report.Query, err error) {
	q = report.Query{Figure: req.GetFigure(), Territory: req.GetTerritory(), AsOf: syncengine.Seq(req.GetAsOf()), Format: req.GetFormat()}
	if req.GetBy() != "" {
		level, ok := domain.ParseLevel(req.GetBy())
		if !ok {
			return q, fmt.Errorf("rows by %q: %w: give street, community or grid", req.GetBy(), report.ErrInvalid)
		}
		q.By = level
	}
	if q.From, err = dayOf("from", req.GetFrom()); err == nil {
		q.To, err = dayOf("to", req.GetTo())
	}
	return q, err
}

func dayOf(name, text string) (domain.Days, error) {
	day, err := calendar.ParseDay(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %w", name, report.ErrInvalid, err)
	}
	return day, nil
}

// RebuildReports counts everything anew.
func (s *Service) RebuildReports(_ *reportv1.RebuildReportsRequest, stream grpc.ServerStreamingServer[reportv1.RebuildReportsResponse]) error {
	ctx := stream.Context()
	if _, err := s.admitKeeper(ctx); err != nil {
		return s.status(ctx, err)
	}
	out, err := s.reports.Rebuild(ctx, func(done, total syncengine.Seq) {
		// A caller who has left ends the work by its context.
		_ = stream.Send(&reportv1.RebuildReportsResponse{Done: uint64(done), Total: uint64(total)})
	})
	if err != nil {
		return s.status(ctx, err)
	}
	return stream.Send(&reportv1.RebuildReportsResponse{Ready: true, AsOf: uint64(out.At), Same: out.Same, Hash: out.Hash})
}

// VerifyReports checks what is counted.
func (s *Service) VerifyReports(_ *reportv1.VerifyReportsRequest, stream grpc.ServerStreamingServer[reportv1.VerifyReportsResponse]) error {
	ctx := stream.Context()
	if _, err := s.admitKeeper(ctx); err != nil {
		return s.status(ctx, err)
	}
	out, err := s.reports.Verify(ctx, func(done, total syncengine.Seq) {
		_ = stream.Send(&reportv1.VerifyReportsResponse{Done: uint64(done), Total: uint64(total)})
	})
	if err != nil {
		return s.status(ctx, err)
	}
	return stream.Send(&reportv1.VerifyReportsResponse{Ready: true, AsOf: uint64(out.At), FrozenMonths: uint32(out.Months), Problems: out.Problems})
}
