package pgstore

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// NeverGiveUp has the store wait for an engine that is gone for as long as that takes: on a slow machine longer than in service.
func (s *Store) NeverGiveUp() *Store {
	s.tries = math.MaxInt
	return s
}

// Recorder answers as a database with or without Citus, and keeps the statements.
type Recorder struct {
	Citus bool
	// Spread are the tables that are distributed, FailAt is the one that fails.
	Spread     map[string]bool
	FailAt     string
	Statements []string
}

func (r *Recorder) count(_ context.Context, query string, args ...any) (int64, error) {
	there := r.Citus
	if query == findDistributed {
		there = r.Spread[args[0].(string)]
	}
	if there {
		return 1, nil
	}
	return 0, nil
}

func (r *Recorder) do(_ context.Context, query string, args ...any) error {
	if args[0] == r.FailAt {
		return fmt.Errorf("%s fails", r.FailAt)
	}
	r.Statements = append(r.Statements, fmt.Sprint(query, " ", args))
	return nil
}

// DistributeWith runs Distribute's statements on a recorder.
func DistributeWith(ctx context.Context, r *Recorder) ([]string, error) { return distribute(ctx, r) }

// Tables are all tables that hold rows of realms.
var Tables = tables

// OldestServing are the oldest schemas that software must know, by migration; Migrations is how many there are.
var (
	OldestServing = oldestServing
	Migrations    = len(ownMigrations)
)

// Newer gives the options of software with one migration more.
func Newer(o Options, script string, oldest int64) Options {
	o.more = append(slices.Clip(o.more), migration{script, oldest})
	return o
}
