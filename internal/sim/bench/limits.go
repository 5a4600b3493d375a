package bench

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// floorLevel is the level peers' bytes are held against.
const floorLevel = "-19"

// floor compresses the record messages of all visits in one block: by the zstd
// command where there is one, else by this program's own best level.
func floor(ctx context.Context, records []byte, count int) (bytesPerRecord float64, by string, err error) {
	n := float64(count)
	if path, lookErr := exec.LookPath("zstd"); lookErr == nil {
		cmd := exec.CommandContext(ctx, path, floorLevel, "--long=27", "-q", "-c")
		cmd.Stdin = bytes.NewReader(records)
		out, err := cmd.Output()
		return float64(len(out)) / n, "zstd " + floorLevel, err
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(32<<20))
	if err != nil {
		return 0, "", err
	}
	defer enc.Close()
	return float64(len(enc.EncodeAll(records, nil))) / n, "klauspost/compress best level (no zstd command here)", nil
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// versions names what was measured, from the build's own record.
func versions() map[string]string {
	out := map[string]string{"go": runtime.Version(), "durability": "SQLite WAL, synchronous=FULL, server and phones; the machine's own disk"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, dep := range info.Deps {
		for _, name := range []string{"modernc.org/sqlite", "zombiezen.com/go/sqlite", "google.golang.org/grpc", "google.golang.org/protobuf", "github.com/klauspost/compress"} {
			if dep.Path == name {
				out[name[strings.IndexByte(name, '/')+1:]] = dep.Version
			}
		}
	}
	return out
}
