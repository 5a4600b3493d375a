package domain

import (
	"bytes"
	"fmt"
	"slices"
)

// DoorEntry is a door as duplicates are looked for.
type DoorEntry struct {
	// ID is the door's id, Parent the building that it lies in; zero for none.
	ID, Parent ID
	// Territory is where it stands: doors of two territories are not compared by their address.
	Territory ID
	// Kind is what kind of door it is.
	Kind KindOfPremises
	// Key and Address say where it is, Aliases how else its address is written.
	Key     DoorKey
	Address string
	Aliases []string
}

// Duplicate is two doors that may be one. A person looks and decides.
type Duplicate struct {
	// Door and Other are the two, the older id first.
	Door, Other ID
	// Rule is the rule's stable name: "same_key", "same_address" or "same_alias".
	Rule string
	// ZH and EN say why.
	ZH, EN string
}

// sign is a text that two doors have to share. Of two that share an alias rule's sign one has to have it as an alias.
type sign struct {
	text  string
	alias bool
}

// duplicateRules are asked in turn; the first that fits a pair names it.
var duplicateRules = []struct {
	name, zh, en string
	// signs gives what two doors have to share; an empty text is shared with none.
	signs   func(*DoorEntry) []sign
	aliases bool
}{
	{"same_key", "门牌相同", "the same door key", func(d *DoorEntry) []sign { return []sign{{text: d.keySign()}} }, false},
	{"same_address", "地址相同", "the same address", func(d *DoorEntry) []sign { return []sign{{text: d.addressSign(d.Address)}} }, false},
	{"same_alias", "一户的地址是另一户的别名", "the address of one is an alias of the other", (*DoorEntry).aliasSigns, true},
}

// groupMost bounds the doors of one sign that a door is compared with: a hundred doors with one address are a register with
// a fault, which the first pairs tell already.
const groupMost = 100

// Duplicates finds the doors that may be entered twice, among those that are visited: by an equal door key, an equal address
// after all is folded that nobody means, or an alias. It compares and scores nothing. A unit and its building, doors whose
// keys contradict each other, and a building and a unit are never a pair. Of three that are one, two pairs name all.
func Duplicates(doors []DoorEntry) []Duplicate {
	sorted := slices.Clone(doors)
	slices.SortFunc(sorted, func(a, b DoorEntry) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	s := pairing{found: map[[2]ID]bool{}}
	for _, rule := range duplicateRules {
		bySign := map[string][]signed{}
		for i := range sorted {
			for _, own := range rule.signs(&sorted[i]) {
				if own.text == "" {
					continue
				}
				if pair, ok := s.partner(bySign[own.text], &sorted[i], own, rule.aliases); ok {
					s.out = append(s.out, Duplicate{Door: pair[0], Other: pair[1], Rule: rule.name, ZH: rule.zh, EN: rule.en})
				}
				if len(bySign[own.text]) < groupMost {
					bySign[own.text] = append(bySign[own.text], signed{&sorted[i], own})
				}
			}
		}
	}
	return s.out
}

// signed is a door under one of its signs.
type signed struct {
	door *DoorEntry
	sign sign
}

// pairing is the pairs found so far.
type pairing struct {
	found map[[2]ID]bool
	out   []Duplicate
}

// partner finds the first door of a sign that may be the same as one that comes later.
func (s *pairing) partner(group []signed, door *DoorEntry, own sign, aliases bool) (pair [2]ID, ok bool) {
	for _, first := range group {
		pair = [2]ID{first.door.ID, door.ID}
		if first.door.ID == door.ID || s.found[pair] || aliases && !first.sign.alias && !own.alias || !mayBeOne(first.door, door) {
			continue
		}
		s.found[pair] = true
		return pair, true
	}
	return pair, false
}

// keySign is the normal door key; empty for a key that names no single door.
func (d *DoorEntry) keySign() string {
	k := d.Key.Normal()
	if k.Compound == "" || k.Building == "" && k.Door == "" {
		return ""
	}
	// The floor is left out: it follows from most doors, and one of two people leaves it empty. mayBeOne compares it.
	return fmt.Sprintf("%q/%q/%q/%q", k.Compound, k.Building, k.Stair, k.Door)
}

func (d *DoorEntry) addressSign(address string) string {
	normal := NormalText(address)
	if normal == "" {
		return ""
	}
	return d.Territory.String() + " " + normal
}

// aliasSigns are the aliases and the address itself, which another door's alias may be.
func (d *DoorEntry) aliasSigns() []sign {
	out := []sign{{text: d.addressSign(d.Address)}}
	for _, alias := range d.Aliases {
		if text := d.addressSign(alias); !slices.ContainsFunc(out, func(s sign) bool { return s.text == text }) {
			out = append(out, sign{text: text, alias: true})
		}
	}
	return out
}

// mayBeOne reports that nothing speaks against two doors being one.
func mayBeOne(a, b *DoorEntry) bool {
	if a.Parent == b.ID || b.Parent == a.ID || (a.Kind == Building) != (b.Kind == Building) {
		return false
	}
	left, right := a.Key.Normal().parts(), b.Key.Normal().parts()
	for i := range left {
		if left[i] != "" && right[i] != "" && left[i] != right[i] {
			return false
		}
	}
	return true
}

// CheckMerge says why a door may not be merged into another; nothing when it may. Into names for each merged door the one
// that it was merged into, and visited reports that a door is visited.
func CheckMerge(door, other ID, into map[ID]ID, visited func(ID) bool) []Complaint {
	refuse := func(rule, zh, en string) []Complaint {
		return []Complaint{{Field: "merged_into", Rule: rule, ZH: zh, EN: en}}
	}
	_, merged := into[door]
	switch {
	case door == other:
		return refuse("premises.merged_into_itself", "不能并入自己，请选择另一户。", "a door cannot be merged into itself: choose the other one")
	case merged:
		return refuse("premises.merged_already", "这一户已经并入另一户，请先撤销。", "the door is merged already: take that back first")
	case Standing(other, into) == door:
		return refuse("premises.merged_in_a_ring", "保留的那一户已经并入这一户。", "the door that is to stand is merged into this one")
	case Standing(other, into) != other:
		return refuse("premises.merged_into_merged", "保留的那一户已经并入别户，请选择最终保留的那一户。",
			"the door that is to stand is merged itself: choose the one that stands for it")
	case !visited(other):
		return refuse("premises.merged_into_void", "保留的那一户已经注销。", "the door that is to stand is void")
	}
	return nil
}
