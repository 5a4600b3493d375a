package replay

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/handin"
	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// clock shows the time that it was set to. It may be read from any goroutine.
type clock struct{ millis atomic.Int64 }

func (c *clock) set(t domain.UnixMilli) { c.millis.Store(int64(t)) }

func (c *clock) now() time.Time { return time.UnixMilli(c.millis.Load()) }

// office is the server with its operator's desk. It speaks with the server over
// gRPC, like everybody else.
type office struct {
	server *server.Server
	conn   *grpc.ClientConn
	admin  adminv1.AdminServiceClient
	// token goes with every call.
	token string
	// served takes what Serve ends with.
	served chan error
}

// openOffice makes the realm of a plan and serves it on a free port of this
// machine. Random must be safe for one reader at a time.
func openOffice(ctx context.Context, dir string, plan *Plan, now func() time.Time, random io.Reader) (*office, error) {
	wards := make([]Ward, len(plan.Wards))
	for i, w := range plan.Wards {
		wards[i] = w.Ward
	}
	_, err := server.Init(ctx, server.InitOptions{
		Dir: dir, Realm: Realm, Territories: bytes.NewReader(territories(wards)), TerritoriesName: "wards", Now: now, Random: random,
	})
	if err != nil {
		return nil, err
	}
	o := &office{served: make(chan error, 1)}
	if o.token, err = server.ReadToken(filepath.Join(dir, server.TokenFile)); err != nil {
		return nil, err
	}
	if o.server, err = server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0", Now: now, Random: random}); err != nil {
		return nil, err
	}
	go func() { o.served <- o.server.Serve() }() // ended by close
	o.conn, err = grpc.NewClient(o.address(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MessageBytesMax)))
	if err != nil {
		return nil, errors.Join(err, o.close())
	}
	o.admin = adminv1.NewAdminServiceClient(o.conn)
	return o, nil
}

func (o *office) address() string { return o.server.Addr().String() }

// signed adds the operator's token to a call.
func (o *office) signed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+o.token)
}

// close ends the service. Calls that are under way are finished.
func (o *office) close() error {
	var err error
	if o.conn != nil {
		err = o.conn.Close()
	}
	return errors.Join(err, o.server.Stop(context.Background()), <-o.served)
}

// hire makes the people of all teams, by ward and seat, from one file.
func (o *office) hire(ctx context.Context, plan *Plan) ([][]syncengine.ID, error) {
	stream, err := o.admin.ImportUsers(o.signed(ctx))
	if err != nil {
		return nil, fmt.Errorf("import the people: %w", err)
	}
	options := &adminv1.ImportUsersOptions{Options: &adminv1.ImportOptions{FileName: "people.csv"}}
	result, err := handin.Send(stream, &adminv1.ImportUsersRequest{Part: &adminv1.ImportUsersRequest_Options{Options: options}}, bytes.NewReader(peopleFile(plan)),
		func(chunk []byte) *adminv1.ImportUsersRequest {
			return &adminv1.ImportUsersRequest{Part: &adminv1.ImportUsersRequest_Chunk{Chunk: chunk}}
		})
	if err := errors.Join(err, handin.Refusal(result.GetProblems())); err != nil {
		return nil, fmt.Errorf("import the people: %w", err)
	}
	made := result.GetUsers()
	users := make([][]syncengine.ID, len(plan.Wards))
	for i, ward := range plan.Wards {
		for range ward.Team {
			id, ok := syncengine.IDFromBytes(made[0].GetUserId())
			assert(ok, "user of line %d without an id", made[0].GetLine())
			users[i], made = append(users[i], id), made[1:]
		}
	}
	return users, nil
}

// joinCode makes a code for the phone of a user.
func (o *office) joinCode(ctx context.Context, user syncengine.ID) (string, error) {
	join, err := o.admin.CreateJoinCode(o.signed(ctx), &adminv1.CreateJoinCodeRequest{UserId: user[:]})
	if err != nil {
		return "", fmt.Errorf("join code: %w", err)
	}
	return join.GetCode(), nil
}

// team puts the people of a ward together.
func (o *office) team(ctx context.Context, ward Ward, users []syncengine.ID) error {
	team := &adminv1.Team{
		Name: ward.Name, TerritoryCodes: []string{string(ward.Grid)},
		OfficerId: users[officerPhone][:], GridWorkerId: users[workerPhone][:], HelperIds: [][]byte{users[helperPhone][:]},
	}
	if _, err := o.admin.PutTeam(o.signed(ctx), &adminv1.PutTeamRequest{Team: team}); err != nil {
		return fmt.Errorf("team of %s: %w", ward.Name, err)
	}
	return nil
}

// importRegister hands in the doors of all wards as one file.
func (o *office) importRegister(ctx context.Context, plan *Plan) error {
	file, rows := registerFile(plan)
	if rows == 0 {
		return nil
	}
	stream, err := o.admin.ImportPremises(o.signed(ctx))
	if err != nil {
		return fmt.Errorf("import the register: %w", err)
	}
	options := &adminv1.ImportPremisesOptions{Options: &adminv1.ImportOptions{FileName: originRegister}}
	result, err := handin.Send(stream, &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Options{Options: options}}, bytes.NewReader(file),
		func(chunk []byte) *adminv1.ImportPremisesRequest {
			return &adminv1.ImportPremisesRequest{Part: &adminv1.ImportPremisesRequest_Chunk{Chunk: chunk}}
		})
	if err := errors.Join(err, handin.Refusal(result.GetProblems())); err != nil {
		return fmt.Errorf("import the register: %w", err)
	}
	return nil
}

// peopleFile writes the members of all teams in the columns of an import.
func peopleFile(plan *Plan) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// A bytes.Buffer takes every write.
	_ = w.Write([]string{"name", "role", "territory"})
	for _, ward := range plan.Wards {
		for _, seat := range ward.Team {
			_ = w.Write([]string{seat.Name, domain.Role(seat.Role).String(), string(seat.Area)})
		}
	}
	w.Flush()
	return b.Bytes()
}

// registerFile writes the doors in the canonical columns of an import, and counts them.
func registerFile(plan *Plan) (file []byte, rows int) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	// A bytes.Buffer takes every write.
	_ = w.Write([]string{"external_ref", "address", "territory", "kind_of_premises", "rooms"})
	for _, ward := range plan.Wards {
		for _, c := range ward.Register {
			m := c.Message.(*recordv1.Premises)
			rooms := ""
			if m.Rooms != nil {
				rooms = strconv.Itoa(int(m.GetRooms()))
			}
			_ = w.Write([]string{m.GetExternalRef(), m.GetAddress(), string(c.Territory), "BUILDING", rooms})
		}
		rows += len(ward.Register)
	}
	w.Flush()
	return b.Bytes(), rows
}

// places gives the ids of the territories by code.
func (o *office) places(ctx context.Context) (map[domain.Code]syncengine.ID, error) {
	list, err := o.admin.ListTerritories(o.signed(ctx), &adminv1.ListTerritoriesRequest{})
	if err != nil {
		return nil, fmt.Errorf("list the territories: %w", err)
	}
	out := map[domain.Code]syncengine.ID{}
	for _, t := range list.GetTerritories() {
		out[domain.Code(t.GetCode())], _ = syncengine.IDFromBytes(t.GetId())
	}
	return out, nil
}

// ground reads what the server holds.
func (o *office) ground(ctx context.Context) (g *ground, err error) {
	err = o.server.View(ctx, func(r store.Reader) error {
		g, err = readGround(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the server's records: %w", err)
	}
	return g, nil
}
