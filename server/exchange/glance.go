package exchange

import (
	"context"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/turns"
	"onedoor/syncengine"
)

// Once a call is known to be its phone's own, everything that it asks before its batch is decided is asked of one state of the
// realm. A call that has nothing to decide, as most have, is answered from the same state: a store on another machine is
// asked twice in all.

// glance fixes what a call's batch needs beside itself. Grants whose end has come are taken first, and a database that was put
// back begins its epoch. With answering, a call of which there is nothing to decide is answered too.
func (s *Service) glance(ctx context.Context, c *call, answering bool) error {
	l, ended, err := s.glanceOnce(ctx, c, answering)
	if err == nil && ended {
		if err := s.takeEnded(ctx, c.push.device.UserID); err != nil {
			return err
		}
		l, _, err = s.glanceOnce(ctx, c, answering)
	}
	if err != nil || c.answered != nil {
		return err
	}
	return s.checkLog(ctx, c, l)
}

func (s *Service) glanceOnce(ctx context.Context, c *call, answering bool) (l looking, ended bool, err error) {
	l = looking{proofs: c.proofs(), remembered: s.witness.head()}
	c.push.lent, c.answered = 0, nil
	var piece *turns.Piece
	if answering && !c.decides() { // A page is cut there and then.
		if piece, err = s.turns.Take(ctx, c.class()); err != nil {
			return l, false, err
		}
	}
	defer piece.Give()
	err = s.store.View(s.askAnswer(ctx, c, answering && !c.decides()), func(r store.Reader) (err error) {
		if ended, err = s.grantsEnded(r, c.push.device.UserID); err != nil {
			return err
		}
		if err := s.lend(r, c); err != nil {
			return err
		}
		if s.shared {
			if c.stored, err = identity.GetContact(r, c.push.device.Incarnation); err != nil {
				return err
			}
		}
		if err := l.look(r, c); err != nil || ended || !answering || !s.answersNow(c, &l) {
			return err
		}
		return s.answerNow(r, c, piece)
	})
	if err == nil && c.answered != nil {
		l.saw(s, c)
	}
	return l, ended, err
}

// answersNow reports that nothing is to be decided of a call, and that nobody's batch waits, to which its page would give way.
func (s *Service) answersNow(c *call, l *looking) bool {
	return l.found == consistent && l.head.Epoch == s.epoch() && c.epoch == s.epoch() && s.uploads.left() == nil && s.quiet(c)
}

// answerNow answers a quiet call.
func (s *Service) answerNow(r store.Reader, c *call, piece *turns.Piece) error {
	c.contact = s.contactOf(&c.push)
	s.checkpoints.note(c.push.device.Incarnation, c.contact)
	a := &answering{svc: s, call: c, reply: replyTo(c), began: s.clock(), piece: piece}
	err := a.read(r)
	c.answered = a
	return err
}

// askCaller announces what is asked of who calls.
func (s *Service) askCaller(ctx context.Context, incarnation syncengine.ID) context.Context {
	if !s.gathers {
		return ctx
	}
	var q store.Questions
	q.Document(bucketRevision, historyKey)
	identity.AskDevice(&q, incarnation)
	if s.shared {
		q.Document(bucketAttends, incarnation[:])
	}
	return store.Asking(ctx, q)
}

// askAnswer announces what is asked of a call's state and, with page, for its answer, as far as that is known: the first rows
// of the keys that its user was last known to hold.
func (s *Service) askAnswer(ctx context.Context, c *call, page bool) context.Context {
	if !s.gathers {
		return ctx
	}
	device := c.push.device
	var q store.Questions
	askShared(&q)
	s.askUser(&q, device.UserID)
	identity.AskContact(&q, device.Incarnation)
	for _, seq := range []syncengine.Seq{c.from.at.Seq, c.stood.at.Seq, s.witness.head().Seq} {
		if seq > 0 {
			q.Beginning(bucketCommit, seqKey(seq), nil)
		}
	}
	if r := c.push.trusted; r.GetCoordinate().GetSeq() > 0 {
		at := syncengine.Seq(r.GetCoordinate().GetSeq())
		q.Entries = append(q.Entries, store.Stretch{From: at, To: at})
	}
	if page {
		s.askPage(&q, c)
	}
	return store.Asking(ctx, q)
}

func (s *Service) askPage(q *store.Questions, c *call) {
	q.Document(bucketProgress, c.push.device.Incarnation[:])
	if c.body.GetEpoch() == 0 {
		q.LastUpTo(bucketErasure, newestErasure)
	} else {
		q.Beginning(bucketErasure, seqKey(syncengine.Seq(c.body.GetBarrierSeq())+1), nil)
	}
	if c.nonce == syncv1.NonceState_NONCE_STATE_UNSPECIFIED && c.genuine && !c.from.filling {
		askRows(q, s.caches.lastKeys(c.push.device), c.from.at.Seq, c.pageBytesMax())
	}
}
