package exchange

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain/casework"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The rulebook is the tables of casework's rules that a realm has imported. It stands in documents of its own, kept by the side
// ledger, and not in the log: it holds no record, goes to every phone whatever its grants, and counts on a phone from the moment
// it arrives. A phone says by which version it works; a reply brings another one whole.

// ImportedTable is one table of the rulebook, and how it came there.
type ImportedTable struct {
	casework.RuleTable
	// Number is the order of imports.
	Number uint64
	// Brought says in a few words what it brought.
	Brought string
	// At is when it was imported, By the user who did; zero for the operator's own token.
	At syncengine.UnixMilli
	By syncengine.ID
	// Replaced is when a later table left nothing of it to count; 0 while it counts.
	Replaced syncengine.UnixMilli
}

// ImportedTables lists the tables of the rulebook in the order of their import.
func ImportedTables(r store.Reader) ([]ImportedTable, error) { return tablesIn(r, bucketRules) }

// TablesBefore lists the tables of the rulebook as it stood before a time, in the order of their import.
func TablesBefore(r store.Reader, at syncengine.UnixMilli) ([]ImportedTable, error) {
	now, err := tablesIn(r, bucketRules)
	if err != nil {
		return nil, err
	}
	past, err := tablesIn(r, bucketPastRules)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(append(now, past...), func(t ImportedTable) bool { return t.At >= at || t.Replaced != 0 && t.Replaced < at })
	slices.SortFunc(out, func(a, b ImportedTable) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// RulesOf gives the rules that are compiled in with tables over them, and the version of such a rulebook.
func RulesOf(tables []ImportedTable) (casework.Rules, uint32) {
	book := bookOf(tables)
	rules, _ := book.Rules()
	return rules, book.Version()
}

func tablesIn(r store.Reader, bucket string) (out []ImportedTable, err error) {
	var failed error
	err = r.Documents(bucket, nil, nil, func(d store.Document) bool {
		m := &storedv1.RuleTable{}
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			failed = fmt.Errorf("table %x of the rulebook: %w: %w", d.Key, store.ErrDamaged, failed)
			return false
		}
		by, _ := syncengine.IDFromBytes(m.GetBy())
		out = append(out, ImportedTable{
			RuleTable: casework.RuleTable{Name: m.GetName(), Text: m.GetText()}, Number: uint64(seqOfKey(d.Key)),
			Brought: m.GetBrought(), At: syncengine.UnixMilli(m.GetAtMs()), By: by,
			Replaced: syncengine.UnixMilli(m.GetReplacedMs()),
		})
		return true
	})
	if err == nil {
		err = failed
	}
	return out, err
}

func bookOf(tables []ImportedTable) casework.Rulebook {
	var book casework.Rulebook
	for _, t := range tables {
		book = append(book, t.RuleTable)
	}
	return book
}

// AddRules imports a table, in a transaction of [Service.Update], and gives the rulebook with it and how many tables of before
// are left out. Its number and what it brought are filled in. What is wrong with the table is [casework.ErrRulebook] or an error
// of domain/table; nothing is changed then.
func AddRules(w store.Writer, t *ImportedTable) (with casework.Rulebook, replaced int, err error) {
	standing, err := ImportedTables(w)
	if err != nil {
		return nil, 0, err
	}
	if with, t.Brought, err = bookOf(standing).With(t.RuleTable); err != nil {
		return nil, 0, err
	}
	t.Number = 1
	kept := 0
	for _, old := range standing {
		t.Number = old.Number + 1
		if kept < len(with)-1 && with[kept] == old.RuleTable {
			kept++
			continue
		}
		replaced++
		if err := w.DeleteDocument(bucketRules, seqKey(syncengine.Seq(old.Number))); err != nil {
			return nil, 0, err
		}
		old.Replaced = t.At // Who looks back works by it still.
		if err := putTable(w, bucketPastRules, &old); err != nil {
			return nil, 0, err
		}
	}
	return with, replaced, putTable(w, bucketRules, t)
}

func putTable(w store.Writer, bucket string, t *ImportedTable) error {
	return w.PutDocument(bucket, seqKey(syncengine.Seq(t.Number)), encode(&storedv1.RuleTable{
		Name: t.Name, Text: t.Text, Brought: t.Brought, AtMs: int64(t.At), By: wire.BytesOf(t.By), ReplacedMs: int64(t.Replaced),
	}))
}

// rulebook is the realm's rulebook as it stands.
type rulebook struct {
	version uint32
	rules   casework.Rules
	message *syncv1.Rulebook
}

// Rules gives the rules that the realm's cases and rounds are worked by: those that are compiled in with the rulebook over them.
func (s *Service) Rules(r store.Reader) (casework.Rules, error) {
	book, err := s.caches.rulebook(r)
	if err != nil {
		return casework.Rules{}, err
	}
	return book.rules, nil
}

// RulesVersion names the rules that Rules gives: another one whenever a table was imported that changes them.
func (s *Service) RulesVersion(r store.Reader) (uint32, error) {
	book, err := s.caches.rulebook(r)
	if err != nil {
		return 0, err
	}
	return book.version, nil
}

// rulebook reads the rulebook where identity's revision is another one, which every import raises, and its rules where its
// version is.
func (c *caches) rulebook(r store.Reader) (*rulebook, error) {
	set, err := c.at(r)
	if err != nil {
		return nil, err
	}
	return cached(set, booksOf, struct{}{}, func() (*rulebook, error) {
		tables, err := ImportedTables(r)
		if err != nil {
			return nil, err
		}
		return c.readBook(bookOf(tables)), nil
	})
}

func (c *caches) readBook(book casework.Rulebook) *rulebook {
	c.mu.Lock()
	defer c.mu.Unlock()
	version := book.Version()
	if c.book != nil && c.book.version == version {
		return c.book
	}
	out := &rulebook{version: version, message: &syncv1.Rulebook{}}
	// What this software cannot read it leaves out, as a phone does: the table was taken by newer software.
	out.rules, _ = book.Rules()
	for _, t := range book {
		out.message.Tables = append(out.message.Tables, &syncv1.RuleTable{Name: t.Name, Text: t.Text})
	}
	c.book = out
	return out
}

// rules adds the rulebook where the phone works by another one.
func (a *answering) rules() error {
	book, err := a.svc.caches.rulebook(a.r)
	if err == nil && book.version != a.call.body.GetRulesVersion() {
		a.reply.Rulebook = book.message
	}
	return err
}
