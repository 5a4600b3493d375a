package pgstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server/store/pgstore"
)

func TestDistribute_ADatabaseWithoutCitusIsRefused(t *testing.T) {
	url := pgtest.Database(t)
	if _, err := pgstore.Distribute(ctx, pgstore.Options{URL: url}); !errors.Is(err, pgstore.ErrNoCitus) || !strings.Contains(err.Error(), "CREATE EXTENSION citus") {
		t.Errorf("distribute: %v", err)
	}
}

func TestDistribute_SpreadsEveryTableByRealmBesideTheFirst(t *testing.T) {
	r := &pgstore.Recorder{Citus: true}
	spread, err := pgstore.DistributeWith(ctx, r)
	if err != nil || !slices.Equal(spread, pgstore.Tables) {
		t.Errorf("spread %q, %v", spread, err)
	}
	want := []string{
		"SELECT create_distributed_table($1::regclass, 'realm') [onedoor_heads]",
		"SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads') [onedoor_writers]",
		"SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads') [onedoor_log]",
		"SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads') [onedoor_records]",
		"SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads') [onedoor_scope]",
		"SELECT create_distributed_table($1::regclass, 'realm', colocate_with => 'onedoor_heads') [onedoor_documents]",
	}
	if !slices.Equal(r.Statements, want) {
		t.Errorf("the statements were\n%s", strings.Join(r.Statements, "\n"))
	}
}

func TestDistribute_GoesOnWhereItWasCutOff(t *testing.T) {
	r := &pgstore.Recorder{Citus: true, FailAt: "onedoor_records"}
	first, err := pgstore.DistributeWith(ctx, r)
	if err == nil || len(first) != 3 {
		t.Fatalf("spread %q, %v", first, err)
	}
	again := &pgstore.Recorder{Citus: true, Spread: map[string]bool{}}
	for _, table := range first {
		again.Spread[table] = true
	}
	rest, err := pgstore.DistributeWith(ctx, again)
	if err != nil || !slices.Equal(append(first, rest...), pgstore.Tables) || len(again.Statements) != len(rest) {
		t.Errorf("then %q, %v", rest, err)
	}
}

// Every table that a migration makes is distributed, with a key that begins with the realm.
func TestMigrations_EveryTableBeginsItsKeyWithTheRealm(t *testing.T) {
	url := pgtest.Database(t)
	mustCreate(t, pgstore.Options{URL: url, Realm: "530702"})
	n := ask[int64](t, url, `SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE i.indisunique AND a.attname = 'realm' AND c.relname LIKE 'onedoor\_%'`)
	tables := ask[int64](t, url, `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'onedoor\_%' AND relname <> 'onedoor_schema'`)
	indexes := ask[int64](t, url, `SELECT count(*) FROM pg_class WHERE relkind = 'i' AND relname LIKE 'onedoor\_%' AND relname NOT LIKE 'onedoor\_schema%'`)
	if int(n) != len(pgstore.Tables) || tables != n || indexes != n {
		t.Errorf("%d keys begin with the realm, of %d tables and %d indexes; %d are distributed", n, tables, indexes, len(pgstore.Tables))
	}
}
