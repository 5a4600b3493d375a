package bench

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// storedRows reads what W1 left on the server: for each visit the bytes of its
// log entry, of its record, and of the record as a phone keeps it; and the
// plain record messages for the floor.
func storedRows(ctx context.Context, dir string) (rows []Row, records []byte, err error) {
	st, err := sqlitestore.OpenReader(ctx, filepath.Join(dir, server.DatabaseFile))
	if err != nil {
		return nil, nil, err
	}
	defer st.Close()
	visit, _ := schema.Load().Kind(syncengine.KindNumber(recordv1.Kind_KIND_VISIT))
	every := schema.Classes(1<<syncengine.ClassMax - 1)
	err = st.View(ctx, func(r store.Reader) error {
		var failed error
		err := r.Entries(0, func(e store.Entry) bool {
			if e.Kind != visit.Number {
				return true
			}
			var rec *syncengine.Record
			row, _, err := r.Record(e.RecordID)
			if err == nil {
				rec, err = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
			}
			if err != nil {
				failed = err
				return false
			}
			b := wire.NewPageBuilder(syncengine.World{}, func(syncengine.ID) syncengine.ID { return syncengine.ID{} })
			b.Add(visit, rec, rec.CurrentKeys(), every)
			phone, err := proto.Marshal(b.Page().GetRecords()[0])
			rows = append(rows, Row{ID: e.RecordID, Log: append(e.Body, e.Salt...), Record: row.Body, OnPhone: phone})
			records = append(records, b.Page().GetRecords()[0].GetFields()...)
			records = append(records, e.RecordID[:]...)
			failed = err
			return err == nil
		})
		if err == nil {
			err = failed
		}
		return err
	})
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("the server holds no visit")
	}
	return rows, records, err
}

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
