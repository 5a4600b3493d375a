package cryptvfs_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"onedoor/client-sdk/internal/cryptvfs"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// churn runs random transactions on a database and on a map, and compares.
type churn struct {
	t      *testing.T
	random *rand.Rand
	vfs    *cryptvfs.VFS
	path   string
	conn   *sqlite.Conn
	model  map[int64][]byte
}

func TestChurn_DatabaseEqualsTheModel(t *testing.T) {
	v := register(t, 4)
	c := &churn{t: t, random: rand.New(rand.NewPCG(3, 3)), vfs: v, model: make(map[int64][]byte)}
	c.conn, c.path = made(t, v)
	c.run("CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB, g INT)")
	c.run("CREATE INDEX t_by_g ON t(g)")
	c.run("CREATE VIRTUAL TABLE words USING fts5(w, content='', contentless_delete=1, detail=none)")
	for i := range 400 {
		c.run("PRAGMA wal_autocheckpoint=50")
		c.run(fmt.Sprintf("PRAGMA cache_size=%d", []int{5, 40, 2000}[i%3]))
		c.transaction()
		switch {
		case i%100 == 99:
			c.run("VACUUM")
		case i%31 == 30:
			c.run("PRAGMA wal_checkpoint(TRUNCATE)")
		case i%37 == 36:
			c.reopen()
		}
	}
	c.reopen()
	mustClose(t, c.conn)
}

func (c *churn) run(query string, args ...any) {
	c.t.Helper()
	mustRun(c.t, c.conn, query, args...)
}

func (c *churn) transaction() {
	before := maps.Clone(c.model)
	c.run("BEGIN")
	for range 1 + c.random.IntN(30) {
		c.step()
	}
	if c.random.IntN(5) == 0 {
		c.run("ROLLBACK")
		c.model = before
		return
	}
	c.run("COMMIT")
}

func (c *churn) step() {
	id := c.random.Int64N(400)
	switch c.random.IntN(6) {
	case 0, 1, 2:
		body := make([]byte, 1+c.random.IntN(12000))
		for i := range body {
			body[i] = byte(c.random.Uint32())
		}
		c.run("INSERT OR REPLACE INTO t VALUES(?, ?, ?)", id, body, c.random.IntN(9))
		c.run("INSERT OR REPLACE INTO words(rowid, w) VALUES(?, ?)", id, fmt.Sprintf("w%d x%d", c.random.IntN(50), c.random.IntN(50)))
		c.model[id] = body
	case 3, 4:
		c.run("DELETE FROM t WHERE a=?", id)
		c.run("DELETE FROM words WHERE rowid=?", id)
		delete(c.model, id)
	case 5:
		c.run("SAVEPOINT s")
		c.run("UPDATE t SET b=zeroblob(9000) WHERE g=?", c.random.IntN(9))
		c.run("ROLLBACK TO s")
		c.run("RELEASE s")
	}
}

// reopen closes the database, opens it again and compares all of it with the model.
func (c *churn) reopen() {
	c.t.Helper()
	mustClose(c.t, c.conn)
	conn, err := connect(c.vfs, c.path)
	if err != nil {
		c.t.Fatal(err)
	}
	c.conn = conn
	wantText(c.t, conn, "PRAGMA integrity_check", "ok")
	rows := 0
	err = sqlitex.ExecuteTransient(conn, "SELECT a, b FROM t", &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
		body := make([]byte, row.ColumnLen(1))
		row.ColumnBytes(1, body)
		if rows++; !bytes.Equal(body, c.model[row.ColumnInt64(0)]) {
			return fmt.Errorf("row %d differs", row.ColumnInt64(0))
		}
		return nil
	}})
	if err != nil || rows != len(c.model) {
		c.t.Fatalf("%d rows of %d: %v", rows, len(c.model), err)
	}
}
