package console_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"onedoor/domain"
	"onedoor/internal/browser"
	"onedoor/internal/wire"
)

// tapsMost is how often somebody taps who waits for a signal, far above what it takes.
const tapsMost = 30

// onPhone opens a page of a phone, the size of one.
func onPhone(t *testing.T, n int, path string) *browser.Tab {
	t.Helper()
	b := tab(t)
	b.Width("phone")
	b.Go(fmt.Sprintf("/phones/%d/%s", n, path))
	return b
}

func TestPhones_TwoInFlightModeEditOneHazardAndMeet(t *testing.T) {
	one, two := onPhone(t, 1, ""), onPhone(t, 2, "")
	one.Submit("a[href*='/new/hazard']")
	one.Choose("[name=code]", "4")
	one.Choose("[name=severity]", "1")
	one.Type("[name=note]", "灶具软管老化")
	one.Submit(".card button")
	wantText(t, one, "main", "待发送")
	hazard := strings.TrimPrefix(one.Address(), "/phones/1/")
	sync := func(b *browser.Tab, n int) {
		b.Go(fmt.Sprintf("/phones/%d/sync", n))
		b.Submit(".big")
	}
	sync(one, 1)
	sync(two, 2)

	write := func(b *browser.Tab, n int, severity, note string) {
		b.Go(fmt.Sprintf("/phones/%d/%s", n, hazard))
		b.Submit(".flight")
		wantText(t, b, ".bar", "飞行模式")
		b.Go(fmt.Sprintf("/phones/%d/%s", n, hazard))
		b.Choose("[name=severity]", severity)
		b.Type("[name=note]", note)
		b.Submit(".card button")
		wantText(t, b, "main", "待发送")
	}
	write(one, 1, "2", "软管已经漏气")
	write(two, 2, "3", "厨房有明火，先断气")
	sync(one, 1)
	wantText(t, one, ".note.bad", "网络")
	for n, b := range []*browser.Tab{one, two} {
		b.Go(fmt.Sprintf("/phones/%d/sync", n+1))
		b.Submit(".flight")
		// The radio is back, the connection may take a moment: somebody taps again.
		for range tapsMost {
			if sync(b, n+1); b.Has(".note.good") {
				break
			}
		}
		wantText(t, b, ".note.good", "发出 1")
	}
	sync(one, 1)
	for n, b := range []*browser.Tab{one, two} {
		b.Go(fmt.Sprintf("/phones/%d/%s?why=1", n+1, hazard))
		wantText(t, b, "main", "取最大的")
		wantText(t, b, "dl", "重大")
		wantText(t, b, "main", "较大")
		b.Accessible()
	}
	values := func(b *browser.Tab) string { return b.Text("main article:nth-of-type(1)") }
	if a, b := values(one), values(two); a != b {
		t.Errorf("the phones show %q and %q", a, b)
	}
	one.Picture("phone-why")
	one.Go("/phones/1/conflicts")
	wantText(t, one, "main", "备注")
	one.Picture("phone-conflicts")
}

func TestPhones_AVisitAndADisputeSettledOnTheSpotNeedNoSignal(t *testing.T) {
	b := onPhone(t, 1, "")
	b.Accessible()
	b.Submit("a[href*='/new/visit']")
	b.Choose("[name=outcome]", "1")
	b.Type("[name=note]", "一切正常")
	b.Accessible()
	b.Submit(".card button")
	wantText(t, b, "main", "一切正常")
	b.Go("/phones/1/")
	b.Submit("article h2 a")
	b.Submit("a[href*='/new/dispute']")
	b.Type("[name=title]", "")
	b.Submit(".card button")
	wantText(t, b, ".note.bad", "什么纠纷")
	b.Type("[name=title]", "楼道堆物")
	b.Click("[name=settled]")
	b.Type("[name=agreement]", "今晚搬走")
	b.Submit(".card button")
	wantText(t, b, "dl", "已办结")
	b.Go("/phones/1/search?q=楼道堆物")
	wantText(t, b, "main", "楼道堆物")
	b.Go("/phones/1/sync")
	b.Submit(".big")
	wantText(t, b, ".note.good", "发出")
}

func TestPhones_StandSideBySideInBothLanguagesAndLeadToTheDesks(t *testing.T) {
	b := tab(t)
	b.Go("/phones")
	b.WaitFor("[...document.querySelectorAll('iframe')].every((f) => f.contentDocument.readyState === 'complete' && f.contentDocument.body.innerText.length > 20)")
	b.Picture("phones")
	b.Accessible()
	b.Submit("form[action='/phones/language'] button")
	wantText(t, b, "h1", "Two phones")
	b.WaitFor("[...document.querySelectorAll('iframe')].every((f) => f.contentDocument.readyState === 'complete' && f.contentDocument.body.innerText.includes('Today'))")
	b.Picture("phones-english")
	browser.Eval[bool](b, "document.querySelectorAll('footer form').forEach((f) => f.removeAttribute('target')) === undefined")
	b.Submit("button[value=" + domain.RoleMediator.String() + "]")
	if got := b.Address(); got != "/cases?inbox=mine" {
		t.Errorf("sitting down leads to %s", got)
	}
}

func TestPhones_ALongListGoesOnBehindATap(t *testing.T) {
	b := onPhone(t, 2, "")
	first := b.Text("article h2")
	total := b.Text("h1 small")
	wantText(t, b, "main", "1–40 / "+total)
	b.Submit("a[rel=next]")
	wantText(t, b, "main", "41–80 / "+total)
	if b.Text("article h2") == first {
		t.Errorf("the second screenful begins with %s too", first)
	}
}

func TestPhones_WhatIsFoundIsCalledByItsName(t *testing.T) {
	b := onPhone(t, 1, "search?q="+url.QueryEscape("网格"))
	names := browser.Eval[[]string](b, "[...document.querySelectorAll('article h2')].map(h => h.innerText)")
	if len(names) == 0 {
		t.Fatal("no territory is found by 网格")
	}
	for _, name := range names {
		if _, err := wire.ParseID(name); err == nil || name == "" {
			t.Errorf("a record is called %q", name)
		}
	}
}
