package phones

import (
	"fmt"
	"html/template"
	"time"

	client "onedoor/client-sdk"
	"onedoor/domain"
	"onedoor/internal/recordwords"
)

// functions are what templates may call, in a language.
func functions(lang string) template.FuncMap {
	pick := func(zh, en string) string { return recordwords.Words{ZH: zh, EN: en}.In(lang) }
	return template.FuncMap{
		"t": pick, "lang": func() string { return lang },
		"role": func(r domain.Role) string { return pick(r.LabelZH(), r.LabelEN()) },
		"says": func(s client.Sentence) string { return pick(s.ZH, s.EN) },
		"slot": func(slot string) string {
			words := map[string]recordwords.Words{"morning": {ZH: "上午", EN: "morning"}, "afternoon": {ZH: "下午", EN: "afternoon"}, "evening": {ZH: "晚上", EN: "evening"}}
			return words[slot].In(lang)
		},
		"state": func(s client.SyncState) string {
			words := map[client.SyncState]recordwords.Words{client.Synced: {ZH: "已同步", EN: "synced"}, client.Pending: {ZH: "待发送", EN: "to be sent"}, client.InQuarantine: {ZH: "待审", EN: "waits"}}
			return words[s].In(lang)
		},
		"clock": func(ms int64) string {
			if ms == 0 {
				return pick("从未", "never")
			}
			return time.UnixMilli(ms).In(shanghai).Format(pick("1月2日 15:04", "2 Jan, 15:04"))
		},
		"add": func(a, b int) int { return a + b }, "str": func(v any) string { return fmt.Sprintf("%d", v) },
	}
}
