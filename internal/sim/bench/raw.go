package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Raw is the limit of plain statements on this machine, in rows a second.
type Raw struct {
	// Up500 and Up50 apply changes in transactions of 500 and of 50.
	Up500 float64 `json:"up_500"`
	Up50  float64 `json:"up_50"`
	// Down scans the records of a grid and writes them durably to a phone's plain table.
	Down float64 `json:"down"`
}

// rawDownBatch is the rows of a phone's transaction in the raw download.
const rawDownBatch = 500

// rawSchema is the plain form of the workload's statements: a log, records with
// one index by (grid, seq).
const rawSchema = `
CREATE TABLE log(seq INTEGER PRIMARY KEY, incarnation BLOB, device_seq INTEGER, record_id BLOB, body BLOB);
CREATE TABLE records(id BLOB PRIMARY KEY, grid BLOB, seq INTEGER, body BLOB) WITHOUT ROWID;
CREATE INDEX records_by_grid ON records(grid, seq);
`

const rawPhoneSchema = `CREATE TABLE records(id BLOB PRIMARY KEY, grid BLOB, seq INTEGER, body BLOB) WITHOUT ROWID;`

// rawPragmas are the durability of server and phones. The write-ahead log is
// moved into the main file after 16 MB, as it is there: what neither of them does
// while W1 is timed, the plain statements need not do either.
var rawPragmas = []string{
	"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-65536", "PRAGMA wal_autocheckpoint=4000",
}

// measureRaw runs the plain statements over rows in a folder of their own: up on
// what was uploaded, down on what was pulled.
func measureRaw(dir string, rows *stored) (raw Raw, err error) {
	if raw.Up500, err = rawUp(filepath.Join(dir, "raw-500.db"), rows.visits, 500); err != nil {
		return raw, err
	}
	if raw.Up50, err = rawUp(filepath.Join(dir, "raw-50.db"), rows.visits, 50); err != nil {
		return raw, err
	}
	served := filepath.Join(dir, "raw-served.db")
	if _, err = rawUp(served, rows.pulled, 500); err != nil {
		return raw, err
	}
	raw.Down, err = rawDown(served, filepath.Join(dir, "raw-phone.db"), rows.pulled)
	return raw, err
}

func openRaw(path, schema string) (*sqlite.Conn, error) {
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	for _, pragma := range rawPragmas {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, pragma, nil)
		}
	}
	if err == nil {
		err = sqlitex.ExecuteScript(conn, schema, nil)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// rawUp applies each row, so many in a transaction, and gives rows a second.
func rawUp(path string, rows []Row, batch int) (perSecond float64, err error) {
	conn, err := openRaw(path, rawSchema)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	apply := applying(conn)
	start := time.Now()
	for from := 0; from < len(rows); from += batch {
		err := transaction(conn, func() error {
			for i := from; i < min(from+batch, len(rows)); i++ {
				if err := apply(int64(i+1), &rows[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return float64(len(rows)) / time.Since(start).Seconds(), nil
}

// applying gives the statements of one change: read the record, append a row to
// the log, write the record.
func applying(conn *sqlite.Conn) func(seq int64, row *Row) error {
	var grid, incarnation [16]byte
	read, insert, upsert := conn.Prep("SELECT seq, body FROM records WHERE id = ?"),
		conn.Prep("INSERT INTO log(seq, incarnation, device_seq, record_id, body) VALUES(?,?,?,?,?)"),
		conn.Prep("INSERT INTO records(id, grid, seq, body) VALUES(?,?,?,?) ON CONFLICT(id) DO UPDATE SET grid=excluded.grid, seq=excluded.seq, body=excluded.body")
	return func(seq int64, row *Row) error {
		read.BindBytes(1, row.ID[:])
		if err := execute(read); err != nil {
			return err
		}
		insert.BindInt64(1, seq)
		insert.BindBytes(2, incarnation[:])
		insert.BindInt64(3, seq)
		insert.BindBytes(4, row.ID[:])
		insert.BindBytes(5, row.Log)
		if err := execute(insert); err != nil {
			return err
		}
		upsert.BindBytes(1, row.ID[:])
		upsert.BindBytes(2, grid[:])
		upsert.BindInt64(3, seq)
		upsert.BindBytes(4, row.Record)
		return execute(upsert)
	}
}

func transaction(conn *sqlite.Conn, f func() error) error {
	if err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(conn, "COMMIT", nil)
}

func execute(s *sqlite.Stmt) error {
	for {
		more, err := s.Step()
		if err != nil || !more {
			return errors.Join(err, s.Reset())
		}
	}
}

// rawDown scans a grid's records in seq order and writes a row of the phone's
// size for each to a plain table, durably. It gives rows a second.
func rawDown(server, phone string, rows []Row) (float64, error) {
	from, err := sqlite.OpenConn(server, sqlite.OpenReadOnly)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := openRaw(phone, rawPhoneSchema)
	if err != nil {
		return 0, err
	}
	defer to.Close()
	var grid [16]byte
	scan := from.Prep("SELECT id, seq, body FROM records WHERE grid = ? AND seq > ? ORDER BY seq")
	scan.BindBytes(1, grid[:])
	scan.BindInt64(2, 0)
	copied := copying(scan, to, rows)
	start := time.Now()
	count, more := 0, true
	for more {
		err := transaction(to, func() (err error) {
			for range rawDownBatch {
				if more, err = copied(count); err != nil || !more {
					return err
				}
				count++
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	if count != len(rows) {
		return 0, fmt.Errorf("raw download scanned %d rows of %d", count, len(rows))
	}
	return float64(count) / took.Seconds(), scan.Reset()
}

// copying gives what reads the next scanned row and writes that row of the
// phone; it answers false at the end of the scan.
func copying(scan *sqlite.Stmt, to *sqlite.Conn, rows []Row) func(row int) (bool, error) {
	var grid [16]byte
	id, body := make([]byte, 16), make([]byte, 0, 4096)
	write := to.Prep("INSERT INTO records(id, grid, seq, body) VALUES(?,?,?,?)")
	return func(row int) (bool, error) {
		more, err := scan.Step()
		if err != nil || !more {
			return false, err
		}
		scan.ColumnBytes(0, id)
		n := scan.ColumnLen(2)
		body = slices.Grow(body[:0], n)[:n]
		scan.ColumnBytes(2, body)
		write.BindBytes(1, id)
		write.BindBytes(2, grid[:])
		write.BindInt64(3, scan.ColumnInt64(1))
		write.BindBytes(4, rows[row].OnPhone)
		return true, execute(write)
	}
}
