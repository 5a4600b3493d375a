package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"onedoor/internal/sim/child"
)

// Where no sync of a storm ends for a while, phones and server write down at once what each of them is doing: who looks later finds
// neither.

// stalled is what phones say when none of their syncs has ended for a while.
type stalled struct {
	// During is what the phones were asked to do, Number counts the lulls in it from 1.
	During string  `json:"during"`
	Number int     `json:"number"`
	QuietS float64 `json:"quiet_s"`
	LateS  float64 `json:"late_s"`
	InHand int64   `json:"in_hand"`
}

// why says it in sentences.
func (s stalled) why() string {
	return fmt.Sprintf("no sync ended for %.1f s, with %d in hand; the phones' own process was late by %.1f s at most\n"+
		"(late by as long: phones got no processor or were frozen, and what stands below is from after that)", s.QuietS, s.InHand, s.LateS)
}

// file names the file of one process's part in a lull.
func (s stalled) file(dir, role string) string {
	return filepath.Join(dir, fmt.Sprintf("stalled-%s-%d-%s.txt", s.During, s.Number, role))
}

// ready makes the folder for what is written down, and refuses one that has such files: nobody could tell which storm is meant.
func (o StormOptions) ready() error {
	if o.StalledAfter == 0 {
		return nil
	}
	if err := os.MkdirAll(o.StalledInto, 0o700); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(o.StalledInto, "stalled-*.txt"))
	if err == nil && len(old) > 0 {
		err = fmt.Errorf("%s is of another storm: remove it, or name another folder", old[0])
	}
	return err
}

// watched runs a storm of phones and has lulls in it written down and told.
func (p *crowdPart) watched(c command, say child.Say, run func(*lull) (answer, error)) (answer, error) {
	l := &lull{after: seconds(c.StalledS)}
	if l.after == 0 {
		return run(l)
	}
	ctx, stop := context.WithCancel(p.ctx)
	var watching sync.WaitGroup
	var failed error
	number := 0
	watching.Go(func() {
		l.watch(ctx, func(q quietness) {
			number++
			s := stalled{During: c.Op, Number: number, QuietS: q.quiet.Seconds(), LateS: q.late.Seconds(), InHand: q.inHand}
			failed = firstOf([]error{failed, writeStacks(s.file(c.Into, RolePhones), s.why()), say(s)})
		})
	})
	a, err := run(l)
	stop()
	watching.Wait()
	return a, firstOf([]error{err, failed})
}

// stormed asks the phones for a storm, and the server for its part whenever they say that it stands still.
func (s *storm) stormed(crowd *process, c command) (answer, error) {
	c.StalledS, c.Into = s.o.StalledAfter.Seconds(), s.o.StalledInto
	var failed error
	a, err := crowd.hearing(c, func(said json.RawMessage) {
		failed = firstOf([]error{failed, s.heardStalled(said)})
	})
	return a, firstOf([]error{err, failed})
}

func (s *storm) heardStalled(said json.RawMessage) error {
	var what stalled
	if err := json.Unmarshal(said, &what); err != nil {
		return err
	}
	files := []string{what.file(s.o.StalledInto, RolePhones), what.file(s.o.StalledInto, RoleServer)}
	s.o.Progress(fmt.Sprintf("no sync ended for %.1f s: see %s", what.QuietS, files))
	s.out.Stalled = append(s.out.Stalled, files...)
	_, err := s.scene.server.do(command{Op: "stacks", Into: files[1], Why: what.why()})
	return err
}
