package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"onedoor/server/gateway"
)

// described is what these tests read of the description.
type described struct {
	Paths       map[string]map[string]json.RawMessage `json:"paths"`
	Definitions map[string]json.RawMessage            `json:"definitions"`
}

// unserved is the face of services that nobody serves: what reaches a call is answered that it is unavailable.
func unserved(t *testing.T) http.Handler {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	face, err := gateway.New(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func answered(face http.Handler, method, path, body string) *httptest.ResponseRecorder {
	req, w := httptest.NewRequest(method, path, strings.NewReader(body)), httptest.NewRecorder()
	req.Header.Set("Content-Type", "application/json")
	face.ServeHTTP(w, req)
	return w
}

func TestSpec_DescribesCallsThatAreThereAndTheGuideNames(t *testing.T) {
	face := unserved(t)
	var spec described
	text := answered(face, http.MethodGet, gateway.SpecPath, "").Body.String()
	if err := json.Unmarshal([]byte(text), &spec); err != nil || len(spec.Paths) < 10 {
		t.Fatalf("%d paths, error %v", len(spec.Paths), err)
	}
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "http.md"))
	if err != nil {
		t.Fatal(err)
	}
	for path, methods := range spec.Paths {
		if short := strings.TrimPrefix(path, gateway.Prefix); !strings.Contains(string(guide), "/"+short) {
			t.Errorf("http.md does not name %s", path)
		}
		for method := range methods {
			// Streams have no writer to hold open here, so that they are refused before they call.
			filled := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "530702")
			if w := answered(face, strings.ToUpper(method), filled, "{}"); w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed || w.Code == http.StatusNotImplemented {
				t.Errorf("%s %s is described and is not there: %d %s", method, path, w.Code, w.Body)
			}
		}
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "([^"]*)"`).FindAllStringSubmatch(text, -1) {
		name, inside := strings.CutPrefix(ref[1], "#/definitions/")
		if _, is := spec.Definitions[name]; !inside || !is {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
}
