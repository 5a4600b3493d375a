package main_test

import (
	"testing"

	"onedoor/internal/command/commandtest"
)

func TestRun_AWrongNumberOfAnyFlagIsRefusedInWords(t *testing.T) {
	p := newPhone(t)
	commandtest.WrongValuesAreRefusedInWords(t, func(args ...string) (int, string, string) {
		r := p.run(args...)
		return r.code, r.out, r.err
	}, 10)
}
