package main_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	main "onedoor/cmd/onedoor"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
)

func TestDemo_OnceTellsOneObjectAndLeavesNothingBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := run(t, "demo", "--once", "--json", "--scale", "small", "--seed", "2")
	if r.code != done || r.err != "" {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	o := decode(t, r.out)
	want := []string{
		"applied", "bytes_down", "bytes_up", "changes", "conflicts", "converged", "doors", "duplicated", "lost", "merged", "phones",
		"quarantined", "round_trips", "seed", "wall_ms",
	}
	if got := slices.Sorted(maps.Keys(o)); !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	for name, value := range map[string]any{"seed": 2.0, "phones": 16.0, "lost": 0.0, "duplicated": 0.0, "quarantined": 0.0, "converged": true} {
		if o[name] != value {
			t.Errorf("%s is %v, want %v", name, o[name], value)
		}
	}
	if o["changes"] != o["applied"].(float64)+o["merged"].(float64) || o["conflicts"].(float64) < 50 {
		t.Errorf("counts %v", o)
	}
	if left := files(t, os.TempDir()); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// files lists what lies in a folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestDemo_WrongUseIsToldAtOnce(t *testing.T) {
	run(t, "demo", "--scale", "huge").wantLine(t, usage, "huge")
	run(t, "demo", "--seed", "x").wantLine(t, usage, "x")
	run(t, "demo", "--once", "--scale", "small", "--listen", "0.0.0.0:0").wantLine(t, failed, "this machine only")
}

// standingDemo is a demo that has been played and waits for its reader.
type standingDemo struct {
	dir string
	// table and next are the lines it printed before and after the day's figures ended.
	lines []string
}

// standing plays a small demo and leaves it up until the test ends.
func standing(t *testing.T) *standingDemo {
	t.Helper()
	d := &standingDemo{dir: filepath.Join(t.TempDir(), "demo of mine")}
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() { // ended by interrupt
		args := []string{"demo", "--scale", "small", "--dir", d.dir, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"}
		ended <- main.Run(ctx, args, command.Stdio{In: strings.NewReader(""), Out: writer, Err: writer})
		writer.Close()
	}()
	t.Cleanup(func() {
		interrupt()
		if code := <-ended; code != done {
			t.Errorf("an interrupted demo ends with exit code %d", code)
		}
	})
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		d.lines = append(d.lines, lines.Text())
		if strings.Contains(lines.Text(), "Ctrl-C") {
			return d
		}
	}
	t.Fatalf("the demo ended:\n%s", strings.Join(d.lines, "\n"))
	return nil
}

// commands gives the command lines that a demo suggests, cut into words, without the program's name.
func (d *standingDemo) commands(program string) (out [][]string) {
	for _, line := range d.lines {
		_, args, ok := strings.Cut(line, "/"+program+" ")
		if ok && strings.HasPrefix(line, "  ") {
			out = append(out, shellWords(args))
		}
	}
	return out
}

// shellWords cuts a command line as a shell does where words may stand in single quotes.
func shellWords(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
			return true
		}
		return r == ' ' && !quoted
	})
}

func TestDemo_WhatItSuggestsWorks(t *testing.T) {
	d := standing(t)
	tried := map[string]bool{}
	for _, args := range d.commands("onedoor") {
		if r := run(t, args...); r.code != done || r.out == "" {
			t.Errorf("onedoor %v: exit %d: %s", args, r.code, r.err)
		}
		tried[args[0]] = true
	}
	for _, name := range []string{"conflicts", "explain", "device", "verify"} {
		if !tried[name] {
			t.Errorf("%s is not suggested", name)
		}
	}
	d.joins(t)
	d.looksIn(t)
}

// joins does on a phone of its own what the demo suggests.
func (d *standingDemo) joins(t *testing.T) {
	t.Helper()
	var phone *client.Replica
	for _, args := range d.commands("onedoor-phone") {
		word := func(flag string) string { return args[slices.Index(args, flag)+1] }
		last := args[len(args)-1]
		var err error
		switch args[2] {
		case "enrol":
			if phone, err = client.Open(word("--dir"), make([]byte, client.KeyBytes), client.Options{}); err == nil {
				defer phone.Close()
				err = phone.Enrol(t.Context(), word("--server"), word("--code"))
			}
		case "sync":
			_, err = phone.Sync(t.Context())
		case "search":
			if found, searched := phone.Search(last); searched != nil || len(found) == 0 {
				t.Errorf("search %s finds %d records, %v", last, len(found), searched)
			}
		case "conflicts":
			if open, listed := phone.ConflictCount(); listed != nil || open == 0 {
				t.Errorf("%d conflicts, %v", open, listed)
			}
		case "why":
			_, err = phone.ShowJSON(last)
		case "restore":
			err = phone.Restore(args[3], 1)
		}
		if err != nil {
			t.Errorf("onedoor-phone %v: %v", args, err)
		}
	}
	if phone == nil {
		t.Fatal("no phone of the reader's own is suggested")
	}
	if status, err := phone.Status(); err != nil || status.Pending != 0 || status.Records == 0 {
		t.Errorf("at the end the phone has %+v, %v", status, err)
	}
}

// looksIn opens a phone of the day with the key that the demo names.
func (d *standingDemo) looksIn(t *testing.T) {
	t.Helper()
	for _, line := range d.lines {
		_, rest, ok := strings.Cut(line, "ONEDOOR_PHONE_KEY=$(cat ")
		if !ok {
			continue
		}
		keyFile, rest, _ := strings.Cut(rest, ")")
		words := shellWords(rest)
		text, err := os.ReadFile(shellWords(keyFile)[0])
		if err != nil {
			t.Fatal(err)
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		phone, err := client.Open(words[slices.Index(words, "--dir")+1], key, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer phone.Close()
		if report, err := phone.Sync(t.Context()); err != nil || !report.CaughtUp {
			t.Errorf("sync of a phone of the day: %+v, %v", report, err)
		}
		return
	}
	t.Error("no phone of the day is named")
}

func TestDemo_KeepsItsConsoleAndPhonesUpAndTellsHowToSignIn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines, exit := newLines(), make(chan int, 1)
	go func() { // ended by cancel
		exit <- main.Run(ctx, []string{"demo", "--scale", "small", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"},
			command.Stdio{In: strings.NewReader(""), Out: lines, Err: io.Discard})
		lines.Close()
	}()
	if _, ok := lines.after("按 Ctrl-C"); !ok {
		t.Fatalf("the demo did not stay up: %s", lines.text())
	}
	told := lines.text()
	for _, want := range []string{"/phones", "reception", "yi-hu-yi-men-2026"} {
		if !strings.Contains(told, want) {
			t.Errorf("it says nothing of %s: %s", want, told)
		}
	}
	_, rest, _ := strings.Cut(told, "console: http://")
	status, page, _ := get(t, strings.Fields(rest)[0], "/phones")
	if status != http.StatusOK || strings.Count(page, "<iframe") != 2 {
		t.Errorf("the phones' page: %d %s", status, page)
	}
	cancel()
	if code := <-exit; code != done {
		t.Errorf("exit %d", code)
	}
}
