package child_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"onedoor/internal/sim/child"
)

// role is set in the arguments of a test binary that runs as a child.
const role = "count"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == role {
		if err := child.Serve(os.Stdin, os.Stdout, count); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// count says the numbers up to a limit and answers their sum; 0 waits for ever.
func count(limit int, say child.Say) (sum int, err error) {
	if limit < 0 {
		return 0, errors.New("too small")
	}
	for n := 1; n <= limit || limit == 0; n++ {
		if err := say(n); err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func started(t *testing.T) *child.Process {
	t.Helper()
	p, err := child.Start(t.Context(), []string{os.Args[0]}, role)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProcess_AnswersAndSaysWhatItHasToSay(t *testing.T) {
	p := started(t)
	var said []string
	var sum int
	err := p.Do(3, &sum, func(line json.RawMessage) { said = append(said, string(line)) })
	if err != nil || sum != 6 || !slices.Equal(said, []string{"1", "2", "3"}) {
		t.Errorf("sum %d, said %q, error %v", sum, said, err)
	}
	if err := p.Do(-1, &sum, nil); err == nil || err.Error() != "too small" {
		t.Errorf("a refused command: %v", err)
	}
	if err := p.Do(2, nil, nil); err != nil {
		t.Error(err)
	}
	if state, err := p.Stop(); err != nil || !state.Success() {
		t.Errorf("the child ended with %v, %v", state, err)
	}
}

func TestProcess_WhatAKilledChildSaidIsHeard(t *testing.T) {
	p := started(t)
	last := 0
	err := p.Do(0, nil, func(line json.RawMessage) {
		if err := json.Unmarshal(line, &last); err != nil {
			t.Error(err)
		}
		if last == 100 {
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	if !errors.Is(err, child.ErrEnded) || last < 100 {
		t.Errorf("heard up to %d, error %v", last, err)
	}
	if err := p.Do(1, nil, nil); !errors.Is(err, child.ErrEnded) {
		t.Errorf("a command to a dead child: %v", err)
	}
	if state, _ := p.Stop(); state.Success() {
		t.Error("a killed child ended well")
	}
}
