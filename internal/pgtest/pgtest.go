// Package pgtest starts a real PostgreSQL for tests: a cluster of its own in a temporary folder, under a user without
// rights where the tests run as root, reachable by a socket in that folder alone.
//
// It never touches a cluster that is there already, and never runs longer than the tests: the cluster is ended by its
// process id, and by the kernel where the test process is killed (Linux), also while it stands still. Only tests import it.
//
// A package whose tests need PostgreSQL calls [Main] in its TestMain. Where PostgreSQL is not installed, it says plainly
// that the tests did not run; tools/ensure-postgres installs it where it can and says the same where it cannot.
//
// Read Main, then cluster.go.
package pgtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// BinariesVariable names the folder of initdb and postgres where they are not in a usual place.
const BinariesVariable = "PGTEST_BIN"

// shared is the cluster of a test package's run.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
	// databases counts those that were made.
	databases atomic.Uint64
}

// Main runs a package's tests and ends the cluster that they used; without PostgreSQL it says so and runs none. It gives
// the process's exit code.
func Main(m *testing.M) int {
	if err := Missing(); err != nil {
		fmt.Printf("NOT RUN: the tests of this package need PostgreSQL: %v\n", err)
		return 0
	}
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.Remove(); err != nil {
			fmt.Printf("end PostgreSQL: %v\n", err)
			code = 1
		}
	}
	return code
}

// Missing says why there is no PostgreSQL for tests on this machine; nil where there is one.
func Missing() error {
	_, err := binaries()
	return err
}

// Database makes an empty database in the cluster that the package's tests share, and gives its URL.
func Database(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.cluster, shared.err = Start() })
	if shared.err != nil {
		t.Fatalf("start PostgreSQL: %v", shared.err)
	}
	return shared.cluster.Database(t, fmt.Sprintf("test%d", shared.databases.Add(1)))
}

// Database makes an empty database of a name and gives its URL.
func (c *Cluster) Database(t testing.TB, name string) string {
	t.Helper()
	// A template that is copied by the log needs no checkpoint.
	if out, err := c.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", c.dir, "-U", superuser, "-d", "postgres", "-c", "CREATE DATABASE "+name+" STRATEGY wal_log"); err != nil {
		t.Fatalf("make a database: %v\n%s", err, out)
	}
	return c.URL(name)
}

// URL is the address of a database of the cluster.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.dir}}.Encode()
	return u.String()
}

// binaries finds the folder of initdb and postgres, the newest where there are several.
func binaries() (string, error) {
	if dir := os.Getenv(BinariesVariable); dir != "" {
		if complete(dir) {
			return dir, nil
		}
		return "", fmt.Errorf("%s names %s, which has no initdb and postgres", BinariesVariable, dir)
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(folders)
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, dir := range folders {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("there is none on this machine: run tools/ensure-postgres, or name its folder in %s", BinariesVariable)
}

// complete reports a folder with all that a cluster needs.
func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres", "psql"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// Value gives the one value of a query in a database of the shared cluster.
func Value(url, query string) (string, error) {
	out, err := shared.cluster.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", query)
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", query, err, out)
	}
	return strings.TrimSpace(out), nil
}
