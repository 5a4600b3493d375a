package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	feedv1 "onedoor/proto/gen/onedoor/feed/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server"
)

// overHTTP is a line to the calls over HTTP.
type overHTTP struct {
	t    *testing.T
	base string
}

// call posts a message as JSON and reads the answer into another.
func (l overHTTP) call(ctx context.Context, path string, in, out proto.Message) error {
	body, err := protojson.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	code, text := l.do(req)
	if code != http.StatusOK {
		return fmt.Errorf("%d %s", code, text)
	}
	return protojson.Unmarshal(text, out)
}

func (l overHTTP) do(req *http.Request) (int, []byte) {
	l.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, text
}

func (l overHTTP) request(method, path, token, body string) *http.Request {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.base+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (l overHTTP) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	out := &syncv1.EnrolResponse{}
	return out, l.call(ctx, "/v1/enrol", req, out)
}

func (l overHTTP) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	out := &syncv1.ExchangeResponse{}
	return out, l.call(ctx, "/v1/exchange", req, out)
}

func (l overHTTP) LookUp(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error) {
	out := &syncv1.LookUpResponse{}
	return out, l.call(ctx, "/v1/lookup", req, out)
}

func (l overHTTP) Watch(ctx context.Context, _ *syncv1.WatchRequest, _ func(uint64)) error {
	<-ctx.Done()
	return ctx.Err()
}

// web is a server that answers browsers and calls over HTTP.
func web(t *testing.T) (*world, overHTTP) {
	w := servingWith(t, func(c *server.Config) { c.HTTP = "127.0.0.1:0" })
	return w, overHTTP{t, "http://" + w.server.ConsoleAddr().String()}
}

// bearerOf takes the token out of a context of a call.
func bearerOf(ctx context.Context) string {
	md, _ := metadata.FromOutgoingContext(ctx)
	return md.Get("authorization")[len(md.Get("authorization"))-1]
}

func TestHTTP_APhoneSyncsOverIt(t *testing.T) {
	w, line := web(t)
	bob := w.replica(12, w.code("木春"))
	ann, err := client.Open(t.TempDir(), bytes.Repeat([]byte{11}, client.KeyBytes), client.Options{
		Transport: line, Now: w.now, Random: seeded(11), Tries: 1,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	w.must(err)
	defer ann.Close()
	w.must(ann.Enrol(t.Context(), "over HTTP", w.code("和丽")))
	w.sync(ann)
	door, err := ann.AddJSON("premises", `{"address":"民主路3号","territory":"530702001001"}`)
	w.must(err)
	w.sync(ann, bob)
	w.must(bob.EditJSON(door, `{"rooms":4}`))
	w.sync(bob, ann)
	w.shows(ann, door, `"rooms":4`)
	if status, err := ann.Status(); err != nil || status.Pending != 0 {
		t.Errorf("unsent %+v, %v", status, err)
	}
}

func TestHTTP_SystemsSubmitReadAndFollow(t *testing.T) {
	w, line := web(t)
	user, ctx := w.user("热线", recordv1.Role_ROLE_RECEPTION, "530702001")
	token := bearerOf(ctx)
	feed := w.feed(&feedv1.PutFeedRequest{Name: "热线", UserId: id(user), Kinds: []string{"dispute"}, Purpose: "回访"})
	follow, err := http.DefaultClient.Do(line.request(http.MethodGet, "/v1/feeds/"+feed+"/pages", token, ""))
	w.must(err)
	defer follow.Body.Close()
	lines := bufio.NewScanner(follow.Body)
	if !lines.Scan() || !strings.Contains(lines.Text(), `"caught_up":true`) {
		t.Fatalf("following began with %s", lines.Text())
	}
	code, text := line.do(line.request(http.MethodPost, "/v1/cases", token, `{"reference":"12345-7","record":{"title":"楼上漏水","territory":"530702001001"}}`))
	var submitted struct {
		CaseID  string `json:"case_id"`
		Created bool   `json:"created"`
	}
	if err := json.Unmarshal(text, &submitted); err != nil || code != http.StatusOK || !submitted.Created {
		t.Fatalf("%d %s", code, text)
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), submitted.CaseID) {
		t.Errorf("following went on with %s", lines.Text())
	}
	code, text = line.do(line.request(http.MethodGet, "/v1/feeds/"+feed+"/page", token, ""))
	if code != http.StatusOK || !strings.Contains(string(text), "楼上漏水") {
		t.Errorf("%d %s", code, text)
	}
	if code, text = line.do(line.request(http.MethodGet, "/v1/figures", token, "")); code != http.StatusOK || !strings.Contains(string(text), `"name":"coverage"`) {
		t.Errorf("%d %.200s", code, text)
	}
}

func TestHTTP_RefusesAsTheCallsDo(t *testing.T) {
	w, line := web(t)
	_, ctx := w.user("热线", recordv1.Role_ROLE_RECEPTION, "530702001")
	plain := line.request(http.MethodPost, "/v1/cases", bearerOf(ctx), `{}`)
	plain.Header.Set("Content-Type", "text/plain")
	for name, c := range map[string]struct {
		req  *http.Request
		want int
		says string
	}{
		"no token":               {line.request(http.MethodGet, "/v1/figures", "", ""), http.StatusUnauthorized, "TOKEN"},
		"a forged token":         {line.request(http.MethodGet, "/v1/figures", "Bearer onedoor_x", ""), http.StatusUnauthorized, "TOKEN"},
		"a form of another site": {plain, http.StatusUnsupportedMediaType, "application/json"},
		"no JSON":                {line.request(http.MethodPost, "/v1/cases", bearerOf(ctx), `{"reference"`), http.StatusBadRequest, "message"},
		"a field that is none":   {line.request(http.MethodPost, "/v1/cases", bearerOf(ctx), `{"referense":"1"}`), http.StatusBadRequest, "referense"},
		"managing a realm":       {line.request(http.MethodPost, "/v1/users", bearerOf(w.ctx), `{}`), http.StatusNotFound, "Not Found"},
		"an unknown feed":        {line.request(http.MethodGet, "/v1/feeds/01890a5d-ac96-774b-bcce-b302099a8057/page", bearerOf(ctx), ""), http.StatusNotFound, "NOT_FOUND"},
		"a case nowhere":         {line.request(http.MethodPost, "/v1/cases", bearerOf(ctx), `{"reference":"1","record":{"title":"楼上漏水"}}`), http.StatusBadRequest, "give territory"},
		"a body without end":     {line.request(http.MethodPost, "/v1/exchange", "", `{"body":"`+strings.Repeat("A", 64<<20)+`"}`), http.StatusBadRequest, "too large"},
	} {
		code, text := line.do(c.req)
		if code != c.want || !strings.Contains(string(text), c.says) {
			t.Errorf("%s: %d %.300s, want %d and %q", name, code, text, c.want, c.says)
		}
		for _, member := range []string{`"code":`, `"message":`, `"details":[`} {
			if !strings.Contains(string(text), member) {
				t.Errorf("%s: %.300s has no %s", name, text, member)
			}
		}
	}
}

func TestHTTP_TheDescriptionNamesEveryCall(t *testing.T) {
	_, line := web(t)
	code, text := line.do(line.request(http.MethodGet, "/openapi.json", "", ""))
	var spec struct {
		Swagger string                    `json:"swagger"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(text, &spec); err != nil || code != http.StatusOK || spec.Swagger != "2.0" {
		t.Fatalf("%d %v %.200s", code, err, text)
	}
	var got []string
	for path := range spec.Paths {
		got = append(got, path)
	}
	slices.Sort(got)
	want := []string{
		"/v1/cases", "/v1/enrol", "/v1/exchange", "/v1/feeds", "/v1/feeds/{id}/page", "/v1/feeds/{id}/pages", "/v1/figures", "/v1/lookup",
		"/v1/records/{record_id}/reference", "/v1/reports/{figure}/{territory}", "/v1/watch",
	}
	if !slices.Equal(got, want) {
		t.Errorf("it describes %v", got)
	}
}
