package importer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/internal/importer"
)

// readSample reads a file of the committed data.
func readSample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutLine deletes a line, counted from 1.
func withoutLine(text string, line int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(slices.Delete(lines, line-1, line), "")
}

// readRegister reads a register through a map; it must be sound.
func readRegister(t *testing.T, text string, m *importer.Map) []importer.Premises {
	t.Helper()
	rows, err := importer.ReadPremises(strings.NewReader(text), importer.Options{File: "r.csv", Map: m})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
