// Package desk is the operator's desk of a world that is about to begin: grids, users and join codes, made over the admin
// service as an operator makes them. It reads no record.
package desk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/handin"
	"onedoor/server"
)

// Codes of the realm, and of the street in whose communities the teams work.
const (
	RealmCode  = "530702"
	Realm      = 530702
	streetCode = "530702001"
	// gridsMax are the grids of one community: their numbers have three digits.
	gridsMax = 999
)

// communityCode is the code of the community that a team works in.
func communityCode(team int) string { return fmt.Sprintf("%s%03d", streetCode, 1+team/gridsMax) }

// GridCode is the code of a team's grid.
func GridCode(team int) string { return fmt.Sprintf("%s%03d", communityCode(team), 1+team%gridsMax) }

// Seat is a phone's join code with its user and the grid the user works in.
type Seat struct {
	Code string `json:"code"`
	Grid string `json:"grid"`
	// User is the user's id.
	User []byte `json:"user"`
}

// Seats makes a grid for every team and a grid worker with a join code for every phone of it, on the server at an
// address whose realm stands in dir.
func Seats(ctx context.Context, address, dir string, teams, perTeam int) (seats []Seat, err error) {
	err = call(ctx, address, dir, func(ctx context.Context, admin adminv1.AdminServiceClient) error {
		if err := importGrids(ctx, admin, teams); err != nil {
			return err
		}
		for t := range teams {
			for n := range perTeam {
				seat, err := newSeat(ctx, admin, GridCode(t), fmt.Sprintf("测试员%d-%d", t+1, n+1))
				if err != nil {
					return err
				}
				seats = append(seats, seat)
			}
		}
		return nil
	})
	return seats, err
}

// Another gives the user of a seat a join code for another phone.
func Another(ctx context.Context, address, dir string, seat Seat) (Seat, error) {
	err := call(ctx, address, dir, func(ctx context.Context, admin adminv1.AdminServiceClient) error {
		code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: seat.User})
		seat.Code = code.GetCode()
		return err
	})
	return seat, err
}

// call lets f make calls with the operator's token.
func call(ctx context.Context, address, dir string, f func(context.Context, adminv1.AdminServiceClient) error) error {
	token, err := server.ReadToken(filepath.Join(dir, server.TokenFile))
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), adminv1.NewAdminServiceClient(conn))
}

func importGrids(ctx context.Context, admin adminv1.AdminServiceClient, teams int) error {
	stream, err := admin.ImportTerritories(ctx)
	if err != nil {
		return err
	}
	var csv strings.Builder
	csv.WriteString("code,parent_code,level,name\n")
	for t := range teams {
		fmt.Fprintf(&csv, "%s,%s,grid,第%d网格\n", GridCode(t), communityCode(t), t+1)
	}
	options := &adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Options{Options: &adminv1.ImportOptions{FileName: "grids.csv"}}}
	resp, err := handin.Send(stream, options, strings.NewReader(csv.String()), func(piece []byte) *adminv1.ImportTerritoriesRequest {
		return &adminv1.ImportTerritoriesRequest{Part: &adminv1.ImportTerritoriesRequest_Chunk{Chunk: piece}}
	})
	if err := errors.Join(err, handin.Refusal(resp.GetProblems())); err != nil {
		return fmt.Errorf("import the grids: %w", err)
	}
	return nil
}

func newSeat(ctx context.Context, admin adminv1.AdminServiceClient, grid, name string) (Seat, error) {
	user, err := admin.AddUser(ctx, &adminv1.AddUserRequest{Name: name, Role: recordv1.Role_ROLE_GRID_WORKER, TerritoryCode: grid})
	if err != nil {
		return Seat{}, err
	}
	code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: user.GetUserId()})
	return Seat{Code: code.GetCode(), Grid: grid, User: user.GetUserId()}, err
}
