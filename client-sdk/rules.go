package client

import (
	"fmt"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain/casework"
)

// metaRules holds the realm's rulebook.
const metaRules = localdb.MetaKey("rules")

// ruleTable is one table of the rulebook as it is kept.
type ruleTable struct {
	Table string `json:"table"`
	Text  string `json:"text"`
}

// Rules is what cases and rounds are worked by on this phone: the same as at the server and on every phone of the realm that has
// synced since the last import.
type Rules struct {
	// Version is the rulebook's; 0 without an imported table.
	Version uint32
	// Tables are the imported tables, in the order of their import.
	Tables casework.Rulebook
	// Unread are those among them that this software is too old to read. The rules stand without them.
	Unread []casework.UnreadTable
	// Rules is what counts: what is compiled in with the tables over it.
	Rules casework.Rules
}

// Rules gives the tables by which this phone works. Nobody changes them on a phone: they are imported at the server and come with
// sync.
func (r *Replica) Rules() (out Rules, err error) {
	err = r.view(func(tx *localdb.Tx, _ *state) error {
		book, err := r.rulebookIn(tx)
		if err == nil {
			out = *book
		}
		return err
	})
	return out, err
}

// rulebook takes the realm's rulebook from an answer, in place of the one that stood. One that is larger than any realm's is
// refused.
func (t *taking) rulebook() error {
	m := t.a.GetRulebook()
	if m == nil {
		return nil
	}
	if err := checkRulebook(m); err != nil {
		return err
	}
	list := make([]ruleTable, len(m.GetTables()))
	for i, one := range m.GetTables() {
		list[i] = ruleTable{Table: one.GetName(), Text: one.GetText()}
	}
	t.changed = true
	t.r.rules = nil // Read anew by the next that asks, whether this transaction stands or not.
	return setJSON(t.tx, metaRules, list)
}

func checkRulebook(m *syncv1.Rulebook) error {
	size := 0
	for _, one := range m.GetTables() {
		size += len(one.GetName()) + len(one.GetText())
	}
	if len(m.GetTables()) > casework.RuleTablesMax || size > casework.RulebookBytesMax {
		return fmt.Errorf("%w: a rulebook of %d tables with %d bytes", ErrReply, len(m.GetTables()), size)
	}
	return nil
}

// rulesIn gives the rules by which cases are worked. The caller holds r.mu.
func (r *Replica) rulesIn(tx *localdb.Tx) (casework.Rules, error) {
	book, err := r.rulebookIn(tx)
	if err != nil {
		return casework.Rules{}, err
	}
	return book.Rules, nil
}

// rulebookIn gives the rulebook and what it comes to. The caller holds r.mu.
func (r *Replica) rulebookIn(tx *localdb.Tx) (*Rules, error) {
	if r.rules != nil {
		return r.rules, nil
	}
	var list []ruleTable
	if err := getJSON(tx, metaRules, &list); err != nil {
		return nil, err
	}
	out := &Rules{}
	for _, t := range list {
		out.Tables = append(out.Tables, casework.RuleTable{Name: t.Table, Text: t.Text})
	}
	out.Version = out.Tables.Version()
	out.Rules, out.Unread = out.Tables.Rules()
	r.rules = out
	return out, nil
}
