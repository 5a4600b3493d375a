package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Row is one visit as bytes: what the log keeps of it, what the record keeps,
// and what the phone keeps.
type Row struct {
	ID                   [16]byte
	Log, Record, OnPhone []byte
}

// Raw is the limit of plain statements on this machine, in rows a second.
type Raw struct {
	// Up500 and Up50 apply changes in transactions of 500 and of 50.
	Up500 float64 `json:"up_500"`
	Up50  float64 `json:"up_50"`
	// Down scans the records of a grid and writes them durably to a phone's plain table.
	Down float64 `json:"down"`
}

// Rows of a phone's transaction in the raw download.
const rawDownBatch = 500

// rawSchema is the plain form of the workload's statements: a log, records with
// one index by (grid, seq).
const rawSchema = `
CREATE TABLE log(seq INTEGER PRIMARY KEY, incarnation BLOB, device_seq INTEGER, record_id BLOB, body BLOB);
CREATE TABLE records(id BLOB PRIMARY KEY, grid BLOB, seq INTEGER, body BLOB) WITHOUT ROWID;
CREATE INDEX records_by_grid ON records(grid, seq);
`

const rawPhoneSchema = `CREATE TABLE records(id BLOB PRIMARY KEY, grid BLOB, seq INTEGER, body BLOB) WITHOUT ROWID;`

// MeasureRaw runs the plain statements over rows in a folder of their own.
func MeasureRaw(dir string, rows []Row) (Raw, error) {
	var raw Raw
	var err error
	if raw.Up500, _, err = rawUp(filepath.Join(dir, "raw-500.db"), rows, 500); err != nil {
		return raw, err
	}
	few := rows[:min(len(rows), 4000)]
	if raw.Up50, _, err = rawUp(filepath.Join(dir, "raw-50.db"), few, 50); err != nil {
		return raw, err
	}
	raw.Down, err = rawDown(filepath.Join(dir, "raw-500.db"), filepath.Join(dir, "raw-phone.db"), rows)
	return raw, err
}

func openRaw(path, schema string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	for _, pragma := range []string{"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA cache_size=-65536"} {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, pragma, nil)
		}
	}
	if err == nil {
		err = sqlitex.ExecuteScript(conn, schema, nil)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// rawUp applies each row: read the record, append a log row, write the record.
func rawUp(path string, rows []Row, batch int) (perSecond float64, took time.Duration, err error) {
	os.Remove(path)
	conn, err := openRaw(path, rawSchema)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	var grid, incarnation [16]byte
	read, insert, upsert := conn.Prep("SELECT seq, body FROM records WHERE id = ?"),
		conn.Prep("INSERT INTO log(seq, incarnation, device_seq, record_id, body) VALUES(?,?,?,?,?)"),
		conn.Prep("INSERT INTO records(id, grid, seq, body) VALUES(?,?,?,?) ON CONFLICT(id) DO UPDATE SET grid=excluded.grid, seq=excluded.seq, body=excluded.body")
	start := time.Now()
	for from := 0; from < len(rows); from += batch {
		if err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil); err != nil {
			return 0, 0, err
		}
		for i := from; i < min(from+batch, len(rows)); i++ {
			row := &rows[i]
			read.BindBytes(1, row.ID[:])
			if err := execute(read); err != nil {
				return 0, 0, err
			}
			insert.BindInt64(1, int64(i+1))
			insert.BindBytes(2, incarnation[:])
			insert.BindInt64(3, int64(i+1))
			insert.BindBytes(4, row.ID[:])
			insert.BindBytes(5, row.Log)
			if err := execute(insert); err != nil {
				return 0, 0, err
			}
			upsert.BindBytes(1, row.ID[:])
			upsert.BindBytes(2, grid[:])
			upsert.BindInt64(3, int64(i+1))
			upsert.BindBytes(4, row.Record)
			if err := execute(upsert); err != nil {
				return 0, 0, err
			}
		}
		if err := sqlitex.ExecuteTransient(conn, "COMMIT", nil); err != nil {
			return 0, 0, err
		}
	}
	took = time.Since(start)
	return float64(len(rows)) / took.Seconds(), took, nil
}

func execute(s *sqlite.Stmt) error {
	for {
		more, err := s.Step()
		if err != nil || !more {
			return joinReset(s, err)
		}
	}
}

func joinReset(s *sqlite.Stmt, err error) error {
	if resetErr := s.Reset(); err == nil {
		err = resetErr
	}
	return err
}

// rawDown scans a grid's records in seq order and writes a row of the phone's
// size for each to a plain table, durably.
func rawDown(server, phone string, rows []Row) (float64, error) {
	os.Remove(phone)
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
	write := to.Prep("INSERT INTO records(id, grid, seq, body) VALUES(?,?,?,?)")
	start, count := time.Now(), 0
	body := make([]byte, 0, 4096)
	id := make([]byte, 16)
	for {
		more, err := scan.Step()
		if err != nil {
			return 0, err
		}
		if !more || count%rawDownBatch == 0 && count > 0 {
			if err := sqlitex.ExecuteTransient(to, "COMMIT", nil); err != nil {
				return 0, err
			}
		}
		if !more {
			break
		}
		if count%rawDownBatch == 0 {
			if err := sqlitex.ExecuteTransient(to, "BEGIN IMMEDIATE", nil); err != nil {
				return 0, err
			}
		}
		scan.ColumnBytes(0, id)
		body = body[:scan.ColumnLen(2)]
		scan.ColumnBytes(2, body)
		write.BindBytes(1, id)
		write.BindBytes(2, grid[:])
		write.BindInt64(3, scan.ColumnInt64(1))
		write.BindBytes(4, rows[count].OnPhone)
		if err := execute(write); err != nil {
			return 0, err
		}
		count++
	}
	took := time.Since(start)
	if count != len(rows) {
		return 0, fmt.Errorf("raw download scanned %d rows of %d", count, len(rows))
	}
	return float64(count) / took.Seconds(), joinReset(scan, nil)
}
