package client_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// timed is a line that counts the time spent at the server.
type timed struct {
	line
	server time.Duration
}

func (l *timed) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	begun := time.Now()
	resp, err := l.w.service.Exchange(ctx, req)
	l.server += time.Since(begun)
	return resp, err
}

// BenchmarkSync_TenThousandVisits has one phone upload 10,000 visits made
// offline and a fresh phone pull them. It reports the phone's own time a change
// and way, the server's aside.
func BenchmarkSync_TenThousandVisits(b *testing.B) {
	const visits = 10_000
	var up, down, edit, upServer, downServer time.Duration
	for range b.N {
		w := newWorld(b)
		ann := w.timedPhone("安")
		ann.sync()
		door := ann.add("premises", `{"address":"民主路3号","territory":"`+gridA+`"}`)
		ann.sync()
		begun := time.Now()
		ann.makeVisits(visits, mustParse(b, door))
		edit += time.Since(begun)
		ann.timed.server, begun = 0, time.Now()
		if report := ann.sync(); report.Applied != visits {
			b.Fatalf("report %+v", report)
		}
		up, upServer = up+time.Since(begun)-ann.timed.server, upServer+ann.timed.server
		bob := w.timedPhone("白")
		begun = time.Now()
		if report := bob.sync(); report.Pulled < visits {
			b.Fatalf("report %+v", report)
		}
		down, downServer = down+time.Since(begun)-bob.timed.server, downServer+bob.timed.server
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N) / visits }
	b.ReportMetric(each(up), "us_up/change")
	b.ReportMetric(each(down), "us_down/change")
	b.ReportMetric(each(edit), "us_edit/change")
	b.ReportMetric(each(upServer), "us_up_server/change")
	b.ReportMetric(each(downServer), "us_down_server/change")
}

// timedPhone is a phone whose line is timed.
type timedPhone struct {
	*phone
	timed *timed
}

func (w *world) timedPhone(name string) *timedPhone {
	w.t.Helper()
	p := w.phone(name, recordv1.Role_ROLE_GRID_WORKER, gridA)
	t := &timed{line: line{w: w}}
	w.must(p.Close())
	r, err := client.Open(p.dir, p.key, client.Options{Transport: t, Random: p.random, Now: func() time.Time { return w.now }})
	w.must(err)
	p.Replica = r
	return &timedPhone{phone: p, timed: t}
}

// makeVisits adds visits in groups, as an import on the phone does.
func (p *timedPhone) makeVisits(n int, door syncengine.ID) {
	p.w.t.Helper()
	const group = 100
	for made := 0; made < n; made += group {
		p.w.must(p.Group(func(g *client.Group) error {
			for i := made; i < made+group; i++ {
				_, err := g.Add(&recordv1.Visit{
					PremisesIds: [][]byte{door[:]}, Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(),
					Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), ConsentBy: recordv1.ConsentBy_CONSENT_BY_TENANT.Enum(),
					Note:      proto.String(fmt.Sprintf("第%d户：老人独居，燃气阀门完好，楼道口堆了三辆电动车，已当场请住户挪走，下月再看一次。", i)),
					Checklist: map[string]recordv1.Answer{"gas": recordv1.Answer_ANSWER_GOOD, "exit": recordv1.Answer_ANSWER_FAIR},
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
