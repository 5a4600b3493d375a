package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// ColumnGap stands between two columns.
const ColumnGap = "  "

// Table is text in columns. Chinese characters count as two columns wide.
type Table struct{ rows [][]string }

// Add adds a row; cells are made printable.
func (t *Table) Add(cells ...string) {
	for i := range cells {
		cells[i] = Printable(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// columnMost is the widest cell that its column gives way to. A longer one, a note or an error, is written whole and moves what
// follows in its own row alone: else a single note would push every row beyond the screen.
const columnMost = 60

// Write aligns the columns, each as wide as its widest cell of at most [columnMost].
func (t *Table) Write(w io.Writer) {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if w := uniseg.StringWidth(cell); w <= columnMost {
				widths[i] = max(widths[i], w)
			}
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(Padded(cell, widths[i]))
			line.WriteString(ColumnGap)
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// Padded fills a text up to a width on the screen.
func Padded(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}
