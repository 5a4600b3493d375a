package story_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"onedoor/internal/pgtest"
)

// expanded adds to the tables what newer software would that lets older software serve beside it, as its migration does.
func (d *district) expanded() {
	d.t.Helper()
	conn, err := pgx.Connect(d.t.Context(), d.store)
	d.must(err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(d.t.Context(), "BEGIN; LOCK TABLE onedoor_heads IN ACCESS EXCLUSIVE MODE; "+
		"ALTER TABLE onedoor_records ADD COLUMN shade bigint NOT NULL DEFAULT 7; ALTER TABLE onedoor_documents ADD COLUMN shade bigint NOT NULL DEFAULT 7; "+
		"ALTER TABLE onedoor_heads ADD COLUMN shade bigint NOT NULL DEFAULT 7; ALTER TABLE onedoor_log ADD COLUMN shade bigint NOT NULL DEFAULT 7; "+
		"CREATE TABLE onedoor_shades (realm text PRIMARY KEY); UPDATE onedoor_schema SET version = version + 1; COMMIT")
	d.must(err)
}

func TestUpgrade_TablesThatOnlyGrowCostNoPhoneMoreThanARetryAndOlderServersStartAgain(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	a, b := d.serve(), d.serve()
	l := d.loaded(3, a, b)
	d.expanded()
	passed(t, l.Pass())  // Older servers serve tables that have grown.
	l.turn(b, d.serve()) // The other one is of the software from before, started anew.
	d.must(a.Stop(context.Background()))
	passed(t, l.Pass())
	l.ends()
}
