package story_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/pgtest"
)

// imported hands a file of doors to a server.
func (d *district) imported(r *running, file string, dryRun bool) (*adminv1.ImportPremisesResponse, error) {
	ctx, admin := d.operator(r)
	stream, err := admin.ImportPremises(ctx)
	if err != nil {
		return nil, err
	}
	o := &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{FileName: "doors.csv", DryRun: dryRun}}
	// What goes wrong comes out of CloseAndRecv.
	_ = stream.Send(&adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Options{Options: o}})
	_ = stream.Send(&adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: []byte(file)}})
	return stream.CloseAndRecv()
}

// both does something at two servers at once.
func both(a, b *running, f func(*running)) {
	var all sync.WaitGroup
	for _, r := range []*running{a, b} {
		all.Go(func() { f(r) })
	}
	all.Wait()
}

func TestServers_OneRegisterImportedAtTwoAtOnceMakesEachDoorOnce(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	a, b := d.serve(), d.serve()
	const rounds, doors = 5, 60
	for round := range rounds {
		var file strings.Builder
		file.WriteString("external_ref,address,territory\n")
		for i := range doors {
			ref := ""
			if i%2 == 0 {
				ref = fmt.Sprintf("R%d-%d", round, i)
			}
			fmt.Fprintf(&file, "%s,福慧路%d-%d号,530702001001\n", ref, round, i)
		}
		var mu sync.Mutex
		added, unchanged := uint32(0), uint32(0)
		both(a, b, func(r *running) {
			out, err := d.imported(r, file.String(), false)
			if err != nil || out.GetProblems() != nil {
				t.Errorf("the import ended with %v, %v", out.GetProblems(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			added, unchanged = added+out.GetAdded(), unchanged+out.GetUnchanged()
		})
		if added != doors || unchanged != doors {
			t.Errorf("round %d: of %d doors the two made %d and found %d", round, doors, added, unchanged)
		}
	}
	d.verified()
}

// system gives a token of a system outside that hands in cases.
func (d *district) system(r *running) string {
	d.t.Helper()
	ctx, admin := d.operator(r)
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: "热线", Role: recordv1.Role_ROLE_RECEPTION, TerritoryCode: "530702001"})
	d.must(err)
	token, err := admin.MintToken(ctx, &adminv1.MintTokenRequest{UserId: user.GetUserId()})
	d.must(err)
	return token.GetToken()
}

func TestServers_OneReferenceSubmittedAtTwoAtOnceIsOneCase(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	a, b := d.serve(), d.serve()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+d.system(a))
	record, err := structpb.NewStruct(map[string]any{"title": "楼上漏水", "territory": "530702001001"})
	d.must(err)
	for round := range 10 {
		var mu sync.Mutex
		created, cases := 0, map[string]bool{}
		both(a, b, func(r *running) {
			m, err := feedv1.NewFeedServiceClient(r.conn).SubmitCase(ctx, &feedv1.SubmitCaseRequest{Reference: fmt.Sprint(round), Record: record})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			cases[m.GetCaseId()] = true
			if m.GetCreated() {
				created++
			}
		})
		if created != 1 || len(cases) != 1 {
			t.Errorf("round %d: %d registered it as %d cases", round, created, len(cases))
		}
	}
	d.verified()
}
