package accessledger_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/accessledger"
	"onedoor/server/store"
	"onedoor/server/store/memstore"
	"onedoor/syncengine"
)

// ledger is a ledger in a store of its own.
type ledger struct {
	t  *testing.T
	st store.Store
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{t, memstore.New()}
	t.Cleanup(func() { _ = l.st.Close() })
	return l
}

func (l *ledger) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *ledger) update(f func(store.Writer) error) {
	l.t.Helper()
	l.must(l.st.Update(l.t.Context(), f))
}

// fill appends entries 1 to n, the i-th at time i.
func (l *ledger) fill(n int) *ledger {
	l.t.Helper()
	l.update(func(w store.Writer) error {
		for i := 1; i <= n; i++ {
			if _, err := accessledger.Append(w, look(i)); err != nil {
				return err
			}
		}
		return nil
	})
	return l
}

// look is an entry of user i%3 and device i%2 that saw record i%5.
func look(i int) accessledger.Entry {
	return accessledger.Entry{
		At: syncengine.UnixMilli(i), Action: accessledger.Explain,
		Actor:   accessledger.Actor{User: id('u', i%3), Device: id('d', i%2)},
		Records: []accessledger.Touched{{Kind: 1, Fields: []syncengine.FieldNumber{18}, IDs: []syncengine.ID{id('r', i%5)}}},
		Reason:  fmt.Sprint("reason ", i),
	}
}

func id(sort byte, n int) syncengine.ID { return syncengine.ID{0: sort, 15: byte(n)} }

func (l *ledger) verify() (v *accessledger.Verification) {
	l.t.Helper()
	l.must(l.st.View(l.t.Context(), func(r store.Reader) (err error) {
		v, err = accessledger.Verify(r)
		return err
	}))
	return v
}

func (l *ledger) numbers(f accessledger.Filter) (out []uint64) {
	l.t.Helper()
	l.must(l.st.View(l.t.Context(), func(r store.Reader) error {
		return accessledger.Walk(r, f, func(e accessledger.Entry) bool {
			out = append(out, e.Number)
			return true
		})
	}))
	return out
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func TestVerify_AWholeChainHasNothingBad(t *testing.T) {
	for _, n := range []int{0, 1, 2, 50} {
		if v := newLedger(t).fill(n).verify(); v.Bad != 0 || v.Entries != n || v.Last != uint64(n) {
			t.Errorf("%d entries: %+v", n, v)
		}
	}
}

func TestVerify_NamesTheFirstEntryThatIsNotAsItWasWritten(t *testing.T) {
	alter := func(w store.Writer, n uint64, f func([]byte) []byte) error {
		value, _, err := w.Document("access", key(n))
		if err != nil {
			return err
		}
		return w.PutDocument("access", key(n), f(value))
	}
	reason := func(b []byte) []byte { return []byte(strings.Replace(string(b), "reason", "REASON", 1)) }
	cases := map[string]struct {
		bad    uint64
		tamper func(store.Writer) error
	}{
		"an altered first entry":       {1, func(w store.Writer) error { return alter(w, 1, reason) }},
		"an altered entry":             {4, func(w store.Writer) error { return alter(w, 4, reason) }},
		"an altered entry before last": {8, func(w store.Writer) error { return alter(w, 8, reason) }},
		"an altered last entry":        {9, func(w store.Writer) error { return alter(w, 9, reason) }},
		"another hash of the one before": {5, func(w store.Writer) error {
			return alter(w, 5, func(b []byte) []byte {
				b[slices.Index(b, 0x12)+5] ^= 1 // Within field 2, the hash of the entry before.
				return b
			})
		}},
		"an entry taken out":  {3, func(w store.Writer) error { return w.DeleteDocument("access", key(3)) }},
		"the first taken out": {1, func(w store.Writer) error { return w.DeleteDocument("access", key(1)) }},
		"the last taken out":  {9, func(w store.Writer) error { return w.DeleteDocument("access", key(9)) }},
		"all taken out": {1, func(w store.Writer) error {
			var err error
			for n := uint64(1); n <= 9; n++ {
				err = errors.Join(err, w.DeleteDocument("access", key(n)))
			}
			return err
		}},
		"an entry put at the end": {10, func(w store.Writer) error { return w.PutDocument("access", key(10), []byte{8, 10}) }},
		"one entry twice": {6, func(w store.Writer) error {
			five, _, err := w.Document("access", key(5))
			return errors.Join(err, w.PutDocument("access", key(6), five))
		}},
		"an unreadable entry":     {2, func(w store.Writer) error { return w.PutDocument("access", key(2), []byte{0xff}) }},
		"another head":            {9, func(w store.Writer) error { return w.PutDocument("access.head", []byte("1"), []byte{8, 9, 18, 1, 1}) }},
		"a document of no number": {10, func(w store.Writer) error { return w.PutDocument("access", []byte("zzzzzzzzz"), nil) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLedger(t).fill(9)
			l.update(c.tamper)
			if v := l.verify(); v.Bad != c.bad || v.Why == "" {
				t.Errorf("bad %d, %q; want %d", v.Bad, v.Why, c.bad)
			}
		})
	}
}

func TestCutBefore_TheChainGoesOnBehindWhatWasTakenOut(t *testing.T) {
	l := newLedger(t).fill(20)
	cut := func(before syncengine.UnixMilli, limit, want int) {
		t.Helper()
		l.update(func(w store.Writer) error {
			n, err := accessledger.CutBefore(w, before, 99, limit)
			if n != want {
				t.Errorf("cut %d entries, want %d", n, want)
			}
			return err
		})
	}
	cut(6, 100, 5)
	cut(6, 100, 0)
	cut(11, 3, 3)
	cut(11, 100, 2)
	v := l.verify()
	if v.Bad != 0 || v.Entries != 10 || v.Last != 20 || len(v.Cuts) != 1 || v.Cuts[0].To != 10 || v.Cuts[0].Lost {
		t.Fatalf("verify finds %+v", v)
	}
	if got := l.numbers(accessledger.Filter{}); got[0] != 11 || len(got) != 10 {
		t.Errorf("left are %v", got)
	}
	l.update(func(w store.Writer) error { return w.DeleteDocument("access", key(11)) })
	if v := l.verify(); v.Bad != 11 {
		t.Errorf("an entry behind the cut was taken out: %+v", v)
	}
	all := newLedger(t).fill(4)
	all.update(func(w store.Writer) error {
		_, err := accessledger.CutBefore(w, 100, 100, 100)
		return err
	})
	if all.fill(2); all.verify().Bad != 0 {
		t.Errorf("after everything was cut: %+v", all.verify())
	}
}

func TestMend_TellsWhatARestoreHasLost(t *testing.T) {
	l := newLedger(t).fill(12)
	l.update(func(w store.Writer) error {
		var err error
		for _, n := range []uint64{4, 5, 9, 11, 12} {
			err = errors.Join(err, w.DeleteDocument("access", key(n)))
		}
		return err
	})
	if l.verify().Bad != 4 {
		t.Fatal("the gap is not noticed: the test would prove nothing")
	}
	l.update(func(w store.Writer) error { return accessledger.Mend(w, 50) })
	v := l.verify()
	want := []accessledger.Cut{{From: 4, To: 5, At: 50, Lost: true}, {From: 9, To: 9, At: 50, Lost: true}, {From: 11, To: 12, At: 50, Lost: true}}
	if v.Bad != 0 || !slices.Equal(v.Cuts, want) {
		t.Errorf("verify finds %+v", v)
	}
	if l.fill(1); l.verify().Bad != 0 || l.verify().Last != 13 {
		t.Errorf("the chain does not go on: %+v", l.verify())
	}
}

func TestWalk_FindsByTimeActorRecordAndAction(t *testing.T) {
	l := newLedger(t).fill(10)
	l.update(func(w store.Writer) error {
		_, err := accessledger.Append(w, accessledger.Entry{
			At: 20, Action: accessledger.DeviceRevoke, Actor: accessledger.Actor{Operator: true},
			Users: []syncengine.ID{id('u', 1)}, Devices: []syncengine.ID{id('d', 1)}, Place: "530702",
		})
		return err
	})
	cases := map[string]struct {
		filter accessledger.Filter
		want   []uint64
	}{
		"everything":      {accessledger.Filter{}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"between times":   {accessledger.Filter{Since: 3, Until: 5}, []uint64{3, 4}},
		"behind a number": {accessledger.Filter{After: 9}, []uint64{10, 11}},
		"a user":          {accessledger.Filter{User: id('u', 1)}, []uint64{1, 4, 7, 10, 11}},
		"a device":        {accessledger.Filter{Device: id('d', 1), Since: 6}, []uint64{7, 9, 11}},
		"a record":        {accessledger.Filter{Record: id('r', 2)}, []uint64{2, 7}},
		"an action":       {accessledger.Filter{Actions: []accessledger.Action{accessledger.DeviceRevoke}}, []uint64{11}},
		"nobody":          {accessledger.Filter{User: id('u', 9)}, nil},
	}
	for name, c := range cases {
		if got := l.numbers(c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestExposures_GiveEachRecordOnceWithFirstLastAndFields(t *testing.T) {
	l := newLedger(t).fill(10)
	l.update(func(w store.Writer) error {
		_, err := accessledger.Append(w, accessledger.Entry{
			At: 30, Action: accessledger.Lookup, Actor: accessledger.Actor{Device: id('d', 1)}, Records: accessledger.About(1, id('r', 8)),
		})
		return err
	})
	x := accessledger.NewExposures()
	l.must(l.st.View(t.Context(), func(r store.Reader) error {
		return x.Read(r, 2, 0, func(a accessledger.Actor) bool { return a.Device == id('d', 1) })
	}))
	x.Wrote(id('r', 3), 1, []syncengine.FieldNumber{7}, 1)
	list := x.List()
	if len(list) != 4 {
		t.Fatalf("%d records, want 0, 2, 3 and 4: %+v", len(list), list)
	}
	three := list[2]
	if three.Record != id('r', 3) || three.First != 1 || three.Last != 3 || three.Times != 1 || !three.Written || !slices.Equal(three.Fields, []syncengine.FieldNumber{7, 18}) {
		t.Errorf("record 3: %+v", three)
	}
}

func TestAppend_RefusesWhatMayNotStandThere(t *testing.T) {
	l := newLedger(t)
	cases := map[string]func(*accessledger.Entry){
		"no action":                func(e *accessledger.Entry) { e.Action = 0 },
		"no time":                  func(e *accessledger.Entry) { e.At = 0 },
		"a long reason":            func(e *accessledger.Entry) { e.Reason = strings.Repeat("因", accessledger.ReasonCharsMax+1) },
		"a long place":             func(e *accessledger.Entry) { e.Place = strings.Repeat("处", accessledger.PlaceCharsMax+1) },
		"a number in the reason":   func(e *accessledger.Entry) { e.Reason = "回拨 138 0013 8000" },
		"more records than it may": func(e *accessledger.Entry) { e.Records = accessledger.About(1, many(accessledger.RecordsMax+1)...) },
	}
	for name, spoil := range cases {
		e := look(1)
		spoil(&e)
		err := l.st.Update(t.Context(), func(w store.Writer) error {
			_, err := accessledger.Append(w, e)
			return err
		})
		if !errors.Is(err, accessledger.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v := l.verify(); v.Entries != 0 {
		t.Errorf("refused entries stand: %+v", v)
	}
	if accessledger.FileName("13800138000.csv") != "" || accessledger.FileName("doors.csv") != "doors.csv" {
		t.Error("a file's name with a person's number may not stand, another may")
	}
}

func many(n int) (out []syncengine.ID) {
	for i := range n {
		out = append(out, syncengine.ID{1, 14: byte(i >> 8), 15: byte(i)})
	}
	return out
}

func TestLooks_PutRecordsWithTheSameFieldsTogether(t *testing.T) {
	var looks accessledger.Looks
	for _, r := range []int{5, 2, 9, 2} {
		looks.Add(1, id('r', r), 18)
	}
	looks.Add(1, id('r', 9), 20)
	looks.Add(4, id('c', 1), 15)
	mark := looks.Len()
	looks.Add(4, id('c', 2), 15)
	looks.Forget(mark)
	want := "[{1 [18] [r2 r5]} {1 [18 20] [r9]} {4 [15] [c1]}]"
	var got []string
	for _, t := range looks.Records() {
		var ids []string
		for _, i := range t.IDs {
			ids = append(ids, fmt.Sprintf("%c%d", i[0], i[15]))
		}
		got = append(got, fmt.Sprintf("{%d %v %v}", t.Kind, t.Fields, ids))
	}
	if text := fmt.Sprint(got); text != want {
		t.Errorf("%s, want %s", text, want)
	}
}

func TestAction_NamesAreThoseOfTheProtocolAndReadBack(t *testing.T) {
	for n, name := range adminv1.AccessAction_name {
		a := accessledger.Action(n)
		got, ok := accessledger.ParseAction(a.String())
		if n != 0 && (!ok || got != a) {
			t.Errorf("%s: %q reads back as %d", name, a, got)
		}
	}
	if !accessledger.Sync.Reads() || !accessledger.BreakGlass.Reads() || !accessledger.PrivacyAccess.Reads() || accessledger.UserAdd.Reads() {
		t.Error("what shows sealed values and what does not are mixed up")
	}
}
