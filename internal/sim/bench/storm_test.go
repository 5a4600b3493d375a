package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"onedoor/internal/sim/bench"
)

func TestStorm_AChangeThatTheLogHasNotIsCountedAsLost(t *testing.T) {
	dir := t.TempDir()
	open, err := json.Marshal(map[string]any{"op": "open", "dir": dir + "/server", "teams": 1, "per_team": 1, "crowd": true})
	if err != nil {
		t.Fatal(err)
	}
	in := string(open) + "\n" + `{"op":"audit","records":["01890a5d-ac96-774b-bcce-b302099a8057"]}` + "\n"
	var out bytes.Buffer
	if err := bench.Child(context.Background(), bench.RoleServer, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"lost":1`) {
		t.Errorf("the audit says %s", out.String())
	}
}
