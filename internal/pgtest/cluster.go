package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// superuser owns the cluster's databases.
	superuser = "onedoor"
	// logFile takes what the cluster says.
	logFile = "postgres.log"
	// readyEvery is how often a starting cluster is asked whether it answers.
	readyEvery = 20 * time.Millisecond
)

// settings of every cluster: what is committed is on the disk, as in service, and nothing listens on the network.
var settings = []string{
	"fsync=on", "synchronous_commit=on", "full_page_writes=on", "listen_addresses=", "max_connections=200", "shared_buffers=32MB",
	"autovacuum=on", "wal_level=replica", "max_wal_senders=5", "logging_collector=off", "log_statement=none", "restart_after_crash=on",
}

// Cluster is a PostgreSQL of its own.
type Cluster struct {
	// bin is the folder of the programs, dir holds the socket, data the files below it.
	bin, dir string
	// owner runs the programs; nil is the user of the tests.
	owner *syscall.Credential
	// more are settings beside those of all clusters.
	more []string
	// postmaster is the running process; nil while it is down.
	postmaster *Process
}

// Start makes and starts a cluster, with settings such as "wal_keep_size=64MB" beside the usual ones.
func Start(more ...string) (*Cluster, error) { return start(nil, more) }

// SmallFilesBytes is as much as a file has that a cluster of StartSmall makes of its own account.
const SmallFilesBytes = 1 << 20

// StartSmall makes and starts a cluster whose own files are small, so that LimitFiles strikes what is written to its databases.
func StartSmall() (*Cluster, error) { return start([]string{"--wal-segsize=1"}, nil) }

// start makes a cluster with arguments of initdb, and starts it with settings.
func start(making, more []string) (*Cluster, error) {
	c, err := prepare(more)
	if err != nil {
		return nil, err
	}
	if out, err := c.run("initdb", append(making, "-D", c.data(), "-U", superuser, "--auth=trust", "-E", "UTF8", "--locale=C", "--data-checksums", "--no-sync", "--no-instructions")...); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), c.Remove())
	}
	if err := c.Up(); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// prepare makes the folder.
func prepare(more []string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, more: more}
	if c.owner, err = owner(); err != nil {
		return nil, err
	}
	// The name is short: a socket's path has some hundred bytes at most.
	if c.dir, err = os.MkdirTemp("", "odpg"); err != nil {
		return nil, err
	}
	if c.owner != nil {
		err = os.Chown(c.dir, int(c.owner.Uid), int(c.owner.Gid))
	}
	return c, err
}

// owner is who runs the cluster where the tests run as root, which PostgreSQL refuses.
func owner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("the tests run as root and there is no user postgres or nobody to run PostgreSQL as")
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// command makes a command of the cluster's programs, run by its owner.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+c.dir)
	return cmd
}

func (c *Cluster) run(name string, args ...string) (string, error) {
	out, err := c.command(name, args...).CombinedOutput()
	return string(out), err
}

// Up starts a cluster that is down and waits until it answers. Children of a killed one may hold its memory for a while
// longer, in which it refuses to start: how long is the machine's matter, so that is waited for without a limit.
func (c *Cluster) Up() error {
	for {
		err := c.up()
		if err == nil || !strings.Contains(err.Error(), "still in use") {
			return err
		}
		time.Sleep(readyEvery)
	}
}

func (c *Cluster) up() error {
	args := []string{"-D", c.data(), "-k", c.dir}
	for _, set := range append(append([]string{}, settings...), c.more...) {
		args = append(args, "-c", set)
	}
	out, err := os.OpenFile(filepath.Join(c.dir, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := c.command("postgres", args...)
	cmd.Stdout, cmd.Stderr = out, out
	if c.postmaster, err = Spawn(cmd); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	return c.ready()
}

// ready waits until the cluster answers, or has ended.
func (c *Cluster) ready() error {
	for {
		out, err := c.run("psql", "-X", "-q", "-h", c.dir, "-U", superuser, "-d", "postgres", "-c", "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-c.postmaster.ended:
			return fmt.Errorf("postgres ended at its start: %s\n%s", out, c.Log())
		case <-time.After(readyEvery):
		}
	}
}

// Log is the end of what the cluster said.
func (c *Cluster) Log() string {
	const tail = 4 << 10
	text, _ := os.ReadFile(filepath.Join(c.dir, logFile))
	if len(text) > tail {
		text = text[bytes.IndexByte(text[len(text)-tail:], '\n')+len(text)-tail+1:]
	}
	return string(text)
}

// Kill ends the cluster as a crash does: the postmaster is killed, and its children notice that.
func (c *Cluster) Kill() error { return c.stop(syscall.SIGKILL) }

// Quit ends the cluster at once and out of order, as `pg_ctl stop -m immediate` does: its next start recovers from the log.
func (c *Cluster) Quit() error { return c.stop(syscall.SIGQUIT) }

// Stop ends the cluster fast and in order: transactions are cut off.
func (c *Cluster) Stop() error { return c.stop(syscall.SIGINT) }

func (c *Cluster) stop(how syscall.Signal) error {
	if c.postmaster == nil {
		return nil
	}
	p := c.postmaster
	c.postmaster = nil
	return p.Stop(how)
}

// Remove ends the cluster and removes its files.
func (c *Cluster) Remove() error { return errors.Join(c.stop(syscall.SIGQUIT), c.removeFiles()) }

// removeFiles removes the folder; children of a killed postmaster may still write into it for a while, after which nobody does.
func (c *Cluster) removeFiles() error {
	for {
		err := os.RemoveAll(c.dir)
		if !errors.Is(err, fs.ErrExist) { // Somebody made a file meanwhile: the folder is not empty.
			return err
		}
		time.Sleep(readyEvery)
	}
}
