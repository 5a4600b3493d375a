package localdb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/syncengine"
)

// shownText takes what is shown of a record for its text.
func shownText(r localdb.Record) (string, error) { return string(r.Shown()), nil }

// indexAll indexes all that is queued, a few at a time.
func indexAll(text func(localdb.Record) (string, error)) func(*localdb.Tx) error {
	return func(tx *localdb.Tx) error {
		const few = 7
		for {
			if n, err := tx.IndexQueued(few, text); err != nil || n < few {
				return err
			}
		}
	}
}

func putText(n int, text string) func(*localdb.Tx) error {
	return func(tx *localdb.Tx) error {
		return tx.PutRecord(localdb.Record{ID: id(n), Kind: 1, Seq: 1, Base: []byte(text), Search: true})
	}
}

// find gives the numbers of the records that a search finds.
func find(t testing.TB, db *localdb.DB, query string) (numbers []int) {
	t.Helper()
	view(t, db, func(tx *localdb.Tx) error {
		for _, r := range collect(t, tx.Search(query, shownText)) {
			numbers = append(numbers, int(r.ID[15]))
		}
		return nil
	})
	slices.Sort(numbers)
	return numbers
}

func TestSearch_FindsPartsOfNamesNotesAndAddresses(t *testing.T) {
	db := open(t)
	for n, text := range []string{
		1: "覃芊在家，煤气瓶放在阳台", 2: "逄岚不在家", 3: "阳光小区 13-2-402室", 4: "Room B12, Hotel Sunny",
		5: "电话１３９１２３４５６７８", 6: "家", 7: "第一段" + localdb.FieldBreak + "第二段", 8: "ab\"c*d AND NOT (x)", 9: "𠮷野家",
	} {
		if text != "" {
			update(t, db, putText(n, text))
		}
	}
	update(t, db, indexAll(shownText))
	for _, c := range []struct {
		query string
		want  []int
	}{
		{"覃芊", []int{1}},
		{"芊", []int{1}},
		{"家", []int{1, 2, 6, 9}},
		{"在家", []int{1, 2}},
		{"不在家", []int{2}},
		{"家，煤", []int{1}},
		{"台", []int{1}},
		{"3-2", []int{3}},
		{"13-2-402", []int{3}},
		{"402室", []int{3}},
		{"区 13", []int{3}},
		{" 区 13 ", []int{3}},
		{"hotel sun", []int{4}},
		{"B12", []int{4}},
		{"12,", []int{4}},
		{"ｂ１２", []int{4}},
		{"1391234", []int{5}},
		{"一段", []int{7}},
		{"段第", nil},
		{"\"c*", []int{8}},
		{"AND NOT (", []int{8}},
		{"𠮷", []int{9}},
		{"𠮷野", []int{9}},
		{"外", nil},
		{"1392", nil},
	} {
		if got := find(t, db, c.query); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q finds %v, want %v", c.query, got, c.want)
		}
	}
}

func TestSearch_ShortQueryIsRefused(t *testing.T) {
	db := open(t)
	for _, query := range []string{"", " ", "a", "12", "  12  ", "，"} {
		err := db.View(func(tx *localdb.Tx) error {
			for _, err := range tx.Search(query, shownText) {
				return err
			}
			return nil
		})
		if !errors.Is(err, localdb.ErrQueryShort) {
			t.Errorf("%q: %v", query, err)
		}
	}
}

func TestSearch_FollowsEditsAndDeletes(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"), putText(2, "煤气灶"), putText(3, "煤气罐"), indexAll(shownText))
	update(t, db, putText(1, "灭火器"), func(tx *localdb.Tx) error { return tx.DeleteRecord(id(2)) }, indexAll(shownText))
	update(t, db, putText(3, "!"), indexAll(shownText))
	for query, want := range map[string][]int{"煤气": nil, "灭火": {1}} {
		if got := find(t, db, query); !reflect.DeepEqual(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
}

func TestDeleteRecord_LeavesNothingInTheIndex(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"), putText(2, "煤气灶"), indexAll(shownText), putText(3, "煤气罐"))
	update(t, db, func(tx *localdb.Tx) error {
		return errors.Join(tx.DeleteRecord(id(1)), tx.DeleteRecord(id(2)), tx.DeleteRecord(id(3)))
	})
	for _, table := range []string{"search", "search_queue"} {
		if n, err := db.Number("SELECT count(*) FROM " + table); n != 0 || err != nil {
			t.Errorf("%s has %d rows, %v", table, n, err)
		}
	}
}

func TestSearch_StagedRecordIsFoundAfterTheSwitch(t *testing.T) {
	db := open(t)
	stage := func(n int, text string) func(*localdb.Tx) error {
		return func(tx *localdb.Tx) error {
			return tx.StageRecord(localdb.Record{ID: id(n), Kind: 1, Base: []byte(text), Search: true})
		}
	}
	update(t, db, putText(1, "煤气瓶"), indexAll(shownText))
	update(t, db, stage(1, "灭火器"), stage(2, "灭火器"), indexAll(shownText))
	if got := find(t, db, "灭火"); got != nil {
		t.Fatalf("staged text is found: %v", got)
	}
	update(t, db, func(tx *localdb.Tx) error { _, err := tx.Switch(nil); return err }, indexAll(shownText))
	if got := find(t, db, "灭火"); !reflect.DeepEqual(got, []int{1, 2}) {
		t.Fatalf("got %v", got)
	}
	if got := find(t, db, "煤气"); got != nil {
		t.Fatalf("the old text is found: %v", got)
	}
}

func TestSearch_QueueSearchIndexesAgain(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"), indexAll(func(localdb.Record) (string, error) { return "", nil }))
	if got := find(t, db, "煤气"); got != nil {
		t.Fatalf("got %v", got)
	}
	update(t, db, func(tx *localdb.Tx) error { return tx.QueueSearch(id(1)) }, indexAll(shownText))
	if got := find(t, db, "煤气"); !reflect.DeepEqual(got, []int{1}) {
		t.Fatalf("got %v", got)
	}
}

func TestSearch_CallbackErrorIsPassedOn(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"))
	fails := func(localdb.Record) (string, error) { return "", errStop }
	if err := db.Update(indexAll(fails)); !errors.Is(err, errStop) {
		t.Fatalf("got %v", err)
	}
	update(t, db, indexAll(shownText))
	err := db.View(func(tx *localdb.Tx) error {
		for _, err := range tx.Search("煤气", fails) {
			return err
		}
		return nil
	})
	if !errors.Is(err, errStop) {
		t.Fatalf("got %v", err)
	}
}

// Every part of every text that the index promises to find is found, and nothing that does not contain it.
func TestSearch_IsComplete(t *testing.T) {
	db := open(t)
	random := rand.New(rand.NewPCG(5, 5))
	alphabet := []rune("在家老人煤气不外出𠮷abC12-./ \"*'，。Ｂ３　\n" + localdb.FieldBreak)
	some := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	texts := map[syncengine.ID]string{}
	for n := 1; n <= 120; n++ {
		texts[id(n)] = some(1 + random.IntN(40))
		update(t, db, putText(n, texts[id(n)]))
	}
	update(t, db, indexAll(shownText))
	asked, found := 0, 0
	for range 600 {
		runes := []rune(texts[id(1+random.IntN(120))])
		from := random.IntN(len(runes))
		query := string(runes[from : from+1+random.IntN(min(8, len(runes)-from))])
		if random.IntN(4) == 0 {
			query = some(1 + random.IntN(3))
		}
		if !promised(query) {
			continue
		}
		asked++
		var want []int
		for n := 1; n <= 120; n++ {
			if localdb.Contains(texts[id(n)], query) {
				want = append(want, n)
			}
		}
		if got := find(t, db, query); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q finds %v, want %v", query, got, want)
		}
		found += len(want)
	}
	if asked < 200 || found < 500 {
		t.Fatalf("%d asked, %d found: the test shows little", asked, found)
	}
}

// promised reports whether a query has a Chinese character or three others in a row.
func promised(query string) bool {
	if strings.Contains(query, localdb.FieldBreak) {
		return false
	}
	query = strings.TrimSpace(query)
	others := 0
	for _, r := range query {
		if strings.ContainsRune("在家老人煤气不外出𠮷", r) {
			return true
		}
		others++
	}
	return others >= 3
}

func TestSearch_LongQueryIsAnsweredInFull(t *testing.T) {
	db := open(t)
	long := strings.Repeat("煤气瓶放在阳台", 20)
	update(t, db, putText(1, long), putText(2, long+"甲"), indexAll(shownText))
	if got := find(t, db, long+"甲"); !reflect.DeepEqual(got, []int{2}) {
		t.Fatalf("got %v", got)
	}
}

func ExampleContains() {
	fmt.Println(localdb.Contains("阳光小区Ｂ栋 １２号", "b栋 12"))
	// Output: true
}

func TestSearch_RecordInTheRowOfADeletedOneIsFound(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"), putText(2, "煤气灶"), indexAll(shownText))
	update(t, db, func(tx *localdb.Tx) error { return tx.DeleteRecord(id(2)) }, putText(3, "灭火器"), indexAll(shownText))
	if got := find(t, db, "灭火"); !reflect.DeepEqual(got, []int{3}) {
		t.Errorf("got %v", got)
	}
}

func TestIndexQueued_StagedRecordsInBetweenDoNotCount(t *testing.T) {
	db := open(t)
	stage := func(n int) func(*localdb.Tx) error {
		return func(tx *localdb.Tx) error {
			return tx.StageRecord(localdb.Record{ID: id(n), Kind: 1, Base: []byte("煤气瓶"), Search: true})
		}
	}
	one := func(tx *localdb.Tx) error {
		if n, err := tx.IndexQueued(1, shownText); n != 1 || err != nil {
			t.Errorf("indexed %d, %v, want 1", n, err)
		}
		return nil
	}
	update(t, db, stage(1), stage(2), putText(3, "煤气灶"), stage(4), putText(5, "煤气罐"), one, one, indexAll(shownText))
	if got := find(t, db, "煤气"); !reflect.DeepEqual(got, []int{3, 5}) {
		t.Fatalf("got %v", got)
	}
	update(t, db, func(tx *localdb.Tx) error { _, err := tx.Switch(nil); return err }, indexAll(shownText))
	if got := find(t, db, "煤气"); !reflect.DeepEqual(got, []int{1, 2, 3, 4, 5}) {
		t.Fatalf("after the switch got %v", got)
	}
}

func TestSearch_MarkOfATransactionThatFailedIsForgotten(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"))
	failed := errors.New("failed")
	if err := db.Update(func(tx *localdb.Tx) error { return errors.Join(indexAll(shownText)(tx), failed) }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	update(t, db, indexAll(shownText))
	if got := find(t, db, "煤气"); !reflect.DeepEqual(got, []int{1}) {
		t.Errorf("got %v", got)
	}
}

// Software before the mark queued every record by a row of its own.
func TestOpen_QueueOfAnOlderDatabaseIsKept(t *testing.T) {
	db := open(t)
	update(t, db, putText(1, "煤气瓶"), putText(2, "煤气灶"), indexAll(shownText), putText(3, "煤气罐"))
	for _, sql := range []string{"DROP TABLE turn_mark", "DROP TABLE turn_queue", "DROP TABLE turn_doors", "DROP TABLE turn_calls",
		"DROP TABLE turn_last", "DROP TABLE own_left", "DROP TABLE barriers", "ALTER TABLE changes DROP COLUMN inner", "ALTER TABLE changes DROP COLUMN sealed",
		"ALTER TABLE changes DROP COLUMN sealing_key", "ALTER TABLE changes DROP COLUMN made", "DROP TABLE search_mark",
		"INSERT INTO search_queue (row) VALUES (3)", "PRAGMA user_version = 1"} {
		if err := db.Execute(sql); err != nil {
			t.Fatal(err)
		}
	}
	path := db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, path)
	indexed := 0
	update(t, db, indexAll(func(r localdb.Record) (string, error) { indexed++; return shownText(r) }))
	if got := find(t, db, "煤气"); indexed != 1 || !reflect.DeepEqual(got, []int{1, 2, 3}) {
		t.Errorf("indexed %d, got %v", indexed, got)
	}
}
