package domain

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// DoorKey is where a door is, as the plan walks and as duplicates are found.
type DoorKey struct {
	// Compound (小区), Building (幢), Stair (单元), Floor and Door (室); a part that a door lacks is empty.
	Compound, Building, Stair, Floor, Door string
}

// suffixes are words behind the number of each part that say the same as no word: people write 3幢, 3栋 and 3号楼 of one
// building.
var suffixes = [...][]string{
	1: {"号楼", "幢", "栋", "座", "楼"},
	2: {"单元", "梯", "门"},
	3: {"层", "楼", "f"},
	4: {"号房", "室", "号", "房"},
}

func (k DoorKey) parts() [5]string {
	return [5]string{k.Compound, k.Building, k.Stair, k.Floor, k.Door}
}

// Empty reports that the key says nothing.
func (k DoorKey) Empty() bool { return k == DoorKey{} }

// Normal gives the key in its normal form: numbers as digits, without blanks, width, case and the words behind a number.
func (k DoorKey) Normal() DoorKey {
	var out [5]string
	for i, part := range k.parts() {
		out[i] = normalPart(part, suffixes[i])
	}
	return DoorKey{Compound: out[0], Building: out[1], Stair: out[2], Floor: out[3], Door: out[4]}
}

func normalPart(text string, words []string) string {
	text = NormalText(text)
	for _, word := range words {
		if stem, ok := strings.CutSuffix(text, word); ok && stem != "" {
			return stem
		}
	}
	return text
}

// NormalText folds what a person does not mean when writing an address or a name: blanks, dashes, full width, case, Chinese
// and Arabic numbers, and leading zeros.
func NormalText(text string) string {
	var out strings.Builder
	parted, digits := false, false // Since the last number: a sign, and nothing but signs.
	for len(text) > 0 {
		if n, length := numberAt(text); length > 0 {
			if digits && parted {
				out.WriteByte(' ') // 3-302 is two numbers, and no other two than 33-02.
			}
			out.WriteString(strconv.FormatInt(n, 10))
			text, parted, digits = text[length:], false, true
			// 五3 is two numbers as well.
			parted = startsNumber(text)
			continue
		}
		r, length := utf8.DecodeRuneInString(text)
		if r = plainRune(r); r == ' ' {
			parted = true
		} else {
			out.WriteRune(r)
			digits = false
		}
		text = text[length:]
	}
	return out.String()
}

func startsNumber(text string) bool {
	_, length := numberAt(text)
	return length > 0
}

// WalkKey gives bytes whose plain order is the order in which doors are walked: by compound, building, stair, floor and
// door, each in natural order, basements first; doors without a key by their address, behind the others.
func WalkKey(k DoorKey, address string) []byte {
	key := append(make([]byte, 0, walkKeyBytes), withKey)
	if k.Compound == "" && k.Building == "" {
		key[0] = withoutKey
	}
	for i, part := range k.parts() {
		if i == floorPart {
			key = appendFloor(key, part)
			continue
		}
		key = appendNatural(key, part)
	}
	return appendNatural(key, address)
}

// What a walk key begins with, and how long most are.
const (
	withKey      = 0
	withoutKey   = 1
	walkKeyBytes = 96
)

// floorPart is the place of the floor among the parts.
const floorPart = 3

// below are the words in front of the number of a floor under ground.
var below = []string{"地下", "负", "-", "－", "b", "B", "Ｂ"}

// mezzanine is the floor between the first and the second.
const mezzanine = "夹层"

// appendFloor appends a floor so that basements come first, the deepest before the others.
func appendFloor(key []byte, floor string) []byte {
	floor = strings.TrimSpace(floor)
	for _, word := range below {
		stem, ok := strings.CutPrefix(floor, word)
		if n, length := numberAt(stem); ok && length > 0 && n > 0 && n < 0xff {
			return appendNatural(appendNumber(key, -n), "")
		}
	}
	if floor == mezzanine {
		floor = "1" + mezzanine
	}
	return appendNatural(key, floor)
}
