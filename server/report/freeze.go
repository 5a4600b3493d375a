package report

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/domain/metrics"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
)

// Freezing is how somebody wants a month to be frozen.
type Freezing struct {
	Month metrics.Month
	// DryRun says that nothing is written.
	DryRun bool
	// Early freezes a month that is over though phones still have days to bring records.
	Early bool
}

// Freeze makes a month final at whoever's word it is, and notes it in the access ledger. A month that is frozen stays as it is;
// done says that this call froze it. One that is older than the realm is frozen at somebody's word alone.
func (s *Service) Freeze(ctx context.Context, who identity.Principal, f Freezing) (month Month, done bool, err error) {
	if err := s.take(ctx, nil); err != nil {
		return month, false, err
	}
	defer s.release()
	var z *freezing
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		if month, err = s.monthOf(r, f.Month, listen(r, s.realm.Realm())); err != nil || month.State == MonthFrozen {
			return err
		}
		if err := s.mayFreeze(f); err != nil {
			return err
		}
		z, err = s.prepare(r, f.Month)
		return err
	})
	if err != nil || z == nil {
		return month, false, err
	}
	if f.DryRun {
		month.read(z.head)
		return month, false, nil
	}
	if done, err = s.commit(ctx, z, actorOf(who)); err != nil {
		return month, false, err
	}
	err = s.realm.View(ctx, func(r store.Reader) (err error) {
		month, err = s.monthOf(r, f.Month, listen(r, s.realm.Realm())) // Another server may have been first.
		return err
	})
	return month, done, err
}

// mayFreeze refuses a month that is not over, and one of which phones still bring records.
func (s *Service) mayFreeze(f Freezing) error {
	today := metrics.DayOf(domain.UnixMilli(s.realm.Time()))
	switch last := f.Month.Last(); {
	case metrics.DayOf(domain.UnixMilli(int64(f.Month.First().Midnight()))) == metrics.NoDay:
		return fmt.Errorf("month %s: %w: nothing is counted in it", f.Month, ErrInvalid)
	case today <= last:
		return fmt.Errorf("month %s: %w: it lasts until %s", f.Month, ErrEarly, metrics.DayText(last))
	case today <= last+FreezeAfter && !f.Early:
		return fmt.Errorf("month %s: %w: phones bring records until %s, then it is frozen by itself", f.Month, ErrEarly, metrics.DayText(last+FreezeAfter))
	}
	return nil
}

// FreezeRipe freezes every month that is over long enough, the oldest first, and says which. Several servers of a realm may do
// so at once: the first that commits a month has frozen it, and the others find it so.
func (s *Service) FreezeRipe(ctx context.Context) (out []metrics.Month, err error) {
	if err := s.take(ctx, nil); err != nil {
		return nil, err
	}
	defer s.release()
	realm := s.realm.Realm()
	first := metrics.DayOf(domain.UnixMilli(realm.Created))
	if first == metrics.NoDay {
		return nil, nil
	}
	for m := metrics.MonthOf(first); ripe(m, realm, s.realm.Time()); m = m.Next() {
		done, err := s.freezeOne(ctx, m)
		if err != nil {
			return out, err
		}
		if done {
			out = append(out, m)
		}
	}
	return out, nil
}

// freezeOne freezes a month that is not frozen yet, of the server's own accord. The caller has taken its turn.
func (s *Service) freezeOne(ctx context.Context, m metrics.Month) (done bool, err error) {
	var z *freezing
	err = s.realm.View(ctx, func(r store.Reader) error {
		frozen, err := readFrozen(r, m)
		if err == nil && frozen == nil {
			z, err = s.prepare(r, m)
		}
		return err
	})
	if err != nil || z == nil {
		return false, err
	}
	return s.commit(ctx, z, accessledger.Actor{})
}

// freezing is a month that was counted and is not final yet.
type freezing struct {
	head    *storedv1.FrozenMonth
	figures map[string][]byte
}

// prepare counts a month at the reader's head; nil where the realm has no territory yet. The caller has taken its turn.
func (s *Service) prepare(r store.Reader, m metrics.Month) (*freezing, error) {
	tree, err := s.treeOf(r)
	if err != nil {
		return nil, err
	}
	root, ok := rootOf(tree, s.realm.Realm())
	if !ok {
		return nil, nil
	}
	if err := s.followTo(r, nil); err != nil {
		return nil, err
	}
	l, err := newLayout(tree, root, domain.Grid)
	if err != nil {
		return nil, err
	}
	at := s.projection.at
	z := &freezing{figures: map[string][]byte{}, head: &storedv1.FrozenMonth{
		Month: m.String(), Epoch: uint32(at.Epoch), Seq: uint64(at.Seq), Tag: at.Tag[:], CommittedMs: int64(at.Committed), FrozenMs: int64(s.realm.Time()),
		RulesVersion: s.projection.book,
	}}
	if err := z.count(s.projection, m, l); err != nil {
		return nil, err
	}
	all, err := phones(r)
	if err != nil {
		return nil, err
	}
	heard := heardBy(tree, all, l, heardAfter(m.Last(), s.realm.Time()))[0]
	z.head.PhonesHeard, z.head.Phones, z.head.Unsent = uint32(heard.phones), uint32(heard.of), uint64(heard.unsent)
	return z, nil
}

// count counts every figure of the work, and the hash over all.
func (z *freezing) count(p *projection, m metrics.Month, l *layout) error {
	period := metrics.Period{From: m.First(), To: m.Last(), Known: known(p.at)}
	var all [][]byte
	for _, f := range metrics.Figures() {
		if f.Topic == metrics.TopicSync {
			continue
		}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(frozenOf(f.Name, l, p.count(f, period, l)))
		if err != nil {
			return err
		}
		z.figures[f.Name], all = b, append(all, b)
	}
	z.head.Hash = hashOf(z.head, all)
	return nil
}

// commit makes a month final, in one transaction that looks first whether somebody else has: done says that nobody had.
func (s *Service) commit(ctx context.Context, z *freezing, by accessledger.Actor) (done bool, err error) {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(z.head)
	if err != nil {
		return false, err
	}
	month := []byte(z.head.GetMonth())
	err = s.realm.Update(ctx, func(w store.Writer) error {
		done = false
		if _, there, err := w.Document(bucketFrozen, month); err != nil || there {
			return err
		}
		done = true
		for name, b := range z.figures {
			if err := w.PutDocument(bucketFrozen, []byte(z.head.GetMonth()+"/"+name), b); err != nil {
				return err
			}
		}
		_, noted := accessledger.Append(w, accessledger.Entry{
			At: s.realm.Time(), Action: accessledger.MonthFreeze, Actor: by, Reason: "report",
			Place: fmt.Sprintf("%s as of %d, %x", z.head.GetMonth(), z.head.GetSeq(), z.head.GetHash()[:hashShown]),
		})
		return errors.Join(noted, w.PutDocument(bucketFrozen, month, value))
	})
	return done && err == nil, err
}

// hashShown is how many bytes of a hash people are shown.
const hashShown = 8

// actorOf names whoever acts in the access ledger.
func actorOf(who identity.Principal) accessledger.Actor {
	return accessledger.Actor{User: who.UserID, Operator: who.Operator || who.UserID.IsZero()}
}
