package console_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"onedoor/internal/browser"
	"onedoor/internal/demo"
)

// scene is what all tests of this package look at: a street after its working day, with its console, and one browser.
var scene struct {
	demo    *demo.Demo
	browser *browser.Browser
	origin  string
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "console-test-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if scene.browser, err = browser.Open(); err != nil {
		return 1, err
	}
	defer scene.browser.Close()
	scene.demo, err = demo.Run(context.Background(), demo.Options{
		Seed: 1, Scale: demo.TrialScale(), Dir: dir, HTTP: "127.0.0.1:0", Date: time.Now().AddDate(0, 0, -1),
	})
	if err != nil {
		return 1, err
	}
	defer func() { _ = scene.demo.Close() }()
	scene.origin = "http://" + scene.demo.ConsoleAddr()
	if at, err := browser.Artifacts(); err == nil {
		fmt.Println("pictures of the pages:", at)
	}
	return m.Run(), nil
}
