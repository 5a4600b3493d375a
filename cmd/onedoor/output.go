package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"

	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// print writes a result: as JSON on one line, or as text for people.
func (a *app) print(result any, text func(w io.Writer)) error {
	if a.asJSON {
		return a.printJSON(result)
	}
	var b strings.Builder
	text(&b)
	return a.written(io.WriteString(a.Out, b.String()))
}

func (a *app) printJSON(result any) error {
	e := json.NewEncoder(a.Out)
	e.SetEscapeHTML(false)
	return a.written(0, e.Encode(result))
}

// written says where a result could not go.
func (a *app) written(_ int, err error) error {
	if err != nil {
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
			line.WriteString(padded(cell, widths[i]))
			line.WriteString(columnGap)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// padded fills a text up to a width.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}

// printable replaces what would steer a terminal: names and notes come from
// phones, and nobody's note may move an operator's cursor.
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

// timeJSON is a time for scripts: RFC 3339, null for none.
func timeJSON(ms int64) json.RawMessage { return recordjson.Time(syncengine.UnixMilli(ms)) }

// timeText is a time for people, in the same zone as the JSON form's; "-" for none.
func timeText(ms int64) string { return clock(timeJSON(ms)) }

// clock shows a time of the JSON form to people.
func clock(raw json.RawMessage) string {
	var at time.Time
	if err := json.Unmarshal(raw, &at); err != nil || at.IsZero() {
		return "-"
	}
	return at.Format(time.DateTime)
}

// idText is an id as UUID text; empty for none.
func idText(b []byte) string {
	id, ok := syncengine.IDFromBytes(b)
	if !ok {
		return ""
	}
	return id.String()
}

// idTexts writes ids as UUID text; never nil, so that JSON has an array.
func idTexts(list [][]byte) []string {
	out := make([]string, len(list))
	for i, b := range list {
		out[i] = idText(b)
	}
	return out
}

// orDash shows that there is nothing.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
