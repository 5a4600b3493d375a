package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
)

// print writes a result: as JSON on one line, or as text for people.
func (a *app) print(result any, text func(w io.Writer)) error {
	var b strings.Builder
	if a.asJSON {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(result); err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
	} else {
		text(&b)
	}
	if _, err := io.WriteString(a.Out, b.String()); err != nil {
		return fmt.Errorf("write the result to standard output: %w", err)
	}
	return nil
}

// table is text in columns. Chinese characters count as two columns wide.
type table struct{ rows [][]string }

// columnGap stands between two columns.
const columnGap = "  "

func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// write aligns the columns, each as wide as its widest cell.
func (t *table) write(w io.Writer) {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)) + columnGap)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// printable replaces what would steer a terminal: names and notes come from
// other phones, and nobody's note may move a reader's cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// clock shows a time of the JSON form to people, in the zone it is written in;
// "-" for none.
func clock(raw json.RawMessage) string {
	var at time.Time
	if err := json.Unmarshal(raw, &at); err != nil || at.IsZero() {
		return "-"
	}
	return at.Format(time.DateTime)
}

// valueText shows a value to people: texts without quotes, "-" for none.
func valueText(raw json.RawMessage) string {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "-"
	case json.Unmarshal(raw, &text) != nil:
		return string(raw)
	}
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return clock(raw)
	}
	return text
}
