package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
	"onedoor/internal/handin"
	"onedoor/internal/importer"
)

// fileNameCharsMax is how much of a file's name the server takes; it only serves to recognise it.
const fileNameCharsMax = 60

func newImport(a *app) *cobra.Command {
	return a.reaching(command.Group("import", "Read a file of territories, doors or users",
		`Reads a CSV file into the realm: the server checks every row and takes all of
them or none. Every bad row is named by its line. FILE may be - for standard input.
The columns stand in docs/cli.md.`,
		a.importTerritory(), a.importPremises(), a.importUsers()))
}

// importFlags are the flags of an import.
type importFlags struct {
	mapFile          string
	dryRun, register bool
}

func (f *importFlags) add(c *cobra.Command, mapped bool) {
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "check and count only, change nothing")
	if mapped {
		c.Flags().StringVar(&f.mapFile, "map", "", "YAML `FILE` that says what somebody else's columns mean")
	}
}

// mapText reads the column map.
func (f *importFlags) mapText(a *app) (string, error) {
	if f.mapFile == "" {
		return "", nil
	}
	file, err := a.open(f.mapFile)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, importer.MapBytesMax+1))
	if err == nil && len(text) > importer.MapBytesMax {
		err = fmt.Errorf("column map %s: more than %d bytes", f.mapFile, importer.MapBytesMax)
	}
	return string(text), err
}

func (f *importFlags) options(path string) *adminv1.ImportOptions {
	name := []rune(filepath.Base(path))
	if path == "-" {
		name = []rune("standard input")
	}
	return &adminv1.ImportOptions{FileName: string(name[max(0, len(name)-fileNameCharsMax):]), DryRun: f.dryRun}
}

// transfer hands the named file in, and gives the server's verdict.
func transfer[Req, Resp any](a *app, path string, stream grpc.ClientStreamingClient[Req, Resp], options *Req, part func(chunk []byte) *Req) (*Resp, error) {
	file, err := a.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return handin.Send(stream, options, file, part)
}

// problemJSON is one thing that is wrong with a file.
type problemJSON struct {
	Line   uint32 `json:"line"`
	Column string `json:"column,omitempty"`
	Why    string `json:"why"`
}

// problemsJSON lists what is wrong; never nil, so that JSON has an array.
func problemsJSON(p *adminv1.ImportProblems) []problemJSON {
	out := make([]problemJSON, 0, len(p.GetProblems()))
	for _, m := range p.GetProblems() {
		out = append(out, problemJSON{Line: m.GetLine(), Column: m.GetColumn(), Why: m.GetWhy()})
	}
	return out
}

// imported prints what came of a file. With problems that is a failure, and for
// people each stands on a line of its own on standard error.
func (a *app) imported(path string, p *adminv1.ImportProblems, result any, text func(io.Writer)) error {
	if p.GetTotal() == 0 {
		return a.Print(result, text)
	}
	if a.AsJSON {
		if err := a.PrintJSON(result); err != nil {
			return err
		}
	} else {
		for _, m := range p.GetProblems() {
			fmt.Fprintln(a.Err, command.Printable(problemLine(path, m)))
		}
	}
	more := ""
	if n := p.GetTotal() - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Errorf("nothing was imported: %s%s: correct the file and import it again", problemLine(path, p.GetProblems()[0]), more)
}

func problemLine(path string, m *adminv1.ImportProblem) string {
	line := fmt.Sprintf("%s:%d: ", path, m.GetLine())
	if m.GetColumn() != "" {
		line += m.GetColumn() + ": "
	}
	return line + m.GetWhy()
}

// dry marks the counts of a dry run.
func (f *importFlags) dry() string {
	if f.dryRun {
		return "dry run, nothing was changed: "
	}
	return ""
}
