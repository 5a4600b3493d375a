// Package browser drives a real Chromium for the tests of pages: one browser for all tests of a package, a tab with cookies of
// its own for each test, axe-core for accessibility, and pictures of pages as artifacts of the run.
//
// It never asks another host than the one under test: the browser runs without its background services. Only tests import it.
//
// Read Open and Tab first.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ArtifactsVariable names the folder for pictures; without it they lie in the repository's folder .artifacts.
const ArtifactsVariable = "ONEDOOR_ARTIFACTS"

// Widths at which every page is looked at: a desk, a tablet, a phone.
var Widths = map[string]int64{"desk": 1280, "tablet": 820, "phone": 390}

// names are what the browser is called on machines.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}

// errNone means that there is no browser on this machine.
var errNone = errors.New("no Chromium on this machine: run tools/ensure-browser, or name one in CHROMIUM")

func find() (string, error) {
	for _, name := range append([]string{os.Getenv("CHROMIUM")}, names...) {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNone
}

// Browser is one running Chromium.
type Browser struct {
	ctx    context.Context
	cancel []context.CancelFunc
}

// Open starts a browser; Close ends it.
func Open() (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(waitMost), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true), chromedp.Flag("lang", "zh-CN"),
		chromedp.Flag("accept-lang", "zh-CN"), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(1280, 900))
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocated)
	b := &Browser{ctx: ctx, cancel: []context.CancelFunc{stop, end}}
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	for _, cancel := range b.cancel {
		cancel()
	}
}

// Tab is one page with cookies of its own.
type Tab struct {
	t      testing.TB
	ctx    context.Context
	origin string

	// mu guards complaints.
	mu sync.Mutex
	// complaints are what the page's console said in anger: scripts that failed, and what its policy forbids.
	complaints []string
}

// Tab opens a tab at the width of a desk; it closes with the test. Origin is where paths begin.
func (b *Browser) Tab(t testing.TB, origin string) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	tab := &Tab{t: t, ctx: ctx, origin: origin}
	// The first action makes the tab, which then lives as long as its context.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(Widths["desk"], 900)); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		t.Fatal(err)
	}
	return tab
}

// listen gathers complaints. A page that asks before it is left is left.
func (tab *Tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tab.complain(e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			tab.complain("console.error")
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source == log.EntrySourceSecurity {
			tab.complain(e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		go func() { _ = chromedp.Do(tab.ctx, accept()) }() // ends with the answer
	}
}

// accept leaves a page that asks whether to.
func accept() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		return err
	})
}

func (tab *Tab) complain(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.complaints = append(tab.complaints, text)
}

// Complaints gives what the page's console has said in anger so far.
func (tab *Tab) Complaints() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]string(nil), tab.complaints...)
}

// Do runs actions and ends the test where one fails.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, waitMost)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.Picture("failed-" + tab.t.Name())
		tab.t.Fatalf("%v on %s", err, tab.Address())
	}
}

// Go opens a path.
func (tab *Tab) Go(path string) {
	tab.t.Helper()
	tab.Do(chromedp.Navigate(tab.origin + path))
}

// Address is where the tab is, without the origin.
func (tab *Tab) Address() string {
	at, _ := chromedp.Run(tab.ctx, chromedp.Location()) // An empty one tells enough in a failure.
	return strings.TrimPrefix(at, tab.origin)
}

// Type puts text into a field, in place of what is there.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	Eval[bool](tab, fmt.Sprintf("(() => { const e = document.querySelector(%q); e.value = ''; e.focus(); return true })()", selector))
	tab.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Choose chooses the value of a list.
func (tab *Tab) Choose(selector, value string) {
	tab.t.Helper()
	found := Eval[bool](tab, fmt.Sprintf("(() => { const e = document.querySelector(%q); e.value = %q; e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); return e.value === %q })()", selector, value, value))
	if !found {
		tab.t.Fatalf("%s has no %q on %s", selector, value, tab.Address())
	}
}

// Click clicks what a selector finds, and waits for the page that follows where there is one.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Cookie gives the value of a cookie that no script can read; empty where there is none.
func (tab *Tab) Cookie(name string) string {
	tab.t.Helper()
	out, err := chromedp.Run(tab.ctx, chromedp.Action[string](func(ctx context.Context, t *chromedp.Target) (string, error) {
		all, err := cdp.Call(ctx, t, network.GetCookies, network.GetCookiesParams{URLs: []string{tab.origin}})
		if err != nil {
			return "", err
		}
		for _, c := range all.Cookies {
			if c.Name == name {
				return c.Value, nil
			}
		}
		return "", nil
	}))
	if err != nil {
		tab.t.Fatal(err)
	}
	return out
}

// SetCookie gives the tab a cookie.
func (tab *Tab) SetCookie(name, value string) {
	tab.t.Helper()
	tab.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: tab.origin})
		return err
	}))
}

// Keys presses keys one after the other, as on a keyboard; kb.Tab and the like are keys too.
func (tab *Tab) Keys(keys ...string) {
	tab.t.Helper()
	for _, key := range keys {
		tab.Do(chromedp.KeyEvent(key))
	}
}

// TabTo presses the tab key until what a selector finds has the focus, as somebody without a mouse does.
func (tab *Tab) TabTo(selector string) {
	tab.t.Helper()
	for range focusMost {
		if Eval[bool](tab, fmt.Sprintf("document.activeElement !== null && document.activeElement.matches(%q)", selector)) {
			return
		}
		tab.Keys(kb.Tab)
	}
	tab.Picture("failed-" + tab.t.Name())
	tab.t.Fatalf("%s is not reached by the keyboard on %s", selector, tab.Address())
}

// focusMost is far above what one page has to step through.
const focusMost = 120

// Press presses enter where the focus is, and waits until the answer stands.
func (tab *Tab) Press() {
	tab.t.Helper()
	tab.follow("enter", chromedp.KeyEvent(kb.Enter))
}

// Submit clicks a button that sends a form, and waits until the answer stands.
func (tab *Tab) Submit(selector string) {
	tab.t.Helper()
	tab.follow(selector, chromedp.Click(chromedp.CSS(selector)))
}

// follow does something that leads to another page, and waits until that stands.
func (tab *Tab) follow(what string, action chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, waitMost)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, action); err != nil {
		tab.Picture("failed-" + tab.t.Name())
		tab.t.Fatalf("%s: %v on %s", what, err, tab.Address())
	}
}

// Text gives the visible text of what a selector finds.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return strings.TrimSpace(Eval[string](tab, fmt.Sprintf("document.querySelector(%q).innerText", selector)))
}

// Has reports that something fits a selector.
func (tab *Tab) Has(selector string) bool {
	tab.t.Helper()
	return Eval[bool](tab, fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// Eval runs a script of the test's own and gives what it gives.
func Eval[T any](tab *Tab, script string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, waitMost)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.Picture("failed-" + tab.t.Name())
		tab.t.Fatalf("%v on %s", err, tab.Address())
	}
	return out
}

// pollEvery is how often a condition is looked at.
const pollEvery = 50 * time.Millisecond

// WaitFor waits until a script gives true; the test's own deadline ends a wait in vain.
func (tab *Tab) WaitFor(script string) {
	tab.t.Helper()
	if _, err := chromedp.Run(tab.ctx, chromedp.Poll[bool](script, chromedp.WithPollingInterval(pollEvery), chromedp.WithPollingTimeout(waitMost))); err != nil {
		tab.Picture("failed-" + tab.t.Name())
		tab.t.Fatalf("waiting for %s: %v on %s", script, err, tab.Address())
	}
}

// waitMost ends a wait for what does not come, and for a browser that does not start. No page that comes takes as long on any machine.
const waitMost = 5 * time.Minute

// Width shows the page as wide as a device.
func (tab *Tab) Width(device string) {
	tab.t.Helper()
	height, mobile := int64(900), device == "phone"
	if mobile {
		height = 844
	}
	options := []chromedp.EmulateViewportOption{}
	if mobile {
		options = append(options, chromedp.EmulateMobile)
	}
	tab.Do(chromedp.EmulateViewport(Widths[device], height, options...))
}

// Picture keeps a picture of the whole page. One that cannot be made is told and fails nothing.
func (tab *Tab) Picture(name string) {
	ctx, cancel := context.WithTimeout(tab.ctx, waitMost)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = keepArtifact(name+".png", png)
	}
	if err != nil {
		tab.t.Logf("no picture %s: %v", name, err)
	}
}

// Pictures keeps a picture at each width, and fails where a page is wider than its screen.
func (tab *Tab) Pictures(name string) {
	tab.t.Helper()
	for device := range Widths {
		tab.Width(device)
		if beyond := Eval[float64](tab, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); beyond > 0 {
			tab.t.Errorf("%s is %v pixels too wide for a %s", tab.Address(), beyond, device)
		}
		tab.Picture(name + "-" + device)
	}
	tab.Width("desk")
}

// Artifacts is the folder of pictures.
func Artifacts() (string, error) {
	if dir := os.Getenv(ArtifactsVariable); dir != "" {
		return dir, nil
	}
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := at; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".artifacts"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is in no module", at)
		}
	}
}

func keepArtifact(name string, content []byte) error {
	dir, err := Artifacts()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}
