package adminrpc

import (
	"errors"
	"fmt"

	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// plansMax is how often an import is planned beside other work before it is planned under the realm's lock: a district's register takes
// a second, in which somebody nearly always changes a visit, and seldom a door, a task or a user.
const plansMax = 3

// errPlanAnew: what the plan was made from has changed.
var errPlanAnew = errors.New("what an import was planned from has changed")

// takePremises plans an import and writes it, and gives it as it was planned at last. What stands may change between the two, here or at
// another server: then it is planned anew, so that no door is made twice and no value written over that the plan has not seen.
func (s *Service) takePremises(c *caller, file premisesFile, dryRun bool) (*premisesImport, error) {
	for n := 1; ; n++ {
		p := &premisesImport{premisesFile: file}
		if err := s.realm.View(c.ctx, p.plan); err != nil {
			return nil, err
		}
		if dryRun || p.empty() {
			return p, nil
		}
		err := s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			if err := p.confirm(w, n == plansMax); err != nil || p.empty() {
				return nil, err
			}
			return p.write(w, c)
		})
		if !errors.Is(err, errPlanAnew) {
			return p, err
		}
	}
}

// confirm makes sure, in the transaction that writes the plan, that it is made from what stands; the last one is made anew there.
func (p *premisesImport) confirm(w store.Writer, last bool) error {
	stands, err := p.seen.Stands(w, kindPremises, kindTask)
	switch {
	case err != nil || stands:
		return err
	case !last:
		return errPlanAnew
	}
	p.forget()
	return p.plan(w)
}

// forget drops what was planned.
func (p *premisesImport) forget() {
	p.near, p.changes, p.moved = nil, nil, nil
	p.out.Reset()
}

// empty reports that nothing is to be written.
func (p *premisesImport) empty() bool { return len(p.changes) == 0 && len(p.moved) == 0 }

// write moves the doors of grants, notes the import, and gives the changes of records.
func (p *premisesImport) write(w store.Writer, c *caller) ([]exchange.ServerChange, error) {
	if err := identity.MoveDoors(w, p.moved, p.service.now()); err != nil {
		return nil, err
	}
	return p.changes, p.service.act(w, c, accessledger.Entry{
		Action: accessledger.PremisesImport, Place: accessledger.FileName(p.origin),
		Reason: fmt.Sprintf("%d doors new, %d changed", p.out.GetAdded(), p.out.GetChanged()),
	})
}
