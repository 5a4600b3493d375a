package reportrpc

import (
	"slices"

	"google.golang.org/grpc"

	reportv1 "onedoor/proto/gen/onedoor/report/v1"

	"onedoor/domain/metrics"
	"onedoor/server/report"
)

// rowsMax is how many rows one message holds: some 20 KB.
const rowsMax = 200

// figureOf tells what a figure counts.
func figureOf(f *metrics.Figure) *reportv1.Figure {
	m := &reportv1.Figure{
		Name: f.Name, NameZh: f.ZH, NameEn: f.EN, Formula: f.Formula, Source: f.Source, Unit: string(f.Unit), NumeratorZh: f.NumZH, DenominatorZh: f.DenZH, NumeratorEn: f.NumEN, DenominatorEn: f.DenEN,
	}
	for c := range metrics.Class(f.Split.Classes()) {
		zh, _ := f.Split.Words(c)
		m.Classes, m.ClassesZh = append(m.Classes, f.Split.Name(c)), append(m.ClassesZh, zh)
	}
	return m
}

// send streams a report: its head, rows, totals and what came late.
func send(stream grpc.ServerStreamingServer[reportv1.PullReportResponse], r *report.Report) error {
	if err := stream.Send(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Head{Head: headOf(r)}}); err != nil {
		return err
	}
	for _, part := range []struct {
		kind reportv1.RowKind
		rows []report.Row
	}{{reportv1.RowKind_ROW_KIND_ROW, r.Rows}, {reportv1.RowKind_ROW_KIND_TOTAL, r.Totals}, {reportv1.RowKind_ROW_KIND_LATE, r.Late}} {
		for chunk := range slices.Chunk(part.rows, rowsMax) {
			m := &reportv1.ReportRows{Kind: part.kind}
			for i := range chunk {
				m.Rows = append(m.Rows, rowOf(r.Figure, &chunk[i]))
			}
			if err := stream.Send(&reportv1.PullReportResponse{Part: &reportv1.PullReportResponse_Rows{Rows: m}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func headOf(r *report.Report) *reportv1.ReportHead {
	m := &reportv1.ReportHead{
		Figure: figureOf(r.Figure), Territory: r.Territory.Code, TerritoryName: r.Territory.Name, By: r.By.String(),
		From: metrics.DayText(r.From), To: metrics.DayText(r.To), Epoch: uint32(r.At.Epoch), AsOf: uint64(r.At.Seq), AsOfMs: int64(r.At.Committed),
		PhonesHeard: uint32(r.Heard), Phones: uint32(r.Of), Unsent: uint64(r.Unsent), Provisional: r.Provisional, FrozenHash: r.Hash,
		FrozenMs: int64(r.FrozenAt), Split: r.Split, Statement: r.Statement(), RealmName: r.Realm, RulesVersion: r.Rules,
	}
	m.Stale = placesOf(r.Stale)
	return m
}

func rowOf(f *metrics.Figure, r *report.Row) *reportv1.Row {
	m := &reportv1.Row{
		Territory: r.Territory, Name: r.Name, Class: r.Class, ClassZh: r.ClassZH, Value: r.Value, Low: r.Low, High: r.High, Suppressed: r.Suppressed,
	}
	if r.Sum != nil {
		m.Numerator = &r.Sum.Num
		if f.Unit != metrics.Count && (f.Unit != metrics.Mixed || r.Sum.Den != 0) {
			m.Denominator = &r.Sum.Den
		}
	}
	return m
}
