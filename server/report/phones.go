package report

import (
	"cmp"
	"slices"

	"onedoor/domain"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// dayMillis is a day in milliseconds.
const dayMillis syncengine.UnixMilli = 24 * 60 * 60_000

// phone is an active phone with what it last said of itself.
type phone struct {
	incarnation syncengine.ID
	contact     identity.Contact
	// areas are the territories that its user works in.
	areas []syncengine.ID
}

// phones lists the active phones of people who work in the field or at the centre.
func phones(r store.Reader) ([]phone, error) {
	areas, err := areasOfUsers(r)
	if err != nil {
		return nil, err
	}
	devices, err := identity.Devices(r)
	if err != nil {
		return nil, err
	}
	var out []phone
	for _, d := range devices {
		at, works := areas[d.UserID]
		if d.State != identity.DeviceActive || !works {
			continue
		}
		c, err := identity.GetContact(r, d.Incarnation)
		if err != nil {
			return nil, err
		}
		out = append(out, phone{incarnation: d.Incarnation, contact: c, areas: at})
	}
	return out, nil
}

// areasOfUsers gives the territories of everybody who works on a phone: their own and their teams'.
func areasOfUsers(r store.Reader) (map[syncengine.ID][]syncengine.ID, error) {
	users, err := identity.Users(r)
	if err != nil {
		return nil, err
	}
	out := map[syncengine.ID][]syncengine.ID{}
	for _, u := range users {
		if u.State == identity.UserActive && domain.Role(u.Role).WorksOnReplica() {
			out[u.ID] = nil
			if !u.TerritoryID.IsZero() {
				out[u.ID] = []syncengine.ID{u.TerritoryID}
			}
		}
	}
	teams, err := identity.Teams(r)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		for _, id := range t.Members() {
			if _, works := out[id]; works {
				out[id] = append(out[id], t.Territories...)
			}
		}
	}
	return out, nil
}

// heardSince reports that the phone was in contact at or after a time.
func (p *phone) heardSince(t syncengine.UnixMilli) bool { return p.contact.LastContact >= t && t > 0 }

// heardAfter gives since when a phone must have been heard from to have told its work of a period: since the period
// ended, or in the last day while it lasts.
func heardAfter(to domain.Days, now syncengine.UnixMilli) syncengine.UnixMilli {
	return min(syncengine.UnixMilli((to + 1).Midnight()), now-dayMillis)
}

// heard is what the phones of a territory say about the freshness of its figures.
type heard struct {
	phones, of int
	// unsent counts the changes that they said to have and the server has not.
	unsent int64
}

// heardBy sums up the phones that work in each place of a layout, in a part of it, or in a territory that holds it.
func heardBy(tree *identity.Tree, all []phone, l *layout, since syncengine.UnixMilli) []heard {
	out := make([]heard, len(l.places))
	for i := range all {
		p := &all[i]
		if len(p.areas) == 0 { // Who works in no territory of their own may write to a case in any.
			for n := range out {
				out[n].unsent += int64(p.contact.Pending)
			}
		}
		for n := range l.touched(tree, p.areas) {
			out[n].of++
			out[n].unsent += int64(p.contact.Pending)
			if p.heardSince(since) {
				out[n].phones++
			}
		}
	}
	return out
}

// touched gives the places of a layout that share ground with any of some territories.
func (l *layout) touched(tree *identity.Tree, areas []syncengine.ID) map[int]bool {
	out := map[int]bool{}
	for _, area := range areas {
		at, inside := l.placeOf[area]
		if !inside {
			if tree.Covers(area, l.places[0].id) {
				at, inside = 0, true
			}
		}
		if !inside {
			continue
		}
		for n := at; n >= 0; n = l.places[n].parent {
			out[n] = true
		}
		for n := at + 1; n < len(l.places) && l.within(n, at); n++ {
			out[n] = true
		}
	}
	return out
}

// stale lists the territories within one whose phones were not all heard from, in the order of codes: grids, and what is
// larger where a phone works in no grid. Which phone it is, is not told.
func stale(tree *identity.Tree, all []phone, within syncengine.ID, since syncengine.UnixMilli) (out []identity.Territory) {
	seen := map[syncengine.ID]bool{}
	for i := range all {
		if all[i].heardSince(since) {
			continue
		}
		for _, area := range all[i].areas {
			if t, ok := tree.ByID(area); ok && tree.Covers(within, area) && !seen[area] {
				seen[area] = true
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, func(a, b identity.Territory) int { return cmp.Compare(a.Code, b.Code) })
	return out
}
