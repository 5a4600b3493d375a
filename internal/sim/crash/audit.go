package crash

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"onedoor/server"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// audit compares what phones said, and what they hold and show, with the server's log. It reads the log's bytes itself:
// no counter of the engine, no merge and no query stands between them.
type audit struct {
	ledger *ledger
	// log counts how often each marker stands in the log.
	log map[string]int
	// chains are the hashes over each incarnation's changes, by the number of the last.
	chains map[string][]syncengine.Chain
	head   store.Head

	// lost and duplicated are markers, problems sentences for a person.
	lost, duplicated []string
	problems         []string
}

// newAudit reads the log of a realm, and checks the realm as `onedoor verify` does.
func newAudit(ctx context.Context, c server.Config, l *ledger) (*audit, error) {
	a := &audit{ledger: l, log: make(map[string]int), chains: make(map[string][]syncengine.Chain)}
	found, err := server.VerifyWith(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	a.problems = append(a.problems, found.Problems...)
	st, err := server.OpenReader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	return a, st.View(ctx, func(r store.Reader) error {
		a.head = r.Head()
		return r.Entries(0, func(e store.Entry) bool { return a.entry(e) })
	})
}

// entry takes in a log entry that carries a phone's change.
func (a *audit) entry(e store.Entry) bool {
	if e.DeviceSeq == 0 || e.Ref != 0 {
		return true
	}
	for _, m := range markersIn(e.Body) {
		a.log[m]++
	}
	of := e.Incarnation.String()
	chain := syncengine.Chain{}
	if n := len(a.chains[of]); n > 0 {
		chain = a.chains[of][n-1]
	}
	if int(e.DeviceSeq) != len(a.chains[of])+1 {
		a.problem("the log holds change %d of %s after %d", e.DeviceSeq, of, len(a.chains[of]))
		return true
	}
	a.chains[of] = append(a.chains[of], chain.Next(exchange.InnerDigest(e)))
	return true
}

func (a *audit) problem(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// count compares the ledger with the log: what stands at least so is there once, nothing that a phone said is refused is
// there, and a group is there whole or not at all.
func (a *audit) count(owed standing) {
	markers, standings := a.ledger.all()
	for _, m := range markers {
		switch n := a.log[m]; {
		case n > 1:
			a.duplicated = append(a.duplicated, m)
		case n == 1 && standings[m] == refused:
			a.problem("%s was refused by the phone and is in the log", m)
		case n == 0 && standings[m] >= owed:
			a.lost = append(a.lost, m)
		}
	}
	for _, group := range a.ledger.groups {
		there := 0
		for _, m := range group {
			there += min(1, a.log[m])
		}
		if there != 0 && there != len(group) {
			a.problem("of the group %q only %d are in the log", group, there)
		}
	}
}

// unheard counts what phones hold for unsent although it is in the log.
func (a *audit) unheard(all []*facts) (n int) {
	for _, f := range all {
		for _, m := range f.Unsent {
			n += min(1, a.log[m])
		}
	}
	return n
}

// phone checks what one phone holds and shows when everything is at rest.
func (a *audit) phone(number int, f *facts, epoch syncengine.Epoch) {
	say := func(format string, args ...any) { a.problem("phone %d: "+format, append([]any{number}, args...)...) }
	if f.Pending != 0 || len(f.Unsent) != 0 || f.Quarantined != 0 {
		say("%d changes are pending, %d quarantined", f.Pending, f.Quarantined)
	}
	if f.Epoch != int(epoch) || f.Seq != int64(a.head.Seq) {
		say("it stands at %d in epoch %d, the log ends at %d in epoch %d", f.Seq, f.Epoch, a.head.Seq, epoch)
	}
	a.receipt(say, f)
	shown := make(map[string]int)
	for _, m := range f.Shown {
		shown[m]++
	}
	for _, m := range f.Shown {
		if a.log[m] == 0 {
			say("it shows %s, which the log does not have", m)
		}
	}
	for m := range a.log {
		if a.ledger.visits[m] && shown[m] != 1 {
			say("it shows %s %d times", m, shown[m])
		}
	}
}

// receipt checks the newest signed proof: the log holds all that it covers, with the same bytes.
func (a *audit) receipt(say func(string, ...any), f *facts) {
	if f.Receipt == nil {
		return
	}
	chains := a.chains[f.Incarnation]
	n := int(f.Receipt.DeviceSeq)
	if n > len(chains) {
		say("its receipt covers %d changes, the log has %d", n, len(chains))
		return
	}
	if got := hex.EncodeToString(chains[n-1][:]); got != f.Receipt.Chain {
		say("its receipt covers other bytes than the log holds up to change %d", n)
	}
}

// agree checks that all phones hold the same.
func (a *audit) agree(all []*facts) {
	for i, f := range all[1:] {
		if f.Digest != all[0].Digest {
			a.problem("phones 0 and %d hold different records", i+1)
		}
		slices.Sort(f.Shown)
	}
	slices.Sort(all[0].Shown)
	for i, f := range all[1:] {
		if !slices.Equal(f.Shown, all[0].Shown) {
			a.problem("phones 0 and %d show different records", i+1)
		}
	}
}
