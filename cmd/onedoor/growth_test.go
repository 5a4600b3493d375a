package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/grpczstd"
	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/syncengine"
	"onedoor/testdata/notes"
)

const (
	// growthRecords is how many of each kind are measured; a page of the file is a thousandth of them.
	growthRecords = 2000
	// growthBatch is how many changes a sync brings: what a worker writes between two signals.
	growthBatch = 20
	// growthOff is by which part a figure on the page may be off what is measured: it is rounded, and files grow by pages.
	growthOff = 0.15
)

// growing is a realm whose file is measured.
type growing struct {
	*world
	phone *phone
	notes []string
	draw  *rand.Rand
}

// bytes stops the server, measures the file, and serves on.
func (g *growing) bytes() int64 {
	g.t.Helper()
	g.stop()
	info, err := os.Stat(filepath.Join(g.dir, server.DatabaseFile))
	g.must(err)
	g.serve()
	conn, err := grpc.NewClient(g.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.UseCompressor(grpczstd.Name)))
	g.must(err)
	g.t.Cleanup(func() { conn.Close() })
	if g.phone != nil {
		g.phone.client = syncv1.NewSyncServiceClient(conn)
	}
	return info.Size()
}

// each measures what one of many changes adds to the file.
func (g *growing) each(n int, write func(i int)) float64 {
	g.t.Helper()
	before := g.bytes()
	for i := range n {
		if write(i); (i+1)%growthBatch == 0 {
			g.phone.sync()
		}
	}
	g.phone.sync()
	return float64(g.bytes()-before) / float64(n)
}

func (g *growing) note() *string {
	return proto.String(fmt.Sprintf("%d号%s", 1+g.draw.IntN(900), g.notes[g.draw.IntN(len(g.notes))]))
}

func TestGrowth_TheFiguresOfThePageAreWhatIsMeasured(t *testing.T) {
	g := &growing{world: serving(t).withGrids(), notes: notes.Lines(), draw: rand.New(rand.NewPCG(1, 2))}
	g.phone = g.world.phone(g.user("和丽", "grid_worker", gridA))
	p := g.phone
	var doors, hazards []syncengine.ID
	now := func() *int64 { return proto.Int64(time.Now().UnixMilli()) }
	measured := map[string]float64{}
	measured["a door with one contact"] = g.each(growthRecords, func(i int) {
		id := g.id()
		doors = append(doors, id)
		p.put(id, true, recordv1.Kind_KIND_PREMISES, &recordv1.Premises{
			Address: proto.String(fmt.Sprintf("大研街道兴文巷%d号%d室", 1+i/10, i%10)), Territory: p.places[gridA],
			Contact: &recordv1.Contact{Name: proto.String("和大姐"), Phone: proto.String("13800138000")},
		})
	})
	door := func(i int) []byte { return doors[i%len(doors)][:] }
	measured["a visit with a note"] = g.each(growthRecords, func(i int) {
		p.put(g.id(), true, recordv1.Kind_KIND_VISIT, &recordv1.Visit{
			PremisesIds: [][]byte{door(i)}, Purpose: recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(), Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(), OccurredAt: now(), Note: g.note(),
			Checklist: map[string]recordv1.Answer{"ELEC": recordv1.Answer_ANSWER_GOOD, "GAS": recordv1.Answer_ANSWER_FAIR},
		})
	})
	measured["a hazard with a note"] = g.each(growthRecords, func(i int) {
		id := g.id()
		hazards = append(hazards, id)
		p.put(id, true, recordv1.Kind_KIND_HAZARD, &recordv1.Hazard{
			PremisesId: door(i), Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), FoundAt: now(), Note: g.note(),
		})
	})
	measured["an edit of a note"] = g.each(growthRecords, func(i int) {
		p.put(hazards[i], false, recordv1.Kind_KIND_HAZARD, &recordv1.Hazard{Note: g.note()})
	})
	if r := run(t, "quarantine", "list", "--data", g.dir, "--server", g.addr, "--json"); strings.Contains(r.out, "change_id") {
		t.Fatalf("not everything was taken: %.500s", r.out)
	}
	measured["an imported door"] = g.imported(growthRecords)
	measured["the same in PostgreSQL, in hundredths of the file"] = g.inDatabase()
	// A grid's year: 4,100 visits, 200 hazards, each edited four times.
	grid := 4100*measured["a visit with a note"] + 200*measured["a hazard with a note"] + 800*measured["an edit of a note"]
	measured["a grid and year, in thousands"] = grid / 1000
	for what, bytes := range measured {
		t.Logf("%s: %.0f", what, bytes)
		if figure := onPage(t, what); bytes < figure*(1-growthOff) || bytes > figure*(1+growthOff) {
			t.Errorf("%s: %.0f bytes, and the page says %.0f", what, bytes, figure)
		}
	}
}

// imported measures what a door of a register adds to the file.
func (g *growing) imported(n int) float64 {
	g.t.Helper()
	var rows strings.Builder
	rows.WriteString("external_ref,address,territory,rooms\n")
	for i := range n {
		fmt.Fprintf(&rows, "r%d,大研街道光义街%d号%d室,%s,2\n", i, 1+i/10, i%10, gridA)
	}
	before := g.bytes()
	if got := g.json("import", "premises", file(g.t, "doors.csv", rows.String())).at("added"); got != float64(n) {
		g.t.Fatalf("%v doors were added", got)
	}
	return float64(g.bytes()-before) / float64(n)
}

// inDatabase moves the realm to a PostgreSQL and measures what it takes there, in hundredths of the file.
func (g *growing) inDatabase() float64 {
	g.t.Helper()
	url := pgtest.Database(g.t)
	file := g.bytes()
	g.stop()
	if r := run(g.t, "migrate", "--from", "sqlite:"+g.dir, "--to", url); r.code != done {
		g.t.Fatalf("%+v", r)
	}
	conn, err := pgx.Connect(g.t.Context(), url)
	g.must(err)
	defer func() { g.must(conn.Close(context.Background())) }()
	var there int64
	g.must(conn.QueryRow(g.t.Context(), "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'onedoor\\_%'").Scan(&there))
	return 100 * float64(there) / float64(file)
}

// onPage reads a figure of the table of growth.
func onPage(t *testing.T, what string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(what) + ` \| ([0-9,]+) \|`).FindStringSubmatch(document(t, "operating.md"))
	if m == nil {
		t.Fatalf("operating.md has no figure for %s", what)
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
