package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// settingNames are the settings of a database that decide whether what it confirms survives, and its version.
var settingNames = []string{"server_version", "fsync", "synchronous_commit", "full_page_writes"}

// Settings gives what a database says of itself, for who checks a machine: version, and the settings that decide whether
// what it confirms survives a loss of power. One that the engine does not know is left out.
func Settings(ctx context.Context, o Options) (found map[string]string, err error) {
	conn, err := o.ask(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	found = map[string]string{}
	for _, name := range settingNames {
		var value *string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1, true)", name).Scan(&value); err != nil {
			return nil, fmt.Errorf("ask the database for %s: %w", name, err)
		}
		if value != nil {
			found[name] = *value
		}
	}
	return found, nil
}

// ask opens a connection for one question.
func (o Options) ask(ctx context.Context) (*pgx.Conn, error) {
	t, err := o.parse(false)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, t.config)
	if err != nil {
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	return conn, nil
}

// ClockAhead tells by how much a clock stands before the database server's, and within which bound: half of the time that the
// question took, on its way there and back.
func ClockAhead(ctx context.Context, o Options, now func() time.Time) (ahead, within time.Duration, err error) {
	conn, err := o.ask(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var there time.Time
	asked := now()
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&there); err != nil {
		return 0, 0, fmt.Errorf("ask the database for its time: %w", err)
	}
	within = now().Sub(asked) / 2
	return asked.Add(within).Sub(there), within, nil
}
