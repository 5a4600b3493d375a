package storetest

import (
	"fmt"

	"pgregory.net/rapid"
)

// Operations draws lists of operations that Play understands. Numbers are small,
// so that they meet each other; a failing list shrinks to a short one.
func Operations() *rapid.Generator[[]string] {
	return rapid.Custom(func(t *rapid.T) []string {
		var list []string
		for _, part := range rapid.SliceOfN(parts(), 1, 30).Draw(t, "parts") {
			list = append(list, part...)
		}
		return list
	})
}

// parts draws one thing that happens to the store, with all its lines.
func parts() *rapid.Generator[[]string] {
	return rapid.Custom(func(t *rapid.T) []string {
		inside := func(first string, ops *rapid.Generator[string], last string) []string {
			body := rapid.SliceOfN(ops, 0, 8).Draw(t, "inside")
			return append(append([]string{first}, body...), last)
		}
		view := rapid.IntRange(0, viewsHeld-1).Draw(t, "view")
		switch rapid.SampledFrom([]string{"update", "update", "update", "update", "view", "hold", "in", "in", "release", "reopen"}).Draw(t, "part") {
		case "update":
			return inside("update", rapid.OneOf(changing(), changing(), changing(), looking()),
				rapid.SampledFrom([]string{"commit", "commit", "commit", "commit", "fail", "panic"}).Draw(t, "end"))
		case "view":
			return inside("view", looking(), "end")
		case "hold":
			return []string{fmt.Sprintf("hold view=%d", view)}
		case "in":
			return inside(fmt.Sprintf("in view=%d", view), looking(), "end")
		case "release":
			return []string{fmt.Sprintf("release view=%d", view)}
		}
		return []string{"reopen"}
	})
}

// lengths are bodies of none, a few, and more bytes than a page of any engine.
var lengths = rapid.SampledFrom([]int{0, 1, 20, 300, 9000, 20_000})

// rare draws 0 mostly: refused writes end an update's use, so they are few.
var rare = rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})

func changing() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		n := func(label string, most int) int { return rapid.IntRange(0, most).Draw(t, label) }
		switch n("write", 10) {
		case 9:
			return fmt.Sprintf("rewrite seq=%d body=%d stamp=%d", n("seq", 6), lengths.Draw(t, "body"), rare.Draw(t, "stamp"))
		case 0, 1, 2:
			return fmt.Sprintf("append gap=%d record=%d body=%d type=%d", rare.Draw(t, "gap"), n("record", 5), lengths.Draw(t, "body"), n("type", 9))
		case 3:
			return fmt.Sprintf("put record=%d body=%d", n("record", 5), lengths.Draw(t, "body"))
		case 4, 5:
			return fmt.Sprintf("scope key=%d seq=%d record=%d type=%d", n("key", 3), n("seq", 12), n("record", 5), n("type", 3))
		case 6:
			return fmt.Sprintf("unscope key=%d seq=%d record=%d", n("key", 3), n("seq", 12), n("record", 5))
		case 7:
			return fmt.Sprintf("write bucket=%d key=%d body=%d", n("bucket", 3), n("key", 11), lengths.Draw(t, "body"))
		case 8:
			return fmt.Sprintf("erase bucket=%d key=%d", n("bucket", 3), n("key", 11))
		}
		return fmt.Sprintf("head behind=%d tag=%d", rare.Draw(t, "behind"), n("tag", 9))
	})
}

func looking() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		n := func(label string, most int) int { return rapid.IntRange(0, most).Draw(t, label) }
		switch n("look", 8) {
		case 0:
			return "show"
		case 1:
			return fmt.Sprintf("record record=%d", n("record", 6))
		case 6:
			return fmt.Sprintf("any from=%d to=%d", n("from", 6), n("to", 6))
		case 7:
			return fmt.Sprintf("anyrow from=%d to=%d", n("from", 4), n("to", 4))
		case 5:
			return fmt.Sprintf("entry seq=%d", n("seq", 12))
		case 2:
			return fmt.Sprintf("entries after=%d stop=%d", n("after", 12), n("stop", 3))
		case 3:
			return fmt.Sprintf("rows key=%d after=%d limit=%d", n("key", 4), n("after", 12), n("limit", 4))
		case 4:
			return fmt.Sprintf("range bucket=%d from=%d to=%d stop=%d", n("bucket", 3), n("from", 11), n("to", 11), n("stop", 3))
		}
		return fmt.Sprintf("last bucket=%d key=%d", n("bucket", 3), n("key", 11))
	})
}
