package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	client "onedoor/client-sdk"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// print writes a result: as JSON on one line, or as text for people.
func (a *app) print(result recordjson.Object, text func(w io.Writer)) error {
	var b strings.Builder
	if a.asJSON {
		line, err := result.MarshalJSON()
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	} else {
		text(&b)
	}
	if _, err := io.WriteString(a.Out, b.String()); err != nil {
		return fmt.Errorf("write the result to standard output: %w", err)
	}
	return nil
}

// objects writes a list of results.
func objects[T interface{ Object() recordjson.Object }](list []T) []recordjson.Object {
	out := make([]recordjson.Object, len(list))
	for i, one := range list {
		out[i] = one.Object()
	}
	return out
}

func (a *app) printID(id string) error {
	return a.print(recordjson.Object{}.With("id", id), func(w io.Writer) { fmt.Fprintln(w, id) })
}

func (a *app) printEnrolled(self *client.Self, key string, ready bool) error {
	result := recordjson.Object{}.With("realm", self.Realm).With("user_id", self.UserID).With("user", self.UserName).
		With("device_id", self.Incarnation).With("server", self.Server).With("key", key).With("ready", ready)
	return a.print(result, func(w io.Writer) {
		fmt.Fprintf(w, a.say("%s，您好。手机已登记到%06d，密钥在%s。\n", "Hello %s. The phone is enrolled in %06d; its key is in %s.\n"),
			printable(self.UserName), self.Realm, key)
		if ready {
			fmt.Fprintln(w, a.say("数据已下载，可以离线工作。", "What it may read is here: it can go offline."))
		}
	})
}

func (a *app) printRecord(rec *client.Record) error {
	fields, err := rec.JSON()
	if err != nil {
		return err
	}
	return a.print(fields, func(w io.Writer) {
		var t table
		for _, m := range fields {
			t.add(m.Name, plain(m.Value))
		}
		t.write(w)
		if rec.Deleted {
			fmt.Fprintln(w, a.say("（已删除）", "(deleted)"))
		}
		if rec.Conflicts > 0 {
			fmt.Fprintf(w, a.say("有%d处冲突待处理，见 conflicts。\n", "%d conflicts are open: see conflicts.\n"), rec.Conflicts)
		}
	})
}

// titles are the fields by which people know a record, the first that has a value.
var titles = []string{"address", "title", "what", "note", "code", "name", "text", "outcome", "media_type"}

func (a *app) printRecords(records []*client.Record) error {
	result, err := client.RecordsObject(records)
	if err != nil {
		return err
	}
	return a.print(result, func(w io.Writer) {
		var t table
		for _, rec := range records {
			// RecordsObject has written every one of them before.
			fields, _ := rec.JSON()
			t.add(rec.ID.String(), rec.Kind, titleOf(fields), stateOf(fields), string(rec.State))
		}
		t.write(w)
		fmt.Fprintf(w, a.say("共%d条。\n", "%d records.\n"), len(records))
	})
}

func titleOf(fields recordjson.Object) string {
	const charsMax = 30
	for _, name := range titles {
		if v, ok := fields.Get(name); ok {
			text := []rune(plain(v))
			if len(text) > charsMax {
				return string(text[:charsMax]) + "…"
			}
			return string(text)
		}
	}
	return ""
}

func stateOf(fields recordjson.Object) string {
	for _, name := range []string{"state", "status", "outcome"} {
		if v, ok := fields.Get(name); ok {
			return plain(v)
		}
	}
	return ""
}

func (a *app) printReport(r *client.Report) error {
	return a.print(r.Object(), func(w io.Writer) {
		fmt.Fprintf(w, a.say("已上传%d项（直接生效%d，合并%d，待决定%d），下载%d条；往返%d次，上行%d字节，下行%d字节。\n",
			"Sent %d changes (%d applied, %d merged, %d quarantined), brought %d records; %d round trips, %d bytes up, %d down.\n"),
			r.Pushed, r.Applied, r.Merged, r.Quarantined, r.Pulled, r.RoundTrips, r.BytesUp, r.BytesDown)
	})
}

func (a *app) printStatus(self *client.Self, s *client.Status, key string) error {
	result := s.Object().With("user_id", self.UserID).With("user", self.UserName).With("device_id", self.Incarnation).
		With("realm", self.Realm).With("server", self.Server).With("key", key)
	return a.print(result, func(w io.Writer) {
		var t table
		t.add(a.say("用户", "user"), self.UserName)
		t.add(a.say("服务器", "server"), self.Server)
		t.add(a.say("待上传", "pending"), fmt.Sprint(s.Pending), timeText(s.OldestPendingMs))
		t.add(a.say("待决定", "quarantined"), fmt.Sprint(s.Quarantined))
		t.add(a.say("冲突", "conflicts"), fmt.Sprint(s.Conflicts))
		t.add(a.say("记录", "records"), fmt.Sprint(s.Records))
		t.add(a.say("草稿", "drafts"), fmt.Sprint(s.Drafts))
		t.add(a.say("上次同步", "last sync"), timeText(s.LastSyncMs), fmt.Sprintf("%d/%d", s.Epoch, s.Seq))
		t.add(a.say("数据库", "database"), fmt.Sprintf(a.say("%d字节", "%d bytes"), s.DatabaseBytes))
		t.add(a.say("密钥", "key"), key)
		t.add(a.say("摘要", "digest"), s.Digest)
		t.write(w)
	})
}

func (a *app) printConflicts(open []*client.Conflict) error {
	return a.print(recordjson.Object{}.With("conflicts", objects(open)), func(w io.Writer) {
		for _, c := range open {
			fmt.Fprintf(w, "%s  %s  %s %s  %s\n", c.ID, c.Kind, c.RecordKind, c.RecordID, c.Field)
			fmt.Fprintf(w, a.say("   现在是  %s\n", "   shown  %s\n"), valueText(&c.Shown))
			for i := range c.Others {
				fmt.Fprintf(w, "   %d      %s\n", i+1, valueText(&c.Others[i]))
			}
		}
		fmt.Fprintf(w, a.say("共%d处。用 restore 选另一个值，用 acknowledge 保留现在的值。\n",
			"%d open. restore takes another value, acknowledge keeps the one shown.\n"), len(open))
	})
}

func (a *app) printReasons(id string, reasons []*client.Reason) error {
	result := recordjson.Object{}.With("id", id).With("fields", objects(reasons))
	return a.print(result, func(w io.Writer) {
		for _, r := range reasons {
			fmt.Fprintf(w, "%s  %s  [%s]\n", r.Field, valueText(&r.Shown), r.Rule)
			for i := range r.Losing {
				fmt.Fprintf(w, a.say("   未采用  %s\n", "   not shown  %s\n"), valueText(&r.Losing[i]))
			}
		}
	})
}

func (a *app) printQuarantined(items []*client.Quarantined) error {
	return a.print(recordjson.Object{}.With("items", objects(items)), func(w io.Writer) {
		for _, q := range items {
			fmt.Fprintf(w, "%s %s  %s  %s\n   %s\n", q.Kind, q.RecordID, timeText(q.TimeMs), q.State, q.Says.In(a.lang()))
			if q.Note != "" {
				fmt.Fprintf(w, "   %s\n", printable(q.Note))
			}
			// What the change writes was made from a record: it can be written.
			text, _ := q.Fields.MarshalJSON()
			fmt.Fprintf(w, "   %s\n", printable(string(text)))
		}
		fmt.Fprintf(w, a.say("共%d项。\n", "%d changes.\n"), len(items))
	})
}

func valueText(v *client.Value) string {
	return fmt.Sprintf("%s  (%s, %s)", plain(v.JSON), printable(v.Author), timeText(v.TimeMs))
}

// plain shows a JSON value to people: texts without quotes.
func plain(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return printable(text)
	}
	return printable(string(v))
}

// timeText is a time for people, in Asia/Shanghai; "-" for none.
func timeText(ms int64) string {
	var at time.Time
	if err := json.Unmarshal(recordjson.Time(syncengine.UnixMilli(ms)), &at); err != nil || at.IsZero() {
		return "-"
	}
	return at.Format(time.DateTime)
}

// table is text in columns. Chinese characters count as two columns wide.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = printable(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// write aligns the columns, each as wide as its widest cell.
func (t *table) write(w io.Writer) {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}
