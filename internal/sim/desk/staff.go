package desk

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Staff makes grid workers of a territory, each with a join code, in the realm whose folder is dir.
func Staff(ctx context.Context, address, dir, territory string, workers int) (seats []Seat, err error) {
	err = call(ctx, address, dir, func(ctx context.Context, admin adminv1.AdminServiceClient) error {
		for n := range workers {
			seat, err := newSeat(ctx, admin, territory, fmt.Sprintf("测试员%d", n+1))
			if err != nil {
				return err
			}
			seats = append(seats, seat)
		}
		return nil
	})
	return seats, err
}
