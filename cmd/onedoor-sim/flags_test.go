package main

import (
	"testing"

	"onedoor/internal/command/commandtest"
)

func TestRun_AWrongNumberOfAnyFlagIsRefusedInWords(t *testing.T) {
	commandtest.WrongValuesAreRefusedInWords(t, func(args ...string) (int, string, string) { return run(t, args...) }, 25)
}
