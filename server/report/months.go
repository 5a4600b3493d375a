package report

import (
	"context"
	"slices"
	"sync"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// MonthState says whether a month's figures may still change.
type MonthState uint8

// The states of a month.
const (
	// MonthRunning: it is not over.
	MonthRunning MonthState = iota + 1
	// MonthProvisional: it is over, and not frozen.
	MonthProvisional
	// MonthFrozen: its figures are final.
	MonthFrozen
)

// MonthsMax is how many months are listed: ten years.
const MonthsMax = 120

// Month is how a month stands.
type Month struct {
	Month metrics.Month
	State MonthState
	// At, Hash and FrozenAt are those of a frozen month; At and Hash also of one that a dry run counted.
	At       Watermark
	Hash     []byte
	FrozenAt syncengine.UnixMilli
	// FreezesOn is the first day on which it is frozen by itself; NoDay for one that is frozen, and for one older than the realm.
	FreezesOn domain.Days
	// Heard and Of are the phones that had been heard from since its end, and all, when it was frozen or now; Unsent the changes
	// that they said to have and the server had not.
	Heard, Of int
	Unsent    int64
	// Stale are territories whose phones were not all heard from, of a month that is not frozen.
	Stale []identity.Territory
}

// read takes in what a frozen month says of itself.
func (m *Month) read(head *storedv1.FrozenMonth) {
	m.At = Watermark{Epoch: syncengine.Epoch(head.GetEpoch()), Seq: syncengine.Seq(head.GetSeq()), Committed: syncengine.UnixMilli(head.GetCommittedMs())}
	copy(m.At.Tag[:], head.GetTag())
	m.Hash = head.GetHash()
	m.Heard, m.Of, m.Unsent = int(head.GetPhonesHeard()), int(head.GetPhones()), int64(head.GetUnsent())
}

// Months lists how the months stand, the newest first: those since the realm was made, or since the first that is frozen.
func (s *Service) Months(ctx context.Context) (out []Month, err error) {
	err = s.realm.View(ctx, func(r store.Reader) error {
		from, err := s.firstMonth(r)
		if err != nil {
			return err
		}
		now := metrics.MonthOf(metrics.DayOf(domain.UnixMilli(s.realm.Time())))
		var list []metrics.Month
		for m := from; !m.After(now); m = m.Next() {
			list = append(list, m)
		}
		slices.Reverse(list)
		of := listen(r, s.realm.Realm())
		for _, m := range list[:min(len(list), MonthsMax)] {
			month, err := s.monthOf(r, m, of)
			if err != nil {
				return err
			}
			out = append(out, month)
		}
		return nil
	})
	return out, err
}

// firstMonth is the month in which the realm was made, or an earlier one that is frozen.
func (s *Service) firstMonth(r store.Reader) (metrics.Month, error) {
	first := metrics.MonthOf(metrics.DayOf(domain.UnixMilli(s.realm.Realm().Created)))
	heads, err := frozenMonths(r)
	if err != nil || len(heads) == 0 {
		return first, err
	}
	frozen, err := metrics.ParseMonth(heads[0].GetMonth())
	if err == nil && first.After(frozen) {
		first = frozen
	}
	return first, err
}

// monthOf tells how a month stands.
func (s *Service) monthOf(r store.Reader, m metrics.Month, of listening) (Month, error) {
	out := Month{Month: m}
	z, err := readFrozen(r, m)
	if err != nil {
		return out, err
	}
	if z != nil {
		out.State, out.FrozenAt = MonthFrozen, syncengine.UnixMilli(z.head.GetFrozenMs())
		out.read(z.head)
		return out, nil
	}
	realm, now := s.realm.Realm(), s.realm.Time()
	out.State = MonthRunning
	if metrics.DayOf(domain.UnixMilli(now)) > m.Last() {
		out.State = MonthProvisional
	}
	if stoodBy(m, realm) {
		out.FreezesOn = m.Last() + FreezeAfter + 1
	}
	ears, err := of()
	if err == nil && ears != nil {
		ears.hear(&out, now)
	}
	return out, err
}

// ears are the phones of a realm, for those who ask which were heard from.
type ears struct {
	tree   *identity.Tree
	phones []phone
	layout *layout
}

// listening reads them once; nil where the realm has no territory yet.
type listening func() (*ears, error)

func listen(r store.Reader, realm identity.Realm) listening {
	return sync.OnceValues(func() (*ears, error) {
		tree, err := identity.LoadTree(r)
		if err != nil {
			return nil, err
		}
		root, ok := rootOf(tree, realm)
		if !ok {
			return nil, nil
		}
		e := &ears{tree: tree}
		if e.phones, err = phones(r); err == nil {
			e.layout, err = newLayout(tree, root, domain.County)
		}
		return e, err
	})
}

// hear fills in which phones were heard from since a month ended.
func (e *ears) hear(m *Month, now syncengine.UnixMilli) {
	since := heardAfter(m.Month.Last(), now)
	heard := heardBy(e.tree, e.phones, e.layout, since)[0]
	m.Heard, m.Of, m.Unsent, m.Stale = heard.phones, heard.of, heard.unsent, stale(e.tree, e.phones, e.layout.places[0].id, since)
}
