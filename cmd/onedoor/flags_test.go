package main_test

import (
	"testing"

	"onedoor/internal/command/commandtest"
)

func TestRun_AWrongNumberOfAnyFlagIsRefusedInWords(t *testing.T) {
	commandtest.WrongValuesAreRefusedInWords(t, func(args ...string) (int, string, string) {
		r := run(t, args...)
		return r.code, r.out, r.err
	}, 90)
}
