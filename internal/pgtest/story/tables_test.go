package story_test

import (
	"context"
	"fmt"
	"testing"
	"time"

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
	const phones, doors = 3, 15
	lines, done := make([]*restless, phones), make(chan error, phones)
	for i := range phones {
		lines[i] = &restless{}
		lines[i].turn(a, b)
		p := d.phoneOn(a, lines[i])
		p.synced()
		go func() {
			var err error
			for n := 0; n < doors && err == nil; n++ {
				if _, err = p.AddJSON("premises", fmt.Sprintf(`{"address":"新华路%d-%d号","territory":"530702001001"}`, i, n)); err == nil {
					_, err = p.Sync(context.Background())
				}
			}
			done <- err
		}()
	}
	d.expanded()
	fresh := d.serve() // Of the software from before, started anew.
	for _, l := range lines {
		l.turn(b, fresh)
	}
	stop, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d.must(a.Stop(stop))
	for range phones {
		d.must(<-done)
	}
	for i, l := range lines {
		if l.failed != nil {
			t.Errorf("phone %d: a call failed twice: %v", i, l.failed)
		}
	}
	if found := d.verified(); found.Records < phones*doors {
		t.Errorf("the log has %d records, the phones made %d", found.Records, phones*doors)
	}
}
