package crash

import (
	"errors"

	"golang.org/x/sync/errgroup"
)

// What a server takes twice shows only where a phone sends twice what the server has: a call must be cut between the commit
// and its answer. In a storm that is left to chance, and to how fast the machine is; so every storm ends with a round in
// which nobody is killed and no answer arrives. Where a cycle is about a slow disk, every call of that round meets it, for
// the same reason: how many do so before they are killed is chance as well.

const (
	// unansweredRound is the number of that round, behind all that a cycle draws.
	unansweredRound = roundsMany + healingMany
	// everyCall is the number of calls that a fault strikes which strikes all of them.
	everyCall = 0
)

// loseAnswers lets every phone write and send, and loses every answer.
func (r *run) loseAnswers(n int) error {
	if err := r.hosts.listening(); err != nil {
		return err
	}
	if r.kind(n) != SlowServer {
		return r.unanswered(n)
	}
	return errors.Join(r.hosts.stand(true), r.unanswered(n), r.hosts.stand(false))
}

// unanswered is the round itself.
func (r *run) unanswered(n int) error {
	var phones errgroup.Group
	for _, h := range r.phones {
		phones.Go(func() error {
			random := draws(r.o.Seed, n, "unanswered", h.number)
			last := round{edits: newEdits(random, n, h.number, unansweredRound), fault: answerLost, strikes: everyCall}
			if err := h.work(&last); err != nil {
				return err
			}
			return h.sync(&last)
		})
	}
	return phones.Wait()
}
