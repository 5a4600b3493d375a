package upgrade_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"onedoor/internal/pgtest"
)

// fleet is a realm in a database with its servers, each a process with a folder and an address of its own that it keeps.
type fleet struct {
	t *testing.T
	// dir holds the realm's keys and the operator's token; store is the database's URL.
	dir, store string
	servers    []*serving
	addresses  []string
	workers    []*worker
}

// contactKey is the name of the contact key beside the folder of a realm.
const contactKey = ".contact-key"

// founded makes a realm with the servers of a software.
func founded(t *testing.T, by *software, many int) *fleet {
	t.Helper()
	f := &fleet{t: t, dir: filepath.Join(t.TempDir(), "realm"), store: pgtest.Database(t)}
	f.command(by, "init", "--data", f.dir, "--store", f.store, "--realm", "530702")
	for range many {
		dir := filepath.Join(t.TempDir(), "realm")
		f.copyTo(dir)
		s := f.serve(by, dir, "127.0.0.1:0")
		f.servers, f.addresses = append(f.servers, s), append(f.addresses, s.address)
	}
	return f
}

// copyTo gives a server a copy of the realm's keys.
func (f *fleet) copyTo(dir string) {
	f.t.Helper()
	must(f.t, os.Mkdir(dir, 0o700))
	keys, err := os.ReadDir(f.dir)
	must(f.t, err)
	files := map[string]string{f.dir + contactKey: dir + contactKey}
	for _, k := range keys {
		files[filepath.Join(f.dir, k.Name())] = filepath.Join(dir, k.Name())
	}
	for from, to := range files {
		text, err := os.ReadFile(from)
		must(f.t, err)
		must(f.t, os.WriteFile(to, text, 0o600))
	}
}

// addressesFrom gives the servers as a phone knows them, one of them first.
func (f *fleet) addressesFrom(first int) string {
	first %= len(f.addresses)
	return strings.Join(append(f.addresses[first:len(f.addresses):len(f.addresses)], f.addresses[:first]...), ",")
}

// replace stops a server in order and starts one of a software in its place.
func (f *fleet) replace(i int, by *software) {
	f.t.Helper()
	old := f.servers[i]
	must(f.t, old.process.Stop(syscall.SIGTERM))
	if code := old.process.State().ExitCode(); code != 0 {
		f.t.Errorf("server %d ended with %d: %s", i, code, old.said())
	}
	f.servers[i] = f.serve(by, old.dir, old.address)
}

// operator runs a command with the operator's token at a server that is up, and gives its JSON object.
func (f *fleet) operator(args ...string) map[string]any {
	f.t.Helper()
	s := f.servers[0]
	return f.object(f.command(s.by, append(args, "--json", "--data", f.dir, "--server", s.address)...))
}

func (f *fleet) object(text string) (o map[string]any) {
	f.t.Helper()
	must(f.t, json.Unmarshal([]byte(text), &o))
	return o
}

// command runs a command line of a software, which must succeed.
func (f *fleet) command(by *software, args ...string) string {
	f.t.Helper()
	out, err := by.command(args...).Output()
	if err != nil {
		exit, _ := errors.AsType[*exec.ExitError](err)
		f.t.Fatalf("onedoor %s: %v: %s%s", strings.Join(args, " "), err, out, exit.Stderr)
	}
	return string(out)
}

func (s *software) command(args ...string) *exec.Cmd {
	c := exec.Command(s.server, args...)
	c.Env = append(os.Environ(), s.env...)
	return c
}

// serving is `onedoor serve` in a process of its own.
type serving struct {
	by           *software
	dir, address string
	process      *pgtest.Process
	// mu guards text; grown is signalled when it grows or has ended.
	mu    sync.Mutex
	grown *sync.Cond
	text  strings.Builder
	ended bool
}

// serve starts a server and waits until it listens.
func (f *fleet) serve(by *software, dir, listen string) *serving {
	f.t.Helper()
	s := f.start(by, dir, listen)
	line, ok := s.waitFor("listening ")
	if !ok {
		f.t.Fatalf("the server did not start: %s", s.said())
	}
	s.address = strings.TrimPrefix(line, "listening ")
	return s
}

// start starts a server that need not come to serve.
func (f *fleet) start(by *software, dir, listen string) *serving {
	f.t.Helper()
	s := &serving{by: by, dir: dir}
	s.grown = sync.NewCond(&s.mu)
	c := by.command("serve", "--data", dir, "--store", f.store, "--listen", listen)
	read, write, err := os.Pipe()
	must(f.t, err)
	c.Stderr = write
	s.process, err = pgtest.Spawn(c)
	must(f.t, errors.Join(err, write.Close()))
	go s.listen(read) // ended with the process
	f.t.Cleanup(func() { must(f.t, s.process.Stop(syscall.SIGTERM)) })
	return s
}

// listen keeps what the server writes.
func (s *serving) listen(from io.ReadCloser) {
	defer from.Close()
	for lines := bufio.NewScanner(from); lines.Scan(); {
		s.heard(lines.Text()+"\n", false)
	}
	s.heard("", true)
}

func (s *serving) heard(line string, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(line)
	s.ended = ended
	s.grown.Broadcast()
}

// waitFor waits for a line with some words and gives it; false where the server ends without one.
func (s *serving) waitFor(words string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for line := range strings.Lines(s.text.String()) {
			if strings.Contains(line, words) {
				return strings.TrimRight(line, "\n"), true
			}
		}
		if s.ended {
			return "", false
		}
		s.grown.Wait()
	}
}

func (s *serving) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
