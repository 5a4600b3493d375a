package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hotline is a realm with a user for a system outside, and that user's token.
func hotline(t *testing.T) (w *world, user, token string) {
	t.Helper()
	w = serving(t)
	user = w.user("12345热线", "reception", community)
	return w, user, w.token(user)
}

func TestFeed_ASystemIsToldOfItsCasesAndIsWrittenOnce(t *testing.T) {
	w, user, token := hotline(t)
	made := w.json("feed", "add", "--name", "热线", "--user", user, "--kinds", "dispute", "--purpose", "回访")
	feed := made.text("id")
	if made.text("state") != "open" || made.text("user_id") != user || made.list("kinds") != 1 || made.at("behind") != 0.0 {
		t.Errorf("made %v", made)
	}
	empty := w.as(token, "feed", "read", feed)
	if empty.list("events") != 0 || empty.at("restart") != true || empty.at("caught_up") != true {
		t.Errorf("a first page %v", empty)
	}
	submit := []string{"feed", "submit", "--reference", "12345-7", `{"title":"楼上漏水","territory":"` + community + `"}`}
	first, again := w.as(token, submit...), w.as(token, submit...)
	if first.at("created") != true || again.at("created") != false || first.text("case_id") != again.text("case_id") || first.text("state") != "registered" {
		t.Errorf("submitted %v, and again %v", first, again)
	}
	page := w.as(token, "feed", "read", feed, "--cursor", empty.text("cursor"))
	if page.list("events") != 1 || page.text("events", 0, "record_id") != first.text("case_id") || page.text("events", 0, "record", "external_ref") != "12345-7" || page.at("restart") != false {
		t.Errorf("the next page %v", page)
	}
	if text := run(t, append(submit, "--server", w.addr, "--token-file", token)...); text.out != "case "+first.text("case_id")+" stands already: registered\n" {
		t.Errorf("as text %+v", text)
	}
	run(t, "feed", "submit", "--reference", "1", `{"title":"楼上漏水"}`, "--server", w.addr, "--token-file", token).wantLine(t, failed, "give territory")
	run(t, "feed", "refer", first.text("case_id"), "12345-8", "--server", w.addr, "--token-file", token).wantLine(t, failed, "another key")
	if closed := w.json("feed", "close", feed); closed.text("state") != "closed" {
		t.Errorf("closed %v", closed)
	}
	run(t, "feed", "read", feed, "--server", w.addr, "--token-file", token).wantLine(t, failed, "closed")
}

func TestFeedSet_TellsTheSecretOrAsksWhereToWriteIt(t *testing.T) {
	w, user, _ := hotline(t)
	posts := make(chan *http.Request, 1)
	bodies := make(chan []byte, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // What is cut off does not verify.
		select {
		case posts <- r:
			bodies <- body
		default:
		}
		answer.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	feed := w.json("feed", "add", "--name", "平台", "--user", user, "--purpose", "协同").text("id")
	set := []string{"feed", "set", feed, "--purpose", "协同", "--url", receiver.URL}
	w.run(set...).wantLine(t, usage, "--secret-out")
	if list := w.json("feed", "list"); list.at("feeds", 0, "url") != nil {
		t.Errorf("a feed that was refused an address has one: %v", list)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	r := w.run(append(set, "--secret-out", secret)...)
	if r.code != done || !strings.Contains(r.out, "no sealed field, posted to "+receiver.URL) {
		t.Errorf("set %+v", r)
	}
	info, err := os.Stat(secret)
	w.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file has mode %v", info.Mode())
	}
	post, body := <-posts, <-bodies
	if !signed(t, secret, post.Header, body) {
		t.Errorf("the page %s is not signed with the secret that was told: %v", body, post.Header)
	}
	if r := w.run(set...); r.code != done { // It has one, which stays.
		t.Errorf("set again %+v", r)
	}
	if r := w.run("feed", "set", feed, "--purpose", "协同"); !strings.Contains(r.out, "read with its user's token") {
		t.Errorf("without an address %+v", r)
	}
}

// signed checks a post as a receiver does (Standard Webhooks, 1.0.0).
func signed(t *testing.T, secretFile string, h http.Header, body []byte) bool {
	t.Helper()
	text, err := os.ReadFile(secretFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(text)), "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "."))
	mac.Write(body)
	return h.Get("webhook-signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
