package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A JointCode is what the first of several people who make a visit together reads out to the others: ten digits, said as
// 482 913 5607. With the day and the place, which the others know since they stand there, it gives the visit's id without a
// network, so that what each writes on their own phone meets in one visit.
//
// Six digits are drawn. Two visits begun at one place on one day get one id once in 1,000,000 times; at two places, or on
// two days, never but by a collision of SHA-256. Four digits check the rest: a slip of the finger, another door or another
// day passes one time in 10,000 for each day that is tried, and then begins a visit of its own, since the id is another one.
// The code opens nothing: who may not write at the door may not write there with it.
type JointCode struct {
	drawn uint32
	check uint32
}

// Digits of a code: those drawn, and those that check them.
const (
	jointDraws  = 1_000_000
	jointChecks = 10_000
	jointDigits = 6 + 4
)

// NewJointCode makes the code of a visit at a place on a day from a random number.
func NewJointCode(place ID, day Days, random uint64) JointCode {
	c := JointCode{drawn: uint32(random % jointDraws)}
	c.check = jointCheck(place, day, c.drawn)
	return c
}

// ParseJointCode reads a code as people type it: blanks and hyphens count for nothing, full-width digits for digits.
func ParseJointCode(text string) (JointCode, bool) {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '-' || r == '　' || r == '－':
			return -1
		}
		return r
	}, text)
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || len(digits) != jointDigits {
		return JointCode{}, false
	}
	return JointCode{drawn: uint32(n / jointChecks), check: uint32(n % jointChecks)}, true
}

// String gives the code in the groups in which it is said.
func (c JointCode) String() string {
	return fmt.Sprintf("%03d %03d %04d", c.drawn/1000, c.drawn%1000, c.check)
}

// VisitAt gives the id of the visit that the code begins at a place on a day; false when the code is not of that place and day.
func (c JointCode) VisitAt(place ID, day Days) (ID, bool) {
	if c.check != jointCheck(place, day, c.drawn) {
		return ID{}, false
	}
	return DerivedID(jointBytes("onedoor joint visit 1", place, day, c.drawn)), true
}

// JointVisitOfTask gives the id of the visit that several make together for a task which each has on their phone.
func JointVisitOfTask(task ID) ID {
	return DerivedID(append([]byte("onedoor joint visit of a task 1\x00"), task[:]...))
}

func jointCheck(place ID, day Days, drawn uint32) uint32 {
	sum := sha256.Sum256(jointBytes("onedoor joint code 1", place, day, drawn))
	return uint32(binary.BigEndian.Uint64(sum[:8]) % jointChecks)
}

func jointBytes(name string, place ID, day Days, drawn uint32) []byte {
	b := append([]byte(name+"\x00"), place[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(day))
	return binary.BigEndian.AppendUint32(b, drawn)
}
