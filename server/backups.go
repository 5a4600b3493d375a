package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"

	"onedoor/server/store"
)

// BackupsFile lists the verified backups of a realm, a JSON object a line, the
// newest last. `onedoor backup` appends to it and the server reads it again when
// it has changed.
const BackupsFile = "backups.jsonl"

// backupsBytesMax bounds what is read of the list: its end, some hundred lines.
const backupsBytesMax = 64 << 10

// registered is one line of the list.
type registered struct {
	Epoch uint32 `json:"epoch"`
	Seq   uint64 `json:"seq"`
	// Tag is that of the commit at seq; base64.
	Tag  []byte `json:"tag"`
	Made string `json:"made"`
	// File is where the backup was written, for people.
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// register appends a verified backup to the list, durably.
func register(dir string, b registered) error {
	line, err := json.Marshal(b)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(Config{Dir: dir}.path(BackupsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	// The newline before ends what a crash may have cut.
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	if err = errors.Join(err, f.Sync(), f.Close(), inherit(f.Name())); err != nil {
		return fmt.Errorf("list the backup: %w", err)
	}
	return syncFolder(dir)
}

// newestBackup reads the last whole line of the list; ok is false when there is none.
func newestBackup(dir string) (b registered, ok bool, err error) {
	f, err := os.Open(Config{Dir: dir}.path(BackupsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return b, false, nil
	}
	if err != nil {
		return b, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return b, false, err
	}
	end := make([]byte, min(info.Size(), backupsBytesMax))
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return b, false, err
	}
	for line := range bytes.Lines(end) {
		var next registered
		if json.Unmarshal(line, &next) == nil && len(next.Tag) == len(store.Tag{}) {
			b, ok = next, true
		}
	}
	return b, ok, nil
}

// backups is what the server knows of the list.
type backups struct {
	// mu guards size and changed.
	mu      sync.Mutex
	size    int64
	changed time.Time
}

// isNew reports that the list is not the one that was read last.
func (b *backups) isNew(info fs.FileInfo) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if info.Size() == b.size && info.ModTime().Equal(b.changed) {
		return false
	}
	b.size, b.changed = info.Size(), info.ModTime()
	return true
}

// noticeBackups looks before each call whether a backup was made meanwhile.
func noticeBackups(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if h := visitOf(ctx).realm; h != nil {
		h.readBackups(ctx)
	}
	return next(ctx, req)
}

// readBackups tells the phones of the newest backup, if it is one of this very
// log: a list that was left behind by another history says nothing.
func (h *hosted) readBackups(ctx context.Context) {
	info, err := os.Stat(h.config.path(BackupsFile))
	if err != nil || !h.backups.isNew(info) {
		return
	}
	b, ok, err := newestBackup(h.config.Dir)
	if err == nil && ok {
		err = h.realm.View(ctx, func(r store.Reader) error { return h.tellBackup(r, b) })
	}
	if err != nil {
		h.config.Log.Warn("the list of backups was not read; phones keep their journals", "file", BackupsFile, "error", err)
	}
}
