package recount

import (
	"context"
	"errors"
	"time"

	"onedoor/server"
	"onedoor/server/store"
)

// Realm opens a realm's folder and compares every figure of it with a recount, over runs of days around one.
func Realm(ctx context.Context, dir string, around time.Time) (problems []string, err error) {
	s, err := server.Open(ctx, server.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	err = s.View(ctx, func(r store.Reader) error {
		records, err := Read(r)
		if err != nil {
			return err
		}
		for _, n := range []int{0, 6, 40, 3_000} {
			found, err := records.Audit(ctx, s.Reports(), r, 0, around.AddDate(0, 0, -n), around.AddDate(0, 0, min(n, 40)))
			if problems = append(problems, found...); err != nil {
				return err
			}
		}
		found, err := s.Reports().Sound(r)
		problems = append(problems, found...)
		return err
	})
	return problems, errors.Join(err, s.Stop(ctx))
}
