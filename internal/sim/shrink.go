package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shrinking makes a case that breaks something smaller while it still breaks the same: the script is cut behind the step
// that broke it, kinds of faults are left out one by one, then runs of steps, halved until single ones are left.

// shrinkRuns bounds how many runs a shrinking makes: at some fifty milliseconds each it ends within a quarter of a minute.
const shrinkRuns = 300

// Shrink makes a failing case smaller.
func Shrink(f *Failure) (*Failure, error) {
	home, err := newHome()
	if err != nil {
		return nil, err
	}
	defer home.close()
	s := &shrinking{home: home, best: f, left: shrinkRuns}
	s.cut()
	s.faults()
	s.steps()
	return s.best, nil
}

// shrinking is a case on its way to a smaller one.
type shrinking struct {
	home *home
	best *Failure
	// last is the number of the last step that the best case took.
	last int
	left int
}

// try plays a case and keeps it when it breaks what the first one broke.
func (s *shrinking) try(c Case) bool {
	if s.left <= 0 {
		return false
	}
	s.left--
	p := s.home.play(c, nil)
	if p.err != nil || p.fail == nil || p.fail.kind() != s.best.kind() {
		return false
	}
	s.best, s.last = p.fail, p.last
	return true
}

// kind names what a failure broke: the invariant, or what else it was.
func (f *Failure) kind() string {
	if len(f.Violations) > 0 {
		return f.Violations[0].Invariant.String()
	}
	return fmt.Sprint(f.Err)
}

// cut ends the script at the step that broke it.
func (s *shrinking) cut() {
	c := s.best.Case
	if s.try(c) {
		c = s.best.Case
		c.Steps = s.last
		s.try(c)
	}
	// Halving finds the shortest script that still breaks, as far as shorter ones do not break and longer ones do.
	for least, most := 0, s.last; least+1 < most; {
		c := s.best.Case
		c.Steps = (least + most) / 2
		if s.try(c) {
			most = c.Steps
		} else {
			least = c.Steps
		}
	}
}

// faults leaves out each kind of fault that is not needed.
func (s *shrinking) faults() {
	for _, kind := range AllFaults {
		c := s.best.Case
		if slices.Contains(c.Without, kind) {
			continue
		}
		c.Without = append(slices.Clone(c.Without), kind)
		s.try(c)
	}
}

// steps leaves out runs of steps, the longest first.
func (s *shrinking) steps() {
	for size := max(s.last/2, 1); size >= 1; size /= 2 {
		for first := 1; first <= s.last; first += size {
			c := s.best.Case
			c.Skip = slices.Clone(c.Skip)
			for n := first; n < first+size && n <= s.last; n++ {
				if !slices.Contains(c.Skip, n) {
					c.Skip = append(c.Skip, n)
				}
			}
			if len(c.Skip) > len(s.best.Case.Skip) {
				slices.Sort(c.Skip)
				s.try(c)
			}
		}
	}
}

// ParseSteps reads numbers of steps and ranges of them, separated by commas.
func ParseSteps(list string) (out []int, err error) {
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 1 || b < a || b > stepsMost {
			return nil, fmt.Errorf("%q is no step or range of steps, such as 7 or 9-12", part)
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
	}
	return out, nil
}

// stepsMost is more steps than any script has.
const stepsMost = 100_000

// StepsText writes numbers of steps as ParseSteps reads them.
func StepsText(steps []int) string {
	var parts []string
	for i := 0; i < len(steps); {
		j := i
		for j+1 < len(steps) && steps[j+1] == steps[j]+1 {
			j++
		}
		text := strconv.Itoa(steps[i])
		if j > i {
			text += "-" + strconv.Itoa(steps[j])
		}
		parts = append(parts, text)
		i = j + 1
	}
	return strings.Join(parts, ",")
}
