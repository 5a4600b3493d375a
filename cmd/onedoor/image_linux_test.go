package main_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// imageUser is who runs in the image: distroless' nonroot.
const imageUser = 65532

// image is a root folder as deploy/docker/Dockerfile makes one, without an engine: the program and the folder of data, and nothing
// else. No shell, no /tmp, no home, no /etc, no time zones, and all but the data belongs to somebody else or may not be written.
type image struct {
	t    *testing.T
	root string
	// env is what the Dockerfile sets.
	env []string
}

// built builds the program as the Dockerfile does, into a root folder of its own. It leaves out -trimpath, which changes the paths in
// stack traces and has every dependency compiled anew.
func built(t *testing.T) *image {
	t.Helper()
	file := deployed(t, "docker", "Dockerfile")
	line := regexp.MustCompile(`(?m)^\s*(\w+=\S+) go build (.*) -o /out/onedoor (\S+)`).FindStringSubmatch(file)
	if line == nil {
		t.Fatal("the Dockerfile builds nothing as this test understands it")
	}
	i := &image{t: t, root: t.TempDir(), env: environment(file)}
	args := []string{"build", "-o", filepath.Join(i.root, "onedoor")}
	for _, flag := range regexp.MustCompile(`[^\s"]+(?:"[^"]*")?`).FindAllString(line[2], -1) {
		if flag != "-trimpath" {
			args = append(args, strings.ReplaceAll(flag, `"`, ""))
		}
	}
	build := exec.Command("go", append(args, line[3])...)
	build.Dir, build.Env = filepath.Join("..", ".."), append(os.Environ(), line[1])
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}
	data := filepath.Join(i.root, "data")
	i.must(os.Mkdir(data, 0o700))
	if os.Getuid() == 0 {
		i.must(os.Chown(data, imageUser, imageUser))
	}
	i.must(os.Chmod(i.root, 0o555))
	t.Cleanup(func() { i.must(os.Chmod(i.root, 0o700)) })
	return i
}

// environment reads what the Dockerfile sets.
func environment(file string) (env []string) {
	_, rest, _ := strings.Cut(file, "\nENV ")
	for _, pair := range strings.Fields(rest) {
		if pair == "\\" {
			continue
		}
		if !strings.Contains(pair, "=") {
			break
		}
		env = append(env, pair)
	}
	return env
}

func (i *image) must(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}

// command makes a process of the image. Where the tests do not run as root, the system has to let them make a user of their own.
func (i *image) command(env []string, args ...string) *exec.Cmd {
	c := &exec.Cmd{Path: "/onedoor", Args: append([]string{"/onedoor"}, args...), Dir: "/", Env: append(slices.Clone(i.env), env...)}
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root}
	if os.Getuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: imageUser, Gid: imageUser}
		return c
	}
	c.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getuid(), Size: 1}}
	c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: imageUser, HostID: os.Getgid(), Size: 1}}
	return c
}

// run runs a command in the image.
func (i *image) run(env []string, args ...string) ran {
	i.t.Helper()
	c := i.command(env, args...)
	var out, said strings.Builder
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil && c.ProcessState == nil {
		i.t.Fatalf("%q: %v", args, err)
	}
	return ran{code: c.ProcessState.ExitCode(), out: out.String(), err: said.String()}
}

// wants runs a command in the image, which must succeed.
func (i *image) wants(env []string, args ...string) ran {
	i.t.Helper()
	r := i.run(env, args...)
	if r.code != done {
		i.t.Fatalf("in the image, onedoor %q: %+v", args, r)
	}
	return r
}

func TestImage_ItsProgramServesFromARootInWhichOnlyItsDataCanBeWritten(t *testing.T) {
	i := built(t)
	if err := i.command(nil, "--help").Run(); errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		fmt.Printf("NOT RUN: %s: the system lets nobody but root change the root folder: %v\n", t.Name(), err)
		return
	}
	i.wants(nil, "init", "--data", "/data/realm", "--realm", "530702")
	w := &world{t: t, dir: filepath.Join(i.root, "data", "realm"), random: rand.NewChaCha8([32]byte{1})}
	own := []string{ // Of this machine, where others may have the image's own ports.
		"ONEDOOR_LISTEN=127.0.0.1:0", "ONEDOOR_ADMIN=127.0.0.1:0", "ONEDOOR_HTTP=127.0.0.1:0", "ONEDOOR_LOG_FORMAT=text",
		"ONEDOOR_BACKUP_TO=file:///data/backups",
	}
	p := w.launch(i.command(own, "serve"))
	w.workday()
	w.awaitBackups(1)
	i.wants([]string{"ONEDOOR_ADMIN=" + strings.TrimPrefix(w.admin(), "http://")}, "health")
	if r := i.run(own, "doctor"); strings.Contains(r.out+r.err, "denied") || strings.Contains(r.out+r.err, "no such file") {
		t.Errorf("the doctor in the image: %+v", r)
	}
	i.wants(own, "user", "list", "--data", "/data/realm", "--server", w.addr)
	if ended := p.end(syscall.SIGTERM); !ended.Success() {
		t.Errorf("it ended with %v: %s", ended, p.lines.text())
	}
	i.wants(nil, "verify", "--data", "/data/realm")
	i.wants(nil, "backup", "--data", "/data/realm", "--out", "/data/by-hand.backup")
	i.wants(nil, "restore", "--from", "file:///data/backups", "--data", "/data/drill", "--contact-key", "/data/realm.contact-key")
	i.wants(nil, "verify", "--data", "/data/drill", "--contact-key", "/data/realm.contact-key")
	i.run(nil, "init", "--data", "/elsewhere", "--realm", "530702").wantLine(t, failed, "denied")
	left, err := filepath.Glob(filepath.Join(i.root, "*"))
	i.must(err)
	if want := []string{filepath.Join(i.root, "data"), filepath.Join(i.root, "onedoor")}; !slices.Equal(left, want) {
		t.Errorf("the root holds %q", left)
	}
}
