package main_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	main "onedoor/cmd/onedoor"
	"onedoor/internal/command"
)

// watched is what a command writes while it waits for input.
type watched struct {
	mu   sync.Mutex
	all  bytes.Buffer
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.seen <- struct{}{}:
	default:
	}
	return w.all.Write(p)
}

func (w *watched) find(re *regexp.Regexp) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return re.FindStringSubmatch(w.all.String())
}

// setUp runs `signin setup` as a person does: the password, then the digits of the key that is shown. It gives the key.
func (w *world) setUp(code, password string) (secret string, r ran) {
	w.t.Helper()
	in, typed := io.Pipe()
	var out bytes.Buffer
	shown := &watched{seen: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	go func() { // ends with the command
		ended <- main.Run(w.t.Context(), []string{"signin", "setup", "--code", code, "--server", w.addr, "--json"},
			command.Stdio{In: in, Out: &out, Err: shown})
		in.Close()
	}()
	go func() { _, _ = io.WriteString(typed, password+"\n") }() // ends when the command reads or ends
	key := regexp.MustCompile(`authenticator: ([A-Z2-7]+)`)
	for {
		select {
		case exit := <-ended:
			return secret, ran{code: exit, out: out.String(), err: shown.all.String()}
		case <-shown.seen:
		}
		if found := shown.find(key); found != nil && secret == "" {
			secret = found[1]
			go func() { _, _ = io.WriteString(typed, digits(w.t, secret, time.Now())+"\n") }()
		}
	}
}

func digits(t *testing.T, secret string, at time.Time) string {
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Error(err)
	}
	return code
}

func TestLogin_FromInvitationToLogout(t *testing.T) {
	w := serving(t)
	user := decode(t, w.run("user", "add", "--name", "区级", "--role", "district", "--json").out).text("user_id")
	code := decode(t, w.run("signin", "invite", "--user", user, "--name", "Qu.Ji", "--json").out).text("code")
	const password = "城北老街灯火通明 12"
	secret, r := w.setUp(code, password)
	if r.code != done || decode(t, r.out).text("name") != "qu.ji" {
		t.Fatalf("setup: %+v", r)
	}
	token := filepath.Join(t.TempDir(), "me.token")
	login := func(password, code string) ran {
		return runWith(t, command.Stdio{In: strings.NewReader(password + "\n" + code + "\n")},
			"login", "--name", "qu.ji", "--out", token, "--server", w.addr, "--json")
	}
	login("wrong password", "000000").wantLine(t, failed, "name, password or code is wrong")
	// The set-up used up the step of now; the next one is good already, since clocks differ.
	r = login(password, digits(t, secret, time.Now().Add(30*time.Second)))
	if r.code != done || decode(t, r.out).text("user") != "区级" {
		t.Fatalf("login: %+v", r)
	}
	if info, err := os.Stat(token); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", info, err)
	}
	as := func(args ...string) ran { return run(t, append(args, "--server", w.addr, "--token-file", token)...) }
	if r := as("token", "list", "--json"); r.code != done || decode(t, r.out).list("tokens") != 1 {
		t.Errorf("the user's own tokens: %+v", r)
	}
	as("device", "list").wantLine(t, failed, "may not do this")
	if listed := decode(t, w.run("signin", "list", "--json").out); listed.at("accounts", 0, "set_up") != true || listed.text("accounts", 0, "signed_in") == "" {
		t.Errorf("accounts: %v", listed)
	}
	kept, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	if r := as("logout"); r.code != done {
		t.Errorf("logout: %+v", r)
	}
	if _, err := os.Stat(token); !os.IsNotExist(err) {
		t.Errorf("the token's file is still there: %v", err)
	}
	if err := os.WriteFile(token, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	as("token", "list").wantLine(t, failed, "revoked")
	if r := w.run("signin", "remove", "--user", user); r.code != done {
		t.Errorf("remove: %+v", r)
	}
}

func TestLogin_BadInputIsALine(t *testing.T) {
	w := serving(t)
	user := decode(t, w.run("user", "add", "--name", "区级", "--role", "district", "--json").out).text("user_id")
	invite := func(args ...string) ran {
		return w.run(append([]string{"signin", "invite", "--user", user}, args...)...)
	}
	invite("--name", "和丽").wantLine(t, failed, "only letters of the Latin alphabet")
	invite("--subject", "abc").wantLine(t, failed, "--oidc-issuer")
	invite().wantLine(t, usage, "name")
	code := decode(t, invite("--name", "quji", "--json").out).text("code")
	setUp := func(code, lines string) ran {
		return runWith(t, command.Stdio{In: strings.NewReader(lines)}, "signin", "setup", "--code", code, "--server", w.addr)
	}
	setUp(code, "short\n123456\n").wantLine(t, failed, "at least 10")
	setUp(code, "").wantLine(t, failed, "a line each")
	setUp("0000-0000-0000", "城北老街灯火通明 12\n").wantLine(t, failed, "ask the operator")
	out := file(t, "there.token", "x")
	run(t, "login", "--name", "quji", "--out", out, "--server", w.addr).wantLine(t, failed, "choose another name")
	run(t, "login", "--provider", "--out", out+"2", "--server", w.addr).wantLine(t, failed, "knows no identity provider")
	w.run("logout").wantLine(t, failed, "no session")
}
