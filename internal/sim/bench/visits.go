package bench

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/testdata/notes"
)

// visits makes the workload's records: a visit with ids, times, small enums, a
// note of about 170 bytes of varied Chinese text and two checklist items.
type visits struct {
	random *rand.Rand
	lines  []string
	// left are the lines not drawn yet; each is used before one comes again.
	left []int
}

func newVisits(seed uint64) *visits {
	return &visits{random: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)), lines: notes.Lines()}
}

var numbers = regexp.MustCompile(`[0-9]+`)

var places = []string{"金甲", "文汇", "寨后", "象山", "义正", "清溪", "福慧", "寨鑫"}

// note draws a line without order and changes a number or a place in it.
func (v *visits) note() string {
	if len(v.left) == 0 {
		v.left = v.random.Perm(len(v.lines))
	}
	line := v.lines[v.left[0]]
	v.left = v.left[1:]
	if at := numbers.FindStringIndex(line); at != nil {
		return fmt.Sprintf("%s%d%s", line[:at[0]], 1+v.random.IntN(900), line[at[1]:])
	}
	for _, p := range places {
		if strings.Contains(line, p) {
			return strings.Replace(line, p, places[v.random.IntN(len(places))], 1)
		}
	}
	return fmt.Sprintf("%d号:%s", 1+v.random.IntN(900), line)
}

// visit makes the next visit to one of the doors.
func (v *visits) visit(doors [][]byte, at time.Time) *recordv1.Visit {
	outcomes := []recordv1.VisitOutcome{
		recordv1.VisitOutcome_VISIT_OUTCOME_SEEN, recordv1.VisitOutcome_VISIT_OUTCOME_SEEN,
		recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY, recordv1.VisitOutcome_VISIT_OUTCOME_REFUSED,
	}
	answers := []recordv1.Answer{recordv1.Answer_ANSWER_GOOD, recordv1.Answer_ANSWER_FAIR, recordv1.Answer_ANSWER_POOR}
	items := []string{"FIRE_EQ", "ELEC", "GAS", "EXIT", "EBIKE", "NONRES"}
	first, second := v.random.IntN(len(items)), v.random.IntN(len(items)-1)
	if second >= first {
		second++
	}
	return &recordv1.Visit{
		PremisesIds: [][]byte{doors[v.random.IntN(len(doors))]},
		Purpose:     recordv1.VisitPurpose_VISIT_PURPOSE_ROUTINE.Enum(),
		Outcome:     outcomes[v.random.IntN(len(outcomes))].Enum(),
		OccurredAt:  proto.Int64(at.UnixMilli() - int64(v.random.IntN(120_000))),
		Note:        proto.String(v.note()),
		Checklist: map[string]recordv1.Answer{
			items[first]: answers[v.random.IntN(len(answers))], items[second]: answers[v.random.IntN(len(answers))],
		},
	}
}
