package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// logDiskBytes is a disk on which the write-ahead log of a test has all the room that it wants.
	logDiskBytes = 48 << 20
	// ballastPiece is how much a disk is filled up with at a time.
	ballastPiece = 64 << 10
	// switchesMax bounds how often the log is made to go on to its next segment: those that it may keep for later use are far fewer.
	switchesMax = 64
)

// SmallLog is a cluster whose write-ahead log lies on a small disk of its own.
type SmallLog struct {
	*Cluster
	disk    string
	unmount func() error
}

// StartSmallLog makes and starts one. It wants the rights of root, as SmallDisk does.
func StartSmallLog() (*SmallLog, error) {
	disk, unmount, err := SmallDisk(logDiskBytes)
	if err != nil {
		return nil, err
	}
	log := filepath.Join(disk, "wal")
	if err := errors.Join(os.Chmod(disk, 0o755), os.Mkdir(log, 0o700)); err != nil { // The cluster's owner passes through it.
		return nil, errors.Join(err, unmount())
	}
	who, err := owner()
	if err == nil && who != nil {
		err = os.Chown(log, int(who.Uid), int(who.Gid))
	}
	if err != nil {
		return nil, errors.Join(err, unmount())
	}
	c, err := start([]string{"--wal-segsize=1", "--waldir=" + log}, []string{"min_wal_size=2MB", "max_wal_size=8MB"})
	if err != nil {
		return nil, errors.Join(err, unmount())
	}
	return &SmallLog{c, disk, unmount}, nil
}

// Remove ends the cluster and takes its disk away.
func (l *SmallLog) Remove() error { return errors.Join(l.Cluster.Remove(), l.unmount()) }

// Overflow fills the log's disk until the cluster cannot write its log any more, which ends it as a crash does, whoever was at work. Then
// it makes room, as an operator does, and brings the cluster back.
func (l *SmallLog) Overflow() error {
	ballast := filepath.Join(l.disk, "ballast")
	if err := fillUp(ballast); err != nil {
		return err
	}
	full := l.runOut()
	if err := errors.Join(full, os.Remove(ballast)); err != nil {
		return err
	}
	return l.Revive()
}

// fillUp writes to a file until its disk has no room.
func fillUp(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	piece := make([]byte, ballastPiece)
	for {
		if _, err := f.Write(piece); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return fmt.Errorf("fill the log's disk: %w", err)
		}
	}
}

// runOut has the log go on to its next segment until there is none.
func (l *SmallLog) runOut() error {
	for range switchesMax {
		// What is written in between has a switch go on; the table is nobody's.
		if _, err := l.Ask("postgres", "CREATE TEMP TABLE passing (); SELECT pg_switch_wal()"); err != nil {
			return nil // It has met the full disk, or others have, and the cluster is coming back from that.
		}
	}
	return errors.New("the log's disk never filled up")
}

// Revive waits until a cluster that may have ended by itself answers, and starts it where it has.
func (c *Cluster) Revive() error {
	if c.ready() == nil {
		return nil
	}
	c.postmaster = nil
	return c.Up()
}
