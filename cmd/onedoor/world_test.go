package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	main "onedoor/cmd/onedoor"
	"onedoor/internal/command"
)

// Exit codes as scripts know them.
const (
	done   = 0
	failed = 1
	usage  = 2
)

// ran is what a command line came to.
type ran struct {
	code     int
	out, err string
}

// run runs a command line in this process.
func run(t *testing.T, args ...string) ran {
	t.Helper()
	return runWith(t, command.Stdio{In: strings.NewReader("")}, args...)
}

func runWith(t *testing.T, stdio command.Stdio, args ...string) ran {
	t.Helper()
	var out, err bytes.Buffer
	stdio.Out, stdio.Err = &out, &err
	code := main.Run(t.Context(), args, stdio)
	return ran{code: code, out: out.String(), err: err.String()}
}

// object is a JSON object that a command printed.
type object map[string]any

// at walks down an object by names and numbers of list elements.
func (o object) at(path ...any) any {
	var v any = map[string]any(o)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// text gives a text of the object.
func (o object) text(path ...any) string {
	s, _ := o.at(path...).(string)
	return s
}

// list gives how long a list of the object is, -1 where there is none.
func (o object) list(path ...any) int {
	l, ok := o.at(path...).([]any)
	if !ok {
		return -1
	}
	return len(l)
}

// decode reads exactly one JSON object on one line.
func decode(t *testing.T, text string) object {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatalf("no JSON object in %q: %v", text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || strings.Count(text, "\n") != 1 {
		t.Fatalf("more than one JSON object on one line: %q", text)
	}
	return o
}

// wantLine wants a failure told in one line on standard error, with some text,
// and nothing on standard output.
func (r ran) wantLine(t *testing.T, code int, says string) {
	t.Helper()
	if r.code != code || r.out != "" || strings.Count(r.err, "\n") != 1 || !strings.Contains(r.err, says) {
		t.Errorf("exit %d, wanted %d; output %q; error %q, wanted one line with %q", r.code, code, r.out, r.err, says)
	}
}

// founded makes a realm and gives its folder.
func founded(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "realm")
	if r := run(t, "init", "--data", dir, "--realm", "530702"); r.code != done {
		t.Fatalf("init: %+v", r)
	}
	return dir
}

// world is a realm that is served in this process by the serve command.
type world struct {
	t    *testing.T
	dir  string
	addr string
	// stop ends the server and gives its exit code.
	stop   func() int
	random *rand.ChaCha8
	// log gives what the server has written to standard error.
	log func() string
}

func serving(t *testing.T, flags ...string) *world {
	t.Helper()
	w := &world{t: t, dir: founded(t), random: rand.NewChaCha8([32]byte{1})}
	w.serve(flags...)
	return w
}

func (w *world) serve(flags ...string) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	lines := newLines()
	exit := make(chan int, 1)
	go func() {
		args := append([]string{"serve", "--data", w.dir, "--listen", "127.0.0.1:0"}, flags...)
		exit <- main.Run(ctx, args, command.Stdio{In: strings.NewReader(""), Out: io.Discard, Err: lines})
		lines.Close()
	}()
	w.stop = sync.OnceValue(func() int {
		cancel()
		return <-exit
	})
	w.log = lines.text
	w.t.Cleanup(func() { w.stop() })
	addr, ok := lines.after("listening ")
	if !ok {
		w.t.Fatalf("the server did not start: %s", lines.text())
	}
	w.addr = addr
}

// lines keeps what a server writes and lets a test wait for a line.
type lines struct {
	// mu guards all.
	mu   sync.Mutex
	all  bytes.Buffer
	pipe *io.PipeWriter
	read *bufio.Scanner
}

func newLines() *lines {
	r, w := io.Pipe()
	return &lines{pipe: w, read: bufio.NewScanner(r)}
}

// Write keeps a part of the output; once the line that is waited for has come,
// nobody reads the pipe any more.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	l.all.Write(p)
	l.mu.Unlock()
	_, _ = l.pipe.Write(p)
	return len(p), nil
}

// Close ends a wait for a line that never came.
func (l *lines) Close() { _ = l.pipe.Close() }

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// after waits for a line and gives what follows the prefix.
func (l *lines) after(prefix string) (rest string, ok bool) {
	for l.read.Scan() {
		if rest, ok = strings.CutPrefix(l.read.Text(), prefix); ok {
			break
		}
	}
	go func() { // ended by Close
		for l.read.Scan() {
		}
	}()
	return rest, ok
}

// run runs a command line against the server with the operator's token.
func (w *world) run(args ...string) ran {
	w.t.Helper()
	return run(w.t, w.with(args)...)
}

func (w *world) with(args []string) []string {
	return append(append([]string{}, args...), "--server", w.addr, "--data", w.dir)
}

// json runs a command line and reads its JSON object.
func (w *world) json(args ...string) object {
	w.t.Helper()
	r := w.run(append(args, "--json")...)
	if r.code != done || r.err != "" {
		w.t.Fatalf("%v: exit %d, error %q", args, r.code, r.err)
	}
	return decode(w.t, r.out)
}

// as runs a command line with a user's token and reads its JSON object.
func (w *world) as(token string, args ...string) object {
	w.t.Helper()
	r := run(w.t, append(append([]string{}, args...), "--json", "--server", w.addr, "--token-file", token)...)
	if r.code != done {
		w.t.Fatalf("%v: exit %d, error %q", args, r.code, r.err)
	}
	return decode(w.t, r.out)
}

// user adds a user and gives the id.
func (w *world) user(name, role, territory string) string {
	w.t.Helper()
	r := w.run("user", "add", "--name", name, "--role", role, "--territory", territory, "--json")
	if r.code != done || r.err != "" && (territory != "" || !strings.Contains(r.err, "sees nothing yet")) {
		w.t.Fatalf("add %s: exit %d, error %q", name, r.code, r.err)
	}
	return decode(w.t, r.out).text("user_id")
}

// token mints a user's token and gives its file.
func (w *world) token(user string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "token")
	w.json("token", "--user", user, "--out", path)
	return path
}

// file writes a file and gives its path.
func file(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// grids are two grids of a community of the built-in territories.
const grids = `code,parent_code,level,name
530702001001001,530702001001,grid,文化一格
530702001001002,530702001001,grid,文化二格
`

const (
	community    = "530702001001"
	gridA, gridB = community + "001", community + "002"
)

// withGrids imports the two grids.
func (w *world) withGrids() *world {
	w.t.Helper()
	if got := w.json("import", "territory", file(w.t, "grids.csv", grids)).at("added"); got != 2.0 {
		w.t.Fatalf("%v grids were added", got)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// lineOf gives the line of a text that has a word.
func lineOf(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return strings.TrimRight(line, "\n")
		}
	}
	return fmt.Sprintf("no line with %q", word)
}
