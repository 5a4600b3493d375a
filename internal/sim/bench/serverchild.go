package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/sim/child"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Codes of the realm, and of the community whose grids the teams work in.
const (
	realmCode     = "530702"
	communityCode = "530702001001"
)

// serveChild is a real server in a process of its own.
func serveChild(ctx context.Context, in io.Reader, out io.Writer) error {
	s := &serverPart{ctx: ctx}
	err := child.Serve(in, out, s.handle)
	if s.server != nil {
		if stopErr := s.server.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopErr
		}
	}
	return err
}

type serverPart struct {
	ctx    context.Context
	dir    string
	server *server.Server
}

func (s *serverPart) handle(c command, _ child.Say) (answer, error) {
	switch c.Op {
	case "open":
		return s.open(c)
	case "size":
		return s.size()
	case "head":
		head, err := s.head()
		return answer{Head: uint64(head)}, err
	case "reach":
		return s.reach(syncengine.Seq(c.Head))
	}
	return answer{}, fmt.Errorf("a server cannot %q", c.Op)
}

// open makes a realm, serves it, and hands out a join code for every seat.
func (s *serverPart) open(c command) (answer, error) {
	s.dir = c.Dir
	if _, err := server.Init(s.ctx, server.InitOptions{Dir: c.Dir, Realm: realmCode}); err != nil {
		return answer{}, err
	}
	var err error
	if s.server, err = server.Open(s.ctx, server.Config{Dir: c.Dir, Listen: "127.0.0.1:0"}); err != nil {
		return answer{}, err
	}
	go s.server.Serve() // ended by Stop
	seats, err := s.seats(c.Teams, c.PerTeam)
	return answer{Addr: s.server.Addr().String(), Seats: seats}, err
}

func (s *serverPart) seats(teams, perTeam int) ([]PhoneSeat, error) {
	token, err := server.ReadToken(filepath.Join(s.dir, server.TokenFile))
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(s.server.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	admin := adminv1.NewAdminServiceClient(conn)
	ctx := metadata.AppendToOutgoingContext(s.ctx, "authorization", "Bearer "+token)
	if err := importGrids(ctx, admin, teams); err != nil {
		return nil, err
	}
	var seats []PhoneSeat
	for t := range teams {
		for n := range perTeam {
			seat, err := newSeat(ctx, admin, gridCode(t), fmt.Sprintf("测试员%d-%d", t+1, n+1))
			if err != nil {
				return nil, err
			}
			seats = append(seats, seat)
		}
	}
	return seats, nil
}

func gridCode(team int) string { return fmt.Sprintf("%s%03d", communityCode, team+1) }

func importGrids(ctx context.Context, admin adminv1.AdminServiceClient, teams int) error {
	stream, err := admin.ImportTerritories(ctx)
	if err != nil {
		return err
	}
	var csv strings.Builder
	csv.WriteString("code,parent_code,level,name\n")
	for t := range teams {
		fmt.Fprintf(&csv, "%s,%s,grid,第%d网格\n", gridCode(t), communityCode, t+1)
	}
	for _, part := range []*adminv1.ImportTerritoriesRequest{
		{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{FileName: "grids.csv"}}},
		{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: []byte(csv.String())}},
	} {
		if err := stream.Send(part); err != nil {
			return err
		}
	}
	resp, err := stream.CloseAndRecv()
	if err == nil && resp.GetProblems() != nil {
		err = fmt.Errorf("grids: %v", resp.GetProblems())
	}
	return err
}

func newSeat(ctx context.Context, admin adminv1.AdminServiceClient, grid, name string) (PhoneSeat, error) {
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: name, Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: grid})
	if err != nil {
		return PhoneSeat{}, err
	}
	code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	return PhoneSeat{Code: code.GetCode(), Grid: grid}, err
}

// headEvery is how often a waiting measurement looks at the log: a small part of
// what it measures, and no load.
const headEvery = 2 * time.Millisecond

func (s *serverPart) head() (seq syncengine.Seq, err error) {
	err = s.server.View(s.ctx, func(r store.Reader) error {
		seq = r.Head().Seq
		return nil
	})
	return seq, err
}

// reach waits until the log has reached a seq, durably.
func (s *serverPart) reach(target syncengine.Seq) (answer, error) {
	tick := time.NewTicker(headEvery)
	defer tick.Stop()
	for {
		head, err := s.head()
		if err != nil || head >= target {
			return answer{Head: uint64(head)}, err
		}
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			return answer{}, s.ctx.Err()
		}
	}
}

// size counts the bytes of the realm's files.
func (s *serverPart) size() (answer, error) {
	var a answer
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), server.DatabaseFile) {
			a.FileBytes += info.Size()
		}
	}
	return a, err
}
