package monitoring_test

import (
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// asked is when the alerts are asked, in seconds: some eleven days after nothing. Series have a value a minute until then.
const asked = 1_000_000

// scenes are, for each alert, series with which it must fire and series with which it must not, in Prometheus' own notation: a
// first value, a step, and how many steps.
var scenes = map[string]struct{ fires, quiet string }{
	"OnedoorDown":          {`up{job="onedoor"} 0x60`, `up{job="onedoor"} 1x60`},
	"OnedoorNotReady":      {`onedoor_ready{realm="1"} 0x60`, `onedoor_ready{realm="1"} 1x60`},
	"OnedoorStateUnknown":  {`onedoor_state_failed{realm="1"} 1x60`, `onedoor_state_failed{realm="1"} 0x60`},
	"OnedoorStoreRefuses":  {`onedoor_store_errors_total{why="full"} 0+1x60`, "onedoor_store_errors_total{why=\"full\"} 7x60\nonedoor_store_errors_total{why=\"closed\"} 0+1x60"},
	"OnedoorStoreDamaged":  {`onedoor_store_errors_total{why="damaged"} 0+1x60`, `onedoor_store_errors_total{why="damaged"} 0x60`},
	"OnedoorDiskFilling":   {"onedoor_disk_free_bytes 9e9x60\nonedoor_disk_size_bytes 1e11x60", "onedoor_disk_free_bytes 9e10x60\nonedoor_disk_size_bytes 1e12x60"},
	"OnedoorWalLarge":      {`onedoor_store_bytes{file="wal"} 2e9x60`, "onedoor_store_bytes{file=\"wal\"} 1e6x60\nonedoor_store_bytes{file=\"database\"} 2e9x60"},
	"OnedoorRealmUnopened": {`onedoor_realms_unopened 1x60`, `onedoor_realms_unopened 0x60`},
	"OnedoorBackupOld":     {`onedoor_backup_timestamp_seconds 860000x60`, `onedoor_backup_timestamp_seconds 880000x60`},
	"OnedoorBackupMissing": {
		"onedoor_log_seq{realm=\"1\",instance=\"a\"} 5x60\nonedoor_backup_timestamp_seconds{realm=\"2\",instance=\"a\"} 880000x60",
		"onedoor_log_seq{realm=\"1\",instance=\"a\"} 5x60\nonedoor_backup_timestamp_seconds{realm=\"1\",instance=\"a\"} 880000x60",
	},
	"OnedoorBackupFailed":   {`onedoor_backups_total{result="failed"} 0+1x60`, "onedoor_backups_total{result=\"failed\"} 3x60\nonedoor_backups_total{result=\"done\"} 0+1x60"},
	"OnedoorSideLedgerLost": {`onedoor_side_ledger_kept 0x60`, `onedoor_side_ledger_kept 1x60`},
	"OnedoorNewEpoch":       {`onedoor_log_epoch 1x30 2x29`, `onedoor_log_epoch 2x60`},
	"OnedoorFaults":         {`onedoor_faults_total 0x50 1x9`, `onedoor_faults_total 1x60`},
	"OnedoorGroupsFail":     {`onedoor_groups_total{result="failed"} 0+1x60`, `onedoor_groups_total{result="done"} 0+1x60`},
	"OnedoorCommitSlow":     {slow("onedoor_group_seconds_bucket", `part="commit"`, "2.5"), slow("onedoor_group_seconds_bucket", `part="commit"`, "0.5")},
	"OnedoorStoreStands":    {`onedoor_store_pending_timestamp_seconds 999940x60`, `onedoor_store_pending_timestamp_seconds 999980x60`},
	"OnedoorSyncSlow": {
		slow("onedoor_call_seconds_bucket", `method="/onedoor.sync.v1.SyncService/Exchange"`, "5"),
		slow("onedoor_call_seconds_bucket", `method="/onedoor.sync.v1.SyncService/Exchange"`, "1"),
	},
	"OnedoorCertificateEnds":    {`onedoor_certificate_ends_timestamp_seconds 2e6x60`, `onedoor_certificate_ends_timestamp_seconds 9e6x60`},
	"OnedoorCertificateRefused": {handshakes(5, 1), handshakes(5, 9)},
	"OnedoorQuarantineOld":      {`onedoor_quarantine_oldest_timestamp_seconds 700000x60`, `onedoor_quarantine_oldest_timestamp_seconds 900000x60`},
	"OnedoorOutboxOld":          {`onedoor_outbox_oldest_timestamp_seconds 300000x60`, `onedoor_outbox_oldest_timestamp_seconds 500000x60`},
	"OnedoorFeedWaits":          {`onedoor_feed_waiting_timestamp_seconds 970000x60`, `onedoor_feed_waiting_timestamp_seconds 990000x60`},
	"OnedoorFeedStopped":        {`onedoor_feed_stopped 1x60`, `onedoor_feed_stopped 0x60`},
	"OnedoorPhonesSilent": {
		"onedoor_phones_seen{realm=\"1\",within=\"longer\"} 3x60\nonedoor_phones_seen{realm=\"1\",within=\"1d\"} 7x60",
		"onedoor_phones_seen{realm=\"1\",within=\"longer\"} 1x60\nonedoor_phones_seen{realm=\"1\",within=\"1d\"} 9x60",
	},
	"OnedoorStrangersCall": {`onedoor_calls_total{realm="1",code="Unauthenticated"} 0+120x60`, "onedoor_calls_total{realm=\"1\",code=\"Unauthenticated\"} 0+6x60\nonedoor_calls_total{realm=\"1\",code=\"OK\"} 0+900x60"},
}

// slow is a histogram of which all observations take up to so many seconds.
func slow(name, label, le string) string {
	return name + "{realm=\"1\"," + label + ",le=\"0.001\"} 0x60\n" + name + "{realm=\"1\"," + label + ",le=\"" + le + "\"} 0+60x60\n" + name + "{realm=\"1\"," + label + ",le=\"+Inf\"} 0+60x60"
}

// handshakes are so many a minute that are refused and done.
func handshakes(refused, done int) string {
	step := func(result string, n int) string {
		return "onedoor_handshakes_total{instance=\"a\",result=\"" + result + "\"} 0+" + string(rune('0'+n)) + "x60"
	}
	return step("refused_by_caller", refused) + "\n" + step("done", done)
}

// TestAlerts_FireWhenTheyShouldAndOnlyThen runs every alert in Prometheus' own engine.
func TestAlerts_FireWhenTheyShouldAndOnlyThen(t *testing.T) {
	body, err := os.ReadFile("../../../../deploy/prometheus/onedoor.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(body, false, model.LegacyValidation, parser.NewParser(parser.Options{}), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	tried := 0
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			scene, is := scenes[r.Alert]
			if !is {
				t.Errorf("%s is tried with nothing", r.Alert)
				continue
			}
			tried++
			if n := firing(t, r.Expr, scene.fires); n == 0 {
				t.Errorf("%s does not fire with %s", r.Alert, scene.fires)
			}
			if n := firing(t, r.Expr, scene.quiet); n > 0 {
				t.Errorf("%s fires with %s", r.Alert, scene.quiet)
			}
		}
	}
	if tried != len(scenes) {
		t.Errorf("%d alerts were tried, of %d scenes", tried, len(scenes))
	}
}

// firing counts the series that an expression gives.
func firing(t *testing.T, expr, series string) int {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Hour, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}()
	query, err := engine.NewInstantQuery(t.Context(), given(t, series), nil, expr, time.Unix(asked, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result, err := query.Exec(t.Context()).Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return len(result)
}

// given is a store that holds some series.
func given(t *testing.T, text string) storage.Queryable {
	t.Helper()
	var all []storage.Series
	for line := range strings.Lines(text) {
		name, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var samples []chunks.Sample
		for i, v := range values {
			samples = append(samples, sample{int64(asked-60*(len(values)-1-i)) * 1000, v.Value})
		}
		all = append(all, storage.NewListSeries(name, samples))
	}
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, by ...*labels.Matcher) storage.SeriesSet {
		return &found{list: slices.DeleteFunc(slices.Clone(all), func(s storage.Series) bool {
			return slices.ContainsFunc(by, func(m *labels.Matcher) bool { return !m.Matches(s.Labels().Get(m.Name)) })
		})}
	}}}
}

// sample is a number at a time.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                      { return s.at }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.value }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// found is what a question found.
type found struct {
	list []storage.Series
	at   storage.Series
}

func (f *found) Next() bool {
	if len(f.list) == 0 {
		return false
	}
	f.at, f.list = f.list[0], f.list[1:]
	return true
}
func (f *found) At() storage.Series                { return f.at }
func (f *found) Err() error                        { return nil }
func (f *found) Warnings() annotations.Annotations { return nil }
