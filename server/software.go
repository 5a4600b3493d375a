package server

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"sync"
)

// CountFile is where the count of reports is kept over a restart, sealed; only a realm of some size has one.
const CountFile = "reports.saved"

// software tells this build from every other one: it is the hash of the file that runs.
var software = sync.OnceValues(func() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the file that runs: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tell this build from others: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("tell this build from others: %w", err)
	}
	return h.Sum(nil), nil
})
