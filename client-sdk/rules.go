package client

import (
	"errors"
	"fmt"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain/casework"
	"onedoor/domain/table"
)

// metaRules holds the imported tables of rules.
const metaRules = localdb.MetaKey("rules")

// Limits of imported tables: years and versions for a generation, each far longer than any office writes.
const (
	ruleTablesMax    = 200
	ruleTextBytesMax = 256 << 10
)

// importedTable is one imported table as it was handed in.
type importedTable struct {
	Table string `json:"table"`
	Text  string `json:"text"`
}

// ImportRules takes one more table of rules from its CSV text: clinics, terms, triage or grades of the policy, whose rows hold
// from their dates on, or the official days of a year. It says what the table brought. A table with one wrong row is refused
// whole, with everything that is wrong. Deadlines agree between phones that hold the same tables.
func (r *Replica) ImportRules(name, text string) (brought string, err error) {
	if len(text) > ruleTextBytesMax {
		return "", refuse("", "rules.too_long", "表格太大，请检查文件。", fmt.Sprintf("the table has %d bytes and may have %d", len(text), ruleTextBytesMax))
	}
	err = r.update(func(tx *localdb.Tx, _ *state) error {
		rules, err := r.rulesIn(tx)
		if err != nil {
			return err
		}
		with, says, err := rules.With(name, text)
		if err != nil {
			return refuseTable(err)
		}
		var list []importedTable
		if err := getJSON(tx, metaRules, &list); err != nil {
			return err
		}
		if len(list) == ruleTablesMax {
			return refuse("", "rules.too_many", "导入的表格太多。", fmt.Sprintf("%d tables are imported, which is the most", ruleTablesMax))
		}
		brought, r.rules = says, &with
		return setJSON(tx, metaRules, append(list, importedTable{Table: name, Text: text}))
	})
	if err != nil {
		r.forgetRules()
	}
	return brought, err
}

// refuseTable turns what is wrong with a table into a sentence.
func refuseTable(err error) error {
	if errors.Is(err, table.ErrTable) {
		return refuse("", "rules.wrong_table", "表格有误："+oneLine(err.Error()), oneLine(err.Error()))
	}
	return refuse("", "rules.no_such_table", fmt.Sprintf("没有这种表格，请选择%v。", casework.RuleTables()),
		fmt.Sprintf("there is no such table: give one of %v", casework.RuleTables()))
}

// forgetRules has the rules read anew, as after a transaction that did not stand.
func (r *Replica) forgetRules() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = nil
}

// rulesIn gives the rules by which cases are worked: those compiled in, with what was imported in its order. The caller holds
// r.mu.
func (r *Replica) rulesIn(tx *localdb.Tx) (casework.Rules, error) {
	if r.rules != nil {
		return *r.rules, nil
	}
	rules := casework.DefaultRules()
	var list []importedTable
	if err := getJSON(tx, metaRules, &list); err != nil {
		return rules, err
	}
	for _, t := range list {
		var err error
		if rules, _, err = rules.With(t.Table, t.Text); err != nil {
			return rules, fmt.Errorf("imported table %s: %w: %w", t.Table, ErrDamaged, err)
		}
	}
	r.rules = &rules
	return rules, nil
}
