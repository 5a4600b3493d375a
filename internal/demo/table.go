package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"onedoor/domain"
)

// tableRow is one line of a table: what is counted, in both languages, and the figure.
type tableRow struct{ zh, en, figure string }

// figures are written as people in both languages read them: 30,984.
var figures = message.NewPrinter(language.English)

func counted(zh, en string, n int) tableRow { return tableRow{zh, en, figures.Sprintf("%d", n)} }

// Table tells what came of the day, for whoever leads a grid team.
func (r *Report) Table() string {
	rows := []tableRow{
		counted("手机", "phones", r.Phones),
		counted("房屋", "doors", r.Doors),
		counted("走访", "visits", r.Visits),
		counted("发现隐患", "hazards found", r.Hazards),
		counted("登记矛盾纠纷", "disputes registered", r.Disputes),
	}
	for _, clinic := range append(domain.Clinics(), 0) {
		zh, en := clinic.Words()
		rows = append(rows, counted("　"+zh, "  "+en, r.Clinics[clinic]))
	}
	return "\n" + align(append(rows, r.resultRows()...))
}

// resultRows are the rows of what became of the changes.
func (r *Report) resultRows() []tableRow {
	return []tableRow{
		counted("通话中断线", "calls that were cut", r.Faults),
		counted("应用被系统关闭", "apps that died", r.Restarts),
		{},
		counted("手机写下的修改", "changes made on phones", r.Changes),
		counted("　其中没有信号时", "  of them without signal", r.Offline),
		counted("　直接生效", "  applied as they were", r.Total().Applied),
		counted("　与他人修改合并", "  merged with others' edits", r.Total().Merged),
		counted("　留待审核", "  put into quarantine", r.Total().Quarantined),
		{},
		counted("等人决定的冲突", "conflicts that wait for a person", r.Findings.Conflicts),
		counted("　同时写了不同内容", "  two people, two values", r.Findings.Conflicts-r.Findings.Kept-r.Findings.DeleteEdits),
		counted("　未看到就被覆盖", "  overwritten unseen, and kept", r.Findings.Kept),
		counted("　一人删除一人修改", "  one deletes, one edits", r.Findings.DeleteEdits),
		{},
		counted("丢失", "lost", r.Findings.Lost),
		counted("重复", "doubled", r.Findings.Duplicated),
		{"各手机与服务器一致", "all phones and the server agree", map[bool]string{true: "是 yes", false: "否 NO"}[r.Findings.Converged]},
		{},
		counted("每条修改上行字节", "bytes up for a change", perChange(r.Day.BytesUp, r.Changes)),
		counted("每条修改下行字节", "bytes down for a change", perChange(r.Day.BytesDown, r.Changes)),
		counted("每台手机首次下载字节", "bytes of a phone's first sync", perChange(r.FirstSync.BytesDown, r.Phones)),
		counted("通信往返", "round trips", r.Total().RoundTrips),
		{"用时", "time", seconds(r.Wall)},
	}
}

// perChange is a mean; 0 where there is nothing to divide by.
func perChange(bytes int64, changes int) int { return int(bytes) / max(changes, 1) }

// seconds writes a time as a person would.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// Times tells how long each stage took.
func (r *Report) Times() string {
	var rows []tableRow
	for _, s := range r.Stages {
		rows = append(rows, tableRow{s.Stage.ZH, s.Stage.EN, seconds(s.Took)})
	}
	return align(rows)
}

// align sets rows in columns, figures to the right. A Chinese character is two columns wide.
func align(rows []tableRow) string {
	var zh, en, figure int
	for _, row := range rows {
		zh, en = max(zh, uniseg.StringWidth(row.zh)), max(en, uniseg.StringWidth(row.en))
		figure = max(figure, uniseg.StringWidth(row.figure))
	}
	var b strings.Builder
	for _, row := range rows {
		line := row.zh + blanks(zh, row.zh) + "  " + row.en + blanks(en, row.en) + "  " + blanks(figure, row.figure) + row.figure
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// blanks fill a text up to a width.
func blanks(width int, text string) string {
	return strings.Repeat(" ", width-uniseg.StringWidth(text))
}
