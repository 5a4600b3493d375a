package storetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"onedoor/server/store"
	"onedoor/syncengine"
)

// An operation is one line of text: a verb, then name=number for each argument,
// 0 where it is left out. Any sequence of lines may be played.
//
//	update … commit|fail|panic   one update with the lines between
//	view … end                   one view with the lines between
//	hold view=N                  begins a view and keeps it; one held as N before ends
//	in view=N                    the lines up to end run in the held view; none when there is none
//	release view=N               ends it
//	reopen                       closes the store and opens it again, if it can
//
// In an update:
//
//	append gap=N record=R body=B type=T   the entry after the next N; body bytes B
//	rewrite seq=N body=B                  other body bytes in entry N; its stamp too with stamp=1, which is refused
//	put record=R body=B                   a record's state, at the head's seq
//	scope key=K seq=N record=R type=T     a scope row
//	unscope key=K seq=N record=R          removes it
//	write bucket=B key=K body=N           a document; keys are numbers into edgeKeys
//	erase bucket=B key=K                  removes it
//	head behind=N tag=T                   sets the head, N below the last entry
//
// In an update or a view:
//
//	show                                  everything
//	record record=R
//	any from=R to=R
//	anyrow from=K to=K
//	entry seq=N
//	entries after=N stop=M                M entries at most, 0 for all
//	rows key=K after=N limit=M
//	range bucket=B from=K to=K stop=M     to=0 is no end
//	last bucket=B key=K
type operation struct {
	verb string
	args map[string]int
}

func parse(line string) (op operation, err error) {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(line, "#") {
		return operation{}, nil
	}
	op = operation{verb: words[0], args: make(map[string]int)}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		if op.args[name], err = strconv.Atoi(value); err != nil {
			return operation{}, fmt.Errorf("%q: %w", line, err)
		}
	}
	return op, nil
}

// player plays operations on one store and keeps what it saw.
type player struct {
	t       TB
	s       store.Store
	lines   []operation
	held    map[int]*heldView
	history []string
}

// TB is what Play needs of a test, plain or of rapid.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Play runs the operations on a store, closes it, and gives what it showed: one
// line a result. It fails the test on a line that is not an operation.
func Play(t TB, s store.Store, operations []string) []string {
	t.Helper()
	p := &player{t: t, s: s, held: make(map[int]*heldView)}
	for _, line := range operations {
		op, err := parse(line)
		if err != nil {
			t.Fatalf("operations: %v", err)
		}
		p.lines = append(p.lines, op)
	}
	for len(p.lines) > 0 {
		p.step()
	}
	p.view([]operation{{verb: "show"}})
	p.releaseAll()
	if err := p.s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return p.history
}

// Difference shows where two histories part, or nothing.
func Difference(want, got []string) string {
	for i := range max(len(want), len(got)) {
		line := func(history []string) string {
			if i < len(history) {
				return history[i]
			}
			return "(nothing)"
		}
		if line(want) != line(got) {
			return fmt.Sprintf("at result %d\nthe one: %s\nthe other: %s", i+1, line(want), line(got))
		}
	}
	return ""
}

func (p *player) note(format string, args ...any) {
	p.history = append(p.history, fmt.Sprintf(format, args...))
}

// step plays the next operation with the lines that belong to it.
func (p *player) step() {
	op := p.lines[0]
	p.lines = p.lines[1:]
	n := op.args["view"]
	switch op.verb {
	case "":
	case "update":
		block, end := p.block("commit", "fail", "panic")
		p.update(block, end)
	case "view":
		block, _ := p.block("end")
		p.view(block)
	case "hold":
		p.release(n)
		p.held[n] = hold(p.s)
	case "in":
		block, _ := p.block("end")
		if v := p.held[n]; v != nil {
			p.history = append(p.history, v.do(block)...)
		}
	case "release":
		p.release(n)
	case "reopen":
		p.releaseAll()
		if r, ok := p.s.(Reopener); ok {
			if err := r.Reopen(); err != nil {
				p.t.Fatalf("reopen: %v", err)
			}
		}
	default:
		p.t.Fatalf("operations: no such verb here: %q", op.verb)
	}
}

// block takes the lines up to one of the verbs; the end of the list counts as the first.
func (p *player) block(ends ...string) (lines []operation, end string) {
	for i, op := range p.lines {
		for _, end := range ends {
			if op.verb == end {
				lines, p.lines = p.lines[:i], p.lines[i+1:]
				return lines, end
			}
		}
	}
	lines, p.lines = p.lines, nil
	return lines, ends[0]
}

// update plays one update to its end, which may be a panic.
func (p *player) update(block []operation, end string) {
	defer func() {
		if got := recover(); got != nil {
			if got != errStop {
				panic(got)
			}
			p.note("update: panicked")
		}
	}()
	err := p.s.Update(context.Background(), func(w store.Writer) error {
		for _, op := range block {
			if write, ok := writes[op.verb]; ok {
				p.note("%s: refused %v", op.verb, write(w, op.args) != nil)
			} else {
				p.history = append(p.history, look(w, op)...)
			}
		}
		switch end {
		case "fail":
			return errStop
		case "panic":
			panic(errStop)
		}
		return nil
	})
	p.note("update: error %v", err != nil)
}

func (p *player) view(block []operation) {
	err := p.s.View(context.Background(), func(r store.Reader) error {
		for _, op := range block {
			p.history = append(p.history, look(r, op)...)
		}
		return nil
	})
	p.note("view: error %v", err)
}

func (p *player) release(n int) {
	if v := p.held[n]; v != nil {
		p.note("held view: error %v", v.end())
		delete(p.held, n)
	}
}

func (p *player) releaseAll() {
	for n := range viewsHeld {
		p.release(n)
	}
}

// viewsHeld bounds the numbers of held views, and so their count: below every store's pool of readers.
const viewsHeld = 3

// heldView is a view that stays open between operations. Its goroutine ends with end.
type heldView struct {
	blocks  chan []operation
	results chan []string
	ended   chan error
}

// hold begins a view and returns when it runs.
func hold(s store.Store) *heldView {
	v := &heldView{blocks: make(chan []operation), results: make(chan []string), ended: make(chan error, 1)}
	go func() {
		err := s.View(context.Background(), func(r store.Reader) error {
			v.results <- nil
			for block := range v.blocks {
				var lines []string
				for _, op := range block {
					lines = append(lines, look(r, op)...)
				}
				v.results <- lines
			}
			return nil
		})
		v.ended <- err
	}()
	<-v.results
	return v
}

func (v *heldView) do(block []operation) []string {
	v.blocks <- block
	return <-v.results
}

func (v *heldView) end() error {
	close(v.blocks)
	return <-v.ended
}

// buckets are neighbours in every order a store might keep them in.
var buckets = []string{"b", "", "b\x00", "ba"}

func bucketOf(args map[string]int) string { return buckets[args["bucket"]%len(buckets)] }

func edgeKey(n int) []byte { return []byte(edgeKeys[n%len(edgeKeys)]) }

// writes are the operations that change something.
var writes = map[string]func(w store.Writer, args map[string]int) error{
	"append": func(w store.Writer, a map[string]int) error {
		e := entry(w.Head().Seq + 1 + syncengine.Seq(a["gap"]))
		e.RecordID, e.Type, e.Body = id(byte(a["record"])), store.EntryType(a["type"]), pattern(a["body"], a["record"])
		return w.Append(e)
	},
	"rewrite": func(w store.Writer, a map[string]int) error {
		e, _, err := w.Entry(syncengine.Seq(a["seq"]))
		if err != nil {
			return err
		}
		e.Salt, e.Body, e.Extra, e.Stamp = nil, pattern(a["body"], 3), []byte{3}, e.Stamp+syncengine.UnixMilli(a["stamp"])
		return w.RewriteEntry(e)
	},
	"put": func(w store.Writer, a map[string]int) error {
		return w.PutRecord(store.Record{ID: id(byte(a["record"])), Kind: 2, Seq: w.Head().Seq, Body: pattern(a["body"], 1)})
	},
	"scope": func(w store.Writer, a map[string]int) error {
		return w.PutScope(store.ScopeRow{Key: grid(byte(a["key"])), Seq: syncengine.Seq(a["seq"]), RecordID: id(byte(a["record"])),
			Type: store.ScopeRowType(a["type"]), Entered: w.Head().Seq})
	},
	"unscope": func(w store.Writer, a map[string]int) error {
		return w.DeleteScope(grid(byte(a["key"])), syncengine.Seq(a["seq"]), id(byte(a["record"])))
	},
	"write": func(w store.Writer, a map[string]int) error {
		return w.PutDocument(bucketOf(a), edgeKey(a["key"]), pattern(a["body"], 2))
	},
	"erase": func(w store.Writer, a map[string]int) error { return w.DeleteDocument(bucketOf(a), edgeKey(a["key"])) },
	"head": func(w store.Writer, a map[string]int) error {
		h := w.Head()
		return w.SetHead(store.Head{Epoch: h.Epoch + 1, Seq: h.Seq - syncengine.Seq(a["behind"]), Tag: store.Tag{byte(a["tag"])}, Committed: h.Committed + 1})
	},
}

// look runs an operation that reads and gives what it shows.
func look(r store.Reader, op operation) (lines []string) {
	note := func(format string, args ...any) { lines = append(lines, op.verb+": "+fmt.Sprintf(format, args...)) }
	a := op.args
	count := 0
	more := func() bool { count++; return count != a["stop"] }
	switch op.verb {
	case "show":
		return strings.Split(strings.TrimSpace(showAll(r)), "\n")
	case "record":
		rec, ok, err := r.Record(id(byte(a["record"])))
		note("%s %v %v", showRecord(rec), ok, err)
	case "any":
		found, err := r.AnyRecord(id(byte(a["from"])), id(byte(a["to"])))
		note("%v %v", found, err)
	case "anyrow":
		found, err := r.AnyScope(grid(byte(a["from"])), grid(byte(a["to"])))
		note("%v %v", found, err)
	case "entry":
		e, ok, err := r.Entry(syncengine.Seq(a["seq"]))
		note("%s %v %v", showEntry(e), ok, err)
	case "entries":
		err := r.Entries(syncengine.Seq(a["after"]), func(e store.Entry) bool { note("%s", showEntry(e)); return more() })
		note("%v", err)
	case "rows":
		rows, err := r.Scope(nil, grid(byte(a["key"])), syncengine.Seq(a["after"]), a["limit"])
		for _, row := range rows {
			note("%s", showRow(row))
		}
		note("%v", err)
	case "range":
		var to []byte
		if a["to"] > 0 {
			to = edgeKey(a["to"])
		}
		err := r.Documents(bucketOf(a), edgeKey(a["from"]), to, func(d store.Document) bool { note("%s", showDocument(d)); return more() })
		note("%v", err)
	case "last":
		d, ok, err := r.LastDocument(bucketOf(a), edgeKey(a["key"]))
		note("%s %v %v", showDocument(d), ok, err)
	default:
		panic(fmt.Sprintf("operations: no such verb here: %q", op.verb))
	}
	return lines
}

// showAll is dump with every bucket.
func showAll(r store.Reader) string {
	var b strings.Builder
	b.WriteString(dump(r))
	for _, bucket := range buckets {
		mustNot(r.Documents(bucket, nil, nil, func(d store.Document) bool {
			fmt.Fprintf(&b, "document in %q %s\n", bucket, showDocument(d))
			return true
		}))
	}
	return b.String()
}
