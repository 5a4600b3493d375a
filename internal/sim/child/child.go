// Package child runs this program again as another process and talks to it: one JSON command a line goes in, one JSON
// answer a line comes out, and before it whatever the child has to say meanwhile. Whoever measures or kills real
// processes builds on it.
//
// It knows no command. A child ends when its input does; a parent that dies takes its children with it so.
package child

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// line is one line of a child's output: something said, or the answer with which a command ends.
type line struct {
	Said   json.RawMessage `json:"said,omitempty"`
	Err    string          `json:"err,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// Say writes something out while a command is worked on; it has left the process when Say returns.
type Say func(what any) error

// Serve reads commands and writes the handler's answers until the input ends. An error of the handler is an answer too.
func Serve[C, A any](in io.Reader, out io.Writer, handle func(c C, say Say) (A, error)) error {
	lines, enc := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	say := func(what any) error {
		said, err := json.Marshal(what)
		return errors.Join(err, enc.Encode(line{Said: said}))
	}
	for {
		var c C
		if err := lines.Decode(&c); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a, err := handle(c, say)
		if err := answer(enc, a, err); err != nil {
			return err
		}
	}
}

// answer ends a command.
func answer(enc *json.Encoder, a any, failed error) error {
	var l line
	if failed != nil {
		l.Err = failed.Error()
	}
	var err error
	if l.Answer, err = json.Marshal(a); err != nil {
		return err
	}
	return enc.Encode(l)
}

// Process is a child that was started. One goroutine at a time talks to it; Kill may come from any.
type Process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// ErrEnded is returned by Do when the child ended before it answered.
var ErrEnded = errors.New("the child ended")

// Start runs the program again with more arguments. It is killed when ctx ends.
func Start(ctx context.Context, self []string, args ...string) (*Process, error) {
	return StartAs(ctx, Usual, self, args...)
}

// StartAs is Start for a child of a rank.
func StartAs(ctx context.Context, r Rank, self []string, args ...string) (*Process, error) {
	cmd := exec.CommandContext(ctx, self[0], append(self[1:len(self):len(self)], args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startAs(cmd, r); err != nil {
		return nil, err
	}
	return &Process{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(bufio.NewReader(out))}, nil
}

// Do sends a command, reads its answer into answer unless that is nil, and lets heard have what is said before, unless
// that is nil. What a killed child said last is heard too.
func (p *Process) Do(command, answer any, heard func(said json.RawMessage)) error {
	if err := p.enc.Encode(command); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	for {
		var l line
		if err := p.dec.Decode(&l); err != nil {
			return fmt.Errorf("%w: %w", ErrEnded, err)
		}
		switch {
		case l.Said != nil:
			if heard != nil {
				heard(l.Said)
			}
		case l.Err != "":
			return errors.New(l.Err)
		case answer == nil:
			return nil
		default:
			return json.Unmarshal(l.Answer, answer)
		}
	}
}

// Kill ends the child as a crash does (SIGKILL). A child that has ended is left alone.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Wait waits for the end of the child and gives how it ended.
func (p *Process) Wait() (*os.ProcessState, error) {
	err := p.cmd.Wait()
	return p.cmd.ProcessState, err
}

// Stop ends the child by closing its input, and waits.
func (p *Process) Stop() (*os.ProcessState, error) {
	_ = p.in.Close() // it may have ended by itself
	return p.Wait()
}

// CloseInput asks the child to end; Wait tells when it has.
func (p *Process) CloseInput() { _ = p.in.Close() }

// Wait waits for a while, or until ctx ends.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
