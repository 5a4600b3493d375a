package bench_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"onedoor/internal/sim/bench"
)

func numberIn(t *testing.T, path, sql string) int64 {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var n int64
	err = sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		n = row.ColumnInt64(0)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMeasureRaw_WritesEveryRowWithItsBytes(t *testing.T) {
	const visits, pulled = 1100, 1203
	var rows []bench.Row
	for i := range pulled {
		r := bench.Row{Log: bytes.Repeat([]byte{1}, 40), Record: bytes.Repeat([]byte{2}, 50+i%7), OnPhone: bytes.Repeat([]byte{3}, 30)}
		r.ID[0], r.ID[1] = byte(i>>8), byte(i)
		rows = append(rows, r)
	}
	dir := t.TempDir()
	raw, err := bench.MeasureRaw(dir, rows[:visits], rows)
	if err != nil || raw.Up500 <= 0 || raw.Up50 <= 0 || raw.Down <= 0 {
		t.Fatalf("measured %+v, %v", raw, err)
	}
	for _, c := range []struct {
		file, sql string
		want      int64
	}{
		{"raw-500.db", "SELECT count(*) FROM records", visits},
		{"raw-500.db", "SELECT sum(length(body)) FROM log", visits * 40},
		{"raw-50.db", "SELECT count(*) FROM log", visits},
		{"raw-phone.db", "SELECT sum(length(body)) FROM records", pulled * 30},
		{"raw-phone.db", "SELECT count(DISTINCT seq) FROM records", pulled},
	} {
		if got := numberIn(t, filepath.Join(dir, c.file), c.sql); got != c.want {
			t.Errorf("%s: %s gives %d, want %d", c.file, c.sql, got, c.want)
		}
	}
}
