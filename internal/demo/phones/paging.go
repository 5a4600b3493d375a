package phones

import (
	"net/http"
	"strconv"
)

// screenful is how many lines of a list a screen has room for; what is left is a tap away.
const screenful = 40

// part is the stretch of a list that a screen shows. No line is left out without a word: the screen tells how many there are.
type part struct {
	// First and Last are its lines, counted from 1; Total is how long the list is.
	First, Last, Total int
	// Next and Before lead to the stretches beside it; empty where there is none.
	Next, Before string
}

// partOf cuts out of a list of some length the screenful that a request asks for, by `from`.
func partOf(r *http.Request, total int) part {
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || from < 0 || from >= total {
		from = 0
	}
	p := part{First: from + 1, Last: from + min(screenful, total-from), Total: total}
	if p.Last < total {
		p.Next = fromLine(r, p.Last)
	}
	if from > 0 {
		p.Before = fromLine(r, max(0, from-screenful))
	}
	return p
}

// fromLine is where the same list stands from another line on.
func fromLine(r *http.Request, line int) string {
	query := r.URL.Query()
	query.Set("from", strconv.Itoa(line))
	return r.URL.Path + "?" + query.Encode()
}

// of cuts the part out of its list.
func of[T any](p part, list []T) []T { return list[p.First-1 : p.Last] }
