package main_test

import (
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"onedoor/server"
)

// realmOf gives a world that calls the same server about one of its realms.
func (w *world) realmOf(dir string) *world {
	return &world{t: w.t, dir: dir, addr: w.addr, random: w.random, log: w.log}
}

func TestServe_AProcessOfSeveralRealmsLooksAgainOnSIGHUP(t *testing.T) {
	root := t.TempDir()
	at := func(code string) string { return filepath.Join(root, code) }
	for _, code := range []string{"530702", "530721"} {
		if r := run(t, "init", "--data", at(code), "--realm", code); r.code != done {
			t.Fatalf("%+v", r)
		}
	}
	w := &world{t: t, dir: at("530702"), random: rand.NewChaCha8([32]byte{1})}
	key := at("530721") + server.ContactKeySuffix
	w.must(os.Rename(key, key+".away"))
	p := w.launch(program("serve", "--realms", root, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"))
	if n := w.metric("onedoor_realms_unopened"); n != 1 {
		t.Errorf("%v realms are not opened, wanted the one without its key", n)
	}
	user := w.user("和丽", "grid_worker", community)
	ann := w.phone(user)
	if r := run(t, "init", "--data", at("530722"), "--realm", "530722"); r.code != done { // One that comes.
		t.Fatalf("%+v", r)
	}
	w.must(os.Rename(key+".away", key)) // One that was mended.

	w.must(p.Process.Signal(syscall.SIGHUP))
	for !strings.Contains(p.lines.text(), "looked for realms") { // It says so when it has.
		select {
		case <-p.ended:
			t.Fatalf("SIGHUP ended the server: %s", p.lines.text())
		default:
		}
	}
	if n := w.metric("onedoor_realms_unopened"); n != 0 {
		t.Errorf("%v realms are not opened: %s", n, p.lines.text())
	}
	for _, code := range []string{"530721", "530722"} {
		if got := w.realmOf(at(code)).json("user", "list").list("users"); got < 0 {
			t.Errorf("realm %s does not answer", code)
		}
	}
	ann.sync() // Over the line that it had.
	if got := w.json("user", "list").text("users", 0, "id"); got != user {
		t.Errorf("the first realm's user is %s, was %s", got, user)
	}
	if ended := p.end(syscall.SIGTERM); !ended.Success() {
		t.Errorf("it ended with %v: %s", ended, p.lines.text())
	}
}

func TestServe_AProcessOfOneRealmEndsOnSIGHUPAndLosesNothing(t *testing.T) {
	hangUps := make(chan os.Signal, 1) // A process that is started where they are ignored ignores them; one that is started by who takes them does not.
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	w := &world{t: t, dir: founded(t), random: rand.NewChaCha8([32]byte{1})}
	serve := []string{"serve", "--data", w.dir, "--listen", "127.0.0.1:0"}
	p := w.launch(program(serve...))
	user := w.user("和丽", "grid_worker", community)
	ended, ok := p.end(syscall.SIGHUP).Sys().(syscall.WaitStatus)
	if !ok || ended.Signal() != syscall.SIGHUP { // The unit of deploy/systemd starts it again by this.
		t.Errorf("it ended with %v", p.ProcessState)
	}
	p = w.launch(program(serve...))
	if got := w.json("user", "list").text("users", 0, "id"); got != user {
		t.Errorf("the user is %s, was %s", got, user)
	}
	p.end(syscall.SIGTERM)
	if r := run(t, "verify", "--data", w.dir); r.code != done {
		t.Errorf("%+v", r)
	}
}

func TestServe_AProcessTakesUpARenewedCertificateWithoutASignal(t *testing.T) {
	w := &world{t: t, dir: founded(t), random: rand.NewChaCha8([32]byte{1})}
	cert, key := certificate(t)
	p := w.launch(program("serve", "--data", w.dir, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key))
	list := func(ca string) ran {
		return run(t, "user", "list", "--server", w.addr, "--token-file", filepath.Join(w.dir, server.TokenFile), "--tls-ca", ca)
	}
	if r := list(cert); r.code != done {
		t.Fatalf("%+v", r)
	}
	newCert, newKey := certificate(t)
	replace(t, newKey, key)
	replace(t, newCert, cert)
	for list(cert).code != done { // The files of both are looked at every ten seconds.
		select {
		case <-p.ended:
			t.Fatalf("the server ended: %s", p.lines.text())
		default:
		}
	}
	if ended := p.end(syscall.SIGTERM); !ended.Success() {
		t.Errorf("it ended with %v: %s", ended, p.lines.text())
	}
}

// replace puts a file in the place of another, as a program does that renews certificates.
func replace(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
