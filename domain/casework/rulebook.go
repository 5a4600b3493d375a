package casework

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"onedoor/domain/policy"
	"onedoor/domain/table"
)

// Limits of a rulebook. It travels whole with a reply of sync, beside a page of half a megabyte, to every phone of a realm.
const (
	// RuleTablesMax bounds its tables: a notice a year and some changes of an office a month, for a decade.
	RuleTablesMax = 200
	// RulebookBytesMax bounds its texts together; a year's official days have 1.5 KB.
	RulebookBytesMax = 256 << 10
)

// ErrRulebook is what is wrapped where a rulebook would grow beyond a limit.
var ErrRulebook = errors.New("the rulebook is full")

// A RuleTable is one imported table: its name, one of [RuleTables], and its CSV text as it was handed in.
type RuleTable struct{ Name, Text string }

// A Rulebook is the tables that a realm has imported, in the order of their import: the rows of a later one lie over those of
// an earlier one, and all over those that are compiled in. It never changes. Phones and server of a realm work by the same
// one: it travels with sync, by its version.
type Rulebook []RuleTable

// Version tells rulebooks apart: 0 of one without a table, else the first four bytes of SHA-256 over the text "onedoor rules 1"
// and the tables, each name and text with its length before it (4 bytes, big endian). Two books of a realm have the same one by
// a chance of one in four thousand million.
func (b Rulebook) Version() uint32 {
	if len(b) == 0 {
		return 0
	}
	framed := []byte("onedoor rules 1")
	for _, t := range b {
		for _, part := range []string{t.Name, t.Text} {
			framed = append(binary.BigEndian.AppendUint32(framed, uint32(len(part))), part...)
		}
	}
	sum := sha256.Sum256(framed)
	return max(1, binary.BigEndian.Uint32(sum[:])) // 0 is the empty book's.
}

// An UnreadTable is a table that this software does not understand, as one is that newer software took. The rules stand
// without it.
type UnreadTable struct {
	// Table is its place in the rulebook.
	Table int
	// Err says why.
	Err error
}

// Rules gives the rules that are compiled in with the book's tables over them, and which of them could not be read.
func (b Rulebook) Rules() (Rules, []UnreadTable) {
	rules := DefaultRules()
	var unread []UnreadTable
	for i, t := range b {
		with, _, err := rules.With(t.Name, t.Text)
		if err != nil {
			unread = append(unread, UnreadTable{Table: i, Err: err})
			continue
		}
		rules = with
	}
	return rules, unread
}

// With gives the book with one more table, without those of before of which nothing counts any more, and says in a few words
// what it brought. A table with one wrong row is refused whole: its error, [table.ErrTable], joins everything that is wrong. A
// book that is full is [ErrRulebook].
func (b Rulebook) With(t RuleTable) (with Rulebook, brought string, err error) {
	if len(t.Text) > RulebookBytesMax {
		return nil, "", fmt.Errorf("%w: the table has %d bytes and may have %d", ErrRulebook, len(t.Text), RulebookBytesMax)
	}
	if _, brought, err = DefaultRules().With(t.Name, t.Text); err != nil {
		return nil, "", err
	}
	with = append(slices.Clone(b), t).withoutSpent(t.Name)
	size := 0
	for _, one := range with {
		size += len(one.Name) + len(one.Text)
	}
	switch {
	case len(with) > RuleTablesMax:
		return nil, "", fmt.Errorf("%w: %d tables count, which is the most: put their rows into fewer ones", ErrRulebook, RuleTablesMax)
	case size > RulebookBytesMax:
		return nil, "", fmt.Errorf("%w: its tables would have %d bytes, %d are allowed: put their rows into fewer ones", ErrRulebook, size, RulebookBytesMax)
	}
	return with, brought, nil
}

// withoutSpent leaves out the tables of a name without which the book says the same.
func (b Rulebook) withoutSpent(name string) Rulebook {
	says := b.says(name)
	out := b
	for i := 0; i < len(out)-1; {
		without := slices.Delete(slices.Clone(out), i, i+1)
		if out[i].Name == name && without.says(name) == says {
			out = without
			continue
		}
		i++
	}
	return out
}

// says writes down all that the tables of one name come to. Tables of different names do not touch each other.
func (b Rulebook) says(name string) string {
	var of Rulebook
	for _, t := range b {
		if t.Name == name {
			of = append(of, t)
		}
	}
	rules, _ := of.Rules()
	return fmt.Sprint(rules)
}

// Sentences says in Chinese and in English what is wrong with a table that [Rulebook.With] has refused; false of any other error.
func Sentences(err error) (zh, en string, refused bool) {
	if err == nil {
		return "", "", false
	}
	says := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
	switch {
	case errors.Is(err, table.ErrTable):
		return "表格有误：" + says, says, true
	case errors.Is(err, ErrRulebook):
		return "表格太多或太大：" + says, says, true
	case errors.Is(err, policy.ErrNoTable):
		names := strings.Join(RuleTables(), ", ")
		return "没有这种表格，请选择：" + names, "there is no such table: give one of " + names, true
	}
	return "", "", false
}
