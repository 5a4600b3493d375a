// Package commandtest holds what the tests of every command ask of all of its flags. It knows the commands only by what they
// print: the help of each names its flags and the commands below it.
package commandtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Run runs one command line in the test's process.
type Run func(args ...string) (code int, out, errs string)

// usageCode is the exit code of a command line that is used wrongly, as docs/cli.md has it.
const usageCode = 2

// wrong is no number, no duration and neither yes nor no.
const wrong = "x7:"

// refusals is what a flag that takes less than any text says of a wrong value.
var refusals = regexp.MustCompile(`^[a-z -]+: --[a-z-]+: "x7:" is no (whole number( from 0 up)?, such as 14|duration, such as 24h or 90m|number, such as 0\.1|yes or no: give true or false): see ` + "`[a-z -]+ --help`\n$")

// WrongValuesAreRefusedInWords gives every flag of every command that the help of root names a value that is no number, and
// wants it taken as text or refused in one line that says what the flag takes, with an example. It needs flagsMin flags to
// refuse theirs, so that a walk that finds none fails.
func WrongValuesAreRefusedInWords(t *testing.T, run Run, flagsMin int) {
	t.Helper()
	refused := 0
	for _, path := range commands(run) {
		for _, flag := range flags(run, path) {
			code, out, errs := run(append(slices.Clone(path), flag+"="+wrong, "--help")...)
			switch {
			case code == 0 && out != "": // The flag takes any text, and the help was printed instead of the command run.
			case code == usageCode && out == "" && refusals.MatchString(errs) && strings.Contains(errs, ": "+flag+": "):
				refused++
			default:
				t.Errorf("%s %s=%s: exit %d, printed %q, said %q", strings.Join(path, " "), flag, wrong, code, out, errs)
			}
		}
	}
	if refused < flagsMin {
		t.Errorf("%d flags refused a wrong value, at least %d were to be tried", refused, flagsMin)
	}
}

// commands gives every command by the words that name it, the root as none.
func commands(run Run) (paths [][]string) {
	var walk func(path []string)
	walk = func(path []string) {
		paths = append(paths, path)
		for _, name := range children(run, path) {
			walk(append(slices.Clone(path), name))
		}
	}
	walk(nil)
	return paths
}

// children gives the commands right below one.
func children(run Run, path []string) (names []string) {
	_, help, _ := run(append(slices.Clone(path), "--help")...)
	_, list, _ := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		if name := strings.Fields(line); len(name) > 0 && name[0] != "help" && name[0] != "completion" {
			names = append(names, name[0])
		}
	}
	return names
}

// flag is one line of a help's list of flags.
var flag = regexp.MustCompile(`(?m)^ +(?:-[a-z], |    )(--[a-z][a-z-]*)`)

// flags gives the flags of a command, but those that it has from above and the one that asks for help.
func flags(run Run, path []string) (names []string) {
	_, help, _ := run(append(slices.Clone(path), "--help")...)
	_, list, _ := strings.Cut(help, "\nFlags:\n")
	list, _, _ = strings.Cut(list, "\nGlobal Flags:\n")
	for _, match := range flag.FindAllStringSubmatch(list, -1) {
		if match[1] != "--help" {
			names = append(names, match[1])
		}
	}
	return names
}
