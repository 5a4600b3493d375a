package replay

import (
	"cmp"
	"strconv"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
)

// fieldOrder is the order of a field in which the value shown comes first, as
// the record's comments in proto/onedoor/record/v1 state it in words.
type fieldOrder func(a, b write) int

// fieldOrders lists the fields of the plan that are not shown by the latest
// write alone.
var fieldOrders = map[recordv1.Kind]map[string]fieldOrder{
	recordv1.Kind_KIND_PREMISES: {
		"territory": earliest, "origin": earliest, "external_ref": earliest,
	},
	recordv1.Kind_KIND_VISIT: {
		"occurred_at": least, "registered_by": earliest, "external_ref": earliest,
	},
	recordv1.Kind_KIND_HAZARD: {
		"premises_id": earliest, "visit_id": earliest, "found_at": earliest, "registered_by": earliest,
		"checklist_item": earliest, "external_ref": earliest, "severity_found": greatest, "state": furthest,
	},
}

// orderOf gives the order of a field.
func orderOf(kind recordv1.Kind, field string) fieldOrder {
	if order, ok := fieldOrders[kind][field]; ok {
		return order
	}
	return byTime
}

// earliest shows what was written first.
func earliest(a, b write) int { return cmp.Compare(a.at, b.at) }

// least shows the smallest number, then the latest.
func least(a, b write) int { return cmp.Or(cmp.Compare(number(a), number(b)), byTime(a, b)) }

// greatest shows the greatest number, then the latest.
func greatest(a, b write) int { return cmp.Or(cmp.Compare(number(b), number(a)), byTime(a, b)) }

// furthest shows the state that is furthest along, then the latest. The numbers
// of a hazard's states are in the order of their precedence.
func furthest(a, b write) int { return greatest(a, b) }

// number reads a value that is a number.
func number(w write) int64 {
	n, err := strconv.ParseInt(w.value, 10, 64)
	assert(err == nil, "value %q of a numbered field", w.value)
	return n
}
