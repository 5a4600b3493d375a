package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Standby makes and starts a replica that follows the cluster over its socket.
func (c *Cluster) Standby() (*Cluster, error) {
	s, err := prepare(c.more)
	if err != nil {
		return nil, err
	}
	from := fmt.Sprintf("host=%s user=%s", c.dir, superuser)
	if out, err := s.run("pg_basebackup", "-D", s.data(), "-d", from, "-R", "-X", "stream", "-c", "fast"); err != nil {
		return nil, errors.Join(fmt.Errorf("pg_basebackup: %w\n%s", err, out), s.Remove())
	}
	if err := s.Up(); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// Promote makes a standby the primary.
func (c *Cluster) Promote() error {
	_, err := c.Ask("postgres", "SELECT pg_promote(true, 60)")
	return err
}

// Ask runs a statement in a database and gives what it prints.
func (c *Cluster) Ask(database, query string) (string, error) {
	out, err := c.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", c.dir, "-U", superuser, "-d", database, "-c", query)
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", query, err, out)
	}
	return out, nil
}

// Host is the folder of the cluster's socket, as a URL names it.
func (c *Cluster) Host() string { return c.dir }

// Tablespace gives the cluster a place for databases in a folder.
func (c *Cluster) Tablespace(name, dir string) error {
	place := filepath.Join(dir, "space")
	if err := os.Mkdir(place, 0o700); err != nil {
		return err
	}
	if c.owner != nil {
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(place, int(c.owner.Uid), int(c.owner.Gid))); err != nil { // The cluster's owner passes through it.
			return err
		}
	}
	_, err := c.Ask("postgres", fmt.Sprintf("CREATE TABLESPACE %s LOCATION '%s'", name, place))
	return err
}
