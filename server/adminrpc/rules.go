package adminrpc

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	cases "onedoor/domain/casework"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ruleMakers are those who may import tables of casework's rules. The tables hold for every street of the realm, so no street
// lead sets them for the neighbours: the district does. An operator may as well: importing files that hold no record's content
// is the operator's work, and a new realm needs its official days before it has a district's user.
func ruleMakers(p identity.Principal) bool {
	return operators(p) || recordv1.Role(p.Role) == recordv1.Role_ROLE_DISTRICT
}

// errDry ends the transaction of an import that is only checked.
var errDry = errors.New("nothing is to be written")

// GetRules gives the realm's rulebook.
func (s *Service) GetRules(ctx context.Context, _ *adminv1.GetRulesRequest) (*adminv1.GetRulesResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.GetRulesResponse, error) {
		out := &adminv1.GetRulesResponse{}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			tables, err := exchange.ImportedTables(r)
			if err != nil {
				return err
			}
			names := &names{r: r, known: map[syncengine.ID]identity.User{}}
			var book cases.Rulebook
			for _, t := range tables {
				book = append(book, t.RuleTable)
				out.Tables = append(out.Tables, &adminv1.ImportedRules{
					Number: t.Number, Table: t.Name, Text: t.Text, Brought: t.Brought, AtMs: int64(t.At), By: wire.BytesOf(t.By), ByName: names.of(t.By),
				})
			}
			out.Version = book.Version()
			return names.failed
		})
		return out, err
	})
}

// ImportRules adds a table to the realm's rulebook. Phones get it with their next sync.
func (s *Service) ImportRules(ctx context.Context, req *adminv1.ImportRulesRequest) (*adminv1.ImportRulesResponse, error) {
	return answer(ctx, s, ruleMakers, func(c *caller) (*adminv1.ImportRulesResponse, error) {
		out := &adminv1.ImportRulesResponse{}
		t := exchange.ImportedTable{RuleTable: cases.RuleTable{Name: req.GetTable(), Text: req.GetText()}, At: s.now(), By: c.actor().User}
		err := s.realm.Update(c.ctx, func(w store.Writer) error {
			book, replaced, err := exchange.AddRules(w, &t)
			if err != nil {
				return refusedTable(err)
			}
			out.Brought, out.Version, out.Replaced = t.Brought, book.Version(), uint32(replaced)
			if req.GetDryRun() {
				return errDry
			}
			place := placeOf(strings.Fields(t.Brought + " " + path.Base(req.GetFileName()))...)
			return s.act(w, c, accessledger.Entry{Action: accessledger.RulesImport, Place: place})
		})
		if errors.Is(err, errDry) {
			err = nil
		}
		return out, err
	})
}

// refusedTable turns what is wrong with a table into a refusal; any other error stays one.
func refusedTable(err error) error {
	if _, says, refused := cases.Sentences(err); refused {
		return fmt.Errorf("%s: %w", says, errInvalid)
	}
	return err
}
