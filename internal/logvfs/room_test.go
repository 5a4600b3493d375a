package logvfs_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"onedoor/internal/sim/disk"
)

const (
	numbered = "CREATE TABLE u(a INTEGER PRIMARY KEY, b BLOB, c INTEGER UNIQUE)"
	// insertion is one statement that can be undone by itself. It inserts rows numbered from the first to the second argument.
	insertion = "INSERT OR ABORT INTO u WITH RECURSIVE s(x) AS (VALUES(?1) UNION ALL SELECT x + 1 FROM s WHERE x < ?2) " +
		"SELECT x, randomblob(?3), x FROM s"
	figures = "SELECT count(*) || ' rows, sum ' || coalesce(sum(a), 0) FROM u"
)

// figure is how many rows there are, and the sum of their numbers.
type figure struct{ rows, sum int }

func (f figure) String() string { return fmt.Sprintf("%d rows, sum %d", f.rows, f.sum) }

// TestVFS_ATransactionThatGoesOnAfterAStatementHadNoRoomIsWholeOrFails draws statements, some of which find the disk full: in a
// write, or in a read that has pages written which an earlier statement left. The engine may undo such a statement alone; what
// else the transaction wrote stands in the files once it has committed.
func TestVFS_ATransactionThatGoesOnAfterAStatementHadNoRoomIsWholeOrFails(t *testing.T) {
	wentOn, refused := 0, 0
	for seed := range uint64(3) {
		d, v := stand(t)
		conn, random := connect(t, v.Name(), path), rand.New(rand.NewPCG(seed, 7))
		run(t, conn, "PRAGMA cache_size = 5") // Pages are written, and read again, before the commit.
		run(t, conn, numbered)
		var holds figure
		for i := range 40 {
			added, failed := writeWithLittleRoom(t, conn, d, random, 100_000*i)
			if commits(conn) {
				holds = figure{holds.rows + added.rows, holds.sum + added.sum}
				wentOn += failed
			} else if failed > 0 {
				refused++
			}
			wantFigure(t, conn, d, i, holds)
		}
	}
	if wentOn == 0 || refused == 0 {
		t.Errorf("after %d failed statements a transaction was committed, and %d could not be: the test tries nothing", wentOn, refused)
	}
}

// writeWithLittleRoom begins a transaction and inserts rows numbered behind after. It gives what was inserted, and how many statements
// failed and left the transaction open.
func writeWithLittleRoom(t *testing.T, conn *sqlite.Conn, d *disk.Disk, random *rand.Rand, after int) (added figure, failed int) {
	t.Helper()
	run(t, conn, "BEGIN")
	for j := range 12 {
		first, n := after+1000*j, 1+random.IntN(10)
		if random.IntN(4) == 0 {
			d.FullAfter(int64(random.IntN(3)) * 4096)
		}
		length := []int{10, 900, 3000}[random.IntN(3)]
		err := sqlitex.ExecuteTransient(conn, insertion, &sqlitex.ExecOptions{Args: []any{first, first + n - 1, length}})
		d.Heal()
		switch {
		case conn.AutocommitEnabled():
			return added, failed
		case err != nil:
			failed++
		default:
			added = figure{added.rows + n, added.sum + n*first + n*(n-1)/2}
		}
	}
	return added, failed
}

// commits ends the transaction that is open, if any, and reports whether it stands.
func commits(conn *sqlite.Conn) bool {
	if conn.AutocommitEnabled() {
		return false
	}
	if err := sqlitex.ExecuteTransient(conn, "COMMIT", nil); err == nil {
		return true
	}
	if !conn.AutocommitEnabled() {
		_ = sqlitex.ExecuteTransient(conn, "ROLLBACK", nil) // What counts is what stands then.
	}
	return false
}

// wantFigure wants the connection to show, and the files to hold, what was committed.
func wantFigure(t *testing.T, conn *sqlite.Conn, d *disk.Disk, number int, want figure) {
	t.Helper()
	if got := ask(t, conn, figures); got != want.String() {
		t.Fatalf("after transaction %d the connection shows %s instead of %s", number, got, want)
	}
	if holds, whole := leftOf(t, d, number, figures); holds != want.String() || whole != "ok" {
		t.Fatalf("after transaction %d the files hold %s, %s, instead of %s", number, holds, whole, want)
	}
}
