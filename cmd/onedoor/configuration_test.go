package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestServe_TakesItsSettingsFromAFileAndTheEnvironment(t *testing.T) {
	dir := founded(t)
	t.Setenv("ONEDOOR_VERBOSE", "true")
	w := &world{t: t, dir: dir}
	w.serve("--config", file(t, "onedoor.yaml", "http: 127.0.0.1:0\nlease-days: 5\n"))
	if log := w.log(); !strings.Contains(log, "console 127.0.0.1:") {
		t.Errorf("no console was served: %s", log)
	}
	w.user("和丽", "grid_worker", community)
	if log := w.log(); !strings.Contains(log, "level=DEBUG") {
		t.Errorf("calls are not logged: %s", log)
	}
}

func TestServe_PrintsTheSettingsThatCountWithoutPasswords(t *testing.T) {
	dir := founded(t)
	config := file(t, "onedoor.yaml", "data: "+dir+"\noidc-issuer: https://onedoor:hunter2@id.example\noidc-client-id: onedoor\n")
	r := run(t, "serve", "--config", config, "--print-config")
	if r.code != done || strings.Contains(r.out+r.err, "hunter2") || !strings.Contains(r.out, "oidc-issuer: https://onedoor:xxxxx@id.example # "+config+" line 2") {
		t.Errorf("%+v", r)
	}
	r = run(t, "serve", "--config", config, "--print-config", "--json")
	if got := decode(t, r.out); r.code != done || got.list("settings") < 10 || strings.Contains(r.out, "hunter2") {
		t.Errorf("%+v", r)
	}
}

func TestServe_TellsEverythingThatIsWrongAtOnce(t *testing.T) {
	t.Setenv("ONEDOOR_LEDGR", "/mnt/ledger")
	config := file(t, "onedoor.yaml", "lease-days: many\ntls-cert: cert.pem\nhttp: 127.0.0.1:99999\n")
	r := run(t, "serve", "--config", config, "--data", filepath.Join(t.TempDir(), "none"), "--ledger", "/nowhere/ledger", "--oidc-client-id", "x",
		"--backup-keep", "1", "--trace-share", "0")
	r.wantLine(t, usage, "did you mean ONEDOOR_LEDGER?")
	for _, says := range []string{"onedoor.yaml line 1: lease-days", "--tls-key", "no such folder", "/nowhere/ledger", "--oidc-issuer", "the console: address 99999", "--backup-keep 1: keep 2", "--trace-share 0"} {
		if !strings.Contains(r.err, says) {
			t.Errorf("nothing says %q in %s", says, r.err)
		}
	}
}

func TestServe_WhatIsWrongWithTheMachineFails(t *testing.T) {
	dir := founded(t)
	r := run(t, "serve", "--data", dir, "--listen", "127.0.0.1:7480", "--http", "127.0.0.1:7480", "--ledger", filepath.Join(dir, "realm.db"))
	r.wantLine(t, failed, "have one address, 127.0.0.1:7480")
	if !strings.Contains(r.err, "is a file") {
		t.Errorf("the ledger's folder is not told: %s", r.err)
	}
}
