package sabotage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// program is the command that an overlay build makes.
const program = "./cmd/onedoor-sim"

// ErrNoSource: the folder is not in the repository.
var ErrNoSource = errors.New("not in onedoor's source")

// ErrNoGo: there is no Go to build with.
var ErrNoGo = errors.New("no Go")

// Root finds the repository's root at or above a folder.
func Root(folder string) (string, error) {
	start, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(text, []byte("module onedoor\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s: %w: saboteurs are built from it: run this inside the repository or name it with --source", start, ErrNoSource)
		}
	}
}

// WriteOverlay writes the broken copies of a repository's sources into a folder,
// with the file that `go build -overlay` reads, and gives that file's path.
func WriteOverlay(root, folder string, saboteurs []Saboteur) (string, error) {
	copies, err := Overlay(os.DirFS(root), saboteurs)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string, len(copies))
	for name, source := range copies {
		// The names are flat, so that nothing takes the folder for packages.
		file := filepath.Join(folder, strings.ReplaceAll(name, "/", "-")+".broken")
		if err := os.WriteFile(file, source, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, append(text, '\n'), 0o600)
}

// Build makes the program with every saboteur asleep in it, in a folder, and
// gives its path. It builds as this program was built, so that what no saboteur
// touches is in Go's build cache already.
func Build(ctx context.Context, root, folder string, saboteurs []Saboteur) (string, error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("%w on PATH: saboteurs are built when they run: install Go 1.26 or newer (https://go.dev/doc/install)", ErrNoGo)
	}
	overlay, err := WriteOverlay(root, folder, saboteurs)
	if err != nil {
		return "", err
	}
	out := filepath.Join(folder, "onedoor-sim-broken")
	flags, env := sameBuild()
	args := append([]string{"build", "-overlay", overlay, "-o", out}, flags...)
	c := exec.CommandContext(ctx, tool, append(args, program)...)
	c.Dir, c.Env = root, append(os.Environ(), env...)
	if text, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build with saboteurs: %w: %s", err, bytes.TrimSpace(text))
	}
	return out, nil
}

// sameBuild gives the flags and settings that this program was built with, as
// far as Go's build cache tells builds apart by them.
func sameBuild() (flags, env []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, nil
	}
	flags = []string{"-buildvcs=false"}
	for _, s := range info.Settings {
		switch {
		case s.Key == "-trimpath" && s.Value == "true":
			flags = append(flags, "-trimpath")
		case s.Key == "CGO_ENABLED":
			env = append(env, "CGO_ENABLED="+s.Value)
		}
	}
	return flags, env
}
