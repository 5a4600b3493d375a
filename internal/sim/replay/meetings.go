package replay

import (
	"strconv"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/rentsafe"
)

const (
	// meetEvery is how many visits of a session come to one meeting of edits.
	meetEvery = 12
	// searchesMax is how often a meeting looks for a record that both phones have.
	searchesMax = 8
	// deadlineDays is the time that a dated notice gives.
	deadlineDays = 15
)

// remarks are what people write beside the findings.
var remarks = []string{
	"已当面告知管理方，答应尽快处理。", "现场拍照留底，过几天再来看。", "物业说已经报修，等配件。", "住户反映这个问题有一阵子了。",
	"管理员不在，留了告知单。", "和上次看到的一样，没有变化。", "比上次好一些，还要再盯一盯。", "门口堆了杂物，请他们当场清走了。",
	"楼道灯有的不亮，已记下位置。", "租户配合，进门看过。", "建议下次和社区一起来。", "房东电话里同意整改。",
}

// remark draws a text other than the given one.
func (w *wardPlanner) remark(other string) string {
	for {
		if text := remarks[w.rng.IntN(len(remarks))]; text != other {
			return text
		}
	}
}

// meetings limits the meetings of a session to what the ward has records for.
func (w *wardPlanner) meetings(wanted int) int { return min(wanted, len(w.hazards)+len(w.visits)) }

// meeting is what two phones that know nothing of each other write to one record.
type meeting func(w *wardPlanner, a, b PhoneIndex, key RecordKey)

// hazardMeetings and visitMeetings are what may happen to a record. Those of a
// visit leave what the feed says on the screen, since the feed is real.
var (
	hazardMeetings = []meeting{twoNotes, twoSeverities, twoSteps, sideBySide, oneMind, overAMeeting}
	visitMeetings  = []meeting{twoContributions, twoReadings}
)

// meet lets two phones of the team touch one record on the same day.
func (w *wardPlanner) meet() {
	w.meeting = true
	defer func() { w.meeting = false }()
	phones := w.rng.Perm(len(w.plan.Team))
	a, b := PhoneIndex(phones[0]), PhoneIndex(phones[1])
	keys, kinds := w.hazards, hazardMeetings
	if len(keys) == 0 || len(w.visits) > 0 && w.rng.IntN(4) == 0 {
		keys, kinds = w.visits, visitMeetings
	}
	for range searchesMax {
		key := keys[w.rng.IntN(len(keys))]
		if w.ledger.knows(a, key) && w.ledger.knows(b, key) {
			kinds[w.rng.IntN(len(kinds))](w, a, b, key)
			return
		}
	}
}

// edit commits one change of one record.
func (w *wardPlanner) edit(phone PhoneIndex, key RecordKey, m proto.Message) {
	w.commit(phone, Change{Key: key, Message: m})
}

// twoNotes: both write the note, each their own.
func twoNotes(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	first := w.remark("")
	w.noted = append(w.noted, key)
	w.edit(a, key, &recordv1.Hazard{Note: proto.String(first)})
	w.edit(b, key, &recordv1.Hazard{Note: proto.String(w.remark(first))})
}

// twoSeverities: both judge it, one worse than the other.
func twoSeverities(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	w.edit(a, key, &recordv1.Hazard{SeverityFound: recordv1.Severity_SEVERITY_SERIOUS.Enum()})
	w.edit(b, key, &recordv1.Hazard{SeverityFound: recordv1.Severity_SEVERITY_GENERAL.Enum()})
}

// twoSteps: both take it a step further, and not the same one.
func twoSteps(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	taken := recordv1.HazardState_HAZARD_STATE_UNSPECIFIED
	for _, phone := range []PhoneIndex{a, b} {
		for _, next := range steps[stateOf(w.ledger.screen(phone, key, cell{fieldState, ""}))] {
			if next != taken {
				taken = next
				w.edit(phone, key, &recordv1.Hazard{State: next.Enum()})
				break
			}
		}
	}
}

// sideBySide: each writes another field; both stand.
func sideBySide(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	found := w.foundAt(key)
	w.edit(a, key, &recordv1.Hazard{Disposal: recordv1.Disposal_DISPOSAL_DATED_NOTICE.Enum()})
	w.edit(b, key, &recordv1.Hazard{Deadline: proto.Int64(int64(max(w.now, found) + deadlineDays*dayMillis))})
}

// oneMind: both write the same; nobody is asked.
func oneMind(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	for _, phone := range []PhoneIndex{a, b} {
		w.edit(phone, key, &recordv1.Hazard{Disposal: recordv1.Disposal_DISPOSAL_DATED_NOTICE.Enum()})
	}
}

// overAMeeting: one writes over the note of a hazard where two met before, with
// only one of the two on the screen, while the other rates it.
func overAMeeting(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	if len(w.noted) > 0 {
		if met := w.noted[w.rng.IntN(len(w.noted))]; w.ledger.knows(a, met) && w.ledger.knows(b, met) {
			key = met
		}
	}
	w.edit(a, key, &recordv1.Hazard{Note: proto.String(w.remark(w.ledger.screen(a, key, cell{fieldNote, ""})))})
	w.edit(b, key, &recordv1.Hazard{SeverityFound: recordv1.Severity_SEVERITY_GENERAL.Enum()})
}

// twoContributions: each adds words of their own, which never meet.
func twoContributions(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	for _, phone := range []PhoneIndex{a, b} {
		w.commit(phone, Change{Key: key, Message: &recordv1.Visit{}, Contribution: w.remark("")})
	}
}

// twoReadings: one reads an item otherwise, the other later as the feed has it.
func twoReadings(w *wardPlanner, a, b PhoneIndex, key RecordKey) {
	items := w.marked[key]
	if len(items) == 0 || !w.ledger.sees(b, w.feed[key]) {
		return
	}
	item := items[w.rng.IntN(len(items))]
	w.edit(a, key, reading(item.Name, otherAnswer(answerOf(item.Score))))
	w.edit(b, key, reading(item.Name, answerOf(item.Score)))
	w.feed[key] = w.newest(key)
}

func reading(item string, answer recordv1.Answer) *recordv1.Visit {
	return &recordv1.Visit{Checklist: map[string]recordv1.Answer{item: answer}}
}

func otherAnswer(answer recordv1.Answer) recordv1.Answer {
	if answer == recordv1.Answer_ANSWER_FAIR {
		return recordv1.Answer_ANSWER_GOOD
	}
	return recordv1.Answer_ANSWER_FAIR
}

// collide lets another phone write to a visit that the feed changes on the same
// day, earlier, so that the feed's word stands and the other is not lost.
func (w *wardPlanner) collide(author PhoneIndex, key RecordKey, feed *recordv1.Visit) {
	w.meeting = true
	defer func() { w.meeting = false }()
	phones := w.rng.Perm(len(w.plan.Team))
	for _, p := range phones {
		other := PhoneIndex(p)
		if other == author || !w.ledger.knows(other, key) {
			continue
		}
		m := &recordv1.Visit{}
		for _, item := range rentsafe.Checklist() {
			if answer, ok := feed.GetChecklist()[item.Name]; ok {
				m = reading(item.Name, otherAnswer(answer))
			}
		}
		if feed.Note != nil {
			m.Note = proto.String(w.remark(""))
		}
		if proto.Size(m) > 0 {
			w.edit(other, key, m)
		}
		return
	}
}

// foundAt reads when a hazard was found.
func (w *wardPlanner) foundAt(key RecordKey) domain.UnixMilli {
	for _, e := range w.ledger.records[key] {
		for _, v := range e.values {
			if v.field == "found_at" {
				n, err := strconv.ParseInt(v.value, 10, 64)
				assert(err == nil, "found_at %q", v.value)
				return domain.UnixMilli(n)
			}
		}
	}
	return 0
}

// steps lists the steps that people take from a state, the likelier first.
var steps = map[recordv1.HazardState][]recordv1.HazardState{
	recordv1.HazardState_HAZARD_STATE_FOUND: {
		recordv1.HazardState_HAZARD_STATE_NOTIFIED, recordv1.HazardState_HAZARD_STATE_HANDED_OVER,
	},
	recordv1.HazardState_HAZARD_STATE_NOTIFIED: {
		recordv1.HazardState_HAZARD_STATE_RECTIFIED, recordv1.HazardState_HAZARD_STATE_HANDED_OVER,
	},
	recordv1.HazardState_HAZARD_STATE_RECTIFIED: {
		recordv1.HazardState_HAZARD_STATE_RECHECKED, recordv1.HazardState_HAZARD_STATE_NOTIFIED,
	},
	recordv1.HazardState_HAZARD_STATE_HANDED_OVER: {
		recordv1.HazardState_HAZARD_STATE_CLOSED, recordv1.HazardState_HAZARD_STATE_NOTIFIED,
	},
	recordv1.HazardState_HAZARD_STATE_RECURRED: {
		recordv1.HazardState_HAZARD_STATE_NOTIFIED, recordv1.HazardState_HAZARD_STATE_HANDED_OVER,
	},
}

// step gives the state that a hazard comes into when its item turns worst or
// stops being so; not ok when it stays.
func step(from recordv1.HazardState, worst bool) (recordv1.HazardState, bool) {
	switch from {
	case recordv1.HazardState_HAZARD_STATE_FOUND, recordv1.HazardState_HAZARD_STATE_NOTIFIED,
		recordv1.HazardState_HAZARD_STATE_RECURRED:
		return recordv1.HazardState_HAZARD_STATE_RECTIFIED, !worst
	case recordv1.HazardState_HAZARD_STATE_HANDED_OVER:
		return recordv1.HazardState_HAZARD_STATE_CLOSED, !worst
	}
	return recordv1.HazardState_HAZARD_STATE_RECURRED, worst
}

// stateOf reads a state from a screen.
func stateOf(text string) recordv1.HazardState {
	n, err := strconv.ParseInt(text, 10, 32)
	assert(err == nil, "state %q", text)
	return recordv1.HazardState(n)
}
