package report

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// bucketFrozen holds frozen months: under the month's name its head, under the name, a slash and a figure's name the sums. The
// side ledger keeps it, so that no restore freezes a month a second time with other numbers.
const bucketFrozen = exchange.BucketFrozen

// FreezeAfter is how many days after its end a month is frozen: a long weekend for phones to come back.
const FreezeAfter domain.Days = 5

// frozen is a frozen month.
type frozen struct {
	month metrics.Month
	head  *storedv1.FrozenMonth
	// figures are its sums by figure; read when asked for.
	figures map[string]*storedv1.FrozenFigure
}

// ripe reports that a month is frozen by itself: the realm stood when it ended, and phones had time to come back.
func ripe(m metrics.Month, realm identity.Realm, now syncengine.UnixMilli) bool {
	return stoodBy(m, realm) && metrics.DayOf(domain.UnixMilli(now)) > m.Last()+FreezeAfter
}

// stoodBy reports that the realm stood when a month ended. What is older was brought in afterwards, and nobody was told of it
// before.
func stoodBy(m metrics.Month, realm identity.Realm) bool {
	return metrics.DayOf(domain.UnixMilli(realm.Created)) <= m.Last()
}

// readFrozen gives a frozen month; nil for one that is not.
func readFrozen(r store.Reader, m metrics.Month) (*frozen, error) {
	value, ok, err := r.Document(bucketFrozen, []byte(m.String()))
	if err != nil || !ok {
		return nil, err
	}
	out := &frozen{month: m, head: &storedv1.FrozenMonth{}, figures: map[string]*storedv1.FrozenFigure{}}
	if err := proto.Unmarshal(value, out.head); err != nil {
		return nil, fmt.Errorf("frozen month %s: %w: %w", m, store.ErrDamaged, err)
	}
	return out, nil
}

func figureKey(m metrics.Month, figure string) []byte { return []byte(m.String() + "/" + figure) }

// figure reads the sums of a figure; nil for one that was not counted when the month was frozen.
func (z *frozen) figure(r store.Reader, name string) (*storedv1.FrozenFigure, error) {
	if f, ok := z.figures[name]; ok {
		return f, nil
	}
	value, ok, err := r.Document(bucketFrozen, figureKey(z.month, name))
	if err != nil || !ok {
		return nil, err
	}
	f := &storedv1.FrozenFigure{}
	if err := proto.Unmarshal(value, f); err != nil {
		return nil, fmt.Errorf("frozen month %s, %s: %w: %w", z.month, name, store.ErrDamaged, err)
	}
	z.figures[name] = f
	return f, nil
}

// sums lays a frozen figure out.
func (z *frozen) sums(r store.Reader, f *metrics.Figure, tree *identity.Tree, l *layout) (*sums, error) {
	out := newSums(len(l.places), f.Split)
	figure, err := z.figure(r, f.Name)
	if err != nil {
		return nil, err
	}
	for _, p := range figure.GetPlaces() {
		t, known := tree.ByCode(p.GetCode())
		place, ok := l.leafOf(t.ID)
		if !known || !ok {
			continue
		}
		for i, class := range p.GetClasses() {
			if int(class) < out.classes {
				out.at(place, metrics.Class(class)).Add(metrics.Sum{Num: p.GetNumerators()[i], Den: p.GetDenominators()[i]})
			}
		}
	}
	return out, nil
}

// frozenOf encodes a figure's sums by the finest territories.
func frozenOf(name string, l *layout, s *sums) *storedv1.FrozenFigure {
	out := &storedv1.FrozenFigure{Figure: name}
	for i := range l.places {
		p := &storedv1.FrozenPlace{Code: l.places[i].code}
		for c := range s.classes {
			if sum := s.cells[i*s.classes+c]; sum != (metrics.Sum{}) {
				p.Classes = append(p.Classes, uint32(c))
				p.Numerators, p.Denominators = append(p.Numerators, sum.Num), append(p.Denominators, sum.Den)
			}
		}
		if len(p.Classes) > 0 {
			out.Places = append(out.Places, p)
		}
	}
	return out
}

// hashOf is the hash of a frozen month: over its head without the hash and the time of freezing, and its figures in order.
func hashOf(head *storedv1.FrozenMonth, figures [][]byte) []byte {
	h := sha256.New()
	h.Write([]byte("onedoor frozen month 1"))
	fmt.Fprintf(h, "%s %d %d %d %x", head.GetMonth(), head.GetEpoch(), head.GetSeq(), head.GetCommittedMs(), head.GetTag())
	for _, f := range figures {
		fmt.Fprintf(h, " %d ", len(f))
		h.Write(f)
	}
	return h.Sum(nil)
}

// frozenMonths lists the heads of all frozen months, the oldest first.
func frozenMonths(r store.Reader) (heads []*storedv1.FrozenMonth, err error) {
	var failed error
	err = r.Documents(bucketFrozen, nil, nil, func(d store.Document) bool {
		if slices.Contains(d.Key, '/') {
			return true
		}
		head := &storedv1.FrozenMonth{}
		failed = proto.Unmarshal(d.Value, head)
		heads = append(heads, head)
		return failed == nil
	})
	return heads, errors.Join(err, failed)
}

// verifyFrozen holds every frozen month against its hash.
func verifyFrozen(r store.Reader) (months int, problems []string, err error) {
	heads, err := frozenMonths(r)
	if err != nil {
		return 0, nil, err
	}
	for _, head := range heads {
		months++
		var all [][]byte
		for _, f := range metrics.Figures() {
			value, ok, err := r.Document(bucketFrozen, []byte(head.GetMonth()+"/"+f.Name))
			if err != nil {
				return months, problems, err
			}
			if ok {
				all = append(all, value)
			}
		}
		if string(hashOf(head, all)) != string(head.GetHash()) {
			problems = append(problems, fmt.Sprintf("frozen month %s is not what was frozen: its figures do not give its hash", head.GetMonth()))
		}
	}
	return months, problems, nil
}
