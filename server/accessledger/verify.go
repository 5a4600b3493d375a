package accessledger

import (
	"bytes"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// Verification is what a check of the ledger found.
type Verification struct {
	// Entries counts those that stand, Last is the newest one's number.
	Entries int
	Last    uint64
	// Cuts tells which entries were taken out.
	Cuts []Cut
	// Bad is the number of the first entry that is not as it was written, 0 when all are; Why says what is wrong.
	Bad uint64
	Why string
}

// Cut is a run of entries that were taken out.
type Cut struct {
	From, To uint64
	At       syncengine.UnixMilli
	// Lost tells that a restore has lost them.
	Lost bool
}

// Verify walks the whole chain.
func Verify(r store.Reader) (*Verification, error) {
	v := &verifying{out: &Verification{}, next: 1, cuts: map[uint64]*storedv1.AccessCut{}}
	if err := v.readCuts(r); err != nil {
		return nil, err
	}
	head, err := headOf(r)
	if err != nil {
		return nil, err
	}
	err = r.Documents(bucketEntries, nil, nil, v.entry)
	if err != nil {
		return nil, err
	}
	v.skipCuts()
	v.end(head)
	return v.out, nil
}

// verifying is the state of one Verify.
type verifying struct {
	out  *Verification
	cuts map[uint64]*storedv1.AccessCut
	// next is the number that is expected, and hash that of the entry before it.
	next uint64
	hash Hash
	// doubt is an entry that did not fit the one before it: if the one behind it fits, the one before it is bad.
	doubt uint64
}

func (v *verifying) readCuts(r store.Reader) error {
	var failed error
	err := r.Documents(bucketCuts, nil, nil, func(d store.Document) bool {
		m := &storedv1.AccessCut{}
		if failed = proto.Unmarshal(d.Value, m); failed == nil {
			from, _ := numberOf(d.Key)
			v.cuts[from] = m
			v.out.Cuts = append(v.out.Cuts, Cut{From: from, To: m.GetTo(), At: syncengine.UnixMilli(m.GetAtMs()), Lost: m.GetLost()})
		}
		return failed == nil
	})
	return errors.Join(err, failed)
}

// skipCuts goes on behind the entries that are known to be taken out.
func (v *verifying) skipCuts() {
	for {
		c, ok := v.cuts[v.next]
		if !ok || c.GetTo() < v.next {
			return
		}
		v.next = c.GetTo() + 1
		copy(v.hash[:], c.GetHash())
	}
}

// entry checks one entry and reports whether to go on.
func (v *verifying) entry(d store.Document) bool {
	v.skipCuts()
	v.out.Entries++
	number, ok := numberOf(d.Key)
	e, err := decode(d.Value)
	switch {
	case !ok:
		return v.bad(v.next, "a document that is no entry stands among them")
	case number != v.next:
		return v.bad(v.next, fmt.Sprintf("entry %d is missing", v.next))
	case err != nil:
		return v.bad(number, fmt.Sprintf("entry %d cannot be read", number))
	case e.Number != number:
		return v.bad(number, fmt.Sprintf("entry %d says that it is entry %d", number, e.Number))
	}
	fits := e.Previous == v.hash
	switch {
	case v.doubt != 0 && fits:
		return v.bad(v.doubt-1, fmt.Sprintf("entry %d was altered: entry %d holds another hash of it", v.doubt-1, v.doubt))
	case v.doubt != 0:
		return v.bad(v.doubt, fmt.Sprintf("entry %d was altered", v.doubt))
	case !fits && v.next == 1:
		return v.bad(1, "entry 1 was altered: it names an entry before it")
	case !fits:
		v.doubt = number
	}
	v.next, v.hash = number+1, hashOf(d.Value)
	v.out.Last = number
	return true
}

// end checks the last entry against the head.
func (v *verifying) end(head *storedv1.AccessHead) {
	fits := head.GetNumber() == v.next-1 && (v.next == 1 || bytes.Equal(head.GetHash(), v.hash[:]))
	switch {
	case v.out.Bad != 0:
	case v.doubt != 0 && fits:
		v.bad(v.doubt-1, fmt.Sprintf("entry %d was altered: entry %d holds another hash of it", v.doubt-1, v.doubt))
	case v.doubt != 0:
		v.bad(v.doubt, fmt.Sprintf("entry %d was altered", v.doubt))
	case head.GetNumber() > v.next-1:
		v.bad(v.next, fmt.Sprintf("entry %d is missing: the ledger's head names entry %d", v.next, head.GetNumber()))
	case !fits:
		v.bad(v.next-1, fmt.Sprintf("entry %d is not the one that the ledger's head names", v.next-1))
	}
}

// bad notes the first entry that is not as it was written and ends the walk.
func (v *verifying) bad(number uint64, why string) bool {
	if v.out.Bad == 0 {
		v.out.Bad, v.out.Why = max(number, 1), why
	}
	return false
}
