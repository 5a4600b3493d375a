package client

import (
	"fmt"

	"onedoor/client-sdk/internal/cryptvfs"
)

// DatabaseFile and LogFile are the names of a replica's files in its folder.
const (
	DatabaseFile = databaseFile
	LogFile      = databaseFile + "-wal"
)

// Plain gives everything that the bytes of a replica's two files hold and that
// opens with its key, one page after the other: also what was deleted and not
// written over yet. It is for an auditor who looks for what must not be on a
// phone any more; an app has no use for it. log is empty where there is none.
func Plain(key, database, log []byte) ([]byte, error) {
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("key of %d bytes, %d are needed: %w", len(key), KeyBytes, ErrKey)
	}
	return cryptvfs.Plain([KeyBytes]byte(key), database, log)
}
