package desk

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Crowd makes a grid for every team and one grid worker for it, with a join code for each of the team's phones: phones by the
// thousand that do not know colleagues by the thousand.
func Crowd(ctx context.Context, address, dir string, teams, perTeam int) (seats []Seat, err error) {
	err = call(ctx, address, dir, func(ctx context.Context, admin adminv1.AdminServiceClient) error {
		if err := importGrids(ctx, admin, teams); err != nil {
			return err
		}
		for t := range teams {
			seat, err := newSeat(ctx, admin, GridCode(t), fmt.Sprintf("测试员%d", t+1))
			if err != nil {
				return err
			}
			seats = append(seats, seat)
			for range perTeam - 1 {
				code, err := admin.CreateJoinCode(ctx, &adminv1.CreateJoinCodeRequest{UserId: seat.User})
				if err != nil {
					return err
				}
				seat.Code = code.GetCode()
				seats = append(seats, seat)
			}
		}
		return nil
	})
	return seats, err
}

// Fresh makes grid workers of one grid, each with a join code.
func Fresh(ctx context.Context, address, dir, grid string, n int) (seats []Seat, err error) {
	err = call(ctx, address, dir, func(ctx context.Context, admin adminv1.AdminServiceClient) error {
		for i := range n {
			seat, err := newSeat(ctx, admin, grid, fmt.Sprintf("新测试员%d", i+1))
			if err != nil {
				return err
			}
			seats = append(seats, seat)
		}
		return nil
	})
	return seats, err
}
