package server_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/docpage"
	"onedoor/server"
	"onedoor/server/adminrpc"
	"onedoor/server/feedrpc"
	"onedoor/server/refusal"
	"onedoor/server/reportrpc"
	"onedoor/server/syncrpc"
)

// update writes docs/errors.md anew; `make generate` sets it.
var update = flag.Bool("update", false, "write docs/errors.md from the tables of errors")

const (
	errorsPage = "../docs/errors.md"
	adminProto = "../proto/onedoor/admin/v1/admin.proto"
)

// chapter is a part of the page: where the errors come from, and which.
type chapter struct {
	title string
	rows  []refusal.Told
}

func chapters() []chapter {
	return []chapter{
		{"Any call", append(server.Refusals(), refusal.Any[:1].Told(nil)...)},
		{"Calls with a token: reports, feeds, managing", append(refusal.Realm.Told(nil), refusal.Any[1:].Told(nil)...)},
		{"Reports", reportrpc.Refusals().Told(refusal.Realm)},
		{"Feeds and cases of systems outside", feedrpc.Refusals().Told(refusal.Realm)},
		{"Phones", syncrpc.Refusals()},
		{"Managing a realm (gRPC only)", adminrpc.Refusals().Told(refusal.Realm)},
	}
}

func TestErrorsPage_ListsEveryReasonWithItsStatusAndWhatToDo(t *testing.T) {
	proto, err := os.ReadFile(adminProto)
	if err != nil {
		t.Fatal(err)
	}
	want := renderErrors(reasonsOf(string(proto)))
	docpage.Whole(t, errorsPage, want, *update)
}

func TestErrorsPage_EveryReasonOfTheProtocolIsToldSomewhere(t *testing.T) {
	told := map[string]bool{}
	for _, c := range chapters() {
		for _, r := range c.rows {
			told[r.Name] = true
			if r.Hint == "" {
				t.Errorf("%s: %s (%s) says nothing of what to do", c.title, r.Name, r.When)
			}
		}
	}
	for number, name := range adminv1.Reason_name {
		if short := strings.TrimPrefix(name, "REASON_"); number != 0 && !told[short] {
			t.Errorf("no table of errors has %s: nobody is ever told it", short)
		}
	}
	proto, err := os.ReadFile(adminProto)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(reasonsOf(string(proto))), len(adminv1.Reason_name)-1; got != want {
		t.Errorf("%d reasons were read from the proto file, which has %d", got, want)
	}
}

// meant is a reason with its comment in the proto file.
type meant struct{ name, comment string }

// reasonsOf reads the reasons from the proto file, by name: the generated code does not hold the comments.
func reasonsOf(proto string) (out []meant) {
	_, body, _ := strings.Cut(proto, "\nenum Reason {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	for _, m := range regexp.MustCompile(`((?: *//[^\n]*\n)+) *REASON_(\w+) = [1-9]`).FindAllStringSubmatch(body+"\n", -1) {
		comment := strings.Join(strings.Fields(strings.ReplaceAll(m[1], "//", "")), " ")
		out = append(out, meant{m[2], comment})
	}
	slices.SortFunc(out, func(a, b meant) int { return strings.Compare(a.name, b.name) })
	return out
}

func renderErrors(reasons []meant) string {
	var b strings.Builder
	b.WriteString(`# Errors

Made from the tables of errors in ` + "`server`" + ` and the comments of ` + "`Reason`" + ` in ` + "`proto/onedoor/admin/v1/admin.proto`" + ` by
` + "`make generate`" + `; a test keeps it so.

Every refusal is a status of gRPC, over HTTP the status beside it and a body
` + "`{\"code\":5,\"message\":\"…\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"NOT_FOUND\",\"domain\":\"onedoor\"},…]}`" + `, where ` + "`code`" + ` is
gRPC's number. Its details are:

- ` + "`ErrorInfo`" + `: the **reason**, for programs. Act on it and on the code, never on the message, whose words may change. A reason that you do
  not know is one of newer software: act on the code.
- ` + "`LocalizedMessage`" + `: what to do, for people, in English and for some in Chinese.
- ` + "`RetryInfo`" + `, where the server knows how long waiting takes: call again, unchanged, after its ` + "`retryDelay`" + `.

In the column **again** *yes* says that the same call succeeds by and by: after ` + "`RetryInfo`" + `, else at intervals that grow; *no* that it does not until
somebody has done what the column before says. Calls of phones, ` + "`SubmitCase`" + `, ` + "`SetReference`" + ` and all that read may be sent again without a thought,
also where no answer came: what was done is answered as done. Of a managing call that got no answer look first whether it was done.

Without a reason come what gRPC itself says: ` + "`CANCELLED`" + ` and ` + "`DEADLINE_EXCEEDED`" + ` where the caller ended the call or its time is over (HTTP 499
and 504; yes), ` + "`UNAVAILABLE`" + ` where no server answers or a stream is cut off by its stop (503; yes), ` + "`UNIMPLEMENTED`" + ` for a call that older software lacks, and over HTTP 400 for a field
that is not known, 404 for a path that is none and 415 for a body that is no ` + "`application/json`" + ` (no).

## Reasons

| reason | when |
|---|---|
`)
	for _, r := range reasons {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.name, r.comment)
	}
	b.WriteString("\nPhones are told reasons of their own besides; those stand below.\n")
	for _, c := range chapters() {
		fmt.Fprintf(&b, "\n## %s\n\n| reason | the message | what to do | gRPC | HTTP | again |\n|---|---|---|---|---|---|\n", c.title)
		for _, r := range c.rows {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %d | %s |\n", r.Name, cell(r.When), cell(r.Hint), r.Code, runtime.HTTPStatusFromCode(r.Code), again(r))
		}
	}
	return b.String()
}

// cell is a text in a table; one that differs each time is a dash.
func cell(text string) string {
	if text == "" {
		return "—"
	}
	return strings.ReplaceAll(text, "|", "\\|")
}

func again(r refusal.Told) string {
	if r.Again {
		return "yes"
	}
	return "no"
}
