package observe_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"onedoor/server/exchange"
	"onedoor/server/observe"
	"onedoor/server/observe/tracetest"
)

func traces(t *testing.T, o observe.TraceOptions) *observe.Traces {
	t.Helper()
	out, err := observe.OpenTraces(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close(context.Background()) })
	return out
}

func TestTraces_ACallHasItsGroupWithTheCommitAndItsPage(t *testing.T) {
	c := tracetest.Start(t)
	tr := traces(t, observe.TraceOptions{To: c.URL, Share: 1})
	ctx, end := tr.Call(t.Context(), "530702", "/onedoor.sync.v1.SyncService/Exchange")
	other, endOther := tr.Call(t.Context(), "530702", "/onedoor.sync.v1.SyncService/Exchange")
	at := time.UnixMilli(1_780_000_000_000)
	tr.Group("530702", exchange.Group{
		Calls: []context.Context{context.Background(), ctx, other}, Began: at, Judged: at.Add(2 * time.Millisecond), Ended: at.Add(9 * time.Millisecond), Changes: 30,
		Err: errors.New("文化街绝密7号"),
	})
	tr.Page(exchange.Page{Call: ctx, Began: at, Ended: at.Add(time.Millisecond), Records: 4, Bytes: 100})
	end("OK", false)
	endOther("Internal", true)
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls, group, commit, page := c.Named("/onedoor.sync.v1.SyncService/Exchange"), c.Named("group"), c.Named("commit"), c.Named("page")
	if len(calls) != 2 || len(group) != 1 || len(commit) != 1 || len(page) != 1 {
		t.Fatalf("%d calls, %d groups, %d commits, %d pages", len(calls), len(group), len(commit), len(page))
	}
	if !bytes.Equal(group[0].GetParentSpanId(), calls[0].GetSpanId()) || !bytes.Equal(commit[0].GetParentSpanId(), group[0].GetSpanId()) ||
		!bytes.Equal(page[0].GetParentSpanId(), calls[0].GetSpanId()) {
		t.Error("the spans do not hang together")
	}
	if len(group[0].GetLinks()) != 1 || len(calls[1].GetLinks()) != 1 || !bytes.Equal(calls[1].GetLinks()[0].GetSpanId(), group[0].GetSpanId()) {
		t.Error("the other call of the group is not linked with it")
	}
	if took := commit[0].GetEndTimeUnixNano() - commit[0].GetStartTimeUnixNano(); took != uint64(7*time.Millisecond) {
		t.Errorf("the commit took %d ns", took)
	}
	for _, s := range c.Spans() {
		if strings.Contains(s.String(), "绝密") {
			t.Errorf("a span tells what the error quotes: %v", s)
		}
	}
}

func TestTraces_ACallersTraceIsContinuedButItsWishToBeTracedIsNot(t *testing.T) {
	c := tracetest.Start(t)
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("traceparent", parent))
	all := traces(t, observe.TraceOptions{To: c.URL, Share: 1})
	_, end := all.Call(ctx, "530702", "/m")
	end("OK", false)
	none := traces(t, observe.TraceOptions{To: c.URL, Share: 0})
	_, end = none.Call(ctx, "530702", "/m")
	end("OK", false)
	for _, tr := range []*observe.Traces{all, none} {
		if err := tr.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Named("/m"); len(got) != 1 || !strings.HasPrefix(parent[3:], hex.EncodeToString(got[0].GetTraceId())) {
		t.Errorf("spans %v", got)
	}
}

func TestTraces_ACollectorThatIsNotThereIsToldInTheLogAndStopsNothing(t *testing.T) {
	var log bytes.Buffer
	tr := traces(t, observe.TraceOptions{To: "http://127.0.0.1:1", Share: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
	_, end := tr.Call(t.Context(), "530702", "/m")
	end("OK", false)
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "traces could not be sent") {
		t.Errorf("log %q", log.String())
	}
}

func TestNewLog_ALineOfATracedCallNamesItsTrace(t *testing.T) {
	c := tracetest.Start(t)
	tr := traces(t, observe.TraceOptions{To: c.URL, Share: 1})
	ctx, end := tr.Call(t.Context(), "530702", "/m")
	defer end("OK", false)
	var out bytes.Buffer
	log, err := observe.NewLog(&out, observe.LogJSON, false)
	if err != nil {
		t.Fatal(err)
	}
	log.With("a", 1).InfoContext(ctx, "hello")
	log.DebugContext(ctx, "not asked for")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "hello" || len(line["trace"].(string)) != 32 || line["a"] != 1.0 {
		t.Errorf("line %s, error %v", out.String(), err)
	}
	if _, err := observe.NewLog(&out, "xml", false); !errors.Is(err, observe.ErrLogForm) {
		t.Errorf("error %v", err)
	}
}

func TestNewLog_ADurationHasItsUnitInEveryForm(t *testing.T) {
	for _, form := range []string{observe.LogText, observe.LogJSON} {
		var out strings.Builder
		log, err := observe.NewLog(&out, form, false)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("done", "took", 1500*time.Millisecond)
		if !strings.Contains(out.String(), "1.5s") {
			t.Errorf("%s: %s", form, out.String())
		}
	}
}
