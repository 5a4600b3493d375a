package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNeighbours_MeasuresAQuietRealmAloneAndBesideThoseThatGetSomethingDone(t *testing.T) {
	code, out, errs := run(t, "neighbours", "--flood", "2", "--records", "20000", "--stretch", "1s", "--rounds", "1", "--json")
	if code != 0 || strings.Count(out, "\n") != 1 {
		t.Fatalf("exit %d, printed %q and %q", code, out, errs)
	}
	var r map[string]any
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if order := r["order"]; order != "real time" && order != "shares" {
		t.Errorf("who went first: %v", order)
	}
	for _, key := range []string{"flood_pushed", "apart_pushed", "fill_pulled", "fill_apart_pulled", "flood_ratio", "fill_ratio", "apart_ratio", "fill_apart_ratio"} {
		if n, ok := r[key].(float64); !ok || n <= 0 {
			t.Errorf("%s is %v", key, r[key])
		}
	}
	for _, key := range []string{"alone", "beside_flood", "beside_fill", "beside_apart", "beside_fill_apart"} {
		beside, _ := r[key].(map[string]any)
		if n, ok := beside["syncs"].(float64); !ok || n < 10 {
			t.Errorf("%s: %v", key, r[key])
		}
	}
}

func TestNeighbours_RefusesWhatIsNone(t *testing.T) {
	for _, args := range [][]string{{"--flood", "0"}, {"--records", "0"}, {"--stretch", "1ms"}, {"--rounds", "0"}, {"--store", "mysql://x"}} {
		code, out, errs := run(t, append([]string{"neighbours"}, args...)...)
		if code != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, printed %q and %q", args, code, out, errs)
		}
	}
}
