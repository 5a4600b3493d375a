package demo

import (
	"math/rand/v2"
	"time"
)

// phonesMax bounds the phones of a day: each has its own millisecond of every second, so that no two steps meet.
const phonesMax = 999

// span is a stretch of the day in seconds from midnight.
type span struct{ from, to int }

// clock returns a second of the day.
func clock(hour, minute int) int { return hour*3600 + minute*60 }

// The timetable: three sessions of work without signal, and the rounds of syncing around them.
var (
	morningRound = span{clock(7, 30), clock(8, 10)}
	sessions     = []session{
		{work: span{clock(8, 15), clock(11, 40)}, share: 42, rounds: []round{
			{span{clock(11, 45), clock(12, 35)}, roughRound}, {span{clock(13, 20), clock(13, 55)}, calmRound},
		}},
		{work: span{clock(14, 0), clock(17, 25)}, share: 38, rounds: []round{
			{span{clock(17, 30), clock(18, 20)}, roughRound},
		}},
		{work: span{clock(18, 25), clock(20, 25)}, share: 20, rounds: []round{
			{span{clock(20, 30), clock(21, 5)}, lateRound}, {span{clock(21, 8), clock(21, 29)}, lastRound},
		}},
	}
)

// session is a stretch of work, its percentage of the day's visits, and the rounds of syncing after it.
type session struct {
	work   span
	share  int
	rounds []round
}

// round is a stretch in which every phone tries to sync once, by a pattern from the deck.
type round struct {
	within span
	deck   []pattern
}

// slot is a moment of a phone's session in which it does one thing.
type slot struct {
	second int
	phone  *carrier
	// kind is StepWork, or a step of the network that needs no plan.
	kind  StepKind
	fault Fault
	// planned makes the changes of a slot that a clash has reserved; it returns none if the clash is off.
	planned func(at time.Time) []Change
	clash   ClashKind
}

// at returns the instant of a slot. The millisecond is the phone's own.
func (s *slot) at(midnight time.Time) time.Time {
	return midnight.Add(time.Duration(s.second)*time.Second + time.Duration(s.phone.index+1)*time.Millisecond)
}

// claim returns the first second from the wished one on that the phone has not used.
func (c *carrier) claim(second int) int {
	for c.taken[second] {
		second++
	}
	c.taken[second] = true
	return second
}

// spread returns count seconds of a span, one in each of as many equal parts, so that a person could do it.
func spread(rng *rand.Rand, within span, count int) []int {
	seconds := make([]int, count)
	length := within.to - within.from
	for i := range seconds {
		from, to := within.from+length*i/count, within.from+length*(i+1)/count
		seconds[i] = from + (to-from)*(15+rng.IntN(70))/100
	}
	return seconds
}
