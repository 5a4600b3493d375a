package exchange_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// numbered is an id that stands at a place in the order of ids.
func numbered(n int) (id syncengine.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

// batchOf gives the even numbers from 2 on; what others made may stand between them.
func batchOf(count int) (ids []syncengine.ID) {
	for i := range count {
		ids = append(ids, numbered(2*i+2))
	}
	return ids
}

func TestEmptyRanges_FewQuestionsTellWhatIsNewAndNothingElseIsCalledNew(t *testing.T) {
	for name, c := range map[string]struct {
		ids    int
		stored []int
		// known is how many are known to be new, asked the most questions.
		known, asked int
	}{
		"nothing stands in the range":              {ids: 1600, known: 1600, asked: 1},
		"the batch before ended between the first": {ids: 1600, stored: []int{3}, known: 1585, asked: 20},
		"the first stands already":                 {ids: 1600, stored: []int{2}, known: 1585, asked: 20},
		"somebody wrote in the last moment":        {ids: 1600, stored: []int{3199}, known: 1585, asked: 20},
		"one in the middle":                        {ids: 1600, stored: []int{1555}, known: 1585, asked: 20},
		"mixed with others' all over":              {ids: 1600, stored: []int{5, 401, 801, 1601, 2401, 3197}, known: 0, asked: 3},
		"before and behind":                        {ids: 1600, stored: []int{1, 3201}, known: 1600, asked: 1},
		"too few to ask for":                       {ids: 7, known: 0, asked: 0},
		"enough to ask and too few to halve":       {ids: 9, stored: []int{3}, known: 0, asked: 1},
	} {
		asked := 0
		ids := batchOf(c.ids)
		between := func(from, to syncengine.ID) bool {
			for _, n := range c.stored {
				if id := numbered(n); bytes.Compare(from[:], id[:]) <= 0 && bytes.Compare(id[:], to[:]) <= 0 {
					return true
				}
			}
			return false
		}
		in, err := exchange.EmptyRanges(ids, func(from, to syncengine.ID) (bool, error) {
			asked++
			return between(from, to), nil
		})
		known := 0
		for i, id := range ids {
			if !in[i] {
				continue
			}
			known++
			if between(id, id) {
				t.Errorf("%s: number %d is called new and stands in the store", name, 2*i+2)
			}
		}
		if err != nil || known < c.known || asked > c.asked {
			t.Errorf("%s: %d of %d are known to be new, %d at least should be; %d questions, %d at most; %v", name, known, c.ids, c.known, asked, c.asked, err)
		}
	}
}

func TestEmptyRanges_AQuestionThatFailsEndsIt(t *testing.T) {
	broken := errors.New("disk")
	for after := range 4 {
		asked := 0
		_, err := exchange.EmptyRanges(batchOf(100), func(from, to syncengine.ID) (bool, error) {
			if asked++; asked > after {
				return false, broken
			}
			return true, nil
		})
		if after < 3 && !errors.Is(err, broken) {
			t.Errorf("after %d answers: %v", after, err)
		}
	}
}
