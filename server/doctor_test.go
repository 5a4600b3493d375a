package server_test

import (
	"strings"
	"testing"

	"onedoor/server"
)

func TestDoctor_TellsTheTimeOfTheRealmWhereverTheMachineStands(t *testing.T) {
	for _, x := range server.Doctor(t.Context(), server.Config{Dir: founded(t), Now: clock}) {
		if x.Name == "clock" {
			if !strings.Contains(x.Found, "2026-05-29 04:26:40") {
				t.Errorf("at 20:26:40 UTC it says: %s", x.Found)
			}
			return
		}
	}
	t.Error("it does not look at the clock")
}
